"""Lines between shapes that stand: along rows and down the spaces between columns, or straight up
and down from a gateway where nothing stands in the way.

The horizontal places are not known yet: they depend on how many lines share a space. So a point has
a *mark* instead (`("left", node)`, `("track", 3)`), which `x` of the layout turns into a place.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Final, NamedTuple

from mingchi.flows.chains import Chain, Chains, Edge
from mingchi.flows.placing import Cell
from mingchi.flows.sizes import EVENT

Mark = tuple[str, str | int]
Point = tuple[Mark, int]
_MOST_ORDERED: Final = 5
_STUB: Final = 12
_EVENT_HALF: Final = EVENT[1] // 2


class End(NamedTuple):
    """Where a track meets a row, and on which side of it the line goes on."""

    row: int
    right: bool


@dataclass
class Track:
    """A piece of a line that goes up or down in the space behind column `space`. Those of the same
    source or the same target (`group`) may lie on each other."""

    space: int
    group: str
    ends: tuple[End, End]

    @property
    def top(self) -> int:
        return min(end.row for end in self.ends)

    @property
    def bottom(self) -> int:
        return max(end.row for end in self.ends)


@dataclass
class Routing:
    """`row_of` each node; `above` its row or below it stands its name, where it is a gateway.
    Fills `lines`, by id of the way, and `tracks`."""

    chains: Chains
    rows: Mapping[Chain, int]
    cells: Mapping[str, Cell]
    is_gateway: Callable[[str], bool]
    is_hosting: Callable[[str], bool]
    named_side: Mapping[str, int]
    lines: dict[str, list[Point]] = field(default_factory=dict)
    tracks: list[Track] = field(default_factory=list)
    row_of: dict[str, int] = field(default_factory=dict)

    def run(self) -> None:
        """Draws every way."""
        self._by_column: dict[int, list[str]] = {}
        self._used: dict[tuple[str, int], bool] = {}
        every = [chain for main in self.chains.mains for chain in main.all()]
        for chain in every:
            for node in chain.nodes:
                self.row_of[node] = self.rows[chain]
                self._by_column.setdefault(self.chains.columns[node], []).append(node)
        for chain in every:
            self._chain(chain)

    def _chain(self, chain: Chain) -> None:
        left, right = ("right", "left") if chain.back else ("left", "right")
        for edge in chain.links:
            row = self.rows[chain]
            self._draw(edge, [((right, edge.host), row), ((left, edge.target), row)])
        if not chain.nodes and chain.entry is not None:
            self._way(chain, chain.entry)
            return
        if chain.entry is not None:
            first = chain.nodes[0]
            self._draw(chain.entry, self._from(chain.entry, chain, first))
        if chain.leave is not None:
            self._draw(chain.leave, self._to(chain.leave, chain, chain.nodes[-1]))

    def _draw(self, edge: Edge, points: list[Point]) -> None:
        self.lines[edge.way.id] = points

    def _way(self, chain: Chain, edge: Edge) -> None:
        """A way between two other chains, in a row of its own unless it is short."""
        if chain not in self.rows:
            self._draw(edge, self._across(edge))
            return
        self._draw(edge, [*self._out(edge, chain), *self._in(edge, chain)])

    def _across(self, edge: Edge) -> list[Point]:
        source, target = self.row_of[edge.host], self.row_of[edge.target]
        points: list[Point] = [(("right", edge.host), source)]
        if source != target:
            space = self.chains.columns[edge.host]
            mark = self._track(space, edge.host, End(source, False), End(target, True))
            points += [(mark, source), (mark, target)]
        return [*points, (("left", edge.target), target)]

    # Between a row and what stands on another one

    def _from(self, edge: Edge, chain: Chain, first: str) -> list[Point]:
        """From where a chain begins to its first node."""
        row = self.rows[chain]
        points = self._out(edge, chain)
        if len(points) == 2 and chain.back and self._is_beside(first, edge.host):
            mark, _ = points[0]
            return [points[0], (mark, self._facing(first, row, self.row_of[edge.host]))]
        return [*points, (("right" if chain.back else "left", first), row)]

    def _to(self, edge: Edge, chain: Chain, last: str) -> list[Point]:
        """From the last node of a chain to where it leads."""
        row = self.rows[chain]
        points = self._in(edge, chain)
        if len(points) == 2 and chain.back and self._is_beside(last, edge.target):
            mark, _ = points[1]
            return [(mark, self._facing(last, row, self.row_of[edge.target])), points[1]]
        return [(("left" if chain.back else "right", last), row), *points]

    def _is_beside(self, one: str, other: str) -> bool:
        return self.chains.columns[one] == self.chains.columns[other]

    def _facing(self, node: str, row: int, other: int) -> int:
        """The edge of a shape on one row that faces another row."""
        cell = self.cells[node]
        return row + cell.shape_down if row < other else row - cell.shape_up

    def _out(self, edge: Edge, chain: Chain) -> list[Point]:
        """From a shape to the row of the chain that begins at it."""
        row, source = self.rows[chain], self.row_of[edge.host]
        column = self.chains.columns[edge.host]
        if edge.from_boundary:
            return self._down(edge, chain)
        side = self._side(source, row)
        if self.is_gateway(edge.host) and self._port(edge.host, row, into=False):
            mark: Mark = ("centre", edge.host)
            return [(mark, self._border(edge.host, side)), (mark, row)]
        if source == row:
            return [(("right", edge.host), row)]
        ends = End(source, False), End(row, not chain.back)
        mark = self._track(column, edge.host, *ends)
        return [(("right", edge.host), source), (mark, source), (mark, row)]

    def _down(self, edge: Edge, chain: Chain) -> list[Point]:
        """From a boundary event, around what stands below its task."""
        row, host = self.rows[chain], self.row_of[edge.host]
        mark: Mark = ("event", edge.shape)
        start = host + self.cells[edge.host].shape_down + _EVENT_HALF
        if not self._blocked(edge.host, row):
            return [(mark, start), (mark, row)]
        beside = start + _STUB
        ends = End(beside, False), End(row, not chain.back)
        track = self._track(self.chains.columns[edge.host], edge.shape, *ends)
        return [(mark, start), (mark, beside), (track, beside), (track, row)]

    def _in(self, edge: Edge, chain: Chain) -> list[Point]:
        """From the row of a chain to the shape that it leads to."""
        row, target = self.rows[chain], self.row_of[edge.target]
        side = self._side(target, row)
        upright = self.is_gateway(edge.target) or (
            chain.back and not (side > 0 and self.is_hosting(edge.target))
        )
        if upright and self._port(edge.target, row, into=True):
            mark: Mark = ("centre", edge.target)
            return [(mark, row), (mark, self._border(edge.target, side))]
        if row == target and not chain.back:
            return [(("left", edge.target), row)]
        space = self.chains.columns[edge.target] - 1
        track = self._track(space, edge.target, End(row, chain.back), End(target, True))
        return [(track, row), (track, target), (("left", edge.target), target)]

    # Ports and tracks

    def _side(self, row: int, other: int) -> int:
        return (other > row) - (other < row)

    def _border(self, node: str, side: int) -> int:
        cell = self.cells[node]
        return self.row_of[node] + (cell.shape_down if side > 0 else -cell.shape_up)

    def _port(self, node: str, row: int, *, into: bool) -> bool:
        """Whether a line can go straight up or down between a node and a row."""
        side = self._side(self.row_of[node], row)
        if not side or self.named_side.get(node) == side or self._blocked(node, row):
            return False
        return self._used.setdefault((node, side), into) is into

    def _blocked(self, node: str, row: int) -> bool:
        """Whether something stands between a node and a row in the node's column."""
        low, high = sorted((self.row_of[node], row))
        for other in self._by_column[self.chains.columns[node]]:
            if other != node:
                cell, at = self.cells[other], self.row_of[other]
                if at != row and at + cell.down > low and at - cell.up < high:
                    return True
        return False

    def _track(self, space: int, group: str, one: End, other: End) -> Mark:
        self.tracks.append(Track(space, group, (one, other)))
        return ("track", len(self.tracks) - 1)


def lanes(tracks: list[Track], space: int) -> dict[int, int]:
    """The place of each track of a space, from the left: those of a group share one, all others
    stand beside each other, in the order in which the fewest lines cross."""
    here = [(number, track) for number, track in enumerate(tracks) if track.space == space]
    groups: dict[str, list[int]] = {}
    for number, track in here:
        groups.setdefault(track.group, []).append(number)
    names = sorted(groups, key=lambda name: tracks[groups[name][0]].top)
    if 1 < len(names) <= _MOST_ORDERED:
        names = list(min(permutations(names), key=lambda order: _crossings(tracks, groups, order)))
    return {number: place for place, name in enumerate(names) for number in groups[name]}


def _crossings(tracks: list[Track], groups: Mapping[str, list[int]], order: Iterable[str]) -> int:
    """How often a line that leads to a track or away from it crosses another track."""
    place = {number: at for at, name in enumerate(order) for number in groups[name]}
    count = 0
    for one in place:
        for other in place:
            if place[one] == place[other]:
                continue
            for end in tracks[other].ends:
                passes = (place[one] > place[other]) if end.right else (place[one] < place[other])
                count += passes and tracks[one].top < end.row < tracks[one].bottom
    return count
