"""Each kind of award, on orders of 100 000 fen with a budget of 30 000."""

from typing import Any

import pytest
from tests.engine.running import History, paid, plan_with

RANKS = [
    {"name": "V1", "rate": "3%"},
    {"name": "V2", "rate": "6%"},
    {"name": "W2", "rate": "6%"},
    {"name": "V3", "rate": "9%"},
]
DIFFERENTIAL = {"kind": "differential"}
PEER = {"kind": "peer", "rate": "10%"}


def _chain(awards: list[dict[str, Any]], ranks: str = "", **split: str) -> History:
    """Buyer "b" under u1, u2, …; `ranks` are those of the uplines from u1, "-" for none."""
    history = History(plan_with(ranks=RANKS, awards=awards, split=split))
    names = ranks.split()
    uplines = [f"u{number}" for number in range(1, max(len(names), 4) + 1)]
    history.members(*reversed(uplines), "b")
    for upline, rank in zip(uplines, names, strict=False):
        if rank != "-":
            history.tell("rank", member=upline, rank=rank)
    return history


def _awards(awards: list[dict[str, Any]], ranks: str = "", **split: str) -> list[tuple[Any, ...]]:
    history = _chain(awards, ranks, **split)
    answer = history.order("o", "b", 100_000)
    assert all(amount for _, _, amount in paid(answer))
    return [(member, amount) for member, _, amount in paid(answer)]


@pytest.mark.parametrize(
    ("award", "expected"),
    [
        ({"kind": "direct", "rate": "5%"}, [("u1", 5000)]),
        ({"kind": "direct", "rate": "5%", "base": "budget"}, [("u1", 1500)]),
        ({"kind": "direct", "rate": "0.0009%"}, []),
        ({"kind": "indirect", "rate": "2%"}, [("u2", 2000)]),
        ({"kind": "levels", "rates": ["3%", "0%", "1%"]}, [("u1", 3000), ("u3", 1000)]),
        ({"kind": "levels", "rates": ["1%"] * 9}, [(f"u{i}", 1000) for i in range(1, 5)]),
        ({"kind": "levels", "rates": []}, []),
    ],
)
def test_by_generation(award: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    assert _awards([award]) == expected


def test_awards_are_cut_to_the_budget() -> None:
    awards = [{"kind": "direct", "rate": "25%"}, {"kind": "indirect", "rate": "10%"}]
    assert _awards([*awards, DIFFERENTIAL], "V3 V3") == [("u1", 25_000), ("u2", 5000)]


def test_without_uplines_all_is_unclaimed() -> None:
    history = _chain([{"kind": "direct", "rate": "5%"}, DIFFERENTIAL, PEER])
    assert "awards" not in history.order("o", "u4", 100_000)
    assert history.summary()["platform"] == 70_000


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ("V1 V2 V3", [("u1", 3000), ("u2", 3000), ("u3", 3000)]),
        ("V3 V2 V1", [("u1", 9000)]),
        ("- V2 - V3", [("u2", 6000), ("u4", 3000)]),
        ("V2 W2 V3", [("u1", 6000), ("u3", 3000)]),
        ("V1 V1 V1", [("u1", 3000)]),
        ("- - -", []),
    ],
)
def test_differential(ranks: str, expected: list[tuple[str, int]]) -> None:
    assert _awards([DIFFERENTIAL], ranks) == expected


@pytest.mark.parametrize(("limit", "members"), [(1, 1), (2, 2), (3, 3), (0, 3)])
def test_differential_goes_up_so_far(limit: int, members: int) -> None:
    award = DIFFERENTIAL | {"max_generations": limit}
    assert len(_awards([award], "V1 V2 V3")) == members


@pytest.mark.parametrize(
    ("ranks", "generations", "expected"),
    [
        ("V1 V1 V1", 1, [("u2", 300)]),
        ("V1 V1 V1 V1", 2, [("u2", 300), ("u3", 300)]),
        ("V2 - V1 V2", 1, [("u4", 600)]),
        ("V2 W2 V2", 1, [("u3", 600)]),  # equal rates are not equal ranks
        ("V1 V2 V1 V2", 1, [("u4", 300)]),  # V1 no longer took the last award
        ("V1 V1 V2 V2 V3 V3", 1, [("u2", 300), ("u4", 300), ("u6", 300)]),
        ("V3 V3", 1, [("u2", 900)]),
        ("V1 V2 V3", 1, []),
    ],
)
def test_peer(ranks: str, generations: int, expected: list[tuple[str, int]]) -> None:
    history = _chain([DIFFERENTIAL, PEER | {"generations": generations}], ranks)
    answer = history.order("o", "b", 100_000)
    assert [(m, amount) for m, kind, amount in paid(answer) if kind == "peer"] == expected


def test_peer_search_ends_with_the_walk() -> None:
    awards = [DIFFERENTIAL | {"max_generations": 2}, PEER]
    assert _awards(awards, "V1 - V1") == [("u1", 3000)]


def test_peers_of_several_rules_each_have_their_reach() -> None:
    awards = [DIFFERENTIAL, PEER, PEER | {"rate": "1%", "generations": 3}]
    assert _awards(awards, "V1 V1 V1")[1:] == [("u2", 300), ("u2", 30), ("u3", 30)]


