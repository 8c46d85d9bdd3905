"""Reading plans: what is accepted, and the key that a fault is told by."""

from typing import Any

import pytest
from tests.engine.running import BASELINE, plan_with

from mingchi.engine.plan import PlanError, plan_from_dict, plan_from_toml
from mingchi.engine.rules import Differential, Generations, Peer, Region

DIRECT = {"kind": "direct", "rate": "5%"}
V1 = {"name": "V1", "rate": "5%"}


def _without(section: str, key: str | None = None) -> dict[str, Any]:
    plan = plan_with()
    if key is None:
        del plan[section]
    else:
        del plan[section][key]
    return plan


def test_defaults() -> None:
    plan = plan_from_dict(BASELINE)
    assert (plan.cost_ppm, plan.unclaimed_to) == (0, "platform")
    assert (plan.exit_multiple_ppm, plan.exit_fee_ppm, plan.exit_per_order) == (0, 200_000, False)
    assert (plan.ranks, plan.awards) == ((), ())
    assert plan.opening_ratio == (10_000, 10**8)


def test_every_key() -> None:
    plan = plan_from_dict(
        plan_with(
            split={"cost": "30%", "unclaimed": "pool"},
            points={"exit_multiple": "1.000001", "exit_fee": "0%", "exit_scope": "order"},
            ranks=[V1, {"name": "V2", "rate": "5%", "own_sales": "1", "direct_members": 0}],
            awards=[
                {"kind": "indirect", "rate": "2%", "base": "budget"},
                {"kind": "levels", "rates": []},
                {"kind": "differential", "max_generations": 10**30},
                {"kind": "peer", "rate": "10%", "generations": 3},
                {"kind": "peer", "rate": "10%", "target": "0"},
                {"kind": "region", "mode": "differential", "rates": {"province": "1%"}},
            ],
        )
    )
    assert plan.exit_multiple_ppm == 1_000_001
    assert plan.ranks[0].by_hand_only
    assert not plan.ranks[1].by_hand_only
    assert plan.ranks[1].own_sales_fen == 100
    assert plan.awards == (
        Generations("indirect", True, (0, 20_000)),
        Generations("levels", False, ()),
        Differential(False, 10**30, peer_generations=3),
        Peer(2, 100_000, 3, None),
        Peer(2, 100_000, 1, 0),
        Region(False, True, ((2, 10_000),)),
    )


def test_each_peer_counts_for_the_differential_before_it() -> None:
    differential, peer = {"kind": "differential"}, {"kind": "peer", "rate": "1%"}
    awards = [differential, peer, differential, peer | {"generations": 4}, differential]
    plan = plan_from_dict(plan_with(awards=awards))
    assert [a.peer_generations for a in plan.awards if isinstance(a, Differential)] == [1, 4, 0]
    assert [a.differential for a in plan.awards if isinstance(a, Peer)] == [0, 2]


