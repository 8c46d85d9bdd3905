"""Staff draw coupons up, give them out, and grant them. A platform coupon that may cost more than
a set amount is asked by one and decided by another; one that a merchant pays for is given out, or
accepted, by the merchant."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Category, Product
from mingchi.foundation import audit, proposals
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.members.models import Member
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.pricing import claims
from mingchi.pricing.models import PPM, Coupon
from mingchi.usecases import checks, newcomers, rights

Kind, Scope, Channel, State = Coupon.Kind, Coupon.Scope, Coupon.Channel, Coupon.State
MAX_TARGETS = 200
MAX_TOTAL = 10**9
MAX_GRANTED = 500
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponData:
    """What is stated of a coupon; see `pricing.models.Coupon`. Of the amounts only those of the
    kind count: `off_fen` of fixed and threshold, `off_ppm` and `cap_fen` of a percentage, `cap_fen`
    of free shipping."""

    name: str
    kind: str
    off_fen: int = 0
    off_ppm: int = 0
    cap_fen: int | None = None
    min_spend_fen: int = 0
    scope: str = Scope.ALL.value
    targets: Sequence[int] = ()
    channel: str = Channel.CENTRE.value
    code: str | None = None
    total: int
    per_member: int = 1
    new_members_only: bool = False
    starts_at: datetime
    ends_at: datetime
    valid_days: int | None = None


def add_coupon(
    *, by: User, merchant_id: int | None, data: CouponData, is_demo: bool = False
) -> int:
    """A draft; `merchant_id` pays for it, None: the platform. Errors: `coupon_invalid` with the
    field, `amount_invalid`, `code_taken` 409, `not_found` 404."""
    rights.require(by, "coupon.edit", merchant_id=merchant_id)
    with transaction.atomic():
        if merchant_id is not None and not Merchant.objects.filter(pk=merchant_id).exists():
            raise NotFoundError(field="merchant_id")
        row = Coupon(merchant_id=merchant_id, created_by=by, is_demo=is_demo)
        _state(by, row, data, "coupon.add")
    return row.pk


def edit_coupon(*, by: User, coupon_id: int, data: CouponData) -> None:
    """State a draft anew. Errors as `add_coupon`, `coupon_not_draft` 409."""
    with transaction.atomic():
        row = _found(by, coupon_id)
        if row.state != State.DRAFT:
            raise ConflictError("coupon_not_draft", _("Only a draft can be changed."))
        _state(by, row, data, "coupon.edit")


def open_coupon(*, by: User, coupon_id: int, now: datetime, reason: str = "") -> str:
    """Give it out from its first day on, or ask for it: the merchant, where it pays and somebody of
    the platform gives it out; a colleague, where the platform pays and it may cost more than
    MINGCHI_COUPON_BUDGET_YUAN. Returns its state. Errors: `coupon_not_draft` 409, `coupon_over`
    409."""
    reason = checks.text(reason, field="reason", longest=200)
    with transaction.atomic():
        row = _found(by, coupon_id)
        if row.state != State.DRAFT:
            raise ConflictError("coupon_not_draft", _("It was given out before."))
        _refuse_over(row, now)
        if row.merchant_id is not None and not _is_of_merchant(by, row.merchant_id):
            row.asked_by = rights.actor(by)
            return _move(by, row, State.ASKED, reason)
        if row.merchant_id is None and row.budget_fen > settings.COUPON_BUDGET_FEN:
            row.proposal = proposals.ask(
                kind="coupon",
                payload={
                    "coupon_id": row.pk,
                    "name": row.name,
                    "amount_fen": row.budget_fen,
                    "total": row.total,
                    "most_fen": row.most_fen,
                },
                by=rights.actor(by),
                reason=reason,
            )
            return _move(by, row, State.ASKED, reason)
        return _move(by, row, State.OPEN, reason)


def accept_coupon(
    *, by: User, coupon_id: int, approve: bool, now: datetime, reason: str = ""
) -> str:
    """The merchant's manager says whether it pays for a coupon that the platform has drawn up: then
    it is given out, else it is a draft again; returns its state.

    Errors: `coupon_not_asked` 409, `own_proposal` 403, `coupon_over` 409.
    """
    reason = checks.text(reason, field="reason", longest=200)
    with transaction.atomic():
        row = _found(by, coupon_id, "coupon.accept")
        if row.state != State.ASKED or not row.asked_by:
            raise ConflictError("coupon_not_asked", _("Nobody asks the merchant for it."))
        proposals.refuse_own(asked_by=row.asked_by, by=rights.actor(by))
        row.asked_by = ""
        if not approve:
            return _move(by, row, State.DRAFT, reason)
        _refuse_over(row, now)
        return _move(by, row, State.OPEN, reason)


def decide_coupon(
    *, by: User, proposal_id: int, approve: bool, now: datetime, reason: str = ""
) -> str:
    """Give a coupon out, or make it a draft again; returns its state.

    Errors: `own_proposal` 403, `proposal_decided` 409, `coupon_over` 409.
    """
    rights.require(by, "coupon.decide")
    reason = checks.text(reason, field="reason", longest=200)
    with transaction.atomic():
        proposal = proposals.decide(
            proposal_id=proposal_id,
            by=rights.actor(by),
            approve=approve,
            reason=reason,
            kind="coupon",
        )
        row = Coupon.objects.select_for_update().get(pk=proposal.payload["coupon_id"])
        if not approve:
            return _move(by, row, State.DRAFT, reason)
        _refuse_over(row, now)
        proposals.executed(proposal, result={"coupon": row.pk})
        return _move(by, row, State.OPEN, reason)


def close_coupon(*, by: User, coupon_id: int, reason: str) -> None:
    """Give no more of it out; those in members' hands stay good. Errors: `coupon_not_open` 409."""
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        row = _found(by, coupon_id)
        if row.state != State.OPEN:
            raise ConflictError("coupon_not_open", _("It is not given out."))
        _move(by, row, State.CLOSED, reason)


