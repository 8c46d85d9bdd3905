"""The file formats of the reference: what is a plan, what is an event (sections 7 and 8).

Nothing here is shared with ``mingchi.engine``: the point of a reference is that two programs
written apart from each other give the same numbers.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

HIGHEST = 10**15


class PlanError(Exception):
    """The plan breaks the format; the message names the key."""


class NoEvent(Exception):  # noqa: N818
    """The line is no event; the message says why."""


# --- plan -------------------------------------------------------------------------------------


def number(value: Any, key: str, decimals: int | None) -> Fraction:
    """A number written as a string, of at most so many decimals (None: any)."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,4000}(\.[0-9]{1,4000})?", value):
        raise PlanError(f"{key}: not a number in quotes: {value!r}")
    if decimals is not None and "." in value and len(value.split(".")[1]) > decimals:
        raise PlanError(f"{key}: more than {decimals} decimals: {value!r}")
    return Fraction(value)


def rate(value: Any, key: str) -> int:
    """A rate in parts per million."""
    if isinstance(value, str) and value.endswith("%"):
        ppm = number(value[:-1], key, None) * 10_000
    else:
        ppm = number(value, key, None) * 1_000_000
    if ppm.denominator != 1:
        raise PlanError(f"{key}: not exact to one part per million: {value!r}")
    if ppm > 1_000_000:
        raise PlanError(f"{key}: not within 0..100 %: {value!r}")
    return int(ppm)


def money(value: Any, key: str) -> int:
    """Yuan, given in fen."""
    return int(number(value, key, 2) * 100)


def opening_price(value: Any, key: str) -> int:
    """Yuan per point, given in fen per 100 points (= 10^8 upt)."""
    price = int(number(value, key, 4) * 10_000)
    if price == 0:
        raise PlanError(f"{key}: must be above 0")
    return price


def multiple(value: Any, key: str) -> int:
    return int(number(value, key, 6) * 1_000_000)


def text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise PlanError(f"{key}: not a string")
    return value


def count(lowest: int):
    def read(value: Any, key: str) -> int:
        if type(value) is not int or value < lowest:
            raise PlanError(f"{key}: not an integer from {lowest}")
        return value

    return read


def one_of(*words: str):
    def read(value: Any, key: str) -> str:
        if value not in words:
            raise PlanError(f"{key}: not one of {', '.join(words)}")
        return value

    return read


def level_rates(value: Any, key: str) -> list[int]:
    if not isinstance(value, list):
        raise PlanError(f"{key}: not a list")
    return [rate(one, f"{key}[{i}]") for i, one in enumerate(value)]


def region_rates(value: Any, key: str) -> dict[str, int]:
    levels = ("district", "city", "province")
    return table(value, key, {}, dict.fromkeys(levels, (rate, None)))


def table(value: Any, where: str, required: dict, optional: dict) -> dict[str, Any]:
    """Read a table; ``optional`` maps a key to its reader and its default."""
    if not isinstance(value, dict):
        raise PlanError(f"{where}: not a table")
    for key in value:
        if key not in required and key not in optional:
            raise PlanError(f"{where}.{key}: unknown key")
    read = {}
    for key, reader in required.items():
        if key not in value:
            raise PlanError(f"{where}.{key}: missing")
        read[key] = reader(value[key], f"{where}.{key}")
    for key, (reader, default) in optional.items():
        read[key] = reader(value[key], f"{where}.{key}") if key in value else default
    return read


BASE = {"base": (one_of("price", "budget"), "price")}
AWARDS: dict[str, tuple[dict, dict]] = {
    "direct": ({"rate": rate}, BASE),
    "indirect": ({"rate": rate}, BASE),
    "levels": ({"rates": level_rates}, BASE),
    "differential": ({}, {**BASE, "max_generations": (count(0), 0)}),
    "peer": ({"rate": rate}, {"generations": (count(1), 1), "target": (money, None)}),
    "region": (
        {"rates": region_rates},
        {**BASE, "mode": (one_of("stacked", "differential"), "stacked")},
    ),
    "dividend": ({"rate": rate}, {}),
}


