"""Which ways a choice can take: conditions tried on the few values that make a difference.

A *world* is a combination of values of the context's fixed variables, as far as a flow asks for
them: for a number the literals of its conditions and their neighbours, for a string the literals
and one other. Within a world all choices agree: an order that is cash on delivery at the first
gateway is so at the second. Variables that may change are tried anew at each choice.

Where every condition is plain (comparisons only) the samples tell all. Else every way is taken to
be possible, and a default is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final

from mingchi.flows.conditions import Condition, ConditionError, Conditions
from mingchi.flows.context import OUTCOME, OUTCOMES, Context, Type
from mingchi.flows.graph import Graph, Kind, Node

_MOST_WORLDS: Final = 128
_MOST_SAMPLES: Final = 4_096
OTHER: Final = "\N{HORIZONTAL ELLIPSIS}"

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """An exclusive gateway looked into. `worlds`: per outcome of the token and per way, in which
    worlds (bits) it can be taken. `gap`: values for which no way can be taken, or None."""

    worlds: Mapping[str, tuple[int, ...]]
    gap: Mapping[str, object] | None


@dataclass(frozen=True)
class Worlds:
    """All worlds of a flow, as bits of `every`. `guards`: per fact the worlds in which it holds."""

    every: int
    choices: Mapping[str, Choice]
    guards: Mapping[str, int]

    def facts(self, worlds: int) -> set[frozenset[str]]:
        """The sets of facts that guards give in these worlds: one for each kind of world."""
        found = set()
        while worlds:
            bit = worlds & -worlds
            held = frozenset(fact for fact, mask in self.guards.items() if mask & bit)
            found.add(held)
            worlds &= ~self._like(held)
        return found

    def _like(self, held: frozenset[str]) -> int:
        mask = self.every
        for fact, where in self.guards.items():
            mask &= where if fact in held else ~where
        return mask


def look_into(
    graph: Graph,
    *,
    conditions: Conditions,
    guards: Mapping[str, str],
    outcomes: Mapping[str, frozenset[str]],
) -> Worlds:
    """Tries all choices of a flow. `outcomes`: what the token can bring to each gateway. All
    conditions must compile."""
    compiled: dict[str | None, Condition] = {
        way.condition: conditions.compile(way.condition)
        for node in graph.nodes.values()
        for way in node.ways
        if way.condition is not None
    }
    guarded = {fact: conditions.compile(text) for fact, text in guards.items()}
    asked = {name for one in compiled.values() for name in one.names}
    # A guard splits the worlds only where some condition asks for what it reads.
    used = {fact: one for fact, one in guarded.items() if asked & set(one.names)}
    samples = _Samples(conditions.context, [*compiled.values(), *used.values()])
    fixed = samples.fixed(asked)
    worlds = [dict(zip(fixed, case, strict=True)) for case in product(*fixed.values())]
    choices = {
        node.id: _choice(graph, node, compiled, samples, worlds, outcomes[node.id])
        for node in graph.nodes.values()
        if node.kind is Kind.EXCLUSIVE
    }
    masks = {
        fact: _mask(one.holds(world) for world in worlds)
        for fact, one in used.items()
        if set(one.names) <= fixed.keys()
    }
    return Worlds((1 << len(worlds)) - 1, choices, masks)


class _Samples:
    """Values worth trying, by variable."""

    def __init__(self, context: Context, conditions: Sequence[Condition]) -> None:
        self._context = context
        self._strings = frozenset().union(*(one.strings for one in conditions))
        self._numbers = frozenset().union(*(one.numbers for one in conditions))
        self._by_name: dict[str, tuple[frozenset[str], frozenset[int]]] = {}
        for one in conditions:
            for name in one.names:
                strings, numbers = self._by_name.get(name, (frozenset(), frozenset()))
                self._by_name[name] = (strings | one.strings, numbers | one.numbers)

    def of(self, name: str) -> list[Any]:
        variable = self._context[name]
        strings, numbers = self._by_name.get(name, (frozenset(), frozenset()))
        if variable.type is Type.BOOL:
            return [False, True]
        if variable.type is Type.INT:
            near = {one + step for one in {0, *numbers} for step in (-1, 0, 1)}
            return sorted(near)
        known = [*variable.values] or [*sorted(strings), OTHER]
        if variable.type is Type.STRING:
            return known
        return [[], [OTHER], *([one] for one in sorted(strings)), sorted(strings)]

    def fixed(self, asked: Iterable[str]) -> dict[str, list[Any]]:
        """The fixed variables asked for, those with fewest values first, as far as they fit."""
        names = [name for name in asked if name in self._context and self._context[name].fixed]
        samples = {name: self.of(name) for name in names}
        kept: dict[str, list[Any]] = {}
        count = 1
        for name in sorted(samples, key=lambda name: (len(samples[name]), name)):
            count *= len(samples[name])
            if count > _MOST_WORLDS:
                break
            kept[name] = samples[name]
        return kept


def _choice(
    graph: Graph,
    node: Node,
    compiled: Mapping[str | None, Condition],
    samples: _Samples,
    worlds: Sequence[Values],
    outcomes: frozenset[str],
) -> Choice:
    asked = [compiled[way.condition] for way in node.ways if way.condition is not None]
    names = {name for one in asked for name in one.names}
    here = sorted(names & (worlds[0].keys() if worlds else set()))
    free = _free(graph, names, here, asked, samples)
    cases = prod(len(values) for values in free.values()) * max(len(outcomes), 1)
    kinds = {tuple(repr(world[name]) for name in here): world for world in worlds}
    if not all(one.plain for one in asked) or cases * len(kinds) > _MOST_SAMPLES:
        return _unknown(node, worlds, outcomes)
    tried = _Tried(node, compiled, free)
    masks = {}
    for outcome in outcomes or {""}:
        by_kind = {key: tried.ways(world, outcome) for key, world in kinds.items()}
        per_world = [by_kind[tuple(repr(world[name]) for name in here)] for world in worlds]
        masks[outcome] = tuple(
            _mask(taken >> index & 1 == 1 for taken in per_world) for index in range(len(node.ways))
        )
    return Choice(masks, tried.gap)


class _Tried:
    """Tries the conditions of one gateway; keeps the first values for which none holds."""

    def __init__(
        self,
        node: Node,
        compiled: Mapping[str | None, Condition],
        free: Mapping[str, Sequence[Any]],
    ) -> None:
        self._ways = [(way, compiled.get(way.condition)) for way in node.ways]
        self._free = free
        self.gap: Mapping[str, object] | None = None

    def ways(self, world: Values, outcome: str) -> int:
        """The ways, as bits, that can be taken in this world with this outcome."""
        taken = 0
        for case in product(*self._free.values()):
            values = {**world, OUTCOME: outcome, **dict(zip(self._free, case, strict=True))}
            values = _nested(values)
            index = self._first(values)
            if index is None:
                self.gap = self.gap or self._told(values)
            else:
                taken |= 1 << index
        return taken

    def _first(self, values: Values) -> int | None:
        default = None
        for index, (way, condition) in enumerate(self._ways):
            if way.default:
                default = index
            elif condition is None or _holds(condition, values):
                return index
        return default

    def _told(self, values: Values) -> dict[str, object]:
        names = {name for _, one in self._ways if one is not None for name in one.names}
        told = {name: values[name] for name in sorted(names)}
        return {name: "any other" if one == OTHER else one for name, one in told.items()}


def _holds(condition: Condition, values: Values) -> bool:
    try:
        return condition.holds({name: values[name] for name in condition.names})
    except ConditionError:
        return False


def _free(
    graph: Graph,
    names: set[str],
    here: Sequence[str],
    asked: Sequence[Condition],
    samples: _Samples,
) -> dict[str, list[Any]]:
    """Samples of what may change between choices; `outcomes` is taken apart by node."""
    free = {
        name: samples.of(name) for name in sorted(names - {OUTCOME, OUTCOMES}) if name not in here
    }
    literals = sorted(frozenset().union(*(one.strings for one in asked)))
    for node_id in sorted({node for one in asked for node in one.outcome_nodes}):
        node = graph.nodes.get(node_id)
        known = node.outcomes if node is not None and node.outcomes else (*literals, OTHER)
        free[f"{OUTCOMES}.{node_id}"] = ["", *known]
    return free


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    """Puts the outcomes of single nodes back into the map that conditions read."""
    prefix = f"{OUTCOMES}."
    flat = {name: value for name, value in values.items() if not name.startswith(prefix)}
    flat[OUTCOMES] = {
        name.removeprefix(prefix): value for name, value in values.items() if name not in flat
    }
    return flat


def _unknown(node: Node, worlds: Sequence[Values], outcomes: frozenset[str]) -> Choice:
    """Samples don't tell: every way is possible, and without a default there may be a gap."""
    every = (1 << len(worlds)) - 1
    closed = any(way.default or way.condition is None for way in node.ways)
    gap = None if closed else {"values": "that no condition takes"}
    return Choice({one: (every,) * len(node.ways) for one in outcomes or {""}}, gap)


def _mask(bits: Iterable[bool]) -> int:
    return sum(1 << index for index, bit in enumerate(bits) if bit)
