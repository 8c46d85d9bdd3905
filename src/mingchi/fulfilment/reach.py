"""What can still happen in a flow from where it stands (pure)."""

from collections.abc import Iterator
from functools import lru_cache

from mingchi.flows import Graph, Kind, State


class Reach:
    """Nodes and signals that lie ahead of a state. Conditions are not looked at: what a drawing
    leads to counts as possible."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._ahead = lru_cache(maxsize=None)(self._nodes_from)

    def signals(self, state: State) -> frozenset[str]:
        """The names of the signals that something waits for now, or may later."""
        nodes = self._graph.nodes
        return frozenset(
            message
            for token in state.tokens.values()
            if token.node in nodes
            for node in self._ahead(token.node)
            if (message := nodes[node].message) is not None
        )

    def _nodes_from(self, start: str) -> frozenset[str]:
        seen = {start}
        left = [start]
        while left:
            for after in self._after(left.pop()):
                if after not in seen:
                    seen.add(after)
                    left.append(after)
        return frozenset(seen)

    def _after(self, node_id: str) -> Iterator[str]:
        node = self._graph.nodes[node_id]
        yield from (way.target for way in node.ways)
        yield from (event.id for event in self._graph.boundaries.get(node_id, ()))
        if node.kind is Kind.SUBPROCESS:
            yield self._graph.starts[node_id]
