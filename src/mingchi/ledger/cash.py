"""The cash journal: money that moves outside settlement.

Use cases append to it; the settler's process numbers and seals afterwards (`sealing`), so no
web request waits for a number.
"""

from collections.abc import Sequence

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import context
from mingchi.foundation.errors import ConflictError
from mingchi.ledger import accounts, balances
from mingchi.ledger.models import CashEntry, UnsealedCash


def post(*, key: str, kind: str, postings: Sequence[tuple[int, int]], memo: str = "") -> CashEntry:
    """Append an entry of `(account, amount_fen)` postings in the caller's transaction.

    The same key with the same content returns the entry that stands; with other content it
    raises `entry_conflict` (409). Postings that do not sum to zero are refused by the table.
    """
    assert connection.in_atomic_block, "a cash entry belongs to the transaction of its cause"
    assert not any(accounts.holds_points(account) for account, _amount in postings)
    entry, created = CashEntry.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "accounts": [account for account, _amount in postings],
            "amounts": [amount for _account, amount in postings],
            "memo": memo,
            "request_id": context.request_id(),
        },
    )
    if not created:
        _refuse_other_content(entry, kind, postings)
        return entry
    UnsealedCash.objects.create(entry=entry)
    balances.add(
        (account, amount)
        for account, amount in postings
        if accounts.kind_of(account) in balances.IMMEDIATE
    )
    return entry


def _refuse_other_content(entry: CashEntry, kind: str, postings: Sequence[tuple[int, int]]) -> None:
    same = list(zip(entry.accounts, entry.amounts, strict=True)) == list(postings)
    if not same or entry.kind != kind:
        raise ConflictError(
            "entry_conflict", _("This cash entry was booked before with other amounts.")
        )