@pytest.mark.parametrize(
    ("plan", "key"),
    [
        (None, ""),
        ([], ""),
        ("plan", ""),
        (BASELINE | {"pints": {}}, "pints"),
        (_without("plan"), "plan"),
        (_without("split"), "split"),
        (_without("points"), "points"),
        (_without("plan", "name"), "plan.name"),
        (_without("plan", "currency"), "plan.currency"),
        (_without("split", "distribution"), "split.distribution"),
        (_without("split", "pool"), "split.pool"),
        (_without("points", "opening_price"), "points.opening_price"),
        (_without("points", "grant"), "points.grant"),
        (_without("points", "redeem_fee"), "points.redeem_fee"),
        (BASELINE | {"plan": 1}, "plan"),
        (BASELINE | {"points": []}, "points"),
        (plan_with(plan={"name": 1}), "plan.name"),
        (plan_with(plan={"currency": "EUR"}), "plan.currency"),
        (plan_with(plan={"version": "1"}), "plan.version"),
        (plan_with(split={"pools": "1%"}), "split.pools"),
        (plan_with(split={"pool": "70.0001%"}), "split.pool"),
        (plan_with(split={"pool": 0.3}), "split.pool"),
        (plan_with(split={"cost": None}), "split.cost"),
        (plan_with(split={"cost": "101%"}), "split.cost"),
        (plan_with(split={"unclaimed": "nobody"}), "split.unclaimed"),
        (plan_with(points={"opening_price": "0.0000"}), "points.opening_price"),
        (plan_with(points={"opening_price": "1.00001"}), "points.opening_price"),
        (plan_with(points={"opening_price": 1}), "points.opening_price"),
        (plan_with(points={"exit_multiple": "1.0000001"}), "points.exit_multiple"),
        (plan_with(points={"exit_multiple": 3}), "points.exit_multiple"),
        (plan_with(points={"exit_fee": "-1%"}), "points.exit_fee"),
        (plan_with(points={"exit_scope": "line"}), "points.exit_scope"),
        (plan_with(points={"exit": "1"}), "points.exit"),
        (BASELINE | {"ranks": V1}, "ranks"),
        (BASELINE | {"ranks": ["V1"]}, "ranks[0]"),
        (BASELINE | {"ranks": [V1, V1]}, "ranks[1].name"),
        (BASELINE | {"ranks": [V1, {"name": "V2", "rate": "4%"}]}, "ranks[1].rate"),
        (BASELINE | {"ranks": [{"name": "V1"}]}, "ranks[0].rate"),
        (BASELINE | {"ranks": [{"rate": "1%"}]}, "ranks[0].name"),
        (BASELINE | {"ranks": [V1 | {"own_sales": 5}]}, "ranks[0].own_sales"),
        (BASELINE | {"ranks": [V1 | {"team_sales": "1.234"}]}, "ranks[0].team_sales"),
        (BASELINE | {"ranks": [V1 | {"direct_members": -1}]}, "ranks[0].direct_members"),
        (BASELINE | {"ranks": [V1 | {"direct_members": True}]}, "ranks[0].direct_members"),
        (BASELINE | {"ranks": [V1 | {"direct_members": "2"}]}, "ranks[0].direct_members"),
        (BASELINE | {"ranks": [V1 | {"sales": "2"}]}, "ranks[0].sales"),
        (BASELINE | {"awards": DIRECT}, "awards"),
        (BASELINE | {"awards": [5]}, "awards[0]"),
        (BASELINE | {"awards": [{"rate": "5%"}]}, "awards[0].kind"),
        (BASELINE | {"awards": [{"kind": "indrect", "rate": "5%"}]}, "awards[0].kind"),
        (BASELINE | {"awards": [{"kind": ["direct"], "rate": "5%"}]}, "awards[0].kind"),
        (BASELINE | {"awards": [DIRECT, {"kind": "direct"}]}, "awards[1].rate"),
        (BASELINE | {"awards": [DIRECT | {"base": "profit"}]}, "awards[0].base"),
        (BASELINE | {"awards": [DIRECT | {"rates": []}]}, "awards[0].rates"),
        (BASELINE | {"awards": [{"kind": "levels", "rates": "5%"}]}, "awards[0].rates"),
        (BASELINE | {"awards": [{"kind": "levels", "rates": ["5%", "x"]}]}, "awards[0].rates[1]"),
        (
            BASELINE | {"awards": [{"kind": "differential", "max_generations": -1}]},
            "awards[0].max_generations",
        ),
        (BASELINE | {"awards": [{"kind": "peer", "rate": "5%"}]}, "awards[0].kind"),
        (
            BASELINE
            | {
                "awards": [
                    {"kind": "differential"},
                    {"kind": "peer", "rate": "5%", "base": "price"},
                ]
            },
            "awards[1].base",
        ),
        (
            BASELINE
            | {
                "awards": [
                    {"kind": "differential"},
                    {"kind": "peer", "rate": "5%", "generations": 0},
                ]
            },
            "awards[1].generations",
        ),
        (BASELINE | {"awards": [{"kind": "region"}]}, "awards[0].rates"),
        (BASELINE | {"awards": [{"kind": "region", "rates": ["1%"]}]}, "awards[0].rates"),
        (
            BASELINE | {"awards": [{"kind": "region", "rates": {"town": "1%"}}]},
            "awards[0].rates.town",
        ),
        (
            BASELINE | {"awards": [{"kind": "region", "rates": {}, "mode": "sum"}]},
            "awards[0].mode",
        ),
        (BASELINE | {"awards": [{"kind": "dividend"}]}, "awards[0].rate"),
    ],
)
def test_fault_names_its_key(plan: object, key: str) -> None:
    with pytest.raises(PlanError) as raised:
        plan_from_dict(plan)
    assert raised.value.key == key
    assert str(raised.value).startswith(key)


@pytest.mark.parametrize(
    "text",
    ["[plan", "a = 1\nb = \n", "a = [" * 3000, "a = " + "9" * 5000, "a = 1\na = 2", "\0"],
)
def test_no_toml(text: str) -> None:
    with pytest.raises(PlanError, match="not TOML") as raised:
        plan_from_toml(text)
    assert raised.value.key == ""


def test_no_toml_names_the_line() -> None:
    with pytest.raises(PlanError, match="line 2"):
        plan_from_toml('[plan]\nname = "x\n')
