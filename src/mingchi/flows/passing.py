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


class _Course(NamedTuple):
    """An advance on its way: what is still to be moved, and which ends are still to be looked at.
    It is over where `stopped` by a fault or `ended` at an end node."""

    spot: Spot
    moves: tuple[Move, ...]
    ends: tuple[tuple[str, str, str], ...] = ()
    passed: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    stopped: bool = False
    ended: str | None = None


class Passing:
    """Advances spots of one net. `visited`: all nodes that any advance entered."""

    def __init__(self, net: Net, worlds: Worlds) -> None:
        self._net = net
        self._graph = net.graph
        self._worlds = worlds
        self.visited: set[str] = {net.graph.starts[""]}

    def advance(self, spot: Spot, moves: tuple[Move, ...]) -> Iterator[Result]:
        """Every way in which these moves can come to rest."""
        todo = [_Course(spot, moves)]
        while todo:
            course = todo.pop()
            if course.stopped:
                yield Result(None, course.passed, course.faults, None)
            elif course.ended is not None:
                yield Result(course.spot, course.passed, course.faults, course.ended)
            elif course.moves:
                todo.extend(self._enter(course))
            elif course.ends:
                todo.append(self._close(course))
            else:
                yield Result(course.spot, course.passed, course.faults, None)

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
        for inner in reversed(list(self._graph.nodes.values())):
            doing = self._net.doings.get(inner.id)
            if doing is None or not self._within(inner, node.id):
                continue
            if inner.undo is not None and doing.provides and doing.provides <= facts:
                facts = (facts - doing.undo_removes) | doing.undo_provides
        return spot._replace(facts=facts)

    def _within(self, inner: Node, scope: str) -> bool:
        return inner.inside == scope or inner.inside in self._net.scopes.get(scope, ())

    def _taken(self, spot: Spot, bits: int) -> Spot:
        """Without the tokens of these bits."""
        outcomes = spot.outcomes
        if outcomes:
            outcomes = tuple(one for one in outcomes if not one[0] & bits)
        return Spot(spot.marking & ~bits, outcomes, spot.facts, spot.worlds)

    # Entering

    def _enter(self, course: _Course) -> list[_Course]:
        move, *rest = course.moves
        node = self._graph.nodes[move.target]
        self.visited.add(node.id)
        course = course._replace(moves=tuple(rest))
        if node.kind in WAITS:
            return [self._rest(course, node, move)]
        course = course._replace(passed=(*course.passed, node.id))
        if node.kind is Kind.EXCLUSIVE:
            return self._choose(course, node, move)
        if node.kind is Kind.PARALLEL:
            return [self._join(course, node, move)]
        if node.kind is Kind.RULE:
            return [
                course._replace(moves=course.moves + self._net.moves(node, outcome))
                for outcome in self._net.outcomes[node.id]
            ]
        end = (node.inside, node.id, move.outcome)
        if node.kind is Kind.TERMINATE:
            course = self._terminated(course, node.inside)
        return [course._replace(ends=(*course.ends, end))]

    def _rest(self, course: _Course, node: Node, move: Move) -> _Course:
        spot, bit = course.spot, self._net.bit[node.id]
        if spot.marking & bit:
            return self._doubled(course, node, "two tokens can be here at once")
        course = self._required(course, node)
        if node.id in self._net.eager:
            if node.kind in (Kind.USER, Kind.SERVICE):
                told = self._net.outcomes[node.id][0] if self._net.tells(node) else move.outcome
            else:
                told = move.outcome
            return course._replace(
                moves=course.moves + self._net.moves(node, told), passed=(*course.passed, node.id)
            )
        outcomes = spot.outcomes
        if move.outcome:
            outcomes = tuple(sorted((*outcomes, (bit, move.outcome))))
        spot = Spot(spot.marking | bit, outcomes, spot.facts, spot.worlds)
        course = course._replace(spot=spot)
        if node.kind is Kind.SUBPROCESS:
            first = self._graph.nodes[self._graph.starts[node.id]]
            self.visited.add(first.id)
            moves = course.moves + self._net.moves(first, move.outcome)
            course = course._replace(moves=moves, passed=(*course.passed, node.id, first.id))
        return course

    def _required(self, course: _Course, node: Node) -> _Course:
        doing = self._net.doings.get(node.id)
        if doing is None or doing.requires is None:
            return course
        spot = course.spot
        for given in self._worlds.facts(spot.worlds):
            held = spot.facts | given
            if not doing.requires.met(held):
                has = ", ".join(sorted(held)) or "nothing"
                message = f"{node.step} requires {doing.requires.text}; here holds {has}"
                fault = Fault("missing-fact", node.id, message, (*course.passed, node.id))
                return course._replace(faults=(*course.faults, fault))
        return course

    def _choose(self, course: _Course, node: Node, move: Move) -> list[_Course]:
        choice = self._worlds.choices[node.id]
        masks = choice.worlds.get(move.outcome)
        if masks is None:  # from a state of another version: an outcome nobody counted with
            masks = (self._worlds.every,) * len(node.ways)
        found = []
        for way, mask in zip(node.ways, masks, strict=True):
            worlds = course.spot.worlds & mask
            if worlds:
                step = Move(way.id, way.target, self._net.kept(way.target, move.outcome))
                spot = course.spot._replace(worlds=worlds)
                found.append(course._replace(spot=spot, moves=(*course.moves, step)))
        return found

    def _join(self, course: _Course, node: Node, move: Move) -> _Course:
        mask = self._net.join_masks.get(node.id)
        spot = course.spot
        if mask is not None:
            bit = self._net.join_bits[node.id, move.way]
            if spot.marking & bit:
                return self._doubled(course, node, f"two tokens can come by {move.way!r}")
            marking = spot.marking | bit
            if marking & mask != mask:
                return course._replace(spot=spot._replace(marking=marking))
            spot = spot._replace(marking=marking & ~mask)
        moves = course.moves + self._net.moves(node, move.outcome)
        return course._replace(spot=spot, moves=moves)

    def _doubled(self, course: _Course, node: Node, message: str) -> _Course:
        fault = Fault("doubled", node.id, message, (*course.passed, node.id))
        return course._replace(stopped=True, faults=(*course.faults, fault))

    # Ending

    def _terminated(self, course: _Course, scope: str) -> _Course:
        """A terminate end takes everything else of its scope away."""
        gone = {scope} | self._net.scopes.get(scope, frozenset())
        if not scope:
            return course._replace(spot=course.spot._replace(marking=0, outcomes=()), moves=())
        moves = tuple(x for x in course.moves if self._graph.nodes[x.target].inside not in gone)
        spot = self._taken(course.spot, self._net.inside.get(scope, 0))
        return course._replace(spot=spot, moves=moves)

    def _close(self, course: _Course) -> _Course:
        scope, end, outcome = course.ends[-1]
        rest = course._replace(ends=course.ends[:-1])
        spot = course.spot
        if not scope:
            if spot.marking:
                return rest
            return rest._replace(ended=end)
        bit = self._net.bit[scope]
        if not spot.marking & bit or spot.marking & self._net.inside.get(scope, 0):
            return rest
        node = self._graph.nodes[scope]
        moves = rest.moves + self._net.moves(node, outcome)
        return rest._replace(spot=self._taken(spot, bit), moves=moves)
