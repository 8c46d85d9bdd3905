"""Statements: what moved on one account, newest first. A projection that says as of when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from mingchi.ledger import accounts
from mingchi.ledger.keys import SPAN
from mingchi.ledger.models import Batch, StatementCursor, StatementLine

# Whose statements somebody reads: merchants, wallets, points.
_KINDS = [accounts.MERCHANT, accounts.WALLET, accounts.POINTS]

_SETTLEMENT = """
INSERT INTO ledger_statementline (account, entry_id, rule, amount, at)
SELECT p.account, e.id, p.rule, p.amount, b.created_at
FROM ledger_batch b
JOIN ledger_entry e ON e.id BETWEEN b.programme_id * %(span)s + b.first_entry
                                    AND b.programme_id * %(span)s + b.last_entry,
         unnest(e.accounts, e.amounts, e.rules) AS p (account, amount, rule)
WHERE b.programme_id = %(journal)s AND b.first_entry > %(last)s
      AND b.last_entry <= %(until)s AND p.account %% 100 = ANY(%(kinds)s)
ORDER BY e.id
"""
_CASH = """
INSERT INTO ledger_statementline (account, cash_entry_id, rule, amount, at)
SELECT p.account, e.id, 0, p.amount, e.created_at
FROM ledger_cashseal s JOIN ledger_cashentry e ON e.id = s.entry_id,
         unnest(e.accounts, e.amounts) AS p (account, amount)
WHERE s.number > %(last)s AND s.number <= %(until)s AND p.account %% 100 = ANY(%(kinds)s)
ORDER BY s.number
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Lines of one account, newest first, and the moment up to which they are complete."""

    lines: Sequence[StatementLine]
    as_of: datetime | None


def statement(account: int, *, limit: int = 50, before: int | None = None) -> Statement:
    """At most `limit` lines older than line `before`; amounts in fen, or micro-points."""
    lines = StatementLine.objects.filter(account=account)
    if before is not None:
        lines = lines.filter(id__lt=before)
    oldest = StatementCursor.objects.order_by("as_of").values_list("as_of", flat=True).first()
    return Statement(lines=list(lines.order_by("-id")[:limit]), as_of=oldest)


@transaction.atomic
def bring_up_to_date(*, journal: int, batches: int = 20) -> int:
    """Write the lines of up to `batches` more batches of one journal; returns how many batches.

    Runs in the settler's process when it is quiet, so that settlement never waits for it.
    """
    cursor_row, _ = StatementCursor.objects.select_for_update().get_or_create(journal=journal)
    todo = list(
        Batch.objects.filter(programme_id=journal, first_entry__gt=cursor_row.last_entry).order_by(
            "number"
        )[:batches]
    )
    if not todo:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _CASH if journal == Batch.CASH else _SETTLEMENT,
            {
                "journal": journal,
                "last": cursor_row.last_entry,
                "until": todo[-1].last_entry,
                "kinds": _KINDS,
                "span": SPAN,
            },
        )
    cursor_row.last_entry, cursor_row.as_of = todo[-1].last_entry, todo[-1].created_at
    cursor_row.save()
    return len(todo)
