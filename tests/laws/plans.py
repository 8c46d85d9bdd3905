"""Random plans, and the TOML text of a plan."""

from __future__ import annotations

import json
from typing import Any

RATES = ("30%", "0%", "100%", "10%", "0.3", "33.3333%", "0.0001%", "0.000001", "50%", "99.9999%")
FEES = ("20%", "0%", "100%", "5%", "0.0001%", "33.3333%", "10%")
LOW_RATES = ("5%", "1%", "0%", "0.0001%", "12.3457%", "3%", "0.07")
MONEY = ("0.01", "0.00", "0.05", "1", "3.5", "20.00", "3000.00", "100000.5", "9000000000000.00")
TARGETS = ("3000.00", "9000000000000.00", "100000.5", "20.00", "99999999.00", "0.05")
MULTIPLES = ("3", "0", "0.000001", "0.5", "0.9", "1", "1.05", "1.2", "1.000001", "1000000")
OPENING = (
    "1.00",
    "1",
    "0.01",
    "0.0001",
    "0.2",
    "0.0001",
    "0.01",
    "0.3",
    "7.77",
    "3.3333",
    "1000000",
    "999999999.9999",
)
RANKS = ("V1", "V2", "V3", "V4", "王")
LEVELS = ("district", "city", "province")


def ppm(rate: str) -> int:
    """Parts per million of a rate written as this module writes them."""
    percent = rate.endswith("%")
    whole, _, decimals = rate.rstrip("%").partition(".")
    digits = 4 if percent else 6
    return int(whole + decimals.ljust(digits, "0"))


def some(source: Any, table: dict[str, Any], percent: int, **optional: Any) -> dict[str, Any]:
    """The table with some of the optional keys."""
    for key, value in optional.items():
        if source.whole(0, 99) >= 100 - percent:
            table[key] = value
    return table


def make_split(source: Any) -> dict[str, Any]:
    pool = source.pick(("30%", "30%", "10%", *RATES))
    rates = ("30%", "40%", "55.5555%", "50%", "0.2", *RATES)
    distribution = source.pick([rate for rate in rates if ppm(rate) + ppm(pool) <= 1_000_000])
    split = {"distribution": distribution, "pool": pool}
    return some(
        source,
        split,
        50,
        cost=source.pick(["30%", "1%", "0%", "10%", "0.5%", "10%", "33.3333%", "100%"]),
        unclaimed=source.pick(["pool", "pool", "platform"]),
    )


def make_points(source: Any) -> dict[str, Any]:
    points = {
        "opening_price": source.pick(OPENING),
        "grant": source.pick(["70%", "100%", "0%", "33.3333%", "99.9999%", "1%", "70%", "90%"]),
        "redeem_fee": source.pick(FEES),
    }
    return some(
        source,
        points,
        60,
        exit_multiple=source.pick(MULTIPLES),
        exit_fee=source.pick(FEES),
        exit_scope=source.pick(["order", "member"]),
    )


def make_ranks(source: Any) -> list[dict[str, Any]]:
    names = list(RANKS)[: source.whole(0, len(RANKS))]
    rates = sorted((source.pick(LOW_RATES + RATES) for _ in names), key=ppm)
    ranks = []
    for name, rate in zip(names, rates, strict=True):
        ranks.append({"name": name, "rate": rate})
        some(
            source,
            ranks[-1],
            30,
            own_sales=source.pick(MONEY),
            team_sales=source.pick(MONEY),
            direct_members=source.pick([1, 0, 2, 3]),
        )
    return ranks


def make_award(source: Any, kind: str) -> dict[str, Any]:
    award: dict[str, Any] = {"kind": kind}
    if kind in ("direct", "indirect", "peer", "dividend"):
        award["rate"] = source.pick(LOW_RATES + RATES)
    if kind == "levels":
        award["rates"] = [source.pick(LOW_RATES + RATES) for _ in range(source.whole(1, 5))]
    if kind == "region":
        levels = some(source, {}, 75, **{level: source.pick(LOW_RATES) for level in LEVELS})
        award["rates"] = levels or {"city": "1%"}
        some(source, award, 60, mode=source.pick(["differential", "stacked"]))
    if kind == "differential":
        some(source, award, 40, max_generations=source.pick([1, 2, 3, 0, 5]))
    if kind == "peer":
        some(source, award, 40, generations=source.pick([1, 2, 3]))
        some(source, award, 60, target=source.pick(MONEY))
    if kind not in ("peer", "dividend"):
        some(source, award, 30, base=source.pick(["budget", "price"]))
    return award


