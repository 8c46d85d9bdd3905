"""The drawing of a flow from left to right, in whole pixels: boxes, lines, and where names stand.

The way to the farthest end is one straight row. Branches have rows of their own below it, loops and
ways past other nodes above it; lines turn only in the spaces between columns, so that none passes
through a shape, or go straight up or down from a gateway where nothing stands in between. A
sub-process is laid out by itself and then stands as one wide node. A layered drawing in the manner
of Sugiyama, with chains in place of single nodes, since flows are long and mostly straight.
"""

from dataclasses import dataclass, field
from typing import Final

from mingchi.flows import sizes
from mingchi.flows.chains import Chain, Chains, Edge, chains_of
from mingchi.flows.graph import TASKS, Graph, Kind, Node
from mingchi.flows.placing import Cell, Placing, sides
from mingchi.flows.routing import Mark, Point, Routing, lanes
from mingchi.flows.sizes import GATEWAYS, Box, Size

_MARGIN: Final = 40
_SPACE: Final = 50
_STUB: Final = 16
_LANE: Final = 12
_ARROW: Final = 20
_BESIDE: Final = 5
_EVENT: Final = sizes.EVENT[0]
# Boundary events: how far from the corner the first stands, and each from the next.
_INSET: Final = 6
_EVENT_STEP: Final = 44

Line = list[tuple[int, int]]


@dataclass
class Layout:
    """`boxes` of nodes, `lines` of ways, `names`: where the name of a node or way stands that is
    not written inside its shape. All by id."""

    boxes: dict[str, Box] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    names: dict[str, Box] = field(default_factory=dict)

    def add(self, other: "Layout", x: int, y: int) -> None:
        """Takes over another drawing, moved by this much."""
        self.boxes.update((key, box.moved(x, y)) for key, box in other.boxes.items())
        self.names.update((key, box.moved(x, y)) for key, box in other.names.items())
        for key, line in other.lines.items():
            self.lines[key] = [(one + x, two + y) for one, two in line]

    def bounds(self) -> Box:
        """What all of it takes."""
        boxes = [*self.boxes.values(), *self.names.values()]
        points = [point for line in self.lines.values() for point in line]
        left = min([box.x for box in boxes] + [x for x, _ in points])
        top = min([box.y for box in boxes] + [y for _, y in points])
        right = max([box.x + box.width for box in boxes] + [x for x, _ in points])
        bottom = max([box.y + box.height for box in boxes] + [y for _, y in points])
        return Box(left, top, right - left, bottom - top)


def lay_out(graph: Graph) -> Layout:
    """The drawing of a flow, with a margin around it."""
    inner = _Scope(graph, "").draw()
    bounds = inner.bounds()
    layout = Layout()
    layout.add(inner, _MARGIN - bounds.x, _MARGIN - bounds.y)
    ids = [*graph.nodes]
    return Layout({key: layout.boxes[key] for key in ids}, layout.lines, layout.names)


