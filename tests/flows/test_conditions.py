"""Conditions, durations, requirements and decision tables: what is taken, refused, and decided."""

import time
from datetime import UTC, datetime

import pytest

from mingchi.flows.conditions import LONGEST, ConditionError, Conditions
from mingchi.flows.context import ORDER
from mingchi.flows.deciding import Decider
from mingchi.flows.durations import read_duration
from mingchi.flows.errors import DecisionError
from mingchi.flows.facts import read_requirement
from mingchi.flows.tables import TableError, read_table, uncovered

CONDITIONS = Conditions(ORDER)
VALUES = {"amount_fen": 20_000, "payment_method": "cod", "categories": ["tea"], "region": "440300"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("amount_fen >= 20000", True),
        ("amount_fen * 2 > 50000", False),
        ('payment_method == "cod" && amount_fen < 100', False),
        ('outcome == "approved"', True),
        ('outcomes.review == "no"', True),
        ('outcomes["pack-1"] == "done"', True),
        ('outcomes.never == ""', True),
        ('"tea" in categories', True),
        ('region.startsWith("44") ? amount_fen > 1 : false', True),
        ("size(categories) == 1", True),
        ('payment_method in ["card", "cod"]', True),
        ("true", True),
    ],
)
def test_conditions_hold_or_not(text: str, holds: bool) -> None:
    decide = Decider(CONDITIONS, VALUES)
    answer = decide.holds(text, "approved", {"review": "no", "pack-1": "done"})
    assert answer.value is holds


def test_a_decision_tells_only_what_it_saw() -> None:
    answer = Decider(CONDITIONS, VALUES).holds('amount_fen > 1 && outcome == "x"', "x", {})
    assert answer.seen == {"amount_fen": 20_000, "outcome": "x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("amount_fen", "gives INT"),
        ('amount_fen + "x" > 3', "no matching overload"),
        ("amount_fen > 1.5", "no matching overload"),
        ("price > 3", "undeclared"),
        ("amount_fen >", "Syntax error"),
        ("", "Syntax error"),
        ("__import__('os')", "not offered"),
        ("${order.amount > 3}", "can't stand"),
        ("categories.exists(c, c == 'a')", "not offered"),
        ("[1, 2].all(x, x > 0)", "not offered"),
        ('"aaa".matches("(a+)+$")', "not offered"),
        ('b"a" == b"a"', "plain strings"),
        ('"""a""" == "b"', "two strings"),
        ("(" * 60 + "true" + ")" * 60, "recursion"),
        ("1 == 1 || " * 200 + "true", f"at most {LONGEST}"),
        ("amount_fen == 99999999999999999999", "invalid int"),
    ],
)
def test_other_expressions_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConditionError, match=message.replace("(", r"\(")):
        CONDITIONS.compile(text)


def test_an_expression_without_answer_is_told_not_thrown_about() -> None:
    decide = Decider(CONDITIONS, {"amount_fen": 1})
    with pytest.raises(DecisionError, match="divide by zero"):
        decide.holds("amount_fen / 0 == 1", "", {})
    with pytest.raises(DecisionError, match="no value for 'paid_fen'"):
        decide.holds("paid_fen == 1", "", {})


def test_the_longest_condition_is_quick() -> None:
    values = {"region": "x" * 10_000}
    text = " || ".join(["region + region == region + region + region"] * 20)
    condition = CONDITIONS.compile(text)
    start = time.perf_counter()
    assert condition.holds(values) is False
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("PT90M", "2026-01-31T09:30:00+00:00"),
        ("P1D", "2026-02-01T08:00:00+00:00"),
        ("P1M", "2026-02-28T08:00:00+00:00"),
        ("P1Y2M3W4DT5H6M7S", "2027-04-25T13:06:07+00:00"),
    ],
)
def test_durations(text: str, after: str) -> None:
    moment = datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert read_duration(text).after(moment).isoformat() == after


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "1D", "P-1D", "PT1.5H", "P1H", "PT0S", "P11Y", "P1D ago", "R3/PT1H"]
)
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no ISO 8601|no time at all|longer than"):
        read_duration(text)