def read_award(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PlanError(f"{where}: not a table")
    if "kind" not in value:
        raise PlanError(f"{where}.kind: missing")
    kind = one_of(*AWARDS)(value["kind"], f"{where}.kind")
    required, optional = AWARDS[kind]
    return table(value, where, {"kind": text, **required}, optional)


def read_awards(value: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise PlanError(f"{where}: not a list")
    awards = [read_award(one, f"{where}[{i}]") for i, one in enumerate(value)]
    kinds = [award["kind"] for award in awards]
    if "peer" in kinds and "differential" not in kinds[: kinds.index("peer")]:
        raise PlanError(f"{where}[{kinds.index('peer')}].kind: peer without a differential before")
    return awards


def read_ranks(value: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise PlanError(f"{where}: not a list")
    criteria = {
        "own_sales": (money, None),
        "team_sales": (money, None),
        "direct_members": (count(0), None),
    }
    ranks: list[dict[str, Any]] = []
    for i, one in enumerate(value):
        rank = table(one, f"{where}[{i}]", {"name": text, "rate": rate}, criteria)
        if rank["name"] in [other["name"] for other in ranks]:
            raise PlanError(f"{where}[{i}].name: {rank['name']!r} stands twice")
        if ranks and rank["rate"] < ranks[-1]["rate"]:
            raise PlanError(f"{where}[{i}].rate: falls below the rank before")
        ranks.append(rank)
    return ranks


def read_plan(value: Any) -> dict[str, Any]:
    """The plan with all its defaults, or ``PlanError``."""

    def section(required: dict, optional: dict):
        return lambda one, where: table(one, where, required, optional)

    split = section(
        {"distribution": rate, "pool": rate},
        {"cost": (rate, 0), "unclaimed": (one_of("platform", "pool"), "platform")},
    )
    points = section(
        {"opening_price": opening_price, "grant": rate, "redeem_fee": rate},
        {
            "exit_multiple": (multiple, 0),
            "exit_fee": (rate, None),
            "exit_scope": (one_of("member", "order"), "member"),
        },
    )
    head = section({"name": text, "currency": one_of("CNY")}, {})
    plan = table(
        value,
        "plan file",
        {"plan": head, "split": split, "points": points},
        {"ranks": (read_ranks, []), "awards": (read_awards, [])},
    )
    if plan["split"]["distribution"] + plan["split"]["pool"] > 1_000_000:
        raise PlanError("split.distribution + split.pool: more than 100 %")
    if plan["points"]["exit_fee"] is None:
        plan["points"]["exit_fee"] = plan["points"]["redeem_fee"]
    return plan


# --- events -----------------------------------------------------------------------------------


def is_whole(lowest: int, highest: int = HIGHEST):
    return lambda value: type(value) is int and lowest <= value <= highest


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def or_null(check):
    return lambda value: value is None or check(value)


def is_region(*lengths: int):
    def check(value: Any) -> bool:
        return (
            isinstance(value, str)
            and len(value) in lengths
            and all(one in "0123456789" for one in value)
        )

    return check


LINE_REQUIRED = {"price": is_whole(1), "qty": is_whole(1, 10**6)}
LINE_OPTIONAL = {
    "cost": is_whole(0),
    "distribution": is_whole(0),
    "pool": is_whole(0),
    "merchant": is_text,
}


def are_lines(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(line, dict) and has(line, LINE_REQUIRED, LINE_OPTIONAL) for line in value)


def has(value: dict, required: dict, optional: dict) -> bool:
    for key, check in required.items():
        if key not in value or not check(value[key]):
            return False
    return all(check(value[key]) for key, check in optional.items() if value.get(key) is not None)


# type: (fields that must be there, fields that may be null or left out)
EVENTS: dict[str, tuple[dict, dict]] = {
    "member": ({"sponsor": or_null(is_text)}, {}),
    "sponsor": ({"member": is_text, "sponsor": or_null(is_text)}, {}),
    "plan": ({"plan": lambda value: isinstance(value, dict)}, {}),
    "rank": ({"member": is_text, "rank": or_null(is_text)}, {}),
    "agent": ({"member": is_text, "region": is_region(2, 4, 6)}, {}),
    "shareholder": ({"member": is_text, "weight": is_whole(0)}, {}),
    "order": ({"member": is_text, "lines": are_lines}, {"region": is_region(6)}),
    "redeem": (
        {"member": is_text, "points": lambda value: value == "all" or is_whole(1)(value)},
        {"min_net": is_whole(0)},
    ),
    "refund": ({"order": is_text, "amount": is_whole(1)}, {"line": is_whole(0)}),
    "subsidy": ({"amount": is_whole(1)}, {}),
    "close": ({"period": is_text}, {}),
}


def no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def long_integer(digits: str) -> int:
    """An integer of any length; beyond a hundred digits only that it is out of range matters."""
    return int(digits[:100])


def read_event(line: str) -> dict[str, Any]:
    """One event, its plan (of a ``plan`` event) read; or ``NoEvent``."""
    try:
        event = json.loads(line, parse_constant=no_constant, parse_int=long_integer)
    except (ValueError, RecursionError) as error:
        raise NoEvent(f"bad JSON: {error}") from error
    if not isinstance(event, dict):
        raise NoEvent("not an object")
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in EVENTS:
        raise NoEvent(f"unknown type {kind!r}")
    required, optional = EVENTS[kind]
    for key, check in {"id": is_text, **required}.items():
        if key not in event or not check(event[key]):
            raise NoEvent(f"{key}: missing or wrong")
    for key, check in optional.items():
        if event.get(key) is not None and not check(event[key]):
            raise NoEvent(f"{key}: wrong")
    if kind == "plan":
        try:
            event["plan"] = read_plan(event["plan"])
        except PlanError as error:
            raise NoEvent(str(error)) from error
    return event
