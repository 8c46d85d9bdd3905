"""Reading events: the field that a fault is told by."""

from typing import Any

import pytest

from mingchi.engine.events import (
    AgentEvent,
    EventError,
    OrderEvent,
    RedeemEvent,
    RefundEvent,
    parse,
)

ORDER = {"type": "order", "id": "o", "member": "ann", "lines": [{"price": 100, "qty": 1}]}
REFUND = {"type": "refund", "id": "r", "order": "o", "amount": 1}
REDEEM = {"type": "redeem", "id": "s", "member": "ann", "points": 1}
AGENT = {"type": "agent", "id": "a", "member": "ann", "region": "44"}


def _line(**fields: Any) -> dict[str, Any]:
    return ORDER | {"lines": [{"price": 1, "qty": 1}, {"price": 100, "qty": 1} | fields]}


def test_what_may_be_left_out_or_null() -> None:
    nulls = dict.fromkeys(("cost", "distribution", "pool", "merchant"))
    for order in (ORDER, ORDER | {"region": None, "lines": [{"price": 100, "qty": 1} | nulls]}):
        event = parse(order)
        assert isinstance(event, OrderEvent)
        assert (event.id, event.member, event.region) == ("o", "ann", None)
        (line,) = event.lines
        assert (line.price_fen, line.qty, line.merchant) == (100, 1, "self")
        assert line.cost_fen is line.distribution_fen is line.pool_fen is None
    assert parse(REFUND | {"line": None}) == parse(REFUND) == RefundEvent("r", "o", None, 1)
    assert parse(REDEEM | {"min_net": None}) == parse(REDEEM) == RedeemEvent("s", "ann", 1, None)


def test_bounds_and_unknown_fields_are_accepted() -> None:
    most = {"price": 10**15, "qty": 10**6, "cost": 10**15, "distribution": 0, "pool": 0}
    event = parse(ORDER | {"region": "440305", "at": 1.5, "lines": [most | {"note": {}}]})
    assert isinstance(event, OrderEvent)
    assert event.lines[0].qty == 10**6
    assert parse(REDEEM | {"points": "all"}) == RedeemEvent("s", "ann", None, None)
    assert parse(AGENT | {"region": "4403"}) == AgentEvent("a", "ann", "4403")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (None, ""),
        ([], ""),
        ("order", ""),
        ({}, "type"),
        ({"type": None}, "type"),
        ({"type": ["order"]}, "type"),
        ({"type": "orders"}, "type"),
        ({"type": "close", "period": "1"}, "id"),
        ({"type": "close", "id": 1, "period": "1"}, "id"),
        ({"type": "close", "id": "c"}, "period"),
        ({"type": "close", "id": "c", "period": None}, "period"),
        ({"type": "close", "id": "c", "period": 202610}, "period"),
        ({"type": "member", "id": "m"}, "sponsor"),
        ({"type": "member", "id": "m", "sponsor": 5}, "sponsor"),
        ({"type": "sponsor", "id": "m", "member": "x"}, "sponsor"),
        ({"type": "sponsor", "id": "m", "sponsor": None}, "member"),
        ({"type": "rank", "id": "m", "member": "x"}, "rank"),
        ({"type": "rank", "id": "m", "member": "x", "rank": False}, "rank"),
        ({"type": "plan", "id": "p"}, "plan"),
        ({"type": "plan", "id": "p", "plan": None}, "plan"),
        ({"type": "shareholder", "id": "h", "member": "x", "weight": -1}, "weight"),
        ({"type": "shareholder", "id": "h", "member": "x", "weight": 10**15 + 1}, "weight"),
        ({"type": "shareholder", "id": "h", "member": "x", "weight": 1.0}, "weight"),
        ({"type": "subsidy", "id": "f"}, "amount"),
        ({"type": "subsidy", "id": "f", "amount": 0}, "amount"),
        ({"type": "subsidy", "id": "f", "amount": True}, "amount"),
        ({"type": "subsidy", "id": "f", "amount": "5"}, "amount"),
        ({"type": "subsidy", "id": "f", "amount": 10**30}, "amount"),
        (AGENT | {"region": None}, "region"),
        (AGENT | {"region": 44}, "region"),
        (AGENT | {"region": "440"}, "region"),
        (AGENT | {"region": "４４"}, "region"),
        (AGENT | {"region": "4x"}, "region"),
        (ORDER | {"region": "44"}, "region"),
        (ORDER | {"region": "44030²"}, "region"),
        (ORDER | {"region": 440305}, "region"),
        (ORDER | {"member": None}, "member"),
        (ORDER | {"lines": []}, "lines"),
        (ORDER | {"lines": None}, "lines"),
        (ORDER | {"lines": {"price": 1, "qty": 1}}, "lines"),
        (ORDER | {"lines": [None]}, "lines[0]"),
        (_line(price=0), "lines[1].price"),
        (_line(price=None), "lines[1].price"),
        (_line(price=1e3), "lines[1].price"),
        (_line(qty=10**6 + 1), "lines[1].qty"),
        (_line(qty=True), "lines[1].qty"),
        (_line(cost=-1), "lines[1].cost"),
        (_line(cost=False), "lines[1].cost"),
        (_line(distribution=10**15 + 1), "lines[1].distribution"),
        (_line(pool="0"), "lines[1].pool"),
        (_line(merchant=5), "lines[1].merchant"),
        (REDEEM | {"points": "some"}, "points"),
        (REDEEM | {"points": 0}, "points"),
        (REDEEM | {"points": None}, "points"),
        (REDEEM | {"min_net": -1}, "min_net"),
        (REFUND | {"line": -1}, "line"),
        (REFUND | {"line": 0.0}, "line"),
        (REFUND | {"amount": 10**15 + 1}, "amount"),
    ],
)
def test_fault_names_its_field(data: object, field: str) -> None:
    with pytest.raises(EventError) as raised:
        parse(data)
    assert raised.value.field == field
    assert str(raised.value).startswith(field)


def test_fault_in_a_plan_names_the_key_in_it() -> None:
    with pytest.raises(EventError, match=r"^plan: plan: missing"):
        parse({"type": "plan", "id": "p", "plan": {}})
