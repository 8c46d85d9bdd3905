"""A plan is drawn up, proposed, approved by somebody else, and governs from its date."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit, proposals
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.rebates import ids, plans, queries
from mingchi.rebates.models import Event, PlanVersion
from mingchi.usecases import checks, events, rights

State = PlanVersion.State
# A live platform announces its rules a week ahead (E-commerce Law, articles 31 and 34).
LIVE_NOTICE_DAYS = 7
LONGEST_PLAN = 60_000


def draft_plan(*, by: User, toml: str) -> int:
    """A new draft; it may still have faults. Returns the version's key."""
    rights.require(by, "plan.draft")
    _refuse_long(toml)
    with transaction.atomic():
        version = plans.draft(programme=queries.programme(), toml=toml, by=by)
        _audit(by, version, "plan.draft")
    return version.pk


def edit_plan(*, by: User, version_id: int, toml: str) -> None:
    """Change a draft. Errors: `plan_not_draft` 409, `not_found` 404."""
    rights.require(by, "plan.draft")
    _refuse_long(toml)
    with transaction.atomic():
        _version(version_id)
        _audit(by, plans.edit_draft(version_id=version_id, toml=toml), "plan.edit")


def ask_plan(
    *, by: User, version_id: int, active_from: datetime, now: datetime, reason: str = ""
) -> int:
    """Propose a draft for a date; it is never edited again. Returns the proposal's key.

    Errors: `bad_plan` 422 with the key at fault, `date_too_early` (in live mode a week's notice),
    `plan_not_draft` 409.
    """
    rights.require(by, "plan.ask")
    reason = checks.text(reason, field="reason", longest=200)
    _refuse_early(active_from, now)
    with transaction.atomic():
        version = _version(version_id)
        if version.state != State.DRAFT:
            raise ConflictError("plan_not_draft", _("Only a draft can be proposed."))
        plans.read(version.toml)
        version.state, version.active_from = State.PROPOSED, active_from
        version.save(update_fields=["state", "active_from"])
        return proposals.ask(
            kind="plan",
            payload={
                "version_id": version.pk,
                "number": version.number,
                "active_from": active_from.isoformat(),
            },
            by=rights.actor(by),
            reason=reason,
        ).pk


def decide_plan(
    *, by: User, proposal_id: int, approve: bool, now: datetime, reason: str = ""
) -> str:
    """Approve or refuse; returns the version's state. A date that is past by now is refused.

    Errors: `own_proposal` 403, `proposal_decided` 409, `date_too_early`.
    """
    rights.require(by, "plan.decide")
    reason = checks.text(reason, field="reason", longest=200)
    with transaction.atomic():
        proposal = proposals.decide(
            proposal_id=proposal_id,
            by=rights.actor(by),
            approve=approve,
            reason=reason,
            kind="plan",
        )
        version = _version(int(proposal.payload["version_id"]))
        version.state = State.APPROVED if approve else State.REFUSED
        version.save(update_fields=["state"])
        if approve:
            assert version.active_from is not None
            if settings.LIVE:
                _refuse_early(version.active_from, now)
            proposals.executed(proposal, result={"version": version.number})
    if approve:
        activate_due_plans(now=now)
    return str(version.state)


def activate_due_plans(*, now: datetime) -> int:
    """Record event `p<version>` of approved plans whose date has come, oldest date first; the
    settler makes them active. Returns how many. Called by the worker."""
    activated = 0
    with transaction.atomic():
        programme = queries.programme()
        due = PlanVersion.objects.select_for_update().filter(
            programme=programme, state=State.APPROVED, active_from__lte=now
        )
        for version in due.order_by("active_from", "number"):
            key = ids.key("plan", version.pk)
            if not Event.objects.filter(programme=programme, key=key).exists():
                events.record("plan", version.pk, plan=plans.payload(version.toml))
                activated += 1
    return activated


def _version(version_id: int) -> PlanVersion:
    found = PlanVersion.objects.select_for_update().filter(pk=version_id).first()
    if found is None:
        raise NotFoundError()
    return found


def _refuse_early(active_from: datetime, now: datetime) -> None:
    """In the sandbox any moment of today will do."""
    earliest = (
        now + timedelta(days=LIVE_NOTICE_DAYS)
        if settings.LIVE
        else now.replace(hour=0, minute=0, second=0, microsecond=0)
    )
    if active_from < earliest:
        raise DomainError(
            "date_too_early",
            _("A plan can't take effect before %(date)s.") % {"date": earliest.date()},
            field="active_from",
        )


def _refuse_long(toml: str) -> None:
    if len(toml) > LONGEST_PLAN or "\x00" in toml or not _is_unicode(toml):
        raise DomainError("text_invalid", _("This is no text of a plan."), field="toml")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _audit(by: User, version: PlanVersion, action: str) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"plan:{version.pk}",
        before={},
        after={"number": version.number, "name": version.name},
    )
