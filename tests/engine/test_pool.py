"""Grants, redemptions, positions and exits."""

import pytest
from tests.engine.running import History, apply, plan_with, programme

from mingchi.engine.exits import ExitQueue
from mingchi.engine.state import Position


def test_order_without_a_point_belongs_to_no_position() -> None:
    history = History(plan_with(points={"exit_scope": "order"}))
    history.members("ann")
    assert "grants" not in history.order("o", "ann", 3)
    assert not history.state.positions
    assert history.summary()["platform"] == 3
    refund = history.tell("refund", order="o", amount=3)["refund"]
    assert refund == {"pool": 0, "burned": 0, "returned": 0, "loss": 0}


def test_redeeming_all_leaves_the_fee_to_the_platform_and_the_price_stands() -> None:
    history = History()
    history.members("ann")
    history.order("o", "ann", 100_000)
    answer = history.tell("redeem", member="ann", points="all")
    assert answer["redemption"] == {"gross": 30_000, "fee": 6000, "net": 24_000}
    assert (answer["pool"], answer["supply"], answer["price"]) == (0, 0, "1.428571")
    assert history.tell("redeem", member="ann", points="all")["error"] == "insufficient points"
    granted = history.order("o2", "ann", 100_000)["grants"]
    assert granted == [{"member": "ann", "points": 147_000_000}]


