"""Withdrawals: reserved, approved, paid. One place for the moves and their cash entries."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.ledger import accounts, balances, cash
from mingchi.members.models import Member
from mingchi.payouts.models import Withdrawal

State = Withdrawal.State
# To which state from which: a table, not branches.
MOVES: dict[Withdrawal.State, tuple[Withdrawal.State, ...]] = {
    State.APPROVED: (State.ASKED,),
    State.REFUSED: (State.ASKED,),
    State.PAID: (State.APPROVED,),
    State.FAILED: (State.APPROVED,),
    State.SENDING: (State.APPROVED,),
}
# The gateway's word alone ends what is on its way through it; staff can't pay it once more.
BY_GATEWAY: dict[Withdrawal.State, tuple[Withdrawal.State, ...]] = {
    State.PAID: (State.SENDING,),
    State.FAILED: (State.SENDING,),
    State.APPROVED: (State.SENDING,),
}


def refuse_frozen(member: Member) -> None:
    """Raise `payouts_frozen` 409 where staff stopped this member's payouts."""
    if member.is_frozen:
        raise ConflictError(
            "payouts_frozen", _("Payouts of this account are stopped. Ask the service.")
        )


def get(withdrawal_id: int) -> Withdrawal:
    """The withdrawal with its member, or `not_found` 404."""
    found = Withdrawal.objects.select_related("member", "proposal").filter(pk=withdrawal_id).first()
    if found is None:
        raise NotFoundError()
    return found


def move(
    withdrawal: Withdrawal,
    to: Withdrawal.State,
    *,
    moves: Mapping[Withdrawal.State, tuple[Withdrawal.State, ...]] = MOVES,
    **fields: Any,
) -> None:
    """Move a withdrawal where the table allows it; `impossible_move` 409."""
    moved = Withdrawal.objects.filter(pk=withdrawal.pk, state__in=moves[to]).update(
        state=to, **fields
    )
    if not moved:
        raise ConflictError(
            "impossible_move",
            _("The withdrawal does not allow this any more, or not yet."),
            details={"to": str(to)},
        )


def approve(withdrawal: Withdrawal, *, now: datetime) -> None:
    """Take the money from the wallet; it waits to leave.

    A wallet that take-backs brought into debt since then is refused: `wallet_in_debt` 409.
    """
    refuse_frozen(withdrawal.member)
    move(withdrawal, State.APPROVED, decided_at=now)
    wallet = accounts.wallet(withdrawal.member_id)
    cash.post(
        key=f"withdrawal-approved:{withdrawal.pk}",
        kind="withdrawal_approved",
        postings=[
            (wallet, -withdrawal.amount_fen),
            (accounts.withdrawal_pending(), withdrawal.amount_fen),
        ],
    )
    balances.release(wallet, withdrawal.amount_fen)
    if balances.balance(wallet).balance_fen < 0:
        raise ConflictError(
            "wallet_in_debt", _("Refunds took back more than the wallet holds. Refuse it.")
        )


def refuse(withdrawal: Withdrawal, *, now: datetime) -> None:
    """Give the reserved money free again."""
    move(withdrawal, State.REFUSED, decided_at=now)
    balances.release(accounts.wallet(withdrawal.member_id), withdrawal.amount_fen)


def pay(withdrawal: Withdrawal, *, transfer_no: str, now: datetime) -> None:
    """The bank has sent the money; not while payouts of the member are stopped."""
    refuse_frozen(withdrawal.member)
    move(withdrawal, State.PAID, paid_at=now, transfer_no=transfer_no)
    _post_paid(withdrawal, place="bank")


def fail(withdrawal: Withdrawal, *, error: str) -> None:
    """The bank could not send it: back into the wallet."""
    move(withdrawal, State.FAILED, error=error)
    _post_failed(withdrawal)


def begin_sending(withdrawal: Withdrawal) -> None:
    """It goes through its gateway now; not while payouts of the member are stopped."""
    refuse_frozen(withdrawal.member)
    move(withdrawal, State.SENDING, error="")


def arrived(withdrawal: Withdrawal, *, transfer_no: str, now: datetime) -> None:
    """The gateway has paid it: gone is gone, whatever was stopped meanwhile."""
    move(withdrawal, State.PAID, moves=BY_GATEWAY, paid_at=now, transfer_no=transfer_no)
    _post_paid(withdrawal, place=withdrawal.gateway)


def not_taken(withdrawal: Withdrawal, *, error: str) -> None:
    """Its receiver let it lie: back into the wallet, where it can be asked for again."""
    move(withdrawal, State.FAILED, moves=BY_GATEWAY, error=error)
    _post_failed(withdrawal)


def refused(withdrawal: Withdrawal, *, error: str) -> None:
    """The gateway did not send it: approved still, for staff to try again, pay by hand or end."""
    move(withdrawal, State.APPROVED, moves=BY_GATEWAY, error=error)


def _post_paid(withdrawal: Withdrawal, *, place: str) -> None:
    cash.post(
        key=f"withdrawal-paid:{withdrawal.pk}",
        kind="withdrawal_paid",
        postings=[
            (accounts.withdrawal_pending(), -withdrawal.amount_fen),
            (accounts.cash(place), withdrawal.amount_fen),
        ],
    )


def _post_failed(withdrawal: Withdrawal) -> None:
    cash.post(
        key=f"withdrawal-failed:{withdrawal.pk}",
        kind="withdrawal_failed",
        postings=[
            (accounts.withdrawal_pending(), -withdrawal.amount_fen),
            (accounts.wallet(withdrawal.member_id), withdrawal.amount_fen),
        ],
    )
