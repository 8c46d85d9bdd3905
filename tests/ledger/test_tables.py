"""What the tables themselves refuse, whoever asks."""

from collections.abc import Sequence

import pytest
from django.db import IntegrityError, connection, transaction
from tests.rebates.online import found_programme, member, order, settle

from mingchi.ledger import accounts, cash, sealing

APPEND_ONLY = [
    "ledger_entry",
    "ledger_cashentry",
    "ledger_cashseal",
    "ledger_batch",
    "rebates_event",
    "rebates_sale",
]


@pytest.fixture
def filled(db: None) -> None:
    settle(found_programme(), [member(1), order(1, 1)])
    cash.post(key="a", kind="payment", postings=[(1, 500), (accounts.cash("bank"), -500)])
    sealing.seal_cash()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {0} SET {1} = {1}",
        "UPDATE {0} SET {1} = {1} WHERE false",
        "DELETE FROM {0}",
        "DELETE FROM {0} WHERE false",
        "TRUNCATE {0} CASCADE",
    ],
)
def test_the_past_is_not_changed(filled: None, table: str, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
        before, column = cursor.fetchall(), cursor.description[-1].name
        assert before
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(statement.format(table, column))
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
        assert cursor.fetchall() == before


def test_no_other_journal_is_open_to_change(db: None) -> None:
    """Every table that keeps history has the guard; a new one must be listed above."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only' "
            "AND (tgrelid::regclass::text ~ '^(ledger|rebates)_') ORDER BY 1"
        )
        assert [name for (name,) in cursor.fetchall()] == sorted(APPEND_ONLY)


def insert(table: str, accounts_: str, amounts: str) -> None:
    with connection.cursor() as cursor, transaction.atomic():
        if table == "ledger_entry":
            cursor.execute(
                "INSERT INTO ledger_entry (id, event_id, accounts, amounts, rules, record) "
                "VALUES (1, 1, %s, %s, '{}', '{}')",
                [accounts_, amounts],
            )
        else:
            cursor.execute(
                "INSERT INTO ledger_cashentry (key, kind, accounts, amounts, memo, request_id, "
                "created_at) VALUES ('k', 'payment', %s, %s, '', '', now())",
                [accounts_, amounts],
            )


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_cashentry"])
@pytest.mark.parametrize(
    ("accounts_", "amounts"),
    [
        ("{1,7}", "{5,-4}"),
        ("{1}", "{5}"),
        ("{150,151}", "{5,-4}"),  # points
        ("{111,150}", "{5,-5}"),  # money against points
        ("{111,150,1}", "{5,7,-12}"),
        ("{1,7,9}", "{5,-5}"),
        ("{1,7}", "{5,-5,0}"),
        ("{1,NULL}", "{5,-5}"),
        ("{1,7,1}", "{5,-5,NULL}"),
        ("{}", "{1}"),
    ],
)
def test_an_entry_that_does_not_balance(db: None, table: str, accounts_: str, amounts: str) -> None:
    with pytest.raises(IntegrityError, match="does not sum to zero"):
        insert(table, accounts_, amounts)


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_cashentry"])
@pytest.mark.parametrize(
    ("accounts_", "amounts"),
    [("{1,7}", "{5,-5}"), ("{111,12,150,151}", "{5,-5,-3,3}"), ("{}", "{}"), ("{1,1}", "{5,-5}")],
)
def test_an_entry_that_balances(db: None, table: str, accounts_: str, amounts: str) -> None:
    insert(table, accounts_, amounts)


def test_one_bad_entry_among_many(db: None) -> None:
    rows: Sequence[tuple[int, int]] = [(n, -n if n != 77 else 1) for n in range(1, 100)]
    values = ",".join(f"({n}, {n}, '{{1,7}}', '{{{n},{m}}}', '{{}}', '{{}}')" for n, m in rows)
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="entry 77 of ledger_entry does not sum to zero"),
        transaction.atomic(),
    ):
        cursor.execute(
            "INSERT INTO ledger_entry (id, event_id, accounts, amounts, rules, record) "  # noqa: S608
            f"VALUES {values}"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger_accountbalance VALUES (1, 0, -1)",
        "UPDATE rebates_programme SET pool_fen = -1",
        "UPDATE rebates_programme SET pool_fen = 0",
        "UPDATE rebates_programme SET supply_upt = 0",
        "UPDATE rebates_position SET held_upt = -1",
        "INSERT INTO ledger_batch (programme_id, number, first_entry, last_entry, digest, "
        "previous_digest, elapsed_ms, created_at) VALUES (9, 1, 2, 1, '', '', 0, now())",
        "INSERT INTO rebates_event (programme_id, key, kind, payload, digest, request_id, "
        "created_at) SELECT programme_id, key, kind, payload, digest, '', now() "
        "FROM rebates_event LIMIT 1",
    ],
)
def test_what_no_row_may_say(filled: None, statement: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