def test_net_is_spread_over_positions_by_cumulative_floor() -> None:
    history = History(plan_with(points={"exit_scope": "order", "redeem_fee": "0%"}))
    history.members("ann", "bo")
    history.order("x", "bo", 1_000_000)
    for number in range(3):
        history.order(f"o{number}", "ann", 7)
    points = [p.held_upt for p in history.state.positions.values()][1:]
    points[2] -= 1
    net = history.tell("redeem", member="ann", points=sum(points))["redemption"]["net"]
    up_to = [net * sum(points[:count]) // sum(points) for count in range(4)]
    positions = list(history.state.positions.values())[1:]
    assert [p.paid_fen for p in positions] == [up_to[i + 1] - up_to[i] for i in range(3)]
    assert [p.held_upt for p in positions] == [0, 0, 1]
    assert sum(p.paid_fen for p in positions) == net > 0


def test_closed_position_is_closed_for_good() -> None:
    history = History()
    history.members("ann")
    history.order("o1", "ann", 100_000)
    history.tell("redeem", member="ann", points="all")
    history.order("o2", "ann", 100_000)
    history.order("o3", "ann", 100_000)
    assert [p.spend_fen for p in history.state.positions.values()] == [100_000, 200_000]


def test_position_opened_per_order_takes_no_more_orders() -> None:
    history = History(plan_with(points={"exit_scope": "order"}))
    history.members("ann")
    history.order("o1", "ann", 100_000)
    history.tell("plan", plan=plan_with())
    history.order("o2", "ann", 100_000)
    history.order("o3", "ann", 100_000)
    history.tell("plan", plan=plan_with(points={"exit_scope": "order"}))
    history.order("o4", "ann", 100_000)
    history.tell("plan", plan=plan_with())
    history.order("o5", "ann", 100_000)
    spends = [p.spend_fen for p in history.state.positions.values()]
    assert spends == [100_000, 300_000, 100_000]


def test_position_keeps_its_exit_terms() -> None:
    history = History(plan_with(points={"exit_multiple": "2", "exit_fee": "10%"}))
    history.members("ann", "bo")
    history.order("o1", "ann", 100_000)
    history.tell("plan", plan=plan_with(points={"exit_multiple": "0", "exit_fee": "50%"}))
    history.order("o2", "bo", 100_000)
    exits = history.tell("subsidy", amount=10_000_000)["exits"]
    assert [(e["member"], e["fee"] * 10 // e["gross"]) for e in exits] == [("ann", 1)]


def test_each_exit_moves_the_price_for_the_next_and_the_last_empties_the_pool() -> None:
    history = History(plan_with(points={"exit_multiple": "3", "exit_fee": "20%"}))
    history.members("ann", "bo", "cai")
    for member in ("cai", "ann", "bo"):
        history.order(f"o-{member}", member, 100_000)
    answer = history.tell("subsidy", amount=6_000_000)
    assert [left["member"] for left in answer["exits"]] == ["cai", "ann", "bo"]
    first, _, last = answer["exits"]
    assert first["gross"] == 210_000_000 * 6_090_000 // 481_950_000
    assert last["gross"] == 6_090_000 - sum(left["net"] for left in answer["exits"][:2])
    assert (answer["pool"], answer["supply"]) == (0, 0)


def test_equal_triggers_leave_by_number() -> None:
    """A grant of the whole contribution does not move the price: all triggers are equal."""
    points = {"exit_multiple": "1", "grant": "100%", "exit_fee": "0%", "redeem_fee": "0%"}
    history = History(plan_with(points=points, split={"pool": "50%"}))
    history.members("a", "b", "c", "d")
    for member in "dbca":
        history.order(f"o-{member}", member, 100_000)
    answer = history.tell("subsidy", amount=200_000)
    assert [left["member"] for left in answer["exits"]] == ["d", "b", "c", "a"]


@pytest.mark.parametrize(("pool", "first"), [(30_000, "ann"), (100_000, "bo")])
def test_trigger_that_fell_is_seen(pool: int, first: str) -> None:
    """An order that pays all into the pool brings many points for little money."""
    history = History(plan_with(points={"exit_multiple": "3"}))
    history.members("ann", "bo")
    history.order("o1", "ann", 100_000)
    history.order("o2", "bo", 100_000)
    history.order("o3", "bo", 100_000, pool=pool, distribution=0)
    answer = history.tell("subsidy", amount=3_000_000)
    assert answer["exits"][0]["member"] == first


def test_trigger_that_rose_is_seen() -> None:
    """ann's later orders are dearer, so that bo, who came second, leaves first."""
    history = History(plan_with(points={"exit_multiple": "3"}))
    history.members("ann", "bo")
    history.order("o1", "ann", 100_000)
    history.order("o2", "bo", 100_000)
    history.order("o3", "ann", 900_000)
    answer = history.tell("subsidy", amount=3_000_000)
    assert answer["exits"][0]["member"] == "bo"


def test_trigger_changed_by_a_refund_is_seen() -> None:
    """Without its dear order ann's position leaves before bo's."""
    history = History(plan_with(points={"exit_multiple": "3"}))
    history.members("ann", "bo")
    history.order("o1", "ann", 100_000)
    history.order("o2", "bo", 100_000)
    history.order("o3", "ann", 900_000)
    history.tell("refund", order="o3", amount=900_000)
    answer = history.tell("subsidy", amount=3_000_000)
    assert answer["exits"][0]["member"] == "ann"


@pytest.mark.parametrize("scope", ["member", "order"])
def test_refilled_queue_lets_out_the_same_positions(scope: str) -> None:
    """With positions beyond a horizon kept outside, exits come in the same order."""
    plan = plan_with(points={"exit_multiple": "0.3", "exit_scope": scope, "exit_fee": "10%"})
    outside: list[Position] = []
    asked = []

    def refill(price: tuple[int, int]) -> tuple[tuple[int, int], list[Position]]:
        asked.append(price)
        return (price[0] * 6 + 1, price[1] * 5), outside

    whole = programme(plan)
    part = programme(plan, ExitQueue(refill=refill, horizon=(0, 1)))
    for each in (whole, part):
        apply(each, {"type": "member", "id": "a", "sponsor": None})
        apply(each, {"type": "member", "id": "b", "sponsor": None})
    left: dict[int, list[list[int]]] = {0: [], 1: []}
    for number in range(200):
        line = {"price": 1000 + 37 * (number % 11), "qty": 1}
        event = {"type": "order", "id": f"o{number}", "member": "ab"[number % 2], "lines": [line]}
        for place, each in enumerate((whole, part)):
            outcome = apply(each, event)
            left[place].append([exit_.position.number for exit_ in outcome.exits])
        # the queue of the part forgets all but what it was told by refilling
        outside[:] = [p for p in part.state.positions.values() if p.held_upt]
        for position in outside:
            position.queued = None
        part.state.exits = ExitQueue(refill=refill, horizon=(0, 1))
    assert left[0] == left[1]
    assert any(left[0])
    assert asked
