"""Soundness by token reachability, with the facts that hold on the way.

`Exploration` walks all states that a flow can be in: where tokens rest, which joins have what, the
outcomes that will be asked for, the facts, and the worlds (`worlds`) still possible. It says what
goes wrong with the path that leads there: the nodes in the order in which they are done.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from mingchi.flows.context import Obligation
from mingchi.flows.findings import Finding
from mingchi.flows.graph import Graph, Kind, Node
from mingchi.flows.net import Move, Net
from mingchi.flows.passing import Passing, Spot
from mingchi.flows.worlds import Worlds

MOST_STATES: Final = 20_000


class Came(NamedTuple):
    """How a state was first reached: from which, by passing what."""

    before: Spot | None
    passed: tuple[str, ...]


class Exploration:
    """All states from a first one. `run` fills `findings`."""

    def __init__(
        self,
        net: Net,
        worlds: Worlds,
        *,
        obligations: Sequence[Obligation],
        most_states: int = MOST_STATES,
    ) -> None:
        self.net = net
        self.passing = Passing(net, worlds)
        self.findings: dict[tuple[str, str], Finding] = {}
        self.came: dict[Spot, Came] = {}
        self._graph: Graph = net.graph
        self._obligations = obligations
        self._most_states = most_states
        self._back: dict[Spot, list[Spot]] = {}
        self.ended: dict[Spot, None] = {}
        self._todo: deque[Spot] = deque()
        self._by_bit = {bit: self._graph.nodes[node_id] for node_id, bit in net.bit.items()}

    def run(self, spot: Spot, moves: tuple[Move, ...], *, passed: tuple[str, ...] = ()) -> None:
        """From this spot with these moves still to be made."""
        self._advance(None, spot, moves, passed)
        while self._todo:
            if len(self.came) > self._most_states:
                message = f"more than {self._most_states} states; make the flow simpler"
                self._find("too-many-states", "", message, ())
                return
            self._expand(self._todo.popleft())
        if not self.findings:
            self._endless()

    def unreached(self) -> list[Finding]:
        """Nodes that no state passed: only told where all states were seen."""
        return [
            Finding(
                "dead-node",
                "no order can ever reach it",
                node.id,
                node.line,
                self._drawn_path(node),
            )
            for node in self._graph.nodes.values()
            if node.id not in self.passing.visited
        ]

    def _expand(self, spot: Spot) -> None:
        moved = False
        for after, moves, label in self._happenings(spot):
            moved = True
            self._advance(spot, after, moves, label)
        if not moved:
            self._deadlock(spot)

    def _advance(
        self, before: Spot | None, spot: Spot, moves: tuple[Move, ...], label: tuple[str, ...]
    ) -> None:
        for result in self.passing.advance(spot, moves):
            passed = label + result.passed
            for fault in result.faults:
                path = (*self.path(before), *label, *fault.passed)
                self._find(fault.code, fault.node, fault.message, path)
            if result.spot is None:
                continue
            if before is not None:
                self._back.setdefault(result.spot, []).append(before)
            new = result.spot not in self.came
            if new:
                self.came[result.spot] = Came(before, passed)
            if result.ended is not None:
                self.ended[result.spot] = None
                self._obliged(result.spot.facts, result.ended, (*self.path(before), *passed))
            elif new:
                self._todo.append(result.spot)

    # What can happen next

    def _happenings(self, spot: Spot) -> Iterator[tuple[Spot, tuple[Move, ...], tuple[str, ...]]]:
        rest = spot.marking
        heard: set[str] = set()
        while rest:
            bit = rest & -rest
            rest ^= bit
            node = self._by_bit.get(bit)
            if node is None:  # a half-arrived join
                continue
            yield from self._done(spot, node)
            for event in self._graph.timers.get(node.id, ()):
                after, moves = self.passing.event(spot, node, event)
                yield after, moves, (event.id,)
            heard.update(x.message or "" for x in self._graph.messages.get(node.id, ()))
        for message in sorted(heard):
            yield self._signal(spot, message)

    def _done(
        self, spot: Spot, node: Node
    ) -> Iterator[tuple[Spot, tuple[Move, ...], tuple[str, ...]]]:
        if node.kind in (Kind.USER, Kind.SERVICE):
            for outcome in self.net.outcomes[node.id]:
                after, moves = self.passing.complete(spot, node, outcome)
                yield after, moves, (node.id,)

    def _signal(self, spot: Spot, message: str) -> tuple[Spot, tuple[Move, ...], tuple[str, ...]]:
        """To all that listen, outermost first, as the interpreter does."""
        moves: tuple[Move, ...] = ()
        label: tuple[str, ...] = ()
        for bit, node, event in self.net.listeners[message]:
            if spot.marking & bit:
                spot, more = self.passing.event(spot, node, event)
                moves += more
                label += (event.id,)
        return spot, moves, label

    # What is wrong

    def _find(self, code: str, node_id: str, message: str, path: Sequence[str]) -> None:
        if (code, node_id) not in self.findings:
            line = self._graph.nodes[node_id].line if node_id else 0
            self.findings[code, node_id] = Finding(code, message, node_id, line, tuple(path))

    def path(self, spot: Spot | None) -> list[str]:
        """The nodes passed on the way to a state."""
        parts: list[tuple[str, ...]] = []
        while spot is not None:
            came = self.came[spot]
            parts.append(came.passed)
            spot = came.before
        return [node for part in reversed(parts) for node in part]

    def _deadlock(self, spot: Spot) -> None:
        for (join, way), bit in self.net.join_bits.items():
            mask = self.net.join_masks[join]
            if spot.marking & mask and not spot.marking & bit:
                message = f"it waits for ever for a token by {way!r}"
                self._find("deadlock", join, message, self.path(spot))
                return
        raise AssertionError("a token rests where nothing can happen")

    def _obliged(self, facts: frozenset[str], end: str, path: Sequence[str]) -> None:
        for obligation in self._obligations:
            settled = obligation.needs & (facts | self.net.perhaps)
            if obligation.given in facts and not settled:
                needs = " or ".join(sorted(obligation.needs))
                message = f"{obligation.message} at this end; a step before must give {needs}"
                self._find(f"not-{obligation.given}-settled", end, message, path)

    def _endless(self) -> None:
        """States from which no end can be reached."""
        good = set(self.ended)
        todo = list(self.ended)
        while todo:
            for before in self._back.get(todo.pop(), ()):
                if before not in good:
                    good.add(before)
                    todo.append(before)
        for spot in self.came:
            if spot not in good:
                bits = [bit for bit in self._by_bit if spot.marking & bit]
                node_id = self._by_bit[bits[0]].id if bits else ""
                message = "from here no end can ever be reached"
                self._find("endless", node_id, message, self.path(spot))
                return

    def _drawn_path(self, node: Node) -> tuple[str, ...]:
        """The shortest way to a node along the drawing, whether tokens can go it or not."""
        parents: dict[str, str] = {}
        todo = deque([self._graph.starts[""]])
        while todo:
            current = self._graph.nodes[todo.popleft()]
            after = [way.target for way in current.ways]
            after += [event.id for event in self._graph.boundaries.get(current.id, ())]
            if current.kind is Kind.SUBPROCESS:
                after.append(self._graph.starts[current.id])
            for target in after:
                if target not in parents:
                    parents[target] = current.id
                    todo.append(target)
        path = [node.id]
        while path[-1] in parents and parents[path[-1]] not in path:
            path.append(parents[path[-1]])
        return tuple(reversed(path))
