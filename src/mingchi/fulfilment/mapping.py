"""Which places of a running flow another version must have, and what each may become there (pure).

What is offered is of the same kind and does the same; whether a whole mapping holds is for
`migrating.preview` to say.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mingchi.flows import CANCELLED, Graph, Kind, Node, State


class Place(NamedTuple):
    """An element of the version that an instance runs under: a node, or a way into a join.
    `choices`: the ids in the other version that it may become, its own first where that is one of
    them. `may_go`: a timer, which may be dropped."""

    element: str
    choices: tuple[str, ...]
    may_go: bool = False


def places(
    source: Graph, state: State, timers: Iterable[tuple[int, str]], target: Graph
) -> list[Place]:
    """Of each token, half-arrived join, done step that could be undone, and timer (token, node)."""
    found: dict[str, Place] = {}
    for element, choices, may_go in _needed(source, state, timers, target):
        if element not in found:
            own_first = sorted(choices, key=lambda choice: choice != element)
            found[element] = Place(element, tuple(own_first), may_go)
    return list(found.values())


def _needed(
    source: Graph, state: State, timers: Iterable[tuple[int, str]], target: Graph
) -> Iterator[tuple[str, list[str], bool]]:
    nodes = list(target.nodes.values())
    for token in state.tokens.values():
        if token.node != CANCELLED:
            at = source.nodes[token.node]
            yield at.id, [one.id for one in nodes if _may_rest(at, one)], False
    for (_scope, join), ways in state.arrivals.items():
        joins = [one for one in nodes if one.kind is Kind.PARALLEL and one.incoming > 1]
        yield join, [one.id for one in joins], False
        into = {one.id for one in joins}
        for way in ways:
            yield way, [x.id for one in nodes for x in one.ways if x.target in into], False
    for _scope, node_id in state.done:
        undo = source.nodes[node_id].undo
        yield node_id, [one.id for one in nodes if undo and one.undo == undo], False
    for token_id, node_id in timers:
        if token_id in state.tokens and node_id != state.tokens[token_id].node:
            kind = source.nodes[node_id].kind
            yield node_id, [one.id for one in nodes if one.kind is kind], True


def _may_rest(at: Node, other: Node) -> bool:
    same = other.kind is at.kind and bool(other.inside) is bool(at.inside)
    return same and (at.kind is not Kind.SERVICE or other.step == at.step)