def grant_coupon(
    *, by: User, coupon_id: int, member_ids: Sequence[int], now: datetime, reason: str
) -> int:
    """Give one to each of these members; all of them or none. Returns how many.

    Errors: those of `pricing.claims.claim` with the member, `coupon_not_granted` 409 where it is
    not of the channel, `not_found` 404, `members_invalid`.
    """
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    keys = sorted(set(member_ids))
    if not 1 <= len(keys) <= MAX_GRANTED:
        raise DomainError("members_invalid", _("1 to 500 members."), field="member_ids")
    with transaction.atomic():
        row = _found(by, coupon_id, "coupon.grant")
        if row.channel != Channel.GRANT:
            raise ConflictError("coupon_not_granted", _("Members claim this coupon themselves."))
        known = set(Member.objects.filter(pk__in=keys).values_list("pk", flat=True))
        for member_id in keys:
            if member_id not in known:
                raise NotFoundError(field="member_ids", details={"member_id": member_id})
            _grant(by, row, member_id, now)
        _audit(by, row, "coupon.grant", {"members": keys}, reason)
    return len(keys)


def _grant(by: User, row: Coupon, member_id: int, now: datetime) -> None:
    try:
        claims.claim(
            coupon_id=row.pk,
            member_id=member_id,
            is_new_member=newcomers.is_new(member_id),
            now=now,
            granted_by=by,
        )
    except DomainError as error:
        error.details["member_id"] = member_id
        raise


def _state(by: User, row: Coupon, data: CouponData, action: str) -> None:
    for name, value in _values(data, row.merchant_id).items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "code" not in str(error):
            raise
        raise ConflictError("code_taken", _("There is such a code."), field="code") from error
    after = {**asdict(data), "starts_at": str(data.starts_at), "ends_at": str(data.ends_at)}
    _audit(by, row, action, {**after, "targets": list(data.targets)})


def _values(data: CouponData, merchant_id: int | None) -> dict[str, Any]:
    amounts = _amounts(data)
    _refuse_bad_times(data)
    if not 1 <= data.total <= MAX_TOTAL:
        raise _invalid("total", _("From one to a billion coupons."))
    if not 1 <= data.per_member <= min(data.total, 100):
        raise _invalid("per_member", _("From one to a hundred, and no more than there are."))
    return {
        **amounts,
        "name": checks.text(data.name, field="name", longest=60, needed=True),
        "kind": data.kind,
        "scope": data.scope,
        "targets": _targets(data, merchant_id),
        "channel": data.channel,
        "code": _code(data),
        "total": data.total,
        "per_member": data.per_member,
        "new_members_only": data.new_members_only,
        "starts_at": data.starts_at,
        "ends_at": data.ends_at,
        "valid_days": data.valid_days,
    }


