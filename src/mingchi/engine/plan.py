"""Reading a plan: from TOML text or from the object of a `plan` event.

Every key is checked; the first fault found is raised as a PlanError that names it.
The format is described in docs/algorithms/engine.md, "The plan".
"""

import tomllib
from collections.abc import Callable, Mapping
from typing import cast

from mingchi.engine.rules import (
    REGION_LEVELS,
    Destination,
    Differential,
    Dividend,
    Generations,
    Peer,
    Plan,
    Rank,
    Region,
    Rule,
)
from mingchi.engine.units import PPM, read_decimal, read_rate_ppm

Table = Mapping[str, object]


class PlanError(ValueError):
    """A plan that cannot be used. `key` is the key at fault, "" for the file as a whole."""

    def __init__(self, key: str, message: str) -> None:
        self.key = key
        super().__init__(f"{key}: {message}" if key else message)


def plan_from_toml(text: str) -> Plan:
    """The plan written in `text`. Raises PlanError, with the line where it is no TOML."""
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise PlanError("", "not TOML: nested too deeply") from None
    except ValueError as error:  # also an integer of thousands of digits
        raise PlanError("", f"not TOML: {error}") from None
    return plan_from_dict(data)


def plan_from_dict(data: object) -> Plan:
    """The plan given as nested dicts, lists, strings and integers. Raises PlanError."""
    top = _table("", data)
    _known("", top, ("plan", "split", "points", "ranks", "awards"))
    name = _heading(_section(top, "plan"))
    split = _section(top, "split")
    _known("split", split, ("cost", "distribution", "pool", "unclaimed"))
    points = _section(top, "points")
    _known("points", points, _POINTS_KEYS)
    distribution_ppm = _rate("split", split, "distribution")
    pool_ppm = _rate("split", split, "pool")
    if distribution_ppm + pool_ppm > PPM:
        raise PlanError("split.pool", "must not exceed 100% together with split.distribution")
    redeem_fee_ppm = _rate("points", points, "redeem_fee")
    return Plan(
        name=name,
        cost_ppm=_rate("split", split, "cost", default=0),
        distribution_ppm=distribution_ppm,
        pool_ppm=pool_ppm,
        unclaimed_to=cast(Destination, _choice("split", split, "unclaimed", ("platform", "pool"))),
        opening_ratio=_opening_ratio(points),
        grant_ppm=_rate("points", points, "grant"),
        redeem_fee_ppm=redeem_fee_ppm,
        exit_multiple_ppm=_decimal("points", points, "exit_multiple", places=6, default=0),
        exit_fee_ppm=_rate("points", points, "exit_fee", default=redeem_fee_ppm),
        exit_per_order=_choice("points", points, "exit_scope", ("member", "order")) == "order",
        ranks=_ranks(top),
        awards=_awards(top),
    )


_POINTS_KEYS = (
    "opening_price",
    "grant",
    "redeem_fee",
    "exit_multiple",
    "exit_fee",
    "exit_scope",
)


def _heading(section: Table) -> str:
    _known("plan", section, ("name", "currency"))
    name = _text("plan", section, "name")
    if _text("plan", section, "currency") != "CNY":
        raise PlanError("plan.currency", 'must be "CNY"')
    return name


def _opening_ratio(points: Table) -> tuple[int, int]:
    """Fen to micro-points: a price of n/10^4 yuan a point is n fen to 10^8 micro-points."""
    price = _decimal("points", points, "opening_price", places=4)
    if not price:
        raise PlanError("points.opening_price", "must be above 0")
    return price, 10**8


def _ranks(top: Table) -> tuple[Rank, ...]:
    ranks: list[Rank] = []
    for where, table in _tables(top, "ranks"):
        keys = ("name", "rate", "own_sales", "team_sales", "direct_members")
        _known(where, table, keys)
        rank = Rank(
            name=_text(where, table, "name"),
            rate_ppm=_rate(where, table, "rate"),
            own_sales_fen=_yuan_or_none(where, table, "own_sales"),
            team_sales_fen=_yuan_or_none(where, table, "team_sales"),
            direct_members=(
                _whole(where, table, "direct_members", low=0) if "direct_members" in table else None
            ),
        )
        if any(rank.name == other.name for other in ranks):
            raise PlanError(f"{where}.name", f"two ranks are called {rank.name!r}")
        if ranks and rank.rate_ppm < ranks[-1].rate_ppm:
            raise PlanError(f"{where}.rate", "must not be below the rate of the rank before")
        ranks.append(rank)
    return tuple(ranks)


def _awards(top: Table) -> tuple[Rule, ...]:
    awards: list[Rule] = []
    last_differential: int | None = None
    for index, (where, table) in enumerate(_tables(top, "awards")):
        kind = _text(where, table, "kind")
        if kind == "peer":
            awards.append(_peer(where, table, last_differential))
        elif reader := _AWARDS.get(kind):
            awards.append(reader(where, table))
        else:
            kinds = ", ".join((*_AWARDS, "peer"))
            raise PlanError(f"{where}.kind", f"must be one of {kinds}, not {kind!r}")
        if kind == "differential":
            last_differential = index
    return tuple(_with_peers(index, rule, awards) for index, rule in enumerate(awards))


def _with_peers(index: int, rule: Rule, awards: list[Rule]) -> Rule:
    """Tells a differential award how many peers to look for on its walk."""
    if not isinstance(rule, Differential):
        return rule
    peers = [a.generations for a in awards if isinstance(a, Peer) and a.differential == index]
    return Differential(
        of_budget=rule.of_budget,
        max_generations=rule.max_generations,
        peer_generations=max(peers, default=0),
    )


