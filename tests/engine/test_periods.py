"""Closing a period: waiting awards, dividends, promotions and what they count."""

from typing import Any

import pytest
from tests.engine.running import History, paid, plan_with

DIVIDEND = {"kind": "dividend", "rate": "10%"}


def test_dividends_by_weight_the_rest_stays() -> None:
    history = History(plan_with(awards=[DIVIDEND, DIVIDEND | {"rate": "1%"}]))
    history.members("ann", "bo", "cai")
    for member, weight in (("cai", 2), ("ann", 1), ("bo", 0)):
        history.tell("shareholder", member=member, weight=weight)
    history.order("o", "ann", 10_001)
    platform = history.summary()["platform"]
    expected = []
    for pot in (platform * 10 // 100, platform * 1 // 100):
        expected += [("ann", "dividend", pot // 3), ("cai", "dividend", pot * 2 // 3)]
    assert paid(history.tell("close", period="1")) == expected
    assert history.summary()["platform"] == platform - sum(amount for *_, amount in expected)
    assert paid(history.tell("close", period="2")) == []


def test_no_weight_no_dividend() -> None:
    history = History(plan_with(awards=[DIVIDEND]))
    history.members("ann")
    history.tell("shareholder", member="ann", weight=5)
    history.tell("shareholder", member="ann", weight=0)
    history.order("o", "ann", 10_000)
    assert paid(history.tell("close", period="1")) == []


def test_losses_of_a_period_pay_no_dividend_and_are_not_carried_over() -> None:
    history = History(plan_with(awards=[DIVIDEND]))
    history.members("ann")
    history.tell("shareholder", member="ann", weight=1)
    history.order("o", "ann", 100_000)
    history.tell("close", period="1")
    history.tell("refund", order="o", amount=100_000)
    assert paid(history.tell("close", period="2")) == []
    history.order("o2", "ann", 1000)
    assert paid(history.tell("close", period="3")) == [("ann", "dividend", 70)]


def test_leftover_of_the_pool_counts_to_the_period_then_running() -> None:
    history = History(plan_with(awards=[DIVIDEND]))
    history.members("ann")
    history.tell("shareholder", member="ann", weight=1)
    history.order("o", "ann", 100_000)  # 70 000 to the platform, 30 000 to the pool
    history.tell("close", period="1")
    history.tell("redeem", member="ann", points="all")  # the fee of 6 000 is left over
    assert paid(history.tell("close", period="2")) == [("ann", "dividend", 600)]


def test_leftover_at_a_close_counts_to_the_new_period() -> None:
    """A missed target sends u2's award to the pool, which lets the last position out."""
    awards = [
        {"kind": "differential"},
        {"kind": "peer", "rate": "100%", "target": "99999.00"},
        DIVIDEND,
    ]
    plan = plan_with(
        ranks=[{"name": "V1", "rate": "15%"}],
        awards=awards,
        split={"unclaimed": "pool"},
        points={"exit_multiple": "0.35", "exit_fee": "50%"},
    )
    history = History(plan)
    history.members("u2", "u1", "b")
    history.tell("shareholder", member="b", weight=1)
    for upline in ("u1", "u2"):
        history.tell("rank", member=upline, rank="V1")
    assert "exits" not in history.order("o", "b", 100_000)
    closed = history.tell("close", period="1")
    assert [left["gross"] for left in closed["exits"]] == [45_000]
    assert paid(closed) == [("b", "dividend", 4000)]  # of 40 000; not of the 22 500 left over
    assert paid(history.tell("close", period="2")) == [("b", "dividend", 2250)]


def _promotions(ranks: list[dict[str, Any]], *, rank: str | None = None) -> list[str]:
    """Promotions of "a", above b and c, after b bought for 100 yuan and c for 50, back again."""
    history = History(plan_with(ranks=[{"rate": "1%"} | rank for rank in ranks]))
    history.members("a", "b")
    history.tell("member", id="c", sponsor="a")
    history.tell("member", id="d", sponsor="a")
    if rank:
        history.tell("rank", member="a", rank=rank)
    history.order("o1", "b", 10_000)
    history.order("o2", "c", 5000)
    history.order("o3", "a", 2000)
    history.tell("refund", order="o2", amount=5000)
    promotions = history.tell("close", period="1").get("promotions", [])
    return [given["rank"] for given in promotions if given["member"] == "a"]


@pytest.mark.parametrize(
    ("ranks", "before", "expected"),
    [
        ([{"name": "x"}], None, []),  # without criteria: by hand only
        ([{"name": "x", "own_sales": "20.00"}], None, ["x"]),
        ([{"name": "x", "own_sales": "20.01"}], None, []),
        ([{"name": "x", "team_sales": "120.00"}], None, ["x"]),
        ([{"name": "x", "team_sales": "120.01"}], None, []),
        ([{"name": "x", "direct_members": 2}], None, ["x"]),  # a refunded order still counts
        ([{"name": "x", "direct_members": 3}], None, []),
        ([{"name": "x", "direct_members": 2, "own_sales": "21"}], None, []),
        ([{"name": "x", "own_sales": "0"}, {"name": "y", "own_sales": "1"}], None, ["y"]),
        ([{"name": "x", "own_sales": "1"}, {"name": "y", "own_sales": "99"}], None, ["x"]),
        ([{"name": "x", "own_sales": "1"}, {"name": "y"}], "y", []),  # never demoted
        ([{"name": "x"}, {"name": "y", "own_sales": "1"}], "x", ["y"]),
        ([{"name": "x", "own_sales": "1"}], "x", []),
    ],
)
def test_promotion(ranks: list[dict[str, Any]], before: str | None, expected: list[str]) -> None:
    assert _promotions(ranks, rank=before) == expected


def test_promotions_are_sorted_by_member_and_follow_the_awards() -> None:
    history = History(plan_with(ranks=[{"name": "x", "rate": "1%", "own_sales": "0"}]))
    history.members("b", "é", "B", "a")
    given = history.tell("close", period="1")["promotions"]
    assert [promotion["member"] for promotion in given] == ["B", "a", "b", "é"]


def test_member_of_a_rank_that_the_plan_does_not_know_is_promoted_from_none() -> None:
    history = History(plan_with(ranks=[{"name": "old", "rate": "9%"}]))
    history.members("a")
    history.tell("rank", member="a", rank="old")
    history.tell("plan", plan=plan_with(ranks=[{"name": "x", "rate": "1%", "own_sales": "0"}]))
    assert history.tell("close", period="1")["promotions"] == [{"member": "a", "rank": "x"}]


def test_team_sales_are_over_the_tree_as_it_stands_at_the_close() -> None:
    ranks = [{"name": "x", "rate": "1%", "team_sales": "100.00"}]
    history = History(plan_with(ranks=ranks))
    history.members("a", "b")
    history.tell("member", id="c", sponsor=None)
    history.order("o", "b", 10_000)
    history.tell("sponsor", member="b", sponsor="c")
    given = history.tell("close", period="1")["promotions"]
    assert [promotion["member"] for promotion in given] == ["b", "c"]


def test_target_counts_the_sales_of_the_period_only() -> None:
    """The first period's sales do not count in the second, and a refund in it counts there."""
    ranks = [{"name": "V1", "rate": "10%"}]
    awards = [{"kind": "differential"}, {"kind": "peer", "rate": "10%", "target": "1000.00"}]
    history = History(plan_with(ranks=ranks, awards=awards))
    history.members("u2", "u1", "b")
    for upline in ("u1", "u2"):
        history.tell("rank", member=upline, rank="V1")
    history.order("o1", "b", 100_000)
    assert paid(history.tell("close", period="1")) == [("u2", "peer", 1000)]
    history.order("o2", "b", 100_000)
    history.tell("refund", order="o1", amount=1)
    assert paid(history.tell("close", period="2")) == []


def test_deep_tree() -> None:
    """A chain far deeper than the interpreter's stack."""
    ranks = [{"name": "x", "rate": "1%", "team_sales": "100.00"}]
    history = History(plan_with(ranks=ranks, awards=[{"kind": "differential"}]))
    history.members(*(f"m{number}" for number in range(3000)))
    history.order("o", "m2999", 10_000)
    assert len(history.tell("close", period="1")["promotions"]) == 3000
