"""Writing a batch: rows by COPY, upserts from arrays, one statement a table.

Arrays travel as text: PostgreSQL reads `{1,2}` faster than anybody can build it otherwise.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import psycopg
from django.db import connection

from mingchi.engine.state import Position
from mingchi.ledger.models import SPAN
from mingchi.ledger.sealing import array_text
from mingchi.rebates import journal
from mingchi.rebates.draft import Draft
from mingchi.rebates.ids import primary_key
from mingchi.rebates.models import Agent, Participant, PlanVersion, Shareholder

_BALANCES = """
INSERT INTO ledger_accountbalance AS b (account, balance_fen, reserved_fen)
SELECT account, delta, 0 FROM unnest(%s::bigint[], %s::bigint[]) AS d (account, delta)
ON CONFLICT (account) DO UPDATE SET balance_fen = b.balance_fen + EXCLUDED.balance_fen
"""
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
FROM (SELECT member_id, sum(amount_fen) AS amount_fen, count(*) FILTER (WHERE amount_fen > 0)
          AS orders
      FROM rebates_sale WHERE entry_id BETWEEN %s AND %s GROUP BY member_id) s
WHERE p.id = %s + s.member_id
"""


def raw_cursor() -> psycopg.Cursor[tuple[object, ...]]:
    """A cursor of psycopg itself on Django's connection: COPY, and parameters sent apart from
    the statement, where Django's own would write ten thousand numbers into its text."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)


def write(draft: Draft, *, entries: bytes, period_first_entry: int) -> None:
    """Write all that the batch changes, in the open transaction, but the batch's own row."""
    with connection.wrap_database_errors:  # psycopg's own cursors do not
        _copy("ledger_entry", journal.COLUMNS, entries)
        _copy("rebates_sale", "entry_id, member_id, amount_fen", "".join(draft.sales).encode())
        _members(draft)
        _positions(draft)
        _balances(draft)
        _orders(draft)
        _appointments(draft)
        if draft.is_close:
            _close(draft, period_first_entry)


def _copy(table: str, columns: str, rows: bytes) -> None:
    if rows:
        with raw_cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write(rows)


def _execute(sql: str, params: Sequence[object]) -> None:
    with raw_cursor() as cursor:
        cursor.execute(sql, params)


def _balances(draft: Draft) -> None:
    """Rows are locked in order of account, so that writers never wait for each other in a ring."""
    ordered = sorted((account, delta) for account, delta in draft.deltas_fen.items() if delta)
    if ordered:
        _execute(_BALANCES, [array_text(column) for column in zip(*ordered, strict=True)])


def _positions(draft: Draft) -> None:
    base, first_new = draft.base, draft.first_position
    fresh = [p for number, p in draft.positions.items() if number >= first_new]
    _copy("rebates_position", _POSITION_COLUMNS, "".join([_line(base, p) for p in fresh]).encode())
    changed = [
        (base + n, p.spend_fen, p.granted_upt, p.held_upt, p.redeemed_upt, p.paid_fen)
        for n, p in sorted(draft.positions.items())
        if n < first_new
    ]
    if changed:
        _execute(_POSITIONS, [array_text(column) for column in zip(*changed, strict=True)])


def _line(base: int, p: Position) -> str:
    return (
        f"{base + p.number}\t{primary_key(p.member)}\t{'member' if p.shared else 'order'}\t"
        f"{p.spend_fen}\t{p.granted_upt}\t{p.held_upt}\t{p.redeemed_upt}\t{p.paid_fen}\t"
        f"{p.exit_multiple_ppm}\t{p.exit_fee_ppm}\n"
    )


def _members(draft: Draft) -> None:
    if draft.joined:
        rows = "".join(
            f"{_participant(draft, e.id)}\t{_participant(draft, e.sponsor) or _NULL}\t0\t0\n"
            for e in draft.joined
        )
        _copy("rebates_participant", "id, sponsor_id, own_sales_fen, orders", rows.encode())
    for member, sponsor in draft.rebound.items():
        Participant.objects.filter(id=draft.base + primary_key(member)).update(
            sponsor_id=_participant(draft, sponsor)
        )
    if draft.ranks:
        ranks = [(_participant(draft, member), rank) for member, rank in draft.ranks.items()]
        _execute(_RANKS, _columns(ranks))


_NULL: Final = "\\N"


def _participant(draft: Draft, member: str | None) -> int | None:
    return None if member is None else draft.base + primary_key(member)


def _orders(draft: Draft) -> None:
    programme_id = draft.base // SPAN
    if draft.refunded_fen:
        rows = [(order, line, fen) for (order, line), fen in draft.refunded_fen.items()]
        _execute(_REFUNDED, [*_columns(rows), programme_id])
    if draft.state.waiting:
        waiting = [
            (order, place, w.amount_fen, primary_key(w.earner), w.target_fen, w.unclaimed_to)
            for (order, place), w in draft.state.waiting.items()
        ]
        _execute(_WAITING, [*_columns(waiting), programme_id])


def _columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _appointments(draft: Draft) -> None:
    programme_id = draft.base // SPAN
    for region, member in draft.agents.items():
        Agent.objects.update_or_create(
            programme_id=programme_id,
            region=region,
            defaults={"member_id": primary_key(member)},
        )
    for member, weight in draft.weights.items():
        Shareholder.objects.update_or_create(
            programme_id=programme_id,
            member_id=primary_key(member),
            defaults={"weight": weight},
        )
    for key in draft.plans:
        versions = PlanVersion.objects.filter(programme_id=programme_id)
        versions.filter(state=PlanVersion.State.ACTIVE).update(state=PlanVersion.State.RETIRED)
        versions.filter(id=primary_key(key)).update(state=PlanVersion.State.ACTIVE)


def _close(draft: Draft, period_first_entry: int) -> None:
    """The period's sales go into the totals; awards that waited are paid or unclaimed."""
    unclaimed = [f"{order}:{place}" for order, place in draft.state.forfeited]
    _execute(_CLOSE_WAITING, [unclaimed, draft.base // SPAN])
    period = [draft.base + period_first_entry, draft.base + draft.last_entry]
    _execute(_CLOSE_SALES, [*period, draft.base])