class _Scope:
    """What stands in one scope. Rows are counted from that of its start event, places from its
    left edge."""

    def __init__(self, graph: Graph, scope: str) -> None:
        self._graph = graph
        self._chains: Chains = chains_of(graph, scope)
        self._columns = self._chains.columns
        self._above = sides(self._chains)
        self._inner: dict[str, Layout] = {}
        self._named = self._named_sides()
        self._cells = {node: self._cell(graph.nodes[node]) for node in self._columns}
        self._drawn = Layout()

    def draw(self) -> Layout:
        placing = Placing(
            self._chains, self._above, self._cells, self._name_of, self._place_of, self._is_gateway
        )
        self._rows = placing.run()
        self._routing = Routing(
            self._chains,
            self._rows,
            self._cells,
            self._is_gateway,
            lambda node: node in self._graph.boundaries,
            self._named,
        )
        self._routing.run()
        self._set_places()
        for node_id in self._columns:
            self._node(self._graph.nodes[node_id])
        for way_id, points in self._routing.lines.items():
            self._drawn.lines[way_id] = self._straight(points)
        for main in self._chains.mains:
            for chain in main.all():
                self._names(chain)
        return self._drawn

    # Sizes

    def _is_gateway(self, node_id: str) -> bool:
        return self._graph.nodes[node_id].kind in GATEWAYS

    def _name_of(self, edge: Edge) -> Size:
        """What is written at a way: its name, and for one from a boundary event the event's."""
        text = self._graph.nodes[edge.shape].name if edge.from_boundary else edge.way.name
        return sizes.of_name(text)

    def _place_of(self, edge: Edge) -> float:
        if not edge.from_boundary:
            return 0.5
        events = [event.id for event in self._graph.boundaries[edge.host]]
        return (events.index(edge.shape) + 1) / (len(events) + 1)

    def _named_sides(self) -> dict[str, int]:
        """Gateways have their name above them (-1), or below (1) where a line goes up; events below
        them, or above in chains that stand above the first."""
        risen: set[str] = set()
        for chain in self._above:
            for edge in (chain.entry, chain.last):
                risen.update(() if edge is None else (edge.host, edge.target))
        high = {node for chain in self._above for node in chain.nodes}
        found = {}
        for node in self._columns:
            up = node not in risen if self._is_gateway(node) else node in high
            found[node] = -1 if up else 1
        return {node: side for node, side in found.items() if self._graph.nodes[node].name}

    def _cell(self, node: Node) -> Cell:
        name = sizes.of_name(node.name)
        if node.kind is Kind.SUBPROCESS:
            return self._box_around(node)
        width, height = sizes.of_shape(node.kind)
        half = height // 2
        room = name.height + _BESIDE if name.height else 0
        if node.kind in TASKS:
            events = len(self._graph.boundaries.get(node.id, ()))
            width = max(width, 2 * _INSET + events * _EVENT_STEP)
            return Cell(width, half, half + (_EVENT if events else 0), half, half, width)
        up, down = (half + room, half) if self._named.get(node.id) == -1 else (half, half + room)
        return Cell(max(width, name.width), up, down, half, half, width)

    def _box_around(self, node: Node) -> Cell:
        """A sub-process, with its drawing inside, at the row of its start event."""
        inner = _Scope(self._graph, node.id).draw()
        bounds = inner.bounds()
        moved = Layout()
        moved.add(inner, _MARGIN - bounds.x, 0)
        self._inner[node.id] = moved
        up, down = _MARGIN - bounds.y, bounds.y + bounds.height + _MARGIN
        width = bounds.width + 2 * _MARGIN
        low = down + (_EVENT if node.id in self._graph.boundaries else 0)
        return Cell(width, up, low, up, down, width)

    # Places

    def _set_places(self) -> None:
        """Where each column, and each track between two, stands from the left."""
        tracks = self._routing.tracks
        count = 1 + max(self._columns.values(), default=0)
        self._lefts: dict[int, int] = {}
        self._tracks: dict[int, int] = {}
        self._zones: dict[int, int] = {}
        widths = [0] * count
        for node_id, column in self._columns.items():
            widths[column] = max(widths[column], self._cells[node_id].width)
        self._widths = widths
        left = 0
        for space in range(-1, count):
            if space >= 0:
                self._lefts[space] = left
                left += widths[space]
            places = lanes(tracks, space)
            if space < 0 and not places:
                continue
            pad, name = self._pads(space)
            for number, place in places.items():
                self._tracks[number] = left + pad + place * _LANE
            taken = pad + _LANE * (1 + max(places.values(), default=-1))
            self._zones[space] = left + taken
            left += max(taken + max(name, _ARROW) + _BESIDE, _SPACE)

    def _pads(self, space: int) -> tuple[int, int]:
        """What names take of a space: those that stand beside a line of the column before, and
        those over lines."""
        pad, over = _STUB, 0
        for main in self._chains.mains:
            for chain in main.all():
                for edge in (chain.entry, *chain.links, chain.leave):
                    if edge is None or self._columns[edge.host] != space:
                        continue
                    name = self._name_of(edge).width
                    if chain.back or edge.from_boundary:
                        overhang = name + 2 * _BESIDE - self._widths[space] // 2
                        pad = max(pad, overhang)
                    else:
                        over = max(over, name)
        return pad, over + _ARROW if over else 0

    def _centre(self, node_id: str) -> int:
        column = self._columns[node_id]
        return self._lefts[column] + self._widths[column] // 2

    def _x(self, mark: Mark) -> int:
        what, which = mark
        if isinstance(which, int):
            return self._tracks[which]
        if what == "event":
            box = self._drawn.boxes[which]
            return box.x + box.width // 2
        half = self._cells[which].shape_width // 2
        return self._centre(which) + {"left": -half, "right": half, "centre": 0}[what]

    def _straight(self, points: list[Point]) -> Line:
        """The corners of a line, without points between them."""
        line: Line = []
        for mark, row in points:
            point = (self._x(mark), row)
            if line and line[-1] == point:
                continue
            while len(line) > 1 and _between(line[-2], line[-1], point):
                line.pop()
            line.append(point)
        return line

    # Shapes and names

    def _node(self, node: Node) -> None:
        cell, row = self._cells[node.id], self._routing.row_of[node.id]
        centre = self._centre(node.id)
        left = centre - cell.shape_width // 2
        box = Box(left, row - cell.shape_up, cell.shape_width, cell.shape_up + cell.shape_down)
        self._drawn.boxes[node.id] = box
        for event in self._graph.boundaries.get(node.id, ()):
            self._boundary(event, box)
        inner = self._inner.get(node.id)
        if inner is not None:
            self._drawn.add(inner, left, row)
        elif node.name and node.kind not in TASKS:
            below = self._named.get(node.id, 1) > 0
            size = sizes.of_name(node.name)
            y = row + cell.shape_down + _BESIDE if below else row - cell.up
            self._drawn.names[node.id] = Box(centre - size.width // 2, y, *size)

    def _boundary(self, event: Node, host: Box) -> None:
        events = self._graph.boundaries[host_of(event)]
        x = host.x + _INSET + events.index(event) * _EVENT_STEP
        self._drawn.boxes[event.id] = Box(x, host.y + host.height - _EVENT // 2, _EVENT, _EVENT)

    def _names(self, chain: Chain) -> None:
        row = self._rows.get(chain)
        for edge in (chain.entry, *chain.links, chain.leave):
            size = self._name_of(edge) if edge is not None else sizes.NOTHING
            if edge is None or not size.height:
                continue
            if edge.from_boundary:
                self._event_name(edge, chain, size)
            elif row is None:
                self._direct_name(edge, size)
            elif chain.back and edge is chain.entry:
                self._loop_name(edge, chain, size)
            else:
                x = self._zones[self._columns[edge.host]]
                self._drawn.names[edge.way.id] = Box(x, row - size.height - 3, *size)

    def _event_name(self, edge: Edge, chain: Chain, size: Size) -> None:
        """Over the line that goes on from a boundary event."""
        line = self._drawn.lines[edge.way.id]
        x, y = line[1]
        self._drawn.names[edge.shape] = Box(x + _BESIDE, y - size.height - 3, *size)

    def _direct_name(self, edge: Edge, size: Size) -> None:
        """Beside the middle of the line."""
        line = self._drawn.lines[edge.way.id]
        x = line[1][0] + _BESIDE
        y = (line[0][1] + line[-1][1] - size.height) // 2
        self._drawn.names[edge.way.id] = Box(x, y, *size)

    def _loop_name(self, edge: Edge, chain: Chain, size: Size) -> None:
        """Beside the line up or down; where the line goes around, over it or what stands there."""
        line = self._drawn.lines[edge.way.id]
        row, source = self._rows[chain], self._routing.row_of[edge.host]
        x, y = line[0]
        if x == line[1][0]:
            y = y - _BESIDE - size.height if row < source else y + _BESIDE
            self._drawn.names[edge.way.id] = Box(x + _BESIDE, y, *size)
            return
        here = [x for x in chain.nodes if self._columns[x] == self._columns[edge.host]]
        over = self._cells[here[0]].up if here else 0
        x = self._centre(edge.host) - size.width // 2
        self._drawn.names[edge.way.id] = Box(x, row - over - size.height - 3, *size)


def host_of(event: Node) -> str:
    """The task or sub-process that a boundary event is attached to."""
    assert event.on is not None, "only boundary events are asked for theirs"
    return event.on


def _between(one: tuple[int, int], middle: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether the middle one of three points lies on the straight line of the others."""
    return one[0] == middle[0] == other[0] or one[1] == middle[1] == other[1]


__all__ = ["Box", "Layout", "lay_out"]
