"""What happens by itself: which nodes one advance can pass, and loops in which nothing waits.

A service task waits for its job, yet nobody and nothing outside decides when it ends: a loop of
service tasks and gateways would run for ever. So a loop needs a person, a message or a timer.
"""

from collections import deque
from collections.abc import Iterator

from mingchi.flows.findings import Finding
from mingchi.flows.graph import BOUNDARIES, WAITS, Graph, Kind, Node
from mingchi.flows.moving import MOST_AUTOMATIC_STEPS

_BY_ITSELF = frozenset({Kind.RULE, Kind.EXCLUSIVE, Kind.PARALLEL, Kind.SERVICE, Kind.START})
_ENDS = frozenset({Kind.END, Kind.TERMINATE})


def automatic_loops(graph: Graph) -> list[Finding]:
    """One finding a loop that nothing stops, with the nodes of the loop as its path."""
    passable = _passable(graph)
    found: list[Finding] = []
    seen: set[str] = set()
    for node_id in passable:
        loop = None if node_id in seen else _loop(graph, node_id, passable)
        if loop:
            seen.update(loop)
            node = graph.nodes[node_id]
            message = "a loop in which nothing waits would run for ever"
            found.append(Finding("automatic-loop", message, node_id, node.line, tuple(loop)))
    return found


def long_advances(graph: Graph) -> list[Finding]:
    """Nodes after which one advance could pass more nodes than the interpreter allows. Two bounds
    are taken, and the lower counts: all ways that can be reached, and the longest of each choice
    with the sum of each fork. The graph must be free of automatic loops."""
    found = []
    longest: dict[str, int] = {}
    for node in graph.nodes.values():
        if node.kind in WAITS or node.kind is Kind.START or node.kind in BOUNDARIES:
            every = sum(1 for _ in passed_from(graph, node))
            passed = min(every, sum(_longest(graph, way.target, longest) for way in node.ways))
            if passed > MOST_AUTOMATIC_STEPS:
                message = f"up to {passed} nodes are passed at once; at most {MOST_AUTOMATIC_STEPS}"
                found.append(Finding("too-many-steps", message, node.id, node.line))
    return found


def passed_from(graph: Graph, node: Node) -> Iterator[Node]:
    """Every node that one advance can enter from here, once for each way into it; the nodes it
    comes to rest on are among them."""
    nodes = graph.nodes
    todo = deque([node])
    left = set()
    while todo:
        current = todo.popleft()
        if current.id in left:
            continue
        left.add(current.id)
        for way in current.ways:
            target = nodes[way.target]
            yield target
            if target.kind in _ENDS:
                if target.inside:
                    todo.append(nodes[target.inside])
            elif target.kind is Kind.SUBPROCESS:
                todo.append(nodes[graph.starts[target.id]])
            elif target.kind not in WAITS:
                todo.append(target)


def _longest(graph: Graph, node_id: str, known: dict[str, int]) -> int:
    """How many nodes are passed from here on at most, this one included."""
    if node_id not in known:
        node = graph.nodes[node_id]
        ways = node.ways
        if node.kind in _ENDS:
            ways = graph.nodes[node.inside].ways if node.inside else ()
        elif node.kind is Kind.SUBPROCESS:
            ways = graph.nodes[graph.starts[node.id]].ways
        elif node.kind in WAITS:
            ways = ()
        after = [_longest(graph, way.target, known) for way in ways]
        choice = node.kind is Kind.EXCLUSIVE
        known[node_id] = 1 + (max(after, default=0) if choice else sum(after))
    return known[node_id]


def _passable(graph: Graph) -> dict[str, Node]:
    """Nodes that a token passes by itself; a sub-process where it can pass from start to end."""
    passable = {node.id: node for node in graph.nodes.values() if node.kind in _BY_ITSELF}
    inner = [node for node in graph.nodes.values() if node.kind is Kind.SUBPROCESS]
    for node in reversed(inner):  # inner ones stand after those around them
        start = graph.nodes[graph.starts[node.id]]
        if any(graph.nodes[one].kind in _ENDS for one in _reached(graph, start, passable)):
            passable[node.id] = node
    return passable


def _reached(graph: Graph, node: Node, passable: dict[str, Node]) -> set[str]:
    reached = {node.id}
    todo = [node]
    while todo:
        for way in todo.pop().ways:
            if way.target not in reached:
                reached.add(way.target)
                if way.target in passable:
                    todo.append(passable[way.target])
    return reached


def _loop(graph: Graph, start: str, passable: dict[str, Node]) -> list[str] | None:
    """The shortest loop from a node back to it through passable ones."""
    parents: dict[str, str] = {}
    todo = deque([start])
    while todo:
        current = todo.popleft()
        for way in graph.nodes[current].ways:
            if way.target == start:
                path = [start, current] if current != start else [start]
                while path[-1] != start:
                    path.append(parents[path[-1]])
                return [*reversed(path[1:]), start] if current != start else [start, start]
            if way.target in passable and way.target not in parents:
                parents[way.target] = current
                todo.append(way.target)
    return None
