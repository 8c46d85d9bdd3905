"""What is wrong with a drawing: shapes or names on each other, lines through shapes or names."""

from collections.abc import Collection, Iterator
from itertools import combinations, pairwise

from mingchi.flows.graph import Graph
from mingchi.flows.layout import Box, Layout

Piece = tuple[tuple[int, int], tuple[int, int]]


def faults(graph: Graph, layout: Layout) -> list[str]:
    """All faults, in words."""
    return [*_shapes(graph, layout), *_lines(graph, layout), *_names(graph, layout)]


def bends(layout: Layout) -> int:
    return sum(len(line) - 2 for line in layout.lines.values())


def overlap(one: Box, other: Box) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


def _passes(piece: Piece, box: Box, inset: int = 1) -> bool:
    (x1, y1), (x2, y2) = piece
    across = min(x1, x2) < box.x + box.width - inset and max(x1, x2) > box.x + inset
    return across and min(y1, y2) < box.y + box.height - inset and max(y1, y2) > box.y + inset


def _around(graph: Graph, node_id: str) -> set[str]:
    """The sub-processes around a node."""
    found: set[str] = set()
    while scope := graph.nodes[node_id].inside:
        found.add(scope)
        node_id = scope
    return found


def _held(graph: Graph, one: str, other: str) -> bool:
    """Whether one stands in the other, or sits on its edge."""
    around = _around(graph, one)
    return other in around or graph.nodes[one].on == other or graph.nodes[other].on in around


def _shapes(graph: Graph, layout: Layout) -> Iterator[str]:
    for one, other in combinations(graph.nodes, 2):
        apart = not (_held(graph, one, other) or _held(graph, other, one))
        if apart and overlap(layout.boxes[one], layout.boxes[other]):
            yield f"{one} lies on {other}"
    for node in graph.nodes.values():
        if node.inside:
            outer, box = layout.boxes[node.inside], layout.boxes[node.id]
            if not (outer.x <= box.x and box.x + box.width <= outer.x + outer.width):
                yield f"{node.id} sticks out of {node.inside}"
            if not (outer.y <= box.y and box.y + box.height <= outer.y + outer.height):
                yield f"{node.id} sticks out of {node.inside}"


def _lines(graph: Graph, layout: Layout) -> Iterator[str]:
    for node in graph.nodes.values():
        around = _around(graph, node.id)
        for way in node.ways:
            for piece in pairwise(layout.lines[way.id]):
                yield from _piece(way.id, piece, layout, graph.nodes.keys() - around)
            for end, point in ((node.id, 0), (way.target, -1)):
                if not _touches(layout.lines[way.id][point], layout.boxes[end]):
                    yield f"{way.id} does not touch {end}"


def _piece(way_id: str, piece: Piece, layout: Layout, others: Collection[str]) -> Iterator[str]:
    if piece[0][0] != piece[1][0] and piece[0][1] != piece[1][1]:
        yield f"{way_id} slants"
    for other in others:
        if _passes(piece, layout.boxes[other]):
            yield f"{way_id} passes through {other}"
    for named, box in layout.names.items():
        if _passes(piece, box, 0):
            yield f"{way_id} passes through the name of {named}"


def _touches(point: tuple[int, int], box: Box) -> bool:
    x, y = point
    across = box.x <= x <= box.x + box.width
    return across and box.y <= y <= box.y + box.height


def _names(graph: Graph, layout: Layout) -> Iterator[str]:
    owners = {way.id: node.id for node in graph.nodes.values() for way in node.ways}
    for named, box in layout.names.items():
        around = _around(graph, owners.get(named, named))
        for other in graph.nodes.keys() - around:
            if overlap(box, layout.boxes[other]):
                yield f"the name of {named} lies on {other}"
    for one, other in combinations(layout.names, 2):
        if overlap(layout.names[one], layout.names[other]):
            yield f"the names of {one} and {other} lie on each other"
