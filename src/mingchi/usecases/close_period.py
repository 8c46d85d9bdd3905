"""A period ends: waiting awards, dividends and promotions. One asks, another decides."""

from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import proposals
from mingchi.foundation.errors import ConflictError
from mingchi.foundation.models import Proposal, User
from mingchi.rebates import queries
from mingchi.usecases import checks, events, rights


def preview_close(*, by: User) -> dict[str, Any]:
    """What a close would do now; changes nothing."""
    rights.require(by, "close.ask")
    return dict(queries.close_preview(queries.programme()))


def ask_close(*, by: User, period: str, reason: str = "") -> int:
    """Ask for the close, with the preview as it stands now; returns the proposal's key.

    Errors: `period_closed` 409, `text_invalid`, `not_allowed` 403.
    """
    rights.require(by, "close.ask")
    period = checks.text(period, field="period", longest=40, needed=True)
    reason = checks.text(reason, field="reason", longest=200)
    preview = preview_close(by=by)
    with transaction.atomic():
        _refuse_closed(period)
        return proposals.ask(
            kind="close",
            payload={"period": period, "preview": preview},
            by=rights.actor(by),
            reason=reason,
        ).pk


def decide_close(*, by: User, proposal_id: int, approve: bool, reason: str = "") -> str:
    """Approving records event `c<proposal>`, which closes the period as it stands when it is
    settled; returns the state. Errors: `own_proposal` 403, `proposal_decided` 409,
    `period_closed` 409."""
    rights.require(by, "close.decide")
    reason = checks.text(reason, field="reason", longest=200)
    with transaction.atomic():
        _one_at_a_time()
        found = Proposal.objects.filter(pk=proposal_id, kind="close").first()
        if approve and found is not None and found.state == Proposal.State.ASKED:
            _refuse_closed(str(found.payload["period"]))
        proposal = proposals.decide(
            proposal_id=proposal_id,
            by=rights.actor(by),
            approve=approve,
            reason=reason,
            kind="close",
        )
        if not approve:
            return "refused"
        event = events.record("close", proposal.pk, period=proposal.payload["period"])
        proposals.executed(proposal, result={"event": event.key})
    return "approved"


def _refuse_closed(period: str) -> None:
    closed = Proposal.objects.filter(
        kind="close", state=Proposal.State.APPROVED, payload__period=period
    )
    if closed.exists():
        raise ConflictError("period_closed", _("This period was closed before."), field="period")


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mingchi.close_period'))")
