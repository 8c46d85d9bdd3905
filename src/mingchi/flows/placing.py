"""How high each chain of a scope is drawn: one after the other, each beyond what stands there.

A scope has slots from left to right: column n is slot 2n, the space before it 2n - 1, the one
behind it 2n + 1. A chain claims room above and below its row in every slot that it passes, so no
two ever touch. Rows are counted in pixels down from the first chain's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from mingchi.flows.chains import Chain, Chains, Edge
from mingchi.flows.sizes import Size

_GAP: Final = 22
# Half the room of a line.
_LINE: Final = 4
_ABOVE_LINE: Final = 6
_ASIDE: Final = 12


class Cell(NamedTuple):
    """The room of a node above and below the row on which its lines end, its name with it, and
    that of the shape alone."""

    width: int
    up: int
    down: int
    shape_up: int
    shape_down: int
    shape_width: int


Claims = dict[int, tuple[int, int]]


def sides(chains: Chains) -> set[Chain]:
    """The chains that go above the first: loops, and ways past other nodes. What begins at a
    boundary event, on the lower edge of its task, goes below."""
    found: set[Chain] = set()
    for chain in chains.mains[0].branches if chains.mains else ():
        whole = list(chain.all())
        below = any(each.entry is not None and each.entry.from_boundary for each in whole)
        if not below and (chain.back or not chain.nodes):
            found.update(whole)
    return found


def is_direct(chain: Chain, columns: Mapping[str, int]) -> bool:
    """Whether it is a way from one column to the next, which needs no row."""
    edge = chain.entry
    if chain.nodes or chain.back or edge is None or edge.from_boundary:
        return False
    return columns[edge.target] == columns[edge.host] + 1


@dataclass
class Placing:
    """`cells` by node. `name_of`: the size of what is written at a way. `place_of`: from where on
    the lower edge of its task a boundary event's way begins, between 0 and 1."""

    chains: Chains
    above: set[Chain]
    cells: Mapping[str, Cell]
    name_of: Callable[[Edge], Size]
    place_of: Callable[[Edge], float]
    is_gateway: Callable[[str], bool]

    def run(self) -> dict[Chain, int]:
        """The row of every chain that has one."""
        self._rows: dict[Chain, int] = {}
        self._edges: dict[int, list[int]] = {}
        for main in self.chains.mains:
            self._put(main, 1)
            self._branches(main.branches)
        return self._rows

    def _branches(self, branches: Sequence[Chain]) -> None:
        """In the order in which the fewest lines cross, each with what begins at it."""
        for side in (-1, 1):
            pending = [x for x in branches if (x in self.above) is (side < 0)]
            for chain in self._in_order(pending):
                if not is_direct(chain, self.chains.columns):
                    self._put(chain, side)
                self._branches(chain.branches)

    def _put(self, chain: Chain, side: int) -> None:
        claims = self._claims(chain)
        if side < 0:
            row = min(
                (self._edge(slot, -1) - down - _GAP for slot, (_, down) in claims.items()),
                default=0,
            )
        else:
            row = max((self._edge(slot, 1) + up + _GAP for slot, (up, _) in claims.items()))
        if not self._rows:
            row = 0
        self._rows[chain] = row
        for slot, (up, down) in claims.items():
            top, bottom = self._edges.get(slot, [row, row])
            self._edges[slot] = [min(top, row - up), max(bottom, row + down)]

    def _edge(self, slot: int, side: int) -> int:
        """Up to where a slot is taken; where it is empty, up to the first row."""
        top, bottom = self._edges.get(slot, (0, 0))
        return top if side < 0 else bottom

    # What a chain claims

    def span(self, chain: Chain) -> tuple[int, int]:
        """The first and the last slot it passes."""
        columns = self.chains.columns
        ends = [2 * columns[node] for node in chain.nodes]
        if chain.entry is not None:
            source = 2 * columns[chain.entry.host]
            aside = self.is_gateway(chain.entry.host) or chain.entry.from_boundary
            ends.append(source if aside and not chain.back else source + 1)
        if chain.last is not None:
            target = 2 * columns[chain.last.target]
            entered = self.is_gateway(chain.last.target) and not chain.back
            ends.append(target if entered else target - 1)
        return min(ends), max(ends)

    def _claims(self, chain: Chain) -> Claims:
        columns = self.chains.columns
        first, last = self.span(chain)
        claims = dict.fromkeys(range(first, last + 1), (_LINE, _LINE))
        for edge in (chain.entry, *chain.links, chain.leave):
            name = self.name_of(edge) if edge is not None else None
            if edge is None or not name or not name.height:
                continue
            slot = 2 * columns[edge.host] + (0 if chain.back or edge.from_boundary else 1)
            room = name.height + (_ASIDE if chain.back else _ABOVE_LINE)
            _widen(claims, slot, room, room if chain.back else 0)
        if chain.entry is not None and chain.entry.from_boundary:
            _widen(claims, 2 * columns[chain.entry.host], self._name_height(chain.entry), 0)
        for node in chain.nodes:
            cell = self.cells[node]
            _widen(claims, 2 * columns[node], cell.up, cell.down)
        if chain.back and chain.nodes:  # the name stands beside the line to its first node
            self._lift(chain, claims)
        return claims

    def _name_height(self, edge: Edge) -> int:
        return self.name_of(edge).height + _ABOVE_LINE

    def _lift(self, chain: Chain, claims: Claims) -> None:
        assert chain.entry is not None
        slot = 2 * self.chains.columns[chain.entry.host]
        room = self.name_of(chain.entry).height
        if room and slot in claims:
            up, down = claims[slot]
            more = room + _ASIDE
            cell = self.cells[chain.nodes[0]]
            claims[slot] = max(up, cell.up + more), max(down, cell.down + more)

    # In which order

    def _in_order(self, pending: list[Chain]) -> Iterator[Chain]:
        spans = {chain: self._whole_span(chain) for chain in pending}
        crossed = {
            one: sum(self._crossings(other, spans[one]) for other in pending if other is not one)
            for one in pending
        }
        while pending:
            best = min(pending, key=lambda one: (crossed[one], spans[one][1] - spans[one][0]))
            pending.remove(best)
            for one in pending:
                crossed[one] -= self._crossings(best, spans[one])
            yield best

    def _whole_span(self, chain: Chain) -> tuple[float, int]:
        spans = [self.span(each) for each in chain.all()]
        first = min(first for first, _ in spans)
        begins = self._begins(chain)
        return max(first, begins) if begins < first + 1 else first, max(last for _, last in spans)

    def _begins(self, chain: Chain) -> float:
        assert chain.entry is not None, "what branches off has a way that leads into it"
        return 2 * self.chains.columns[chain.entry.host] + self.place_of(chain.entry)

    def _crossings(self, chain: Chain, span: tuple[float, int]) -> int:
        """How many of a chain's lines towards the first one cross one that passes these slots. A
        line from a boundary event can't go around a shape."""
        assert chain.entry is not None
        weight = 100 if chain.entry.from_boundary else 1
        crossings = weight * (span[0] < self._begins(chain) < span[1])
        if chain.last is not None:
            crossings += span[0] < 2 * self.chains.columns[chain.last.target] < span[1]
        return crossings


def _widen(claims: Claims, slot: int, up: int, down: int) -> None:
    if slot in claims:
        before = claims[slot]
        claims[slot] = max(before[0], up), max(before[1], down)
