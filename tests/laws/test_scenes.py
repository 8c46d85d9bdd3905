"""Turns of the rules that random histories seldom take, each told in a few events."""

import copy
from typing import Any

from tests.laws.engine_runner import Files, as_lines, differences
from tests.laws.plans import toml_of

Events = list[dict[str, Any]]
PLAN: dict[str, Any] = {
    "plan": {"name": "scene", "currency": "CNY"},
    "split": {"distribution": "30%", "pool": "30%", "unclaimed": "pool"},
    "points": {"opening_price": "1.00", "grant": "100%", "redeem_fee": "20%"},
}
WALK = [
    {"kind": "differential"},
    {"kind": "peer", "rate": "100%", "target": "9000.00"},
    {"kind": "dividend", "rate": "100%"},
]
PEOPLE: Events = [
    {"type": "member", "id": "top", "sponsor": None},
    {"type": "member", "id": "mid", "sponsor": "top"},
    {"type": "member", "id": "ann", "sponsor": "mid"},
]
RANKED: Events = [
    {"type": "rank", "id": "top-rank", "member": "top", "rank": "V1"},
    {"type": "rank", "id": "mid-rank", "member": "mid", "rank": "V1"},
]
CLOSE = {"type": "close", "id": "close", "period": "1"}


def order(id_: str, price: int, member: str = "ann") -> dict[str, Any]:
    return {"type": "order", "id": id_, "member": member, "lines": [{"price": price, "qty": 1}]}


def plan_with(**points: str) -> dict[str, Any]:
    plan = copy.deepcopy(PLAN)
    plan["points"].update(points)
    return plan


def waiting_plan(**points: str) -> dict[str, Any]:
    ranks = [{"name": "V1", "rate": "15%"}]
    return {**plan_with(**points), "ranks": ranks, "awards": WALK}


def play(files: Files, plan: dict[str, Any], events: Events) -> list[dict[str, Any]]:
    """The engine's answers, after proof that the reference gives the same."""
    lines = as_lines(events)
    engine, expected = files.engine(toml_of(plan), lines), files.reference(toml_of(plan), lines)
    assert differences(engine, expected) == []
    return engine.answers()


def test_a_peer_award_that_lapses_into_the_pool_sets_off_an_exit(files: Files) -> None:
    # 30 fen in the pool; 15 paid, 15 waiting: at the close the price rises from 1 to 1.5
    events = [*PEOPLE, *RANKED, order("o", 100), CLOSE]
    *_, close, summary = play(files, waiting_plan(exit_multiple="0.4"), events)
    assert close["exits"] == [
        {"member": "ann", "points": 30_000_000 // 100, "gross": 45, "fee": 9, "net": 36}
    ]
    assert (summary["pool"], summary["waiting"]) == (0, 0)
    assert summary["wallets"] == {"ann": 36, "mid": 15}


def test_what_nobody_holds_at_a_close_counts_to_the_new_period(files: Files) -> None:
    # without grants the lapsed 15 fen fall to the platform, after the dividend was paid
    holder = {"type": "shareholder", "id": "share", "member": "top", "weight": 1}
    events = [*PEOPLE, *RANKED, holder, order("o", 100), CLOSE, {**CLOSE, "id": "next"}]
    answers = play(files, waiting_plan(grant="0%"), events)
    dividends = [one["awards"] for one in answers[-3:-1]]
    assert dividends == [
        [{"member": "top", "kind": "dividend", "amount": 70}],
        [{"member": "top", "kind": "dividend", "amount": 15}],
    ]


def test_equal_triggers_go_in_the_order_of_their_positions(files: Files) -> None:
    plan = plan_with(exit_multiple="0.33", exit_fee="0%")
    plan["split"]["unclaimed"] = "platform"
    orders = [order(f"o-{who}", 1000, who) for who in ("mid", "top", "ann")]
    subsidy = {"type": "subsidy", "id": "subsidy", "amount": 300}
    answers = play(files, plan, [*PEOPLE, *orders, subsidy])
    assert [one["member"] for one in answers[-2]["exits"]] == ["mid", "top", "ann"]


def test_a_waiting_award_keeps_the_destination_of_its_own_plan(files: Files) -> None:
    plan = waiting_plan()
    later = copy.deepcopy(plan)
    later["split"]["unclaimed"] = "platform"
    change = {"type": "plan", "id": "later", "plan": later}
    refund = {"type": "refund", "id": "refund", "order": "o", "amount": 50}
    answers = play(files, plan, [*PEOPLE, *RANKED, order("o", 100), change, CLOSE, refund])
    assert [one["pool"] for one in answers[-4:-2]] == [30, 45]
    # 15 of the contribution come back; of the 15 that lapsed 7 are due, and are a loss
    assert answers[-2]["refund"] == {"pool": 15, "burned": 150_000, "returned": 0, "loss": 7}


def test_a_waiting_award_shrinks_by_a_refund_and_pays_the_rest(files: Files) -> None:
    refund = {"type": "refund", "id": "refund", "order": "o", "amount": 33}
    own = order("own", 900_000, "mid")
    again = {**refund, "id": "again", "amount": 67}
    events = [*PEOPLE, *RANKED, order("o", 100), refund, own, CLOSE, again]
    answers = play(files, waiting_plan(), events)
    peers = [one for one in answers[-3]["awards"] if one["kind"] == "peer"]
    assert peers == [{"member": "top", "kind": "peer", "amount": 15 - 15 * 33 // 100}]
    assert answers[-1]["wallets"] == {"top": 135_000}


def test_a_refund_of_the_last_points_leaves_the_price_before_it(files: Files) -> None:
    plan = plan_with(grant="50%")
    refund = {"type": "refund", "id": "refund", "order": "o", "amount": 100}
    answers = play(files, plan, [*PEOPLE, order("o", 100), refund, order("p", 100)])
    assert [(one["pool"], one["supply"], one["price"]) for one in answers[3:-1]] == [
        (60, 150_000, "4.000000"),
        (0, 0, "4.000000"),
        (60, 37_500, "16.000000"),
    ]
