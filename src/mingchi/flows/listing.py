"""Flows as plain lists of steps: what most merchants need, and what the templates are written in.

`graph_of` makes a flow of a list; `items_of` gives the list back, or None for a flow that was drawn
and is no list. Both editors so work on one file format.

    start → item → item → (items side by side) → item → end

An item may have a condition (else it is left out), stand side by side with the one before, and have
an assent: with any other outcome the flow goes through `otherwise` and ends.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mingchi.flows.errors import StateError
from mingchi.flows.graph import Graph, Kind, Node, Way
from mingchi.flows.writing import write_flow

_ITEMS: Final = frozenset({Kind.USER, Kind.SERVICE, Kind.TIMER, Kind.MESSAGE})
_START: Final = "start"
_END: Final = "end"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the list. `kind`: user, service, timer (with `duration`) or message (with
    `message`). `condition`: CEL, the item is left out where it does not hold. `parallel`: side by
    side with the item before. `assent`: the outcome with which the flow goes on."""

    id: str
    kind: Kind = Kind.USER
    name: str = ""
    step: str | None = None
    role: str | None = None
    quorum: str = "any"
    due: str | None = None
    duration: str | None = None
    message: str | None = None
    condition: str | None = None
    parallel: bool = False
    assent: str | None = None
    otherwise: tuple["Item", ...] = ()


def graph_of(items: Sequence[Item], *, key: str, name: str = "") -> Graph:
    """The flow of a list. Raises StateError: an id twice, a kind that no item has, `otherwise`
    without `assent`."""
    builder = _Builder()
    builder.add(Node(id=_START, kind=Kind.START))
    builder.close(builder.chain(items, _Open(_START)), Kind.END, _END)
    return builder.graph(key, name)


def items_of(graph: Graph) -> tuple[Item, ...] | None:
    """The list that this flow is made of, None where it is none."""
    reader = _Reader(graph)
    try:
        items = reader.items()
        again = graph_of(items, key=graph.key, name=graph.name)
    except (KeyError, IndexError, ValueError, RecursionError, StateError):
        return None
    return items if write_flow(again) == write_flow(graph) else None


@dataclass(frozen=True, slots=True)
class _Open:
    """A node whose way on is still to be drawn, under a condition where it is a choice."""

    node: str
    condition: str | None = None


class _Builder:
    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._ways: dict[str, list[Way]] = {}

    def add(self, node: Node) -> str:
        if node.id in self._nodes:
            raise StateError(f"the id {node.id!r} is used twice", node=node.id)
        self._nodes[node.id] = node
        self._ways[node.id] = []
        return node.id

    def draw(self, source: _Open, target: str, *, default: bool = False) -> None:
        way_id = f"{source.node}__{target}"
        self._ways[source.node].append(Way(way_id, target, source.condition, default))

    def close(self, last: _Open, kind: Kind, node_id: str) -> None:
        self.add(Node(id=node_id, kind=kind))
        self.draw(last, node_id)

    def chain(self, items: Sequence[Item], last: _Open, *, aside: bool = False) -> _Open:
        """Draws items one after the other; returns where the way goes on."""
        groups: list[list[Item]] = []
        for item in items:
            if item.parallel and groups:
                groups[-1].append(item)
            else:
                groups.append([item])
        for group in groups:
            last = self._group(group, last, aside)
        return last

    def _group(self, group: list[Item], last: _Open, aside: bool) -> _Open:
        if len(group) == 1:
            return self._block(group[0], last, aside)
        fork = self.add(Node(id=f"{group[0].id}_fork", kind=Kind.PARALLEL))
        self.draw(last, fork)
        ends = [self._block(item, _Open(fork), True) for item in group]
        join = self.add(Node(id=f"{group[0].id}_join", kind=Kind.PARALLEL))
        for end in ends:
            self.draw(end, join)
        return _Open(join)

    def _block(self, item: Item, last: _Open, aside: bool) -> _Open:
        choice = None
        if item.condition is not None:
            choice = self.add(Node(id=f"{item.id}_if", kind=Kind.EXCLUSIVE))
            self.draw(last, choice)
            last = _Open(choice, item.condition)
        self.draw(last, self.add(_node(item)))
        last = self._assent(item, aside)
        if choice is not None:
            merge = self.add(Node(id=f"{item.id}_fi", kind=Kind.EXCLUSIVE))
            self.draw(last, merge)
            self.draw(_Open(choice), merge, default=True)
            last = _Open(merge)
        return last

    def _assent(self, item: Item, aside: bool) -> _Open:
        """Any other outcome goes through `otherwise` to an end of its own, which beside other items
        ends those too."""
        if item.assent is None:
            if item.otherwise:
                raise StateError(f"{item.id!r} has `otherwise` but no assent", node=item.id)
            return _Open(item.id)
        gateway = self.add(Node(id=f"{item.id}_ok", kind=Kind.EXCLUSIVE))
        self.draw(_Open(item.id), gateway)
        first = len(self._ways[gateway])
        other = self.chain(item.otherwise, _Open(gateway), aside=aside)
        self.close(other, Kind.TERMINATE if aside else Kind.END, f"{item.id}_end")
        ways = self._ways[gateway]
        ways[first] = replace(ways[first], default=True)
        return _Open(gateway, f"outcome == {json.dumps(item.assent, ensure_ascii=False)}")

    def graph(self, key: str, name: str) -> Graph:
        incoming: dict[str, int] = {}
        for ways in self._ways.values():
            for way in ways:
                incoming[way.target] = incoming.get(way.target, 0) + 1
        nodes = {
            node.id: replace(
                node, ways=tuple(self._ways[node.id]), incoming=incoming.get(node.id, 0)
            )
            for node in self._nodes.values()
        }
        return Graph(key=key, name=name, nodes=nodes)


