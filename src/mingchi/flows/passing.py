"""One advance of the exploration: what the interpreter does at once, along every choice.

It mirrors `moving` on bits. What differs: every way of a choice that is possible is taken, eager
tasks are passed at once, and tokens that meet where one is expected are told as a fault.
"""

from collections.abc import Iterator
from typing import NamedTuple

from mingchi.flows.graph import WAITS, Kind, Node
from mingchi.flows.net import Move, Net
from mingchi.flows.worlds import Worlds


class Spot(NamedTuple):
    """A state: bits of resting tokens and arrivals, outcomes that will be asked for (by bit),
    facts, and the worlds still possible."""

    marking: int
    outcomes: tuple[tuple[int, str], ...]
    facts: frozenset[str]
    worlds: int


class Fault(NamedTuple):
    """Something wrong on entering a node."""

    code: str
    node: str
    message: str
    passed: tuple[str, ...]


class Result(NamedTuple):
    """Where an advance came to rest; None where a fault stopped it. `ended`: the end node."""

    spot: Spot | None
    passed: tuple[str, ...]
    faults: tuple[Fault, ...]
    ended: str | None


class _Course:
    """An advance on its way: what is still to be moved, and which ends are still to be looked at.
    It is over where `stopped` by a fault or `ended` at an end node. Changed in place; `split`
    where a choice leads both ways."""

    __slots__ = (
        "ended", "ends", "facts", "faults", "marking", "moves", "outcomes", "passed", "stopped",
        "worlds",
    )  # fmt: skip

    def __init__(self, spot: Spot, moves: tuple[Move, ...]) -> None:
        self.marking, self.outcomes, self.facts, self.worlds = spot
        self.moves = list(reversed(moves))
        self.ends: list[tuple[str, str, str]] = []
        self.passed: list[str] = []
        self.faults: tuple[Fault, ...] = ()
        self.stopped = False
        self.ended: str | None = None

    @property
    def spot(self) -> Spot:
        return Spot(self.marking, self.outcomes, self.facts, self.worlds)

    def split(self) -> "_Course":
        other = _Course(self.spot, ())
        other.moves = self.moves.copy()
        other.ends = self.ends.copy()
        other.passed = self.passed.copy()
        other.faults = self.faults
        return other

    def go(self, moves: tuple[Move, ...]) -> None:
        """Moves to be made after those that wait; the last of the list comes first."""
        self.moves[:0] = moves[::-1]

    def take(self, bits: int) -> None:
        """Takes the tokens of these bits away."""
        self.marking &= ~bits
        if self.outcomes:
            self.outcomes = tuple(one for one in self.outcomes if not one[0] & bits)

    def fault(self, code: str, node: Node, message: str) -> None:
        self.faults += (Fault(code, node.id, message, (*self.passed, node.id)),)


