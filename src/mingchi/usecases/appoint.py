"""Staff set ranks, regional agents and shareholders."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.members.models import AgentAppointment, Member, RankChange, ShareholderAppointment
from mingchi.usecases import checks, events, rights, split

MAX_WEIGHT = 10**15


def set_rank(*, by: User, member_id: int, rank: str | None, reason: str = "") -> int:
    """Set a rank of the active plan, up or down, or take it away (None): event `k<pk>`.

    Errors: `unknown_rank`, `not_found` 404.
    """
    rights.require(by, "member.rank")
    reason = checks.text(reason, field="reason", longest=200)
    with transaction.atomic():
        member = members.get(member_id)
        if rank is not None and rank not in split.plan_in_force().rank_rates_ppm:
            raise DomainError(
                "unknown_rank", _("The plan in force has no such rank."), field="rank"
            )
        row = RankChange.objects.create(member=member, rank=rank, reason=reason, changed_by=by)
        events.record("rank", row.pk, member=events.member_key(member.pk), rank=rank)
        _audit(by, member, "member.rank", {"rank": rank}, reason)
    return row.pk


def appoint_agent(*, by: User, member_id: int, region: str) -> int:
    """Make a member the agent of a province, city or district (2, 4 or 6 digits), in place of
    the former: event `g<pk>`. Errors: `region_invalid`, `not_found` 404."""
    rights.require(by, "member.appoint")
    code = checks.region(region, digits=(2, 4, 6))
    if code is None:
        raise DomainError("region_invalid", _("This is no region code."), field="region")
    with transaction.atomic():
        member = members.get(member_id)
        row = AgentAppointment.objects.create(member=member, region=code, appointed_by=by)
        events.record("agent", row.pk, member=events.member_key(member.pk), region=code)
        _audit(by, member, "member.appoint_agent", {"region": code})
    return row.pk


def appoint_shareholder(*, by: User, member_id: int, weight: int) -> int:
    """Set a member's weight in dividends, 0 for none: event `h<pk>`. Errors: `weight_invalid`,
    `not_found` 404."""
    rights.require(by, "member.appoint")
    if type(weight) is not int or not 0 <= weight <= MAX_WEIGHT:
        raise DomainError("weight_invalid", _("A weight is a whole number from 0."), field="weight")
    with transaction.atomic():
        member = members.get(member_id)
        row = ShareholderAppointment.objects.create(member=member, weight=weight, appointed_by=by)
        events.record("shareholder", row.pk, member=events.member_key(member.pk), weight=weight)
        _audit(by, member, "member.appoint_shareholder", {"weight": weight})
    return row.pk


def freeze_member(*, by: User, member_id: int, frozen: bool, reason: str) -> None:
    """Stop a member's withdrawals, or let them go on."""
    rights.require(by, "member.freeze")
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        member = members.get(member_id)
        Member.objects.filter(pk=member.pk).update(is_frozen=frozen)
        _audit(by, member, "member.freeze", {"frozen": frozen}, reason)


def _audit(
    by: User, member: Member, action: str, after: dict[str, object], reason: str = ""
) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"member:{member.pk}",
        before={},
        after=after,
        reason=reason,
    )