def _node(item: Item) -> Node:
    if item.kind not in _ITEMS:
        raise StateError(f"an item can't be a {item.kind.value}", node=item.id)
    return Node(
        id=item.id,
        kind=item.kind,
        name=item.name,
        step=item.step,
        role=item.role,
        quorum=item.quorum,
        due=item.due,
        duration=item.duration,
        message=item.message,
    )


class _Reader:
    """Follows a flow as `_Builder` draws it. What was drawn otherwise is noticed by `items_of`,
    which draws the list anew and compares."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def items(self) -> tuple[Item, ...]:
        return tuple(self._chain(self._graph.nodes[_START].ways[0]))

    def _chain(self, way: Way | None) -> list[Item]:
        items: list[Item] = []
        while way is not None:
            node = self._graph.nodes[way.target]
            if node.kind in (Kind.END, Kind.TERMINATE) or node.incoming > 1:
                break
            if node.kind is Kind.PARALLEL:
                found, way = self._fork(node)
                items += found
            else:
                item, way = self._block(node)
                items.append(item)
        return items

    def _fork(self, fork: Node) -> tuple[list[Item], Way | None]:
        found = [self._block(self._graph.nodes[way.target])[0] for way in fork.ways]
        items = [replace(item, parallel=number > 0) for number, item in enumerate(found)]
        return items, self._graph.nodes[f"{items[0].id}_join"].ways[0]

    def _block(self, node: Node) -> tuple[Item, Way | None]:
        """The item at a node, which may be its choice, and the way on behind it."""
        if node.kind is Kind.EXCLUSIVE:
            way = next(way for way in node.ways if not way.default)
            item, _ = self._block(self._graph.nodes[way.target])
            after = self._graph.nodes[f"{item.id}_fi"].ways[0]
            return replace(item, condition=way.condition), after
        item = Item(
            id=node.id,
            kind=node.kind,
            name=node.name,
            step=node.step,
            role=node.role,
            quorum=node.quorum,
            due=node.due,
            duration=node.duration,
            message=node.message,
        )
        gateway = self._graph.nodes.get(f"{node.id}_ok")
        if gateway is None:
            return item, node.ways[0]
        other = next(way for way in gateway.ways if way.default)
        after = next(way for way in gateway.ways if not way.default)
        assent = json.loads((after.condition or "").removeprefix("outcome == "))
        return replace(item, assent=assent, otherwise=tuple(self._chain(other))), after