class Passing:
    """Advances spots of one net. `visited`: all nodes that any advance entered."""

    def __init__(self, net: Net, worlds: Worlds) -> None:
        self._net = net
        self._graph = net.graph
        self._worlds = worlds
        self.visited: set[str] = {net.graph.starts[""]}

    def advance(self, spot: Spot, moves: tuple[Move, ...]) -> Iterator[Result]:
        """Every way in which these moves can come to rest."""
        courses = [_Course(spot, moves)]
        while courses:
            course = courses.pop()
            while not course.stopped and course.ended is None:
                if course.moves:
                    self._enter(course, courses)
                elif course.ends:
                    self._close(course)
                else:
                    break
            reached = None if course.stopped else course.spot
            yield Result(reached, tuple(course.passed), course.faults, course.ended)

    # Happenings

    def complete(self, spot: Spot, node: Node, outcome: str) -> tuple[Spot, tuple[Move, ...]]:
        """A task is done with this outcome ("" where it doesn't matter)."""
        brought = dict(spot.outcomes).get(self._net.bit[node.id], "")
        told = outcome if self._net.tells(node) else brought
        spot = self._taken(spot, self._net.bit[node.id])
        doing = self._net.doings[node.id]
        if outcome in ("", doing.assent) and (doing.provides or doing.removes):
            spot = spot._replace(facts=(spot.facts - doing.removes) | doing.provides)
        return spot, self._net.moves(node, told)

    def event(self, spot: Spot, node: Node, event: Node) -> tuple[Spot, tuple[Move, ...]]:
        """An event has come for the token that rests on a node."""
        self.visited.add(event.id)
        bit = self._net.bit[node.id]
        brought = dict(spot.outcomes).get(bit, "")
        if event.kind is Kind.BOUNDARY_MESSAGE and node.kind is Kind.SUBPROCESS:
            spot = self._undone(spot, node)
        spot = self._taken(spot, bit | self._net.inside.get(node.id, 0))
        return spot, self._net.moves(event, brought)

    def _undone(self, spot: Spot, node: Node) -> Spot:
        """A cancellation undoes what was done inside: the tasks whose facts hold."""
        facts = spot.facts
        for doing in self._net.undoable.get(node.id, ()):
            if doing.provides <= facts:
                facts = (facts - doing.undo_removes) | doing.undo_provides
        return spot._replace(facts=facts)

    def _taken(self, spot: Spot, bits: int) -> Spot:
        """Without the tokens of these bits."""
        outcomes = spot.outcomes
        if outcomes:
            outcomes = tuple(one for one in outcomes if not one[0] & bits)
        return Spot(spot.marking & ~bits, outcomes, spot.facts, spot.worlds)

    # Entering

    def _enter(self, course: _Course, courses: list[_Course]) -> None:
        """Moves one token into its node; where it can go several ways, adds courses."""
        move = course.moves.pop()
        node = self._graph.nodes[move.target]
        self.visited.add(node.id)
        if node.kind in WAITS:
            self._rest(course, node, move)
            return
        course.passed.append(node.id)
        if node.kind is Kind.EXCLUSIVE:
            self._choose(course, node, move, courses)
        elif node.kind is Kind.PARALLEL:
            self._join(course, node, move)
        elif node.kind is Kind.RULE:
            *others, last = self._net.outcomes[node.id]
            for outcome in others:
                other = course.split()
                other.go(self._net.moves(node, outcome))
                courses.append(other)
            course.go(self._net.moves(node, last))
        else:
            if node.kind is Kind.TERMINATE:
                self._terminate(course, node.inside)
            course.ends.append((node.inside, node.id, move.outcome))

    def _rest(self, course: _Course, node: Node, move: Move) -> None:
        net, bit = self._net, self._net.bit[node.id]
        if course.marking & bit:
            course.fault("doubled", node, "two tokens can be here at once")
            course.stopped = True
            return
        self._require(course, node)
        if node.id in net.eager:
            course.passed.append(node.id)
            task = node.kind in (Kind.USER, Kind.SERVICE) and net.tells(node)
            course.go(net.moves(node, net.outcomes[node.id][0] if task else move.outcome))
            return
        if move.outcome:
            course.outcomes = tuple(sorted((*course.outcomes, (bit, move.outcome))))
        course.marking |= bit
        if node.kind is Kind.SUBPROCESS:
            first = self._graph.nodes[self._graph.starts[node.id]]
            self.visited.add(first.id)
            course.passed += (node.id, first.id)
            course.go(net.moves(first, move.outcome))

    def _require(self, course: _Course, node: Node) -> None:
        doing = self._net.doings.get(node.id)
        if doing is None or doing.requires is None:
            return
        # A guard that the flow asks for is in play: what no step gives, it gives or nothing does.
        perhaps = self._net.perhaps - self._worlds.guards.keys()
        for given in self._worlds.facts(course.worlds):
            held = course.facts | given
            if not doing.requires.met(held, perhaps=perhaps):
                has = ", ".join(sorted(held)) or "nothing"
                message = f"{node.step} requires {doing.requires.text}; here holds {has}"
                course.fault("missing-fact", node, message)
                return

    def _choose(self, course: _Course, node: Node, move: Move, courses: list[_Course]) -> None:
        choice = self._worlds.choices[node.id]
        masks = choice.worlds.get(move.outcome)
        if masks is None:  # from a state of another version: an outcome nobody counted with
            masks = (self._worlds.every,) * len(node.ways)
        steps = self._net.moves(node, move.outcome)
        open_ways = [
            (step, course.worlds & mask)
            for step, mask in zip(steps, masks, strict=True)
            if course.worlds & mask
        ]
        if not open_ways:  # told as a gap of the choice
            course.stopped = True
            return
        for step, worlds in open_ways[1:]:
            other = course.split()
            other.worlds = worlds
            other.go((step,))
            courses.append(other)
        course.worlds = open_ways[0][1]
        course.go((open_ways[0][0],))

    def _join(self, course: _Course, node: Node, move: Move) -> None:
        mask = self._net.join_masks.get(node.id)
        if mask is not None:
            bit = self._net.join_bits.get((node.id, move.way), 0)
            if course.marking & bit:
                course.fault("doubled", node, f"two tokens can come by {move.way!r}")
                course.stopped = True
                return
            course.marking |= bit
            if course.marking & mask != mask:
                return
            course.marking &= ~mask
        course.go(self._net.moves(node, move.outcome))

    # Ending

    def _terminate(self, course: _Course, scope: str) -> None:
        """A terminate end takes everything else of its scope away."""
        if not scope:
            course.marking = 0
            course.outcomes = ()
            course.moves.clear()
            return
        gone = {scope} | self._net.scopes.get(scope, frozenset())
        nodes = self._graph.nodes
        course.moves = [move for move in course.moves if nodes[move.target].inside not in gone]
        course.take(self._net.inside.get(scope, 0))

    def _close(self, course: _Course) -> None:
        scope, end, outcome = course.ends.pop()
        if not scope:
            if not course.marking:
                course.ended = end
            return
        bit = self._net.bit[scope]
        if course.marking & bit and not course.marking & self._net.inside.get(scope, 0):
            course.take(bit)
            course.go(self._net.moves(self._graph.nodes[scope], outcome))
