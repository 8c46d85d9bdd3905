"""Refunds: what each share gives back, before and after points were redeemed or left."""

import pytest
from tests.engine.running import History, paid, plan_with

RANKS = [{"name": "V1", "rate": "10%"}]
AWARDS = [
    {"kind": "direct", "rate": "5%"},
    {"kind": "differential"},
    {"kind": "peer", "rate": "50%", "target": "10000.00"},
]


def _with_waiting(unclaimed: str = "platform") -> History:
    """o: 100 000 fen of b, u1 has 5 000 and 10 000, u2 waits for 5 000, 10 000 are unclaimed."""
    history = History(plan_with(ranks=RANKS, awards=AWARDS, split={"unclaimed": unclaimed}))
    history.members("u2", "u1", "b")
    history.tell("rank", member="u1", rank="V1")
    history.tell("rank", member="u2", rank="V1")
    answer = history.order("o", "b", 100_000, cost=20_000, merchant="shop")
    assert paid(answer) == [("u1", "direct", 5000), ("u1", "differential", 10_000)]
    assert history.summary()["waiting"] == 5000
    return history


def test_every_share_gives_back_its_part() -> None:
    history = _with_waiting()
    history.tell("refund", order="o", amount=25_001)
    summary = history.summary()
    assert summary["wallets"] == {"u1": 15_000 - 1250 - 2500}
    assert summary["merchants"] == {"shop": 20_000 - 5000}
    assert summary["waiting"] == 5000 - 1250
    assert summary["platform"] + summary["pool"] == 100_000 - 25_001 - 15_000 - 11_250 - 3750
    history.tell("refund", order="o", amount=74_999)
    summary = history.summary()
    assert (summary["wallets"], summary["merchants"], summary["waiting"]) == ({}, {}, 0)
    assert summary["platform"] == 0


def test_small_refunds_come_to_the_same_as_a_large_one() -> None:
    at_once, by_and_by = _with_waiting(), _with_waiting()
    at_once.tell("refund", order="o", amount=9_001)
    for amount in (1, 333, 8_667):
        by_and_by.tell("refund", order="o", amount=amount)
    for key in ("wallets", "merchants", "waiting"):
        assert at_once.summary()[key] == by_and_by.summary()[key]


@pytest.mark.parametrize(
    ("sales", "paid_at_close", "wallet"), [(1_000_000, 5000, 0), (900_000, 0, 0)]
)
def test_waiting_award_after_the_close(sales: int, paid_at_close: int, wallet: int) -> None:
    """Paid where the team's sales reach the target; a later refund takes it back from there."""
    history = _with_waiting()
    history.tell("member", id="c", sponsor="u1")
    history.tell("plan", plan=plan_with(ranks=RANKS))
    history.order("more", "c", sales - 100_000)
    platform = history.summary()["platform"]
    answer = history.tell("close", period="1")
    assert sum(amount for _, _, amount in paid(answer)) == paid_at_close
    summary = history.summary()
    assert summary["waiting"] == 0
    assert summary["platform"] == platform + 5000 - paid_at_close
    history.tell("refund", order="o", amount=100_000)
    assert history.summary()["wallets"].get("u2", 0) == wallet


def test_waiting_award_forfeited_to_the_pool_is_a_loss_when_refunded() -> None:
    history = _with_waiting("pool")
    pool = history.summary()["pool"]
    answer = history.tell("close", period="1")
    assert answer["pool"] == pool + 5000
    refund = history.tell("refund", order="o", amount=50_000)["refund"]
    shortfall = 15_000 - refund["pool"]
    assert refund["loss"] == shortfall + 10_000 // 2 + 5000 // 2


def test_forfeit_goes_where_the_plan_of_its_order_says() -> None:
    history = _with_waiting("pool")
    history.tell("plan", plan=plan_with())
    before = history.summary()
    history.tell("close", period="1")
    assert history.summary()["pool"] == before["pool"] + 5000
    assert history.summary()["platform"] == before["platform"]