def test_peer_is_of_what_was_paid_after_the_cut() -> None:
    awards = [{"kind": "direct", "rate": "29%"}, DIFFERENTIAL, PEER]
    assert _awards(awards, "V2 V2", distribution="40%") == [
        ("u1", 29_000),
        ("u1", 6000),
        ("u2", 600),
    ]
    # 1 000 of 6 000 are left, and nothing for the peer
    assert _awards(awards, "V2 V2") == [("u1", 29_000), ("u1", 1000)]


def test_differential_award_of_nothing_is_still_the_last_one() -> None:
    """u1 takes floor(33 * 3%) = 0 fen; u2 is the peer of u3's award, not of a lower one."""
    history = _chain([DIFFERENTIAL, PEER | {"rate": "100%"}], "V1 V1 V3 V3")
    answer = history.order("o", "b", 33)
    assert paid(answer) == [("u3", "differential", 1), ("u4", "peer", 1)]


def test_rank_that_the_plan_does_not_know_counts_as_none_until_it_does() -> None:
    history = _chain([DIFFERENTIAL], "V1 V2")
    known = plan_with(ranks=RANKS, awards=[DIFFERENTIAL])
    history.tell("plan", plan=plan_with(ranks=RANKS[1:], awards=[DIFFERENTIAL]))
    assert paid(history.order("o1", "b", 100_000)) == [("u2", "differential", 6000)]
    history.tell("plan", plan=known)
    assert len(paid(history.order("o2", "b", 100_000))) == 2


@pytest.mark.parametrize(
    ("mode", "agents", "expected"),
    [
        ("stacked", "440305 4403 44", [("440305", 1000), ("4403", 1500), ("44", 2000)]),
        ("differential", "440305 4403 44", [("440305", 1000), ("4403", 500), ("44", 500)]),
        ("differential", "440305 44", [("440305", 1000), ("44", 1000)]),
        ("differential", "4403", [("4403", 1500)]),
        ("stacked", "440306 4404 45", []),
    ],
)
def test_region(mode: str, agents: str, expected: list[tuple[str, int]]) -> None:
    rates = {"district": "1%", "city": "1.5%", "province": "2%"}
    history = _chain([{"kind": "region", "mode": mode, "rates": rates}])
    for code in agents.split():
        history.tell("member", id=f"a{code}", sponsor=None)
        history.tell("agent", member=f"a{code}", region=code)
    answer = history.order("o", "b", 100_000, region="440305")
    assert paid(answer) == [(f"a{code}", "region", amount) for code, amount in expected]
    assert paid(history.order("o2", "b", 100_000)) == []  # no region


def test_region_levels_left_out_and_falling() -> None:
    rates = {"district": "2%", "province": "1%"}
    for mode, expected in (("stacked", [2000, 1000]), ("differential", [2000])):
        history = _chain([{"kind": "region", "mode": mode, "rates": rates}])
        for code in ("440305", "4403", "44"):
            history.tell("agent", member="u1", region=code)
        answer = history.order("o", "b", 100_000, region="440305")
        assert [amount for _, _, amount in paid(answer)] == expected


def test_region_award_of_nothing_still_counts_as_met() -> None:
    """The district's floor(150 * 0.5%) is 0; the city has only what its rate exceeds it."""
    award = {"kind": "region", "mode": "differential"}
    history = _chain([award | {"rates": {"district": "0.5%", "city": "1%"}}])
    history.tell("agent", member="u1", region="440305")
    history.tell("agent", member="u2", region="4403")
    assert paid(history.order("o", "b", 150, region="440305")) == []


def test_later_agent_replaces_the_former() -> None:
    history = _chain([{"kind": "region", "rates": {"province": "1%"}}])
    history.tell("agent", member="u1", region="44")
    history.tell("agent", member="u2", region="44")
    assert paid(history.order("o", "b", 100_000, region="440305")) == [("u2", "region", 1000)]


def test_sponsor_binds_for_orders_from_here_on() -> None:
    history = _chain([{"kind": "direct", "rate": "5%"}])
    history.tell("sponsor", member="b", sponsor="u4")
    assert paid(history.order("o1", "b", 100_000)) == [("u4", "direct", 5000)]
    history.tell("sponsor", member="b", sponsor=None)
    assert paid(history.order("o2", "b", 100_000)) == []


def test_unclaimed_to_the_pool_raises_the_price_after_the_grant() -> None:
    history = _chain([], unclaimed="pool")
    answer = history.order("o", "b", 100_000)
    assert answer["grants"] == [{"member": "b", "points": 210_000_000}]
    assert answer["pool"] == 60_000


def test_unclaimed_to_a_pool_without_supply_falls_to_the_platform() -> None:
    history = _chain([], unclaimed="pool")
    answer = history.order("o", "b", 100_000, pool=0)
    assert (answer["pool"], answer["price"]) == (0, "1.000000")
    assert history.summary()["platform"] == 100_000
    assert history.tell("refund", order="o", amount=100_000)["refund"]["loss"] == 30_000