def _amounts(data: CouponData) -> dict[str, Any]:
    """The amounts that the kind needs, none other."""
    if data.kind not in Kind.values:
        raise _invalid("kind", _("There is no such kind."))
    given = {"off_fen": 0, "off_ppm": 0, "cap_fen": None, "min_spend_fen": 0}
    if data.kind in (Kind.FIXED, Kind.THRESHOLD):
        given["off_fen"] = checks.amount(data.off_fen, field="off_fen")
    else:
        given["cap_fen"] = checks.amount(data.cap_fen or 0, field="cap_fen")
    if data.kind == Kind.PERCENTAGE:
        if not 1 <= data.off_ppm < PPM:
            raise _invalid("off_ppm", _("More than nothing and less than everything."))
        given["off_ppm"] = data.off_ppm
    if data.kind != Kind.FIXED:
        given["min_spend_fen"] = checks.amount(data.min_spend_fen, field="min_spend_fen", least=0)
    if data.kind == Kind.THRESHOLD and data.min_spend_fen < data.off_fen:
        raise _invalid("min_spend_fen", _("The minimum is at least what is taken off."))
    return given


def _refuse_bad_times(data: CouponData) -> None:
    if data.ends_at <= data.starts_at:
        raise _invalid("ends_at", _("It ends before it begins."))
    if not FIRST_YEAR <= data.starts_at.year <= data.ends_at.year <= LAST_YEAR:
        raise _invalid("starts_at", _("Between the years 2000 and 2100."))
    if data.valid_days is not None and not 1 <= data.valid_days <= 3650:
        raise _invalid("valid_days", _("From a day to ten years."))


def _code(data: CouponData) -> str | None:
    if data.channel not in Channel.values:
        raise _invalid("channel", _("There is no such channel."))
    if data.channel != Channel.CODE:
        return None
    code = checks.text(data.code or "", field="code", longest=20, needed=True).upper()
    if len(code) < 4 or not code.isascii() or not code.isalnum():
        raise _invalid("code", _("4 to 20 letters and digits."))
    return code


def _targets(data: CouponData, merchant_id: int | None) -> list[int]:
    """Keys that exist; of products only the merchant's own where the merchant pays."""
    if data.scope == Scope.ALL:
        return []
    keys = sorted(set(data.targets))
    if data.scope == Scope.PRODUCT:
        found = Product.objects.filter(pk__in=keys)
        found = found if merchant_id is None else found.filter(merchant=merchant_id)
        count = found.count()
    elif data.scope == Scope.CATEGORY:
        count = Category.objects.filter(pk__in=keys).count()
    elif data.scope == Scope.MERCHANT and merchant_id is None:
        count = Merchant.objects.filter(pk__in=keys).count()
    else:
        raise _invalid("scope", _("A merchant's coupon is good for its own goods in any case."))
    if not 1 <= len(keys) <= MAX_TARGETS or count != len(keys):
        raise _invalid("targets", _("Name 1 to 200 that there are."))
    return keys


def _refuse_over(row: Coupon, now: datetime) -> None:
    if row.ends_at <= now:
        raise ConflictError("coupon_over", _("Its last day is over. Give it another."))


def _move(by: User, row: Coupon, state: str, reason: str) -> str:
    before = str(row.state)
    row.state = state
    row.save(update_fields=["state", "proposal", "asked_by"])
    _audit(by, row, "coupon.move", {"from": before, "to": str(state)}, reason)
    return str(state)


def _is_of_merchant(by: User, merchant_id: int) -> bool:
    """Whether the account may speak for the merchant, whatever it is on the platform."""
    return bool(rights.RIGHTS["coupon.accept"].merchant & scope.merchant_roles(by, merchant_id))


def _found(by: User, coupon_id: int, right: str = "coupon.edit") -> Coupon:
    row = Coupon.objects.select_for_update().filter(pk=coupon_id).first()
    if row is None or (row.merchant_id is None and not scope.is_platform_staff(by)):
        raise NotFoundError()
    rights.require(by, right, merchant_id=row.merchant_id)
    return row


def _invalid(field: str, message: Any) -> DomainError:
    return DomainError("coupon_invalid", message, field=field)


def _audit(by: User, row: Coupon, action: str, after: dict[str, Any], reason: str = "") -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"coupon:{row.pk}",
        before={},
        after=after,
        reason=reason,
    )
