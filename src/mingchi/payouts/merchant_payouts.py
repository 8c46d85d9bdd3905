"""Payouts to merchants: reserved, approved, paid. One place for the moves and their cash entries.

What is on its way stands on `withdrawal_pending` with what members take out. A debt of a merchant
is carried over: nothing can be reserved until later sales have made up for it.
"""

from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from mingchi.foundation import proposals
from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.ledger import accounts, balances, cash
from mingchi.payouts.models import MerchantAccount, MerchantPayout

State = MerchantPayout.State
MOVES: Final[dict[MerchantPayout.State, tuple[MerchantPayout.State, ...]]] = {
    State.APPROVED: (State.ASKED,),
    State.REFUSED: (State.ASKED,),
    State.PAID: (State.APPROVED,),
    State.FAILED: (State.APPROVED,),
}
APPROVED, PAID, FAILED = "payout_approved", "payout_paid", "payout_failed"
ON_THE_ACCOUNT: Final = frozenset({APPROVED, FAILED})
"""Kinds of cash entries that a payout makes on the merchant's account."""


def ask(*, account: MerchantAccount, amount_fen: int, actor: str, now: datetime) -> MerchantPayout:
    """Set the money aside. `insufficient_balance` 409 where less is available."""
    balances.reserve(accounts.merchant(account.merchant_id), amount_fen)
    return MerchantPayout.objects.create(
        merchant_id=account.merchant_id,
        account=account,
        amount_fen=amount_fen,
        asked_by=actor,
        asked_at=now,
    )


def find(payout_id: int) -> MerchantPayout:
    """The payout, its row held; `not_found` 404."""
    rows = MerchantPayout.objects.select_for_update(of=("self",)).select_related("account")
    found = rows.filter(pk=payout_id).first()
    if found is None:
        raise NotFoundError()
    return found


def approve(payout: MerchantPayout, *, actor: str, now: datetime) -> None:
    """Take it off the merchant's account; it waits to leave. `own_proposal` 403, `merchant_in_debt`
    409 where refunds took more than is left since it was asked for."""
    proposals.refuse_own(asked_by=payout.asked_by, by=actor)
    _move(payout, State.APPROVED, decided_by=actor, decided_at=now)
    owed = accounts.merchant(payout.merchant_id)
    _post(payout, APPROVED, owed, accounts.withdrawal_pending())
    balances.release(owed, payout.amount_fen)
    if balances.balance(owed).balance_fen < 0:
        raise ConflictError(
            "merchant_in_debt", _("Refunds took back more than the merchant has. Refuse it.")
        )


def refuse(payout: MerchantPayout, *, actor: str, reason: str, now: datetime) -> None:
    """Give the reserved money free again."""
    proposals.refuse_own(asked_by=payout.asked_by, by=actor)
    _move(payout, State.REFUSED, decided_by=actor, decided_at=now, reason=reason)
    balances.release(accounts.merchant(payout.merchant_id), payout.amount_fen)


def pay(payout: MerchantPayout, *, transfer_no: str, now: datetime) -> None:
    """The bank has sent it, under this number."""
    _move(payout, State.PAID, paid_at=now, transfer_no=transfer_no)
    _post(payout, PAID, accounts.withdrawal_pending(), accounts.cash("bank"))


def fail(payout: MerchantPayout, *, error: str) -> None:
    """The bank could not send it: it is the merchant's again."""
    _move(payout, State.FAILED, error=error)
    owed = accounts.merchant(payout.merchant_id)
    _post(payout, FAILED, accounts.withdrawal_pending(), owed)


def _post(payout: MerchantPayout, kind: str, giver: int, taker: int) -> None:
    cash.post(
        key=f"{kind}:{payout.pk}",
        kind=kind,
        postings=[(giver, -payout.amount_fen), (taker, payout.amount_fen)],
        memo=str(payout),
    )


def _move(payout: MerchantPayout, to: MerchantPayout.State, **fields: Any) -> None:
    moved = MerchantPayout.objects.filter(pk=payout.pk, state__in=MOVES[to])
    if not moved.update(state=to, **fields):
        raise ConflictError(
            "impossible_move",
            _("The payout does not allow this any more, or not yet."),
            details={"state": str(payout.state), "to": str(to)},
        )