def test_waiting_award_refunded_to_nothing_is_not_listed() -> None:
    history = _with_waiting()
    history.order("more", "b", 2_000_000)
    history.tell("refund", order="o", amount=100_000)
    answer = history.tell("close", period="1")
    assert [amount for _, kind, amount in paid(answer) if kind == "peer"] == [100_000]


def test_refund_after_an_exit_takes_the_money_back_from_the_wallet() -> None:
    history = History(plan_with(points={"exit_multiple": "3"}))
    history.members("ann", "bo")
    history.order("o1", "ann", 100_000)
    history.order("o2", "bo", 100_000)
    gone = history.tell("subsidy", amount=500_000)["exits"][0]
    assert gone["member"] == "ann"
    pool = history.summary()["pool"]
    answer = history.tell("refund", order="o1", amount=100_000)
    back = answer["refund"]
    assert back == {"pool": 30_000, "burned": 0, "returned": gone["net"], "loss": 0}
    assert "ann" not in history.summary()["wallets"]
    # What came back raises the price, so that bo, who holds all the rest, leaves too.
    assert [left["gross"] for left in answer["exits"]] == [pool + gone["net"] - 30_000]


def test_wallet_may_go_negative() -> None:
    history = History(plan_with(awards=[{"kind": "direct", "rate": "5%"}]))
    history.members("ann", "bo")
    history.order("o1", "bo", 100_000)
    history.order("o2", "bo", 100_000)
    history.tell("redeem", member="bo", points="all")
    history.tell("refund", order="o1", amount=100_000)
    history.tell("refund", order="o2", amount=100_000)
    assert history.summary()["wallets"].get("ann") is None
    assert history.summary()["wallets"].get("bo") is None
    assert history.summary()["pool"] == 0


def test_buying_redeeming_and_returning_gains_nobody_anything() -> None:
    history = History(plan_with(points={"redeem_fee": "0%"}))
    history.members("ann", "bo")
    history.order("o1", "ann", 100_000)
    price = history.order("o2", "bo", 1_000_000)["price"]
    history.tell("redeem", member="bo", points="all")
    answer = history.tell("refund", order="o2", amount=1_000_000)
    assert history.summary()["wallets"].get("bo", 0) <= 0
    assert answer["price"] >= price


def test_refund_that_empties_the_pool_leaves_the_price_that_stood_before_it() -> None:
    history = History()
    history.members("ann")
    history.order("o", "ann", 100_000)
    answer = history.tell("refund", order="o", amount=100_000)
    assert (answer["pool"], answer["supply"], answer["price"]) == (0, 0, "1.428571")
    assert answer["refund"] == {"pool": 30_000, "burned": 210_000_000, "returned": 0, "loss": 0}


def test_lines_are_refunded_each_by_itself() -> None:
    history = History(plan_with(awards=[{"kind": "direct", "rate": "1%"}]))
    history.members("ann", "bo")
    lines = [
        {"price": 1000, "qty": 3, "merchant": "x", "cost": 100},
        {"price": 7, "qty": 1, "pool": 0, "distribution": 0, "merchant": "y", "cost": 7},
        {"price": 500, "qty": 2, "merchant": "x", "cost": 200, "distribution": 100},
    ]
    history.tell("order", id="o", member="bo", lines=lines)
    assert history.summary()["wallets"] == {"ann": 40}
    refund = history.tell("refund", order="o", line=1, amount=7)["refund"]
    assert refund == {"pool": 0, "burned": 0, "returned": 0, "loss": 0}
    assert history.summary()["merchants"] == {"x": 700}
    history.tell("refund", order="o", line=2, amount=1000)
    # the budgets are 900, 0 and 200: of 40 fen the first two lines have floor(40 * 900 / 1100)
    assert history.summary()["wallets"] == {"ann": 40 * 900 // 1100}
    assert history.tell("refund", order="o", line=0, amount=3001)["error"] == "refund exceeds line"
    history.tell("refund", order="o", line=0, amount=3000)
    summary = history.summary()
    assert (summary["wallets"], summary["merchants"], summary["points"]) == ({}, {}, {})
