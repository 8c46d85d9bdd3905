"""The operator adds money to the pool: one asks, another decides."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import proposals
from mingchi.foundation.errors import ConflictError
from mingchi.foundation.models import User
from mingchi.ledger import accounts, cash
from mingchi.rebates import queries
from mingchi.usecases import checks, events, rights


def ask_subsidy(*, by: User, amount_fen: int, reason: str) -> int:
    """Returns the proposal's key. Errors: `amount_invalid`, `text_invalid`, `not_allowed` 403."""
    rights.require(by, "subsidy.ask")
    checks.amount(amount_fen)
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        return proposals.ask(
            kind="subsidy",
            payload={"amount_fen": amount_fen},
            by=rights.actor(by),
            reason=reason,
        ).pk


def decide_subsidy(*, by: User, proposal_id: int, approve: bool, reason: str = "") -> str:
    """Approving books the money and records event `s<proposal>`; returns the state.

    Errors: `own_proposal` 403, `proposal_decided` 409, `no_supply` 409 while nobody holds points.
    """
    rights.require(by, "subsidy.decide")
    reason = checks.text(reason, field="reason", longest=200)
    with transaction.atomic():
        proposal = proposals.decide(
            proposal_id=proposal_id,
            by=rights.actor(by),
            approve=approve,
            reason=reason,
            kind="subsidy",
        )
        if not approve:
            return "refused"
        if not queries.standing().supply_upt:
            raise ConflictError("no_supply", _("Nobody holds points; there is nobody to support."))
        amount_fen = int(proposal.payload["amount_fen"])
        cash.post(
            key=f"subsidy:{proposal.pk}",
            kind="subsidy",
            postings=[(accounts.cash("bank"), -amount_fen), (accounts.subsidy(), amount_fen)],
        )
        event = events.record("subsidy", proposal.pk, amount=amount_fen)
        proposals.executed(proposal, result={"event": event.key})
    return "approved"
