"""A plain drawing of a flow from left to right: columns by distance from the start, rows by order,
sub-processes as boxes around theirs. Whole pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from mingchi.flows.graph import BOUNDARIES, TASKS, Graph, Kind, Node

_GAP_X: Final = 60
_GAP_Y: Final = 50
_MARGIN: Final = 40
_TASK: Final = (100, 80)
_GATEWAY: Final = (50, 50)
_EVENT: Final = (36, 36)
_GATEWAYS: Final = frozenset({Kind.EXCLUSIVE, Kind.PARALLEL, Kind.EVENTS})


class Box(NamedTuple):
    """Where a shape stands."""

    x: int
    y: int
    width: int
    height: int

    def moved(self, x: int, y: int) -> "Box":
        return Box(self.x + x, self.y + y, self.width, self.height)


@dataclass(frozen=True)
class Layout:
    """The box of each node, by id."""

    boxes: Mapping[str, Box]

    def edge(self, source: Node, target: Node) -> list[tuple[int, int]]:
        """The corners of the line between two nodes."""
        one, other = self.boxes[source.id], self.boxes[target.id]
        if source.kind in BOUNDARIES:
            start = (one.x + one.width // 2, one.y + one.height)
        else:
            start = (one.x + one.width, one.y + one.height // 2)
        end = (other.x, other.y + other.height // 2)
        if start[1] == end[1] and start[0] <= end[0]:
            return [start, end]
        if source.kind in BOUNDARIES:
            return [start, (start[0], end[1]), end]
        if start[0] < end[0]:
            middle = end[0] - _GAP_X // 3
            return [start, (middle, start[1]), (middle, end[1]), end]
        below = max(one.y + one.height, other.y + other.height) + _GAP_Y // 2
        right, left = start[0] + _GAP_X // 4, end[0] - _GAP_X // 4
        return [start, (right, start[1]), (right, below), (left, below), (left, end[1]), end]


def lay_out(graph: Graph) -> Layout:
    """A box for every node."""
    boxes: dict[str, Box] = {}
    _scope(graph, "", boxes)
    return Layout({node_id: boxes[node_id].moved(_MARGIN, _MARGIN) for node_id in graph.nodes})


def _scope(graph: Graph, scope: str, boxes: dict[str, Box]) -> tuple[int, int]:
    """Lays out what stands in a scope, from (0, 0); its width and height."""
    inner = [x for x in graph.nodes.values() if x.inside == scope and x.kind not in BOUNDARIES]
    sizes = {node.id: _size(graph, node, boxes) for node in inner}
    columns: dict[int, list[Node]] = {}
    for node_id, column in _columns(graph, inner).items():
        columns.setdefault(column, []).append(graph.nodes[node_id])
    left = 0
    height = 0
    for column in sorted(columns):
        width = max(sizes[node.id][0] for node in columns[column])
        top = 0
        for node in columns[column]:
            own_width, own_height = sizes[node.id]
            # Shapes of a row share its middle line, as long as they are of usual height.
            shift = max(0, _TASK[1] - own_height) // 2
            x = left + (width - own_width) // 2
            _place(graph, node, Box(x, top + shift, own_width, own_height), boxes)
            top += max(own_height, _TASK[1]) + _GAP_Y
        height = max(height, top - _GAP_Y)
        left += width + _GAP_X
    return max(left - _GAP_X, 0), height


def _size(graph: Graph, node: Node, boxes: dict[str, Box]) -> tuple[int, int]:
    if node.kind is Kind.SUBPROCESS:
        width, height = _scope(graph, node.id, boxes)
        return width + 2 * _MARGIN, height + 2 * _MARGIN
    if node.kind in TASKS:
        return _TASK
    return _GATEWAY if node.kind in _GATEWAYS else _EVENT


def _place(graph: Graph, node: Node, box: Box, boxes: dict[str, Box]) -> None:
    """Sets a shape, with the boundary events on its lower edge and all that stands in it."""
    boxes[node.id] = box
    for number, event in enumerate(graph.boundaries.get(node.id, ())):
        width, height = _EVENT
        x = box.x + 12 + number * (width + 8)
        boxes[event.id] = Box(x, box.y + box.height - height // 2, width, height)
    if node.kind is Kind.SUBPROCESS:
        for inner in graph.nodes.values():
            if _within(graph, inner, node.id):
                boxes[inner.id] = boxes[inner.id].moved(box.x + _MARGIN, box.y + _MARGIN)


def _within(graph: Graph, node: Node, scope: str) -> bool:
    while node.inside:
        if node.inside == scope:
            return True
        node = graph.nodes[node.inside]
    return False


def _columns(graph: Graph, inner: Sequence[Node]) -> dict[str, int]:
    """The longest distance from the start, along ways that lead forward."""
    order, forward = _depth_first(graph, inner)
    columns = {node.id: 0 for node in inner}
    for node_id in reversed(order):
        for target in forward[node_id]:
            columns[target] = max(columns[target], columns[node_id] + 1)
    return columns


def _depth_first(graph: Graph, inner: Sequence[Node]) -> tuple[list[str], dict[str, list[str]]]:
    """Nodes in the order in which they are left, and where each leads but for ways back."""
    order: list[str] = []
    open_ids: set[str] = set()
    forward: dict[str, list[str]] = {}
    for root in inner:
        stack = [] if root.id in forward else [(root.id, iter(_after(graph, root)))]
        open_ids.update(node_id for node_id, _ in stack)
        forward.setdefault(root.id, [])
        while stack:
            node_id, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                open_ids.discard(node_id)
                order.append(node_id)
                stack.pop()
            elif target not in open_ids:
                forward[node_id].append(target)
                if target not in forward:
                    forward[target] = []
                    open_ids.add(target)
                    stack.append((target, iter(_after(graph, graph.nodes[target]))))
    return order, forward


def _after(graph: Graph, node: Node) -> list[str]:
    targets = [way.target for way in node.ways]
    for event in graph.boundaries.get(node.id, ()):
        targets += [way.target for way in event.ways]
    return targets
