"""Balances in fen: changed only by `balance + delta`, reserved only by one conditional UPDATE."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.ledger import accounts
from mingchi.ledger.arrays import array_text

# Balances that a web request must see at once. Those of the house are everybody's: a request
# that changed one would hold its row against all others until its commit, so they follow when
# the entry is sealed.
IMMEDIATE = frozenset({accounts.WALLET, accounts.MERCHANT})

_ADD = """
INSERT INTO ledger_accountbalance AS b (account, balance_fen, reserved_fen)
SELECT account, delta, 0 FROM unnest(%s::bigint[], %s::bigint[]) AS d (account, delta)
ON CONFLICT (account) DO UPDATE SET balance_fen = b.balance_fen + EXCLUDED.balance_fen
"""
_BALANCE = "SELECT balance_fen, reserved_fen FROM ledger_accountbalance WHERE account = %s"
# One statement, so one moment: an entry that is sealed just now counts once.
_WITH_UNSEALED = """
SELECT coalesce(sum(balance_fen), 0)::bigint, coalesce(sum(reserved_fen), 0)::bigint
FROM (SELECT balance_fen, reserved_fen FROM ledger_accountbalance WHERE account = %s
      UNION ALL
      SELECT p.amount, 0
      FROM ledger_unsealedcash u JOIN ledger_cashentry e ON e.id = u.entry_id,
           unnest(e.accounts, e.amounts) AS p (account, amount)
      WHERE p.account = %s) parts
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """An account in fen. `available_fen` is what may be taken out; negative shows a debt."""

    account: int
    balance_fen: int
    reserved_fen: int

    @property
    def available_fen(self) -> int:
        """What is neither reserved nor spent."""
        return self.balance_fen - self.reserved_fen


def add(deltas: Iterable[tuple[int, int]]) -> None:
    """Add `(account, delta_fen)` pairs, each account once, inside the caller's transaction.

    Rows are locked in order of account, so two writers never wait for each other in a ring.
    """
    ordered = sorted(delta for delta in deltas if delta[1])
    if ordered:
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [array_text(column) for column in zip(*ordered, strict=True)])


def balance(account: int) -> Balance:
    """An account's balance, cash entries without a number included."""
    with connection.cursor() as cursor:
        if accounts.kind_of(account) in IMMEDIATE:
            cursor.execute(_BALANCE, [account])
        else:
            cursor.execute(_WITH_UNSEALED, [account, account])
        balance_fen, reserved_fen = cursor.fetchone() or (0, 0)
    return Balance(account=account, balance_fen=balance_fen, reserved_fen=reserved_fen)


def reserve(account: int, amount_fen: int) -> None:
    """Set money aside; raises `insufficient_balance` (409) where less is available."""
    assert amount_fen > 0
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_accountbalance SET reserved_fen = reserved_fen + %s "
            "WHERE account = %s AND balance_fen - reserved_fen >= %s",
            [amount_fen, account, amount_fen],
        )
        if cursor.rowcount == 0:
            available_fen = balance(account).available_fen
            raise ConflictError(
                "insufficient_balance",
                _("The balance available is lower than that amount."),
                field="amount_fen",
                details={"available_fen": available_fen},
            )


def release(account: int, amount_fen: int) -> None:
    """Undo `reserve`. More than is reserved is a fault of ours, refused by the table itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_accountbalance SET reserved_fen = reserved_fen - %s WHERE account = %s",
            [amount_fen, account],
        )
        assert cursor.rowcount == 1, f"nothing is reserved on {accounts.name(account)}"
