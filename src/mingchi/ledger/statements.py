"""Statements: what moved on one account, newest first. A projection that says as of when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Sum

from mingchi.ledger import accounts
from mingchi.ledger.keys import SPAN
from mingchi.ledger.models import Batch, CashEntry, StatementCursor, StatementLine

# Whose statements somebody reads: merchants, wallets, points.
_KINDS = [accounts.MERCHANT, accounts.WALLET, accounts.POINTS]

_SETTLEMENT = """
INSERT INTO ledger_statementline (account, entry_id, rule, amount, at)
SELECT p.account, e.id, p.rule, p.amount, b.created_at
FROM ledger_batch b
JOIN ledger_entry e ON e.id BETWEEN %(base)s + greatest(b.first_entry, %(first)s)
                                AND %(base)s + least(b.last_entry, %(last)s),
     unnest(e.accounts, e.amounts, e.rules) AS p (account, amount, rule)
WHERE b.programme_id = %(journal)s AND b.last_entry BETWEEN %(first)s AND %(batches_to)s
      AND p.account %% 100 = ANY(%(kinds)s)
ORDER BY e.id
"""
_CASH = """
INSERT INTO ledger_statementline (account, cash_entry_id, rule, amount, at)
SELECT p.account, e.id, 0, p.amount, e.created_at
FROM ledger_cashseal s JOIN ledger_cashentry e ON e.id = s.entry_id,
     unnest(e.accounts, e.amounts) AS p (account, amount)
WHERE s.number BETWEEN %(first)s AND %(last)s AND p.account %% 100 = ANY(%(kinds)s)
ORDER BY s.number
"""
# What is written at once: the settler waits for it, for some five milliseconds.
_ENTRIES_AT_ONCE = 100


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


def cash_kinds(lines: Sequence[StatementLine]) -> dict[int, str]:
    """What moved the money of lines from the cash journal, by the entry's key."""
    keys = [line.cash_entry_id for line in lines if line.cash_entry_id is not None]
    return dict(CashEntry.objects.filter(pk__in=keys).values_list("pk", "kind"))


def total(account: int, *, codes: Collection[int]) -> int:
    """What the rules of these codes moved on an account in all settled entries that statements
    have come to."""
    lines = StatementLine.objects.filter(account=account, entry_id__isnull=False)
    lines = lines.annotate(code=F("rule") % 100).filter(code__in=sorted(codes))
    return int(lines.aggregate(total=Sum("amount"))["total"] or 0)


def bring_up_to_date(*, journal: int, entries: int = _ENTRIES_AT_ONCE) -> int:
    """Write the lines of up to `entries` more entries of one journal; returns of how many.

    Runs in the settler's process when it is quiet, so that settlement never waits for it long.
    """
    # Looked for without a lock: that would be a write, and cost a commit where there is nothing.
    cursor_row = StatementCursor.objects.filter(journal=journal).first()
    done = cursor_row.last_entry if cursor_row else 0
    batches = Batch.objects.filter(programme_id=journal, last_entry__gt=done)
    ahead = list(batches.order_by("last_entry")[:50])
    return _write_lines(journal, ahead, entries) if ahead else 0


@transaction.atomic
def _write_lines(journal: int, ahead: Sequence[Batch], entries: int) -> int:
    cursor_row, _ = StatementCursor.objects.select_for_update().get_or_create(journal=journal)
    done = cursor_row.last_entry
    last = min(ahead[-1].last_entry, done + entries)
    if last <= done:
        return 0  # another settler was here since we looked: the cash journal is everybody's
    with connection.cursor() as cursor:
        cursor.execute(
            _CASH if journal == Batch.CASH else _SETTLEMENT,
            {
                "journal": journal,
                "base": journal * SPAN,
                "first": done + 1,
                "last": last,
                "batches_to": ahead[-1].last_entry,
                "kinds": _KINDS,
            },
        )
    # Complete up to the last batch that is in it as a whole; else as of the one before.
    whole = [batch.created_at for batch in ahead if batch.last_entry <= last]
    cursor_row.as_of = whole[-1] if whole else cursor_row.as_of
    cursor_row.last_entry = last
    cursor_row.save()
    return last - done
