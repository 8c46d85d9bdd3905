"""Four eyes: one asks, another decides."""

from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit, clock
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import Proposal


def ask(*, kind: str, payload: dict[str, Any], by: str, reason: str = "") -> Proposal:
    """Put something to a second person. `by` is the actor, `user:ID` or `member:ID`."""
    assert kind in Proposal.Kind.values
    proposal = Proposal.objects.create(kind=kind, payload=payload, asked_by=by, reason=reason)
    audit.record(
        actor=by,
        action=f"{kind}.ask",
        subject=f"proposal:{proposal.pk}",
        before={},
        after={"payload": payload},
        reason=reason,
    )
    return proposal


def refuse_own(*, asked_by: str | int | None, by: str | int) -> None:
    """Raise `own_proposal` 403 where who asked would decide. Both name an account in one way."""
    if asked_by == by:
        raise DomainError(
            "own_proposal", _("Who asks does not decide. Ask a colleague."), status=403
        )


def decide(
    *, proposal_id: int, by: str, approve: bool, reason: str = "", kind: str | None = None
) -> Proposal:
    """Approve or refuse, and hold the row's lock until the caller's transaction ends.

    Errors: `proposal_not_found` 404 (also where `kind` is another), `own_proposal` 403,
    `proposal_decided` 409. The caller then does what was approved, in the same transaction,
    and calls `executed`.
    """
    assert connection.in_atomic_block
    proposal = Proposal.objects.select_for_update().filter(pk=proposal_id).first()
    if proposal is None or (kind is not None and proposal.kind != kind):
        raise NotFoundError("proposal_not_found", _("There is no such proposal."))
    refuse_own(asked_by=proposal.asked_by, by=by)
    if proposal.state != Proposal.State.ASKED:
        raise ConflictError(
            "proposal_decided",
            _("This proposal was decided before."),
            details={"state": proposal.state},
        )
    proposal.state = Proposal.State.APPROVED if approve else Proposal.State.REFUSED
    proposal.decided_by = by
    proposal.decided_at = clock.now()
    proposal.reason = reason or proposal.reason
    proposal.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    audit.record(
        actor=by,
        action=f"{proposal.kind}.{'approve' if approve else 'refuse'}",
        subject=f"proposal:{proposal.pk}",
        before={"state": Proposal.State.ASKED.value},
        after={"state": str(proposal.state)},
        reason=reason,
    )
    return proposal


def executed(proposal: Proposal, *, result: dict[str, Any] | None = None) -> None:
    """Note that what was approved is done."""
    proposal.executed_at = clock.now()
    proposal.result = result or {}
    proposal.save(update_fields=["executed_at", "result"])