def make_awards(source: Any) -> list[dict[str, Any]]:
    kinds = ("direct", "indirect", "levels", "differential", "region", "dividend", "differential")
    awards: list[dict[str, Any]] = []
    if source.whole(0, 99) >= 60:
        awards = [make_award(source, "differential"), make_award(source, "peer")]
    for _ in range(source.whole(0, 5)):
        after_walk = ["peer"] * 6 if "differential" in [one["kind"] for one in awards] else []
        awards.append(make_award(source, source.pick([*kinds, *after_walk])))
    return awards


def for_peers(source: Any, plan: dict[str, Any]) -> None:
    """Upline walks with peers that wait for the close, so that much can happen before it."""
    plan["split"].update(
        distribution=source.pick(["50%", "30%", "5%", "70%"]),
        pool=source.pick(["10%", "30%", "30%"]),
        cost=source.pick(["0%", "10%"]),
        unclaimed=source.pick(["pool", "platform"]),
    )
    plan["points"]["grant"] = source.pick(["70%", "0%", "100%", "90%"])
    plan["points"]["exit_multiple"] = source.pick(["0.5", "0.35", "0", "0.4", "0.7", "1"])
    rates = source.pick([("3%", "3.0001%", "5%"), ("5%", "10%", "20%"), ("1%", "1%", "90%")])
    plan["ranks"] = [{"name": name, "rate": rate} for name, rate in zip(RANKS, rates, strict=False)]
    if source.whole(0, 3) == 3:
        plan["ranks"][2]["team_sales"] = source.pick(MONEY)
    plan["awards"] = []
    for _ in range(source.pick([1, 1, 2])):
        plan["awards"].append(make_award(source, "differential"))
        for _ in range(source.pick([1, 1, 2])):
            peer = make_award(source, "peer")
            peer["rate"] = source.pick(["50%", "100%", "10%", "33.3333%"])
            if source.whole(0, 3):
                peer["target"] = source.pick(TARGETS)
            plan["awards"].append(peer)
    plan["awards"].append(make_award(source, "dividend"))


def for_regions(source: Any, plan: dict[str, Any]) -> None:
    """Agents at every level, some of them with next to nothing."""
    rates = [source.pick(["1%", "0.0001%", "12.3457%", "2%", "40%"]) for _ in LEVELS]
    award = make_award(source, "region")
    award["rates"] = dict(zip(LEVELS, rates, strict=True))
    award["mode"] = source.pick(["differential", "differential", "stacked"])
    plan["awards"] = [award, *plan["awards"]]


def for_exits(source: Any, plan: dict[str, Any]) -> None:
    """Many positions of like price, so that triggers tie and exits come in chains."""
    plan["split"].update(pool="30%", distribution="30%", cost="10%")
    plan["points"].update(
        grant=source.pick(["100%", "100%", "90%"]),
        exit_scope=source.pick(["order", "order", "member"]),
        exit_multiple=source.pick(["0.5", "0.36", "0.4", "1", "1.2"]),
        exit_fee=source.pick(["20%", "0%", "10%"]),
    )


FOCUS = (None, None, for_peers, for_peers, for_regions, for_exits)


def make_plan(source: Any) -> dict[str, Any]:
    """A plan as an object, what a ``plan`` event carries; often made for a part of the rules."""
    plan = plain_plan(source)
    focus = source.pick(FOCUS)
    if focus:
        focus(source, plan)
    return plan


def plain_plan(source: Any) -> dict[str, Any]:
    return {
        "plan": {"name": source.pick(["random", '计划 "q"']), "currency": "CNY"},
        "split": make_split(source),
        "points": make_points(source),
        "ranks": make_ranks(source),
        "awards": make_awards(source),
    }


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def toml_of(plan: dict[str, Any]) -> str:
    """The plan as a file."""
    blocks = []
    for key, value in plan.items():
        tables = value if isinstance(value, list) else [value]
        head = f"[[{key}]]" if isinstance(value, list) else f"[{key}]"
        for table in tables:
            lines = [f"{name} = {toml_value(one)}" for name, one in table.items()]
            blocks.append("\n".join([head, *lines]) + "\n")
    return "\n".join(blocks)