@pytest.mark.parametrize(
    ("text", "facts", "met"),
    [
        ("reserved and (paid or cash_on_delivery)", {"reserved", "paid"}, True),
        ("reserved and (paid or cash_on_delivery)", {"reserved", "cash_on_delivery"}, True),
        ("reserved and (paid or cash_on_delivery)", {"paid"}, False),
        ("not shipped", set(), True),
        ("not (shipped or paid) and reserved", {"reserved", "paid"}, False),
        ("not (shipped and paid)", {"paid"}, True),
        ("a or b and c", {"a"}, True),
    ],
)
def test_requirements(text: str, facts: set[str], met: bool) -> None:
    assert read_requirement(text).met(facts) is met


@pytest.mark.parametrize("text", ["", "a and", "(a", "a b", "a & b", "or a", "__import__('os')"])
def test_other_requirements_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"missing|not closed|too many|is no fact"):
        read_requirement(text)


TABLE = {
    "name": "reviewer",
    "inputs": [{"name": "amount_fen"}, {"name": "channel"}, {"name": "first_order"}],
    "rows": [
        {"when": {"amount_fen": {"from": 100_000}, "channel": ["app", "web"]}, "then": "manager"},
        {"when": {"amount_fen": {"from": 100_000}, "channel": {"not": ["shop"]}}, "then": "lead"},
        {"when": {"first_order": True}, "then": "clerk"},
    ],
    "default": "nobody",
}


@pytest.mark.parametrize(
    ("amount_fen", "channel", "first_order", "result"),
    [
        (100_000, "app", True, "manager"),
        (99_999, "app", True, "clerk"),
        (500_000, "phone", False, "lead"),
        (500_000, "shop", False, "nobody"),
    ],
)
def test_the_first_row_that_fits_decides(
    amount_fen: int, channel: str, first_order: bool, result: str
) -> None:
    table = read_table(TABLE, context=ORDER)
    values = {"amount_fen": amount_fen, "channel": channel, "first_order": first_order}
    decide = Decider(CONDITIONS, values, {"reviewer": table})
    answer = decide.look_up("reviewer", "")
    assert (answer.value, answer.seen) == (result, values)


def test_what_no_row_covers_is_named() -> None:
    open_table = {key: value for key, value in TABLE.items() if key != "default"}
    case = uncovered(read_table(open_table, context=ORDER))
    assert case is not None
    assert case["first_order"] is False
    assert uncovered(read_table(TABLE, context=ORDER)) is None
    ranges = {
        "name": "t",
        "inputs": [{"name": "amount_fen"}],
        "rows": [
            {"when": {"amount_fen": {"to": 99}}, "then": "a"},
            {"when": {"amount_fen": {"from": 101}}, "then": "b"},
        ],
    }
    assert uncovered(read_table(ranges, context=ORDER)) == {"amount_fen": 100}
    ranges["rows"].append({"when": {"amount_fen": 100}, "then": "c"})  # type: ignore[attr-defined]
    assert uncovered(read_table(ranges, context=ORDER)) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": []}, "inputs: 1 to 8"),
        ({"inputs": [{"name": "price"}]}, "'price' is not in the context"),
        ({"inputs": [{"name": "categories"}]}, "is a list"),
        ({"inputs": [{"name": "amount_fen", "type": "string"}]}, "of type int"),
        ({"rows": [{"when": {"price": 1}, "then": "a"}]}, "row 1: 'price' is no input"),
        ({"rows": [{"when": {"amount_fen": 1.5}, "then": "a"}]}, r"1.5 is no int"),
        ({"rows": [{"when": {"amount_fen": True}, "then": "a"}]}, "True is no int"),
        ({"rows": [{"when": {"amount_fen": {"from": 2, "to": 1}}, "then": "a"}]}, "holds nothing"),
        ({"rows": [{"when": {"channel": {"is": "x"}}, "then": "a"}]}, "a value, a list"),
        ({"rows": [{"when": {}, "then": ""}]}, "row 1, then must be a text"),
        ({"rows": "x"}, "rows must be a list"),
        ({"output": {"type": "duration"}}, "no ISO 8601 duration"),
        ({"hit": "collect"}, "only"),
        ({"script": "x"}, "no key 'script'"),
    ],
)  # fmt: skip
def test_other_tables_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_table({**TABLE, **change}, context=ORDER)
