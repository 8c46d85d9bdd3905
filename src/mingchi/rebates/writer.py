"""Writing a batch: rows by COPY, upserts from arrays, one statement a table.

Arrays travel as text: PostgreSQL reads `{1,2}` faster than anybody can build it otherwise.
"""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from django.db import connection

from mingchi.ledger import balances
from mingchi.ledger.models import Batch
from mingchi.rebates import journal
from mingchi.rebates.changes import Changes
from mingchi.rebates.models import Agent, PlanVersion, Shareholder

_POSITION_COLUMNS: Final = (
    "id, member_id, scope, spend_fen, granted_upt, held_upt, redeemed_upt, paid_fen, "
    "exit_multiple_ppm, exit_fee_ppm"
)
_POSITIONS = """
UPDATE rebates_position AS p
SET spend_fen = n.spend_fen, granted_upt = n.granted_upt, held_upt = n.held_upt,
    redeemed_upt = n.redeemed_upt, paid_fen = n.paid_fen
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS n (id, spend_fen, granted_upt, held_upt, redeemed_upt, paid_fen)
WHERE p.id = n.id
"""
_REBOUND = """
UPDATE rebates_participant p SET sponsor_id = r.sponsor_id
FROM unnest(%s::bigint[], %s::bigint[]) AS r (id, sponsor_id) WHERE p.id = r.id
"""
_RANKS = """
UPDATE rebates_participant p SET rank = r.rank
FROM unnest(%s::bigint[], %s::text[]) AS r (id, rank) WHERE p.id = r.id
"""
_REFUNDED = """
INSERT INTO rebates_refunded (order_entry_id, line, refunded_fen)
SELECT n.id, r.line, r.refunded_fen
FROM unnest(%s::text[], %s::int[], %s::bigint[]) AS r (key, line, refunded_fen)
JOIN rebates_event e ON e.key = r.key AND e.programme_id = %s
JOIN ledger_entry n ON n.event_id = e.id
ON CONFLICT (order_entry_id, line) DO UPDATE SET refunded_fen = EXCLUDED.refunded_fen
"""
_WAITING = """
INSERT INTO rebates_waitingaward
    (order_entry_id, place, amount_fen, earner_id, target_fen, unclaimed_to, outcome)
SELECT n.id, w.place, w.amount_fen, w.earner_id, w.target_fen, w.unclaimed_to, 'waiting'
FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
    AS w (key, place, amount_fen, earner_id, target_fen, unclaimed_to)
JOIN rebates_event e ON e.key = w.key AND e.programme_id = %s
JOIN ledger_entry n ON n.event_id = e.id
ON CONFLICT (order_entry_id, place) DO UPDATE SET amount_fen = EXCLUDED.amount_fen
"""
_CLOSE_WAITING = """
UPDATE rebates_waitingaward w
SET outcome = CASE WHEN e.key || ':' || w.place = ANY(%s) THEN w.unclaimed_to ELSE 'paid' END
FROM ledger_entry n JOIN rebates_event e ON e.id = n.event_id
WHERE w.order_entry_id = n.id AND e.programme_id = %s AND w.outcome = 'waiting'
"""
_CLOSE_SALES = """
UPDATE rebates_participant p
SET own_sales_fen = p.own_sales_fen + s.amount_fen, orders = p.orders + s.orders
FROM (SELECT member_id, sum(amount_fen) AS amount_fen,
             count(*) FILTER (WHERE amount_fen > 0) AS orders
      FROM rebates_sale WHERE entry_id BETWEEN %s AND %s GROUP BY member_id) s
WHERE p.id = %s + s.member_id
"""

# One statement for three rows: of a small batch, most of the time goes into statements.
_ADVANCE = """
WITH batch AS (
    INSERT INTO ledger_batch (programme_id, number, first_entry, last_entry, digest,
                              previous_digest, elapsed_ms, created_at)
    VALUES (%(programme_id)s, %(number)s, %(first_entry)s, %(last_entry)s, %(digest)s,
            %(previous_digest)s, %(elapsed_ms)s, %(created_at)s)),
price AS (
    INSERT INTO rebates_pricepoint (programme_id, batch, pool_fen, supply_upt, at)
    VALUES (%(programme_id)s, %(number)s, %(pool_fen)s, %(supply_upt)s, %(created_at)s))
UPDATE rebates_programme
SET last_batch = %(number)s, digest = %(digest)s, settler_seen_at = %(created_at)s, {}
WHERE id = %(programme_id)s
"""


def advance(changes: Changes, batch: Batch) -> None:
    """Write the batch's row, the programme's, and the price that stands after it."""
    columns = ", ".join(f"{name} = %({name})s" for name in changes.programme)
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE.format(columns), {**vars(batch), **changes.programme})


def write(changes: Changes, *, period_first_entry: int) -> None:
    """Write what a batch changes, in the open transaction; all but what `advance` writes."""
    with connection.wrap_database_errors:  # psycopg's own cursors do not
        _copy("ledger_entry", journal.COLUMNS, changes.entries)
        _copy("rebates_sale", "entry_id, member_id, amount_fen", changes.sales)
        columns = "id, sponsor_id, own_sales_fen, orders"
        _copy("rebates_participant", columns, changes.participants)
        _copy("rebates_position", _POSITION_COLUMNS, changes.new_positions)
        _upsert(_POSITIONS, changes.positions)
        _upsert(_REBOUND, changes.rebound)
        _upsert(_RANKS, changes.ranks)
        _upsert(_REFUNDED, changes.refunded, changes.programme_id)
        _upsert(_WAITING, changes.waiting, changes.programme_id)
        if changes.is_close:
            _close(changes, period_first_entry)
    balances.add(changes.moved_fen)
    _appoint(changes)


def _copy(table: str, columns: str, rows: bytes) -> None:
    if rows:
        with _cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write(rows)


def _upsert(sql: str, columns: Sequence[Any], *others: int) -> None:
    if columns:
        with _cursor() as cursor:
            cursor.execute(sql, [*columns, *others])


def _cursor() -> psycopg.Cursor[tuple[object, ...]]:
    """A cursor of psycopg itself on Django's connection: COPY, and parameters sent apart from
    the statement, where Django's own would write ten thousand numbers into its text."""
    return psycopg.Cursor(connection.connection)


def _close(changes: Changes, period_first_entry: int) -> None:
    """The period's sales go into the totals; awards that waited are paid or unclaimed."""
    with _cursor() as cursor:
        cursor.execute(_CLOSE_WAITING, [list(changes.unclaimed), changes.programme_id])
        until = changes.base + changes.programme["last_entry"]
        since = changes.base + period_first_entry
        cursor.execute(_CLOSE_SALES, [since, until, changes.base])


def _appoint(changes: Changes) -> None:
    programme_id = changes.programme_id
    for region, member_id in changes.agents.items():
        Agent.objects.update_or_create(
            programme_id=programme_id, region=region, defaults={"member_id": member_id}
        )
    for member_id, weight in changes.weights.items():
        Shareholder.objects.update_or_create(
            programme_id=programme_id, member_id=member_id, defaults={"weight": weight}
        )
    versions = PlanVersion.objects.filter(programme_id=programme_id)
    for plan_id in changes.plans:
        versions.filter(state=PlanVersion.State.ACTIVE).update(state=PlanVersion.State.RETIRED)
        versions.filter(id=plan_id).update(state=PlanVersion.State.ACTIVE)