def _one_generation(where: str, table: Table) -> Rule:
    _known(where, table, ("kind", "base", "rate"))
    rate_ppm = _rate(where, table, "rate")
    of_budget = _of_budget(where, table)
    if table["kind"] == "direct":
        return Generations("direct", of_budget, (rate_ppm,))
    return Generations("indirect", of_budget, (0, rate_ppm))


def _levels(where: str, table: Table) -> Rule:
    _known(where, table, ("kind", "base", "rates"))
    rates = _present(where, table, "rates")
    if not isinstance(rates, list):
        raise PlanError(f"{where}.rates", "must be a list of rates")
    rates_ppm = tuple(_rate_of(f"{where}.rates[{i}]", rate) for i, rate in enumerate(rates))
    return Generations("levels", _of_budget(where, table), rates_ppm)


def _differential(where: str, table: Table) -> Rule:
    _known(where, table, ("kind", "base", "max_generations"))
    return Differential(
        of_budget=_of_budget(where, table),
        max_generations=_whole(where, table, "max_generations", low=0, default=0),
        peer_generations=0,
    )


def _peer(where: str, table: Table, last_differential: int | None) -> Rule:
    _known(where, table, ("kind", "rate", "generations", "target"))
    if last_differential is None:
        raise PlanError(f"{where}.kind", "a peer award needs a differential award before it")
    return Peer(
        differential=last_differential,
        rate_ppm=_rate(where, table, "rate"),
        generations=_whole(where, table, "generations", low=1, default=1),
        target_fen=_yuan_or_none(where, table, "target"),
    )


def _region(where: str, table: Table) -> Rule:
    _known(where, table, ("kind", "base", "mode", "rates"))
    levels = _table(f"{where}.rates", _present(where, table, "rates"))
    _known(f"{where}.rates", levels, tuple(REGION_LEVELS))
    return Region(
        of_budget=_of_budget(where, table),
        differential=_choice(where, table, "mode", ("stacked", "differential")) != "stacked",
        rates_ppm=tuple(
            (digits, _rate(f"{where}.rates", levels, level))
            for level, digits in REGION_LEVELS.items()
            if level in levels
        ),
    )


def _dividend(where: str, table: Table) -> Rule:
    _known(where, table, ("kind", "rate"))
    return Dividend(_rate(where, table, "rate"))


_AWARDS: dict[str, Callable[[str, Table], Rule]] = {
    "direct": _one_generation,
    "indirect": _one_generation,
    "levels": _levels,
    "differential": _differential,
    "region": _region,
    "dividend": _dividend,
}


def _of_budget(where: str, table: Table) -> bool:
    return _choice(where, table, "base", ("price", "budget")) == "budget"


def _path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _known(where: str, table: Table, keys: tuple[str, ...]) -> None:
    for key in table:
        if key not in keys:
            raise PlanError(_path(where, key), f"unknown key; known are {', '.join(keys)}")


def _present(where: str, table: Table, key: str) -> object:
    if key not in table:
        raise PlanError(_path(where, key), "missing")
    return table[key]


def _table(where: str, value: object) -> Table:
    if not isinstance(value, dict):
        raise PlanError(where, f"{'must' if where else 'a plan must'} be a table")
    return value


def _section(top: Table, key: str) -> Table:
    return _table(key, _present("", top, key))


def _tables(top: Table, key: str) -> list[tuple[str, Table]]:
    """The tables of an array of tables, each with its path."""
    value = top.get(key, [])
    if not isinstance(value, list):
        raise PlanError(key, f"must be an array of tables, written [[{key}]]")
    return [(f"{key}[{i}]", _table(f"{key}[{i}]", table)) for i, table in enumerate(value)]


def _text(where: str, table: Table, key: str) -> str:
    value = _present(where, table, key)
    if not isinstance(value, str):
        raise PlanError(_path(where, key), "must be a string")
    return value


def _choice(where: str, table: Table, key: str, choices: tuple[str, str]) -> str:
    """One of `choices`; the first where the key is left out."""
    value = _text(where, table, key) if key in table else choices[0]
    if value not in choices:
        raise PlanError(_path(where, key), f'must be "{choices[0]}" or "{choices[1]}"')
    return value


def _whole(where: str, table: Table, key: str, *, low: int, default: int | None = None) -> int:
    if default is not None and key not in table:
        return default
    value = _present(where, table, key)
    if type(value) is not int or value < low:  # True is no number here
        raise PlanError(_path(where, key), f"must be an integer from {low}")
    return value


def _decimal(where: str, table: Table, key: str, *, places: int, default: int | None = None) -> int:
    if default is not None and key not in table:
        return default
    value = _present(where, table, key)
    if not isinstance(value, str):
        raise PlanError(_path(where, key), 'must be a number in a string, such as "3"')
    try:
        return read_decimal(value, places=places)
    except ValueError as error:
        raise PlanError(_path(where, key), str(error)) from None


def _yuan_or_none(where: str, table: Table, key: str) -> int | None:
    return _decimal(where, table, key, places=2) if key in table else None


def _rate(where: str, table: Table, key: str, *, default: int | None = None) -> int:
    if default is not None and key not in table:
        return default
    return _rate_of(_path(where, key), _present(where, table, key))


def _rate_of(path: str, value: object) -> int:
    if not isinstance(value, str):
        raise PlanError(path, 'must be a rate in a string, such as "30%"')
    try:
        return read_rate_ppm(value)
    except ValueError as error:
        raise PlanError(path, str(error)) from None


__all__ = ["Plan", "PlanError", "plan_from_dict", "plan_from_toml"]
