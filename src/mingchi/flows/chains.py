"""What stands in a scope of a flow, taken apart for drawing: a column for each node, and chains.

A chain is drawn as one straight row: the way that leads into it, nodes one after the other, and the
way that leads out of it to a node of another chain. A way between two other chains is a chain
without nodes. Chains that lead back are drawn from right to left.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mingchi.flows.graph import BOUNDARIES, TASKS, Graph, Kind, Node, Way

_THIN: Final = TASKS | {Kind.TIMER, Kind.MESSAGE}


class Edge(NamedTuple):
    """A way and where it begins: `shape` is a node, or a boundary event of the node `host`."""

    shape: str
    host: str
    way: Way

    @property
    def target(self) -> str:
        return self.way.target

    @property
    def from_boundary(self) -> bool:
        return self.shape != self.host


@dataclass(eq=False)
class Chain:
    """A row. `links`: the ways between its nodes. `branches`: chains that begin at them."""

    nodes: list[str]
    entry: Edge | None = None
    links: list[Edge] = field(default_factory=list)
    leave: Edge | None = None
    back: bool = False
    branches: list["Chain"] = field(default_factory=list)

    @property
    def last(self) -> Edge | None:
        """The way that leads to another chain, if one does."""
        return self.leave if self.nodes else self.entry

    def all(self) -> Iterator["Chain"]:
        """Itself and all that begins at it, or at what begins at it."""
        todo = [self]
        while todo:
            chain = todo.pop()
            yield chain
            todo += reversed(chain.branches)


class Chains(NamedTuple):
    """`mains`: the chain from the start event, then one for each node that nothing leads to."""

    mains: Sequence[Chain]
    columns: Mapping[str, int]


def chains_of(graph: Graph, scope: str) -> Chains:
    """The chains of what stands in a scope, in the order in which they branch off."""
    inner = [x for x in graph.nodes.values() if x.inside == scope and x.kind not in BOUNDARIES]
    return _Taking(graph, inner).run()


class _Taking:
    def __init__(self, graph: Graph, inner: Sequence[Node]) -> None:
        self._inner = sorted(inner, key=lambda node: node.kind is not Kind.START)
        self._kinds = {node.id: node.kind for node in inner}
        self._out = {node.id: list(_edges(graph, node)) for node in inner}
        self._into: dict[str, list[Edge]] = {node.id: [] for node in inner}
        for edge in (edge for edges in self._out.values() for edge in edges):
            self._into[edge.target].append(edge)
        self._back, self._order = self._depth_first()
        self._stretches = dict(map(self._stretch, self._back))
        self._columns = self._in_columns()
        self._reversed = {first: nodes for first, nodes in self._stretches.items() if nodes}
        self._taken = {node for nodes in self._reversed.values() for node in nodes}
        self._ahead = self._lengths()

    def run(self) -> Chains:
        mains = []
        todo: list[Chain] = []
        for node in self._inner:
            if node.id not in self._taken:
                mains.append(self._chain(None, node.id))
                todo.append(mains[-1])
            while todo:
                chain = todo.pop(0)
                chain.branches += map(self._branch, self._left_over(chain))
                todo += chain.branches
        return Chains(mains, self._columns)

    def _depth_first(self) -> tuple[set[Edge], list[str]]:
        """The ways that lead back to where they come from, and the nodes, each before those that
        it leads to by other ways."""
        back: set[Edge] = set()
        order: list[str] = []
        seen: set[str] = set()
        open_ids: set[str] = set()
        for root in self._inner:
            stack = [] if root.id in seen else [(root.id, iter(self._out[root.id]))]
            seen.add(root.id)
            open_ids.update(node_id for node_id, _ in stack)
            while stack:
                node_id, edges = stack[-1]
                edge = next(edges, None)
                if edge is None:
                    open_ids.discard(node_id)
                    order.append(node_id)
                    stack.pop()
                elif edge.target in open_ids:
                    back.add(edge)
                elif edge.target not in seen:
                    seen.add(edge.target)
                    open_ids.add(edge.target)
                    stack.append((edge.target, iter(self._out[edge.target])))
        return back, order[::-1]

    def _stretch(self, back: Edge) -> tuple[Edge, list[str]]:
        """The nodes that only lead back by this way, and the way that leads to the first."""
        nodes: list[str] = []
        first = back
        while len(self._into[first.host]) == len(self._out[first.host]) == 1:
            if self._kinds[first.host] not in _THIN or first.host in nodes:
                break
            nodes.insert(0, first.host)
            first = self._into[first.host][0]
        return (back, []) if first.from_boundary else (first, nodes)

    def _in_columns(self) -> dict[str, int]:
        """The longest distance from the start along ways that lead forward. What leads back stands
        between where it comes from and where it leads, if there is room."""
        aside = {node for nodes in self._stretches.values() for node in nodes}
        columns = {node.id: 0 for node in self._inner}
        for node_id in self._order:
            for edge in [] if node_id in aside else self._out[node_id]:
                if edge not in self._back and edge.target not in aside:
                    columns[edge.target] = max(columns[edge.target], columns[node_id] + 1)
        for first, nodes in self._stretches.items():
            if not nodes:
                continue
            right, target = columns[first.host], columns[self._out[nodes[-1]][0].target]
            fits = right > target and len(nodes) <= right - target + 1
            for place, node_id in enumerate(nodes):
                columns[node_id] = right - place if fits else right + 1 + place
            if not fits:
                self._stretches[first] = []
        return columns

    def _lengths(self) -> dict[str, int]:
        """How many nodes lie ahead at most, along ways that lead forward."""
        ahead: dict[str, int] = {}
        for node_id in reversed(self._order):
            forward = [edge.target for edge in self._out[node_id] if self._goes_on(node_id, edge)]
            ahead[node_id] = 1 + max((ahead[target] for target in forward), default=0)
        return ahead

    def _goes_on(self, node_id: str, edge: Edge) -> bool:
        return edge.shape == node_id and edge not in self._back

    def _chain(self, entry: Edge | None, node_id: str) -> Chain:
        """From a node on along ways to nodes that are not drawn yet."""
        chain = Chain([node_id], entry)
        self._taken.add(node_id)
        while True:
            edges = [edge for edge in self._out[node_id] if self._goes_on(node_id, edge)]
            free = [edge for edge in edges if edge.target not in self._taken]
            if not free:
                drawn = [edge for edge in edges if edge not in self._reversed]
                chain.leave = drawn[0] if drawn else None
                return chain
            link = self._likeliest(node_id, free)
            chain.links.append(link)
            node_id = link.target
            chain.nodes.append(node_id)
            self._taken.add(node_id)

    def _likeliest(self, node_id: str, free: Sequence[Edge]) -> Edge:
        """The usual way on, which is the default of a choice and the first of several events; else,
        where that ends soon or only skips something, the longest."""
        longest = max(free, key=lambda edge: self._ahead[edge.target])
        first = self._kinds[node_id] is Kind.EVENTS
        usual = next((edge for edge in free if first or edge.way.default), longest)
        far = self._ahead[usual.target] + 2 >= self._ahead[longest.target]
        return usual if far and len(self._into[usual.target]) == 1 else longest

    def _left_over(self, chain: Chain) -> list[Edge]:
        """The ways out of a chain that it does not draw."""
        if chain.back:
            return []
        drawn = {*chain.links, chain.leave}
        return [edge for node in chain.nodes for edge in self._out[node] if edge not in drawn]

    def _branch(self, edge: Edge) -> Chain:
        nodes = self._reversed.get(edge)
        if nodes is not None:
            links = [self._out[node][0] for node in nodes]
            return Chain(nodes, edge, links[:-1], links[-1], back=True)
        if edge in self._back or edge.target in self._taken:
            return Chain([], edge, back=edge in self._back)
        return self._chain(edge, edge.target)


def _edges(graph: Graph, node: Node) -> Iterator[Edge]:
    for way in node.ways:
        yield Edge(node.id, node.id, way)
    for event in graph.boundaries.get(node.id, ()):
        for way in event.ways:
            yield Edge(event.id, node.id, way)
