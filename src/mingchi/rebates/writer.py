"""Writing a batch: rows by COPY, upserts from arrays, one statement a table.

Arrays travel as text: PostgreSQL reads `{1,2}` faster than anybody can build it otherwise.
"""

from collections.abc import Mapping

import psycopg
from django.db import connection

from mingchi.ledger.sealing import array_text

_BALANCES = """
INSERT INTO ledger_accountbalance AS b (account, balance_fen, reserved_fen)
SELECT account, delta, 0 FROM unnest(%s::bigint[], %s::bigint[]) AS d (account, delta)
ON CONFLICT (account) DO UPDATE SET balance_fen = b.balance_fen + EXCLUDED.balance_fen
"""
_POSITION_COLUMNS = (
    "spend_fen",
    "granted_upt",
    "held_upt",
    "redeemed_upt",
    "paid_fen",
)
_UPDATE_POSITIONS = """
UPDATE rebates_position AS p
SET spend_fen = n.spend_fen, granted_upt = n.granted_upt, held_upt = n.held_upt,
    redeemed_upt = n.redeemed_upt, paid_fen = n.paid_fen
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS n (id, spend_fen, granted_upt, held_upt, redeemed_upt, paid_fen)
WHERE p.id = n.id
"""


def raw_cursor() -> psycopg.Cursor[tuple[object, ...]]:
    """A cursor of psycopg itself on Django's connection: COPY, and parameters sent apart from
    the statement, where Django's own would write ten thousand numbers into its text."""
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)


def copy(table: str, columns: str, rows: bytes) -> None:
    """Append rows that are already in COPY's text format."""
    if rows:
        with raw_cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write(rows)


def add_to_balances(deltas: Mapping[int, int]) -> None:
    """Add `delta_fen` to each account, rows locked in order of account."""
    ordered = sorted((account, delta) for account, delta in deltas.items() if delta)
    if ordered:
        with raw_cursor() as cursor:
            cursor.execute(
                _BALANCES,
                [array_text(a for a, _d in ordered), array_text(d for _a, d in ordered)],
            )
