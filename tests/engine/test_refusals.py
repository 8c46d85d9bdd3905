"""Every reason for which an event is refused, their precedence, and that nothing changes."""

from typing import Any

import pytest
from tests.engine.running import History, plan_with


def _history() -> History:
    history = History(plan_with(ranks=[{"name": "V1", "rate": "5%"}]))
    history.members("ann", "bo", "cai")
    return history


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("member", {"sponsor": "nobody"}, "unknown sponsor"),
        ("member", {"id": "me", "sponsor": "me"}, "unknown sponsor"),
        ("sponsor", {"member": "nobody", "sponsor": "nobody"}, "unknown member"),
        ("sponsor", {"member": "ann", "sponsor": "nobody"}, "unknown sponsor"),
        ("sponsor", {"member": "ann", "sponsor": "ann"}, "sponsor loop"),
        ("sponsor", {"member": "ann", "sponsor": "cai"}, "sponsor loop"),
        ("rank", {"member": "nobody", "rank": "V9"}, "unknown member"),
        ("rank", {"member": "ann", "rank": "V9"}, "unknown rank"),
        ("agent", {"member": "nobody", "region": "44"}, "unknown member"),
        ("shareholder", {"member": "nobody", "weight": 1}, "unknown member"),
        ("order", {"member": "nobody", "lines": [{"price": 1, "qty": 1, "cost": 9}]},
         "unknown member"),
        ("order", {"member": "ann", "lines": [{"price": 9, "qty": 1, "cost": 9, "pool": 1}]},
         "split exceeds price"),
        ("order", {"member": "ann", "lines": [{"price": 99, "qty": 1},
                                              {"price": 9, "qty": 1, "distribution": 8}]},
         "split exceeds price"),
        ("redeem", {"member": "nobody", "points": 1}, "unknown member"),
        ("redeem", {"member": "ann", "points": 1}, "insufficient points"),
        ("redeem", {"member": "ann", "points": "all", "min_net": 1}, "insufficient points"),
        ("refund", {"order": "nothing", "line": 7, "amount": 1}, "unknown order"),
        ("refund", {"order": "ann", "amount": 1}, "unknown order"),
        ("subsidy", {"amount": 1}, "no supply"),
    ],
)  # fmt: skip
def test_refused(kind: str, fields: dict[str, Any], reason: str) -> None:
    history = _history()
    before = history.summary()
    answer = history.tell(kind, **{"id": "x"} | fields)
    assert answer == {"id": fields.get("id", "x"), "error": reason}
    assert history.summary() == before | {"events": 4, "errors": 1}


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("redeem", {"member": "ann", "points": 20_001, "min_net": 10**15}, "insufficient points"),
        ("redeem", {"member": "ann", "points": "all", "min_net": 10**15}, "below min_net"),
        ("refund", {"order": "o", "amount": 10**15}, "line needed"),
        ("refund", {"order": "o", "line": None, "amount": 1}, "line needed"),
        ("refund", {"order": "o", "line": 2, "amount": 10**15}, "unknown line"),
        ("refund", {"order": "o", "line": 1, "amount": 401}, "refund exceeds line"),
    ],
)
def test_refused_after_an_order(kind: str, fields: dict[str, Any], reason: str) -> None:
    history = _history()
    lines = [{"price": 600, "qty": 1}, {"price": 200, "qty": 2}]
    history.tell("order", id="o", member="bo", lines=lines)
    history.order("mini", "ann", 10)
    before = history.summary()
    assert history.tell(kind, **fields)["error"] == reason
    assert history.summary() == before | {"events": 6, "errors": 1}


def test_id_of_a_refused_event_counts_as_seen() -> None:
    history = _history()
    history.tell("subsidy", id="again", amount=5)
    assert history.tell("member", id="again", sponsor=None) == {"id": "again", "duplicate": True}
    assert history.summary()["events"] == 4


@pytest.mark.parametrize("seen", ["ann", "an order", "a close", "a refused one"])
def test_duplicate_changes_nothing(seen: str) -> None:
    history = _history()
    history.order("an order", "ann", 1000)
    history.tell("close", id="a close", period="1")
    history.tell("redeem", id="a refused one", member="bo", points=1)
    before = history.summary()
    assert history.tell("subsidy", id=seen, amount=7) == {"id": seen, "duplicate": True}
    assert history.summary() == before
