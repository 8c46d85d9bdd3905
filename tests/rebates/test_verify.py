"""Whatever is tampered with in the tables, `mingchi verify` names it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from tests.rebates.online import (
    EXAMPLES,
    Names,
    change,
    found_programme,
    lines_of,
    member,
    record,
    settle,
    wipe,
)

from mingchi.ledger import accounts, cash, sealing
from mingchi.rebates import verify
from mingchi.rebates.models import Programme
from mingchi.rebates.verify import Difference


def post(key: str, amount_fen: int, kind: str = "payment") -> None:
    postings = [(accounts.order_held(), amount_fen), (accounts.cash("bank"), -amount_fen)]
    with transaction.atomic():
        cash.post(key=key, kind=kind, postings=postings)


@pytest.fixture(scope="module")
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[Programme]:
    """A closed period and a running one, with awards paid, forfeited and waiting. It is there
    for all tests of this file; what they tamper with is rolled back."""
    with django_db_blocker.unblock():
        names = Names(lines_of(EXAMPLES / "awards.jsonl"))
        until = [event["id"] for event in names.events].index("c2")
        programme = found_programme((EXAMPLES / "awards.toml").read_text())
        settle(programme, names.payloads(programme)[: until - 2])
        settle(programme, names.payloads(programme)[until - 2 : until])
        for number in (1, 2, 3):
            post(f"p{number}", 1000 * number)
            if number < 3:
                sealing.seal_cash()
        record(programme, [member(999)])
    yield programme
    with django_db_blocker.unblock():
        wipe()


@pytest.fixture
def world(committed: Programme, db: None) -> Programme:
    return Programme.objects.get(pk=committed.pk)


def first(programme: Programme) -> Difference:
    # What `differences` does, but in our own transaction rather than in a snapshot of its own.
    programme.refresh_from_db()
    found = next(verify._differences(programme), None)
    assert found is not None, "nothing was found"
    return found


def test_nothing_is_found_where_nothing_is_wrong(world: Programme) -> None:
    assert list(verify._differences(world)) == []


# Names gives members keys in order of name from 10; other events by their place in the file.
CASES: dict[str, tuple[str, Difference | dict[str, str]]] = {
    # name: (what is done to the tables, what must be named)
    "a wallet's balance": (
        "UPDATE ledger_accountbalance SET balance_fen = balance_fen + 1 WHERE account = 1211",
        {"account": "wallet:12"},
    ),
    "a balance from nowhere": (
        "INSERT INTO ledger_accountbalance VALUES (555511, 7, 0)",
        {"account": "wallet:5555", "expected": "0 fen", "found": "7 fen"},
    ),
    "a balance that is gone": (
        "DELETE FROM ledger_accountbalance WHERE account = 13",
        {"account": "platform", "found": "0 fen"},
    ),
    "the amount of a posting": (
        "UPDATE ledger_entry SET amounts[2] = amounts[2] + 1 WHERE event_id ="
        " (SELECT id FROM rebates_event WHERE key = 'o17')",
        {"event": "o17", "account": "order_held"},
    ),
    "the account of a posting": (
        "UPDATE ledger_entry SET accounts[1] = 999911 WHERE event_id ="
        " (SELECT id FROM rebates_event WHERE key = 'o17')",
        {"event": "o17", "account": "merchant:1", "found": "30000 on wallet:9999"},
    ),
    "the rule of a posting": (
        "UPDATE ledger_entry SET rules[1] = 4 WHERE event_id ="
        " (SELECT id FROM rebates_event WHERE key = 'o17')",
        {"event": "o17", "account": "merchant:1"},
    ),
    "a posting more": (
        "UPDATE ledger_entry SET accounts = accounts || 13::bigint, amounts = amounts || 0::bigint,"
        " rules = rules || 4 WHERE event_id = (SELECT id FROM rebates_event WHERE key = 'o17')",
        {"event": "o17", "account": "platform", "expected": "no posting"},
    ),
    "a posting less": (
        "UPDATE ledger_entry SET accounts = '{}', amounts = '{}', rules = '{}' WHERE event_id ="
        " (SELECT id FROM rebates_event WHERE key = 'o17')",
        {"event": "o17", "found": "no posting"},
    ),
    "a record": (
        "UPDATE ledger_entry SET record = replace(record, 'pool', 'Pool') WHERE event_id ="
        " (SELECT id FROM rebates_event WHERE key = 'o17')",
        {"event": "o17", "account": "record"},
    ),
    "whose event an entry is": (
        "UPDATE ledger_entry SET event_id = 10000000 WHERE event_id ="
        " (SELECT id FROM rebates_event WHERE key = 'o17')",
        {"event": "#10000000", "account": "event", "found": "gone"},
    ),
    "an event's payload": (
        "UPDATE rebates_event SET payload = replace(payload, '100000', '100001') WHERE key = 'o17'",
        {"event": "o17", "account": "event's hash"},
    ),
    "a payload that still says the same": (
        "UPDATE rebates_event SET payload = replace(payload, ',', ', ') WHERE key = 'o17'",
        {"event": "o17", "account": "event's hash"},
    ),
    "an event's hash": (
        "UPDATE rebates_event SET digest = sha256('x') WHERE key = 'o17'",
        {"event": "o17", "account": "event's hash"},
    ),
    "an event's key": (
        "UPDATE rebates_event SET key = 'o18000' WHERE key = 'o17'",
        {"event": "o18000", "account": "event's id", "found": "o17"},
    ),
    "an event that is gone": (
        "DELETE FROM rebates_event WHERE key = 'o17'",
        {"account": "event", "expected": "there", "found": "gone"},
    ),
    "an event lost from the queue": (
        "DELETE FROM rebates_pending",
        {"event": "m999", "account": "queue", "found": "lost"},
    ),
    "an event gone from under the queue": (
        "DELETE FROM rebates_event WHERE key = 'm999'",
        {"account": "queue", "found": "gone"},
    ),
    "an entry that is gone": (
        "DELETE FROM ledger_entry WHERE event_id ="
        " (SELECT id FROM rebates_event WHERE key = 'o17')",
        {"event": "o18", "account": "entry number", "expected": "17", "found": "18"},
    ),
    "the last entry gone": (
        "DELETE FROM ledger_entry WHERE id = (SELECT max(id) FROM ledger_entry)",
        {"event": "batch 4", "account": "last entry"},
    ),
    "the first of two entries twice": (
        "UPDATE ledger_entry SET id = id + 1000 WHERE id = (SELECT max(id) FROM ledger_entry)",
        {"account": "entry number"},
    ),
    "what a position holds": (
        "UPDATE rebates_position SET held_upt = held_upt + 1 WHERE id % 1000000 = 2",
        {"account": "position 2"},
    ),
    "whose a position is": (
        "UPDATE rebates_position SET member_id = 4711 WHERE id % 1000000 = 2",
        {"account": "position 2"},
    ),
    "a position's terms": (
        "UPDATE rebates_position SET exit_multiple_ppm = 0 WHERE id % 1000000 = 2",
        {"account": "position 2"},
    ),
    "a position from nowhere": (
        "INSERT INTO rebates_position SELECT id + 100, member_id, scope, spend_fen, granted_upt,"
        " held_upt, redeemed_upt, paid_fen, exit_multiple_ppm, exit_fee_ppm FROM rebates_position"
        " WHERE id % 1000000 = 2",
        {"account": "position 102", "expected": "none"},
    ),
    "a member's sponsor": (
        "UPDATE rebates_participant SET sponsor_id = NULL WHERE id % 1000000 = 13",
        {"account": "member 13"},
    ),
    "a member's rank": (
        "UPDATE rebates_participant SET rank = 'V3' WHERE id % 1000000 = 10",
        {"account": "member 10"},
    ),
    "a member's sales of closed periods": (
        "UPDATE rebates_participant SET own_sales_fen = own_sales_fen + 1 WHERE id % 1000000 = 10",
        {"account": "member 10"},
    ),
    "that a member ever ordered": (
        "UPDATE rebates_participant SET orders = 1 WHERE id % 1000000 = 11",
        {"account": "member 11"},
    ),
    "a sale of the period": (
        "UPDATE rebates_sale SET amount_fen = amount_fen + 1 WHERE entry_id % 1000000 = 20",
        {"account": "member 10"},
    ),
    "a sale of nobody": (
        "INSERT INTO rebates_sale SELECT max(entry_id), 4711, 5 FROM rebates_sale",
        {"account": "sales of nobody 4711"},
    ),
    "an agent": (
        "UPDATE rebates_agent SET member_id = 12 WHERE region = '44'",
        {"account": "agent 44", "expected": "11", "found": "12"},
    ),
    "a shareholder": (
        "UPDATE rebates_shareholder SET weight = 8 WHERE weight = 7",
        {"expected": "7", "found": "8"},
    ),
    "what was refunded": (
        "UPDATE rebates_refunded SET refunded_fen = refunded_fen + 1",
        {"account": "refunded, order and line ('o17', 0)", "expected": "33333", "found": "33334"},
    ),
    "a refund forgotten": (
        "DELETE FROM rebates_refunded",
        {"account": "refunded, order and line ('o17', 0)", "expected": "33333", "found": "none"},
    ),
    "an award that waits": (
        "UPDATE rebates_waitingaward SET amount_fen = amount_fen + 1 WHERE outcome = 'waiting'",
        {"found": "waiting"},
    ),
    "what became of an award": (
        "UPDATE rebates_waitingaward SET outcome = 'waiting' WHERE outcome <> 'waiting'",
        {"found": "waiting"},
    ),
    "an award of no order": (
        "UPDATE rebates_waitingaward SET order_entry_id = order_entry_id + 500",
        {"account": "waiting award"},
    ),
    "the pool": (
        "UPDATE rebates_programme SET pool_fen = pool_fen + 1",
        {"account": "programme pool_fen"},
    ),
    "the supply": (
        "UPDATE rebates_programme SET supply_upt = supply_upt - 1",
        {"account": "programme supply_upt"},
    ),
    "the platform's share of the period": (
        "UPDATE rebates_programme SET period_platform_fen = 0",
        {"account": "programme period_platform_fen"},
    ),
    "where the period begins": (
        "UPDATE rebates_programme SET period_first_entry = 1",
        {"account": "programme period_first_entry", "found": "1"},
    ),
    "the hash that the next batch begins with": (
        "UPDATE rebates_programme SET digest = sha256('x')",
        {"account": "programme digest"},
    ),
    "the opening plan": (
        "UPDATE rebates_programme SET opening_plan = replace(opening_plan, '70%', '60%')",
        {"event": "o17", "account": "points:"},
    ),
    "an opening plan that is none": (
        "UPDATE rebates_programme SET opening_plan = 'x'",
        {"account": "opening plan"},
    ),
    "the plan in force": (
        "UPDATE rebates_planversion SET toml = replace(toml, '70%', '60%')",
        {"account": "plan in force", "expected": "'every award'"},
    ),
    "no plan in force": (
        "UPDATE rebates_planversion SET state = 'retired'",
        {"account": "plan in force"},
    ),
    "a batch's hash": (
        "UPDATE ledger_batch SET digest = sha256('x') WHERE programme_id <> 0 AND number = 1",
        {"event": "batch 1", "account": "hash"},
    ),
    "the hash of the batch before": (
        "UPDATE ledger_batch SET previous_digest = sha256('x')"
        " WHERE programme_id <> 0 AND number = 2",
        {"event": "batch 2", "account": "hash of the batch before"},
    ),
    "where a batch begins": (
        "UPDATE ledger_batch SET first_entry = 1 WHERE programme_id <> 0 AND number = 2",
        {"event": "batch 2", "account": "first entry", "found": "1"},
    ),
    "the last batch gone": (
        "DELETE FROM ledger_batch WHERE programme_id <> 0 AND number = 4",
        {"account": "batch", "expected": "one that covers the entry", "found": "none"},
    ),
    "a batch in the middle gone": (
        "DELETE FROM ledger_batch WHERE programme_id <> 0 AND number = 2",
        {"event": "batch 3"},
    ),
    "a cash entry's amount": (
        "UPDATE ledger_cashentry SET amounts = '{7,-7}' WHERE key = 'p1'",
        {"event": "cash batch 1", "account": "cash hash"},
    ),
    "a cash entry's account": (
        "UPDATE ledger_cashentry SET accounts = '{1211,107}' WHERE key = 'p3'",
        {"account": "wallet:12"},
    ),
    "a cash entry torn": (
        "UPDATE ledger_cashentry SET accounts = '{1}' WHERE key = 'p1'",
        {"event": "cash batch 1", "account": "cash hash"},
    ),
    "a cash entry gone": (
        "DELETE FROM ledger_cashentry WHERE key = 'p1'",
        {"event": "cash batch 1", "account": "cash hash"},
    ),
    "a cash entry that waits gone": (
        "DELETE FROM ledger_cashentry WHERE key = 'p3'",
        {"account": "cash entries sealed or waiting"},
    ),
    "a cash entry lost from the queue": (
        "DELETE FROM ledger_unsealedcash",
        {"account": "cash entries sealed or waiting"},
    ),
    "a cash seal's number": (
        "UPDATE ledger_cashseal SET number = 7 WHERE number = 2",
        {"event": "cash batch 2", "account": "cash hash"},
    ),
    "a cash seal gone": (
        "DELETE FROM ledger_cashseal WHERE number = 2",
        {"account": "cash hash"},
    ),
    "the last cash batch gone": (
        "DELETE FROM ledger_batch WHERE programme_id = 0 AND number = 2",
        {"event": "p2", "account": "cash batch"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_names(world: Programme, case: str) -> None:
    sql, expected = CASES[case]
    assert change(sql), "nothing was changed"
    found = first(world)
    for field, text in expected.items():
        assert text in getattr(found, field), found
    assert str(found).startswith(f"event {found.event or '-'}, {found.account}: expected ")
