"""A flow made ready for counting its states: bits for places, what each task does to facts, which
outcomes matter, which tasks need no look at all their interleavings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from mingchi.flows.automatic import passed_from
from mingchi.flows.conditions import Condition, Conditions
from mingchi.flows.context import OBLIGATIONS, OUTCOME
from mingchi.flows.facts import Requirement
from mingchi.flows.graph import WAITS, Graph, Kind, Node
from mingchi.flows.steps import Registry
from mingchi.flows.tables import Table
from mingchi.flows.worlds import OTHER

_TASKS: Final = frozenset({Kind.USER, Kind.SERVICE})


@dataclass(frozen=True, slots=True)
class Doing:
    """What a task does to facts once it is done with its assent, and what its undo does."""

    assent: str
    requires: Requirement | None
    provides: frozenset[str]
    removes: frozenset[str]
    undo_requires: Requirement | None = None
    undo_provides: frozenset[str] = frozenset()
    undo_removes: frozenset[str] = frozenset()

    @property
    def visible(self) -> bool:
        """Whether it matters when it happens."""
        return bool(self.requires or self.provides or self.removes)


_NOTHING: Final = Doing("", None, frozenset(), frozenset())


class Move(NamedTuple):
    """A token on its way into a node. `way` matters to joins only."""

    way: str
    target: str
    outcome: str


@dataclass
class Net:
    """`outcomes`: what a task can end with, as far as that matters: one entry "" where not.
    `brought`: the outcomes a token can bring to a node. Not `strict`, steps that are not registered
    may do anything, and registered ones may end otherwise than they say."""

    graph: Graph
    registry: Registry
    conditions: Conditions
    tables: Mapping[str, Table]
    strict: bool = True
    bit: dict[str, int] = field(default_factory=dict)
    join_bits: dict[tuple[str, str], int] = field(default_factory=dict)
    join_masks: dict[str, int] = field(default_factory=dict)
    inside: dict[str, int] = field(default_factory=dict)
    scopes: dict[str, frozenset[str]] = field(default_factory=dict)
    _moves: dict[tuple[str, str], tuple[Move, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._number()
        self._nest()
        self.doings = {x.id: self._doing(x) for x in self.graph.nodes.values() if x.kind in _TASKS}
        self.live = self._live()
        self.outcomes = {x.id: self._ends_with(x) for x in self.graph.nodes.values()}
        self.brought = self._brought()

    def _number(self) -> None:
        """A bit for every node that a token rests on and every way into a join."""
        count = 0
        for node in self.graph.nodes.values():
            if node.kind in WAITS:
                self.bit[node.id] = 1 << count
                count += 1
        for node in self.graph.nodes.values():
            for way in node.ways:
                target = self.graph.nodes[way.target]
                if target.kind is Kind.PARALLEL and target.incoming > 1:
                    bit = 1 << count
                    count += 1
                    self.join_bits[target.id, way.id] = bit
                    self.join_masks[target.id] = self.join_masks.get(target.id, 0) | bit

    def _nest(self) -> None:
        """Per sub-process: the bits of all that stands in it, and the scopes within."""
        for node in self.graph.nodes.values():
            bits = self.bit.get(node.id, 0) | self.join_masks.get(node.id, 0)
            scope = node.inside
            while scope:
                self.inside[scope] = self.inside.get(scope, 0) | bits
                if node.kind is Kind.SUBPROCESS:
                    self.scopes[scope] = self.scopes.get(scope, frozenset()) | {node.id}
                scope = self.graph.nodes[scope].inside

    def _doing(self, node: Node) -> Doing:
        step = self.registry.get(node.step) if node.step else None
        if step is None:
            return _NOTHING
        undo = self.registry.get(step.undo) if step.undo else None
        return Doing(
            assent=step.outcomes[0],
            requires=step.requires,
            provides=step.provides,
            removes=step.removes,
            undo_requires=undo.requires if undo else None,
            undo_provides=undo.provides if undo else frozenset(),
            undo_removes=undo.removes if undo else frozenset(),
        )

    @cached_property
    def perhaps(self) -> frozenset[str]:
        """Facts that steps which are not registered may give: those that no other step here gives.
        None where every step is registered."""
        steps = {node.step for node in self.graph.nodes.values() if node.step}
        if self.strict or all(step in self.registry for step in steps):
            return frozenset()
        asked = {fact for x in self.doings.values() if x.requires for fact in x.requires.facts}
        owed = {fact for obligation in OBLIGATIONS for fact in obligation.needs}
        given = {fact for doing in self.doings.values() for fact in doing.provides}
        return frozenset((asked | owed) - given)

    @cached_property
    def undoable(self) -> dict[str, tuple[Doing, ...]]:
        """Per sub-process: what in it gives facts and can be undone, the latest first."""
        found: dict[str, tuple[Doing, ...]] = {}
        for node_id, doing in self.doings.items():
            node = self.graph.nodes[node_id]
            scope = node.inside if node.undo is not None and doing.provides else ""
            while scope:
                found[scope] = (doing, *found.get(scope, ()))
                scope = self.graph.nodes[scope].inside
        return found

    @cached_property
    def listeners(self) -> dict[str, list[tuple[int, Node, Node]]]:
        """Per message: the bit and node on which a token hears it, and the event, outermost
        first."""
        found: dict[str, list[tuple[int, Node, Node]]] = {}
        for node_id, bit in self.bit.items():
            for event in self.graph.messages.get(node_id, ()):
                entry = (bit, self.graph.nodes[node_id], event)
                found.setdefault(event.message or "", []).append(entry)
        return found

    # Outcomes

    def reads_outcome(self, node: Node) -> list[Condition]:
        """The conditions of a gateway that ask for the token's outcome."""
        found = [self.conditions.compile(x.condition) for x in node.ways if x.condition is not None]
        return [one for one in found if OUTCOME in one.names]

    def _live(self) -> dict[str, frozenset[str]]:
        """Per node: the gateways at which the outcome of a token that enters may be read."""
        live = {node.id: frozenset[str]() for node in self.graph.nodes.values()}
        changed = True
        while changed:
            changed = False
            for node in reversed(self.graph.nodes.values()):  # type: ignore[call-overload]
                now = self._read_from(node, live)
                if now != live[node.id]:
                    live[node.id] = now
                    changed = True
        return live

    def _read_from(self, node: Node, live: Mapping[str, frozenset[str]]) -> frozenset[str]:
        found = frozenset[str]()
        for event in self.graph.boundaries.get(node.id, ()):
            found |= live[event.id]
        if node.kind is Kind.EXCLUSIVE and self.reads_outcome(node):
            found |= {node.id}
        if node.kind is Kind.SUBPROCESS:
            found |= live[self.graph.starts[node.id]]
        elif node.kind in (Kind.END, Kind.TERMINATE) and node.inside:
            found |= self._after(self.graph.nodes[node.inside], live)
        elif not self.tells(node):
            found |= self._after(node, live)
        return found

    def _after(self, node: Node, live: Mapping[str, frozenset[str]]) -> frozenset[str]:
        return frozenset().union(*(live[way.target] for way in node.ways))

    def tells(self, node: Node) -> bool:
        """Whether the node gives the token an outcome of its own."""
        if node.kind is Kind.SERVICE:
            step = self.registry.get(node.step) if node.step else None
            return step is not None and len(step.outcomes) > 1
        return node.kind in (Kind.USER, Kind.RULE)

    def _ends_with(self, node: Node) -> tuple[str, ...]:
        """What a task can say, where a choice or the facts depend on it."""
        if not self.tells(node):
            return ("",)
        readers = self._after(node, self.live)
        known = self._known_outcomes(node)
        if not readers:
            doing = self.doings.get(node.id, _NOTHING)
            matters = doing.provides or doing.removes
            return known if known and len(known) > 1 and matters else ("",)
        if known and (self.strict or self._asked(readers) <= frozenset(known)):
            return known
        return tuple(dict.fromkeys((*known, *self._guessed(readers))))

    def _known_outcomes(self, node: Node) -> tuple[str, ...]:
        step = self.registry.get(node.step) if node.step else None
        if node.kind is Kind.RULE:
            table = self.tables.get(node.table or "")
            return tuple(sorted(table.results)) if table else ()
        return step.outcomes if step is not None else node.outcomes

    def _guessed(self, readers: frozenset[str]) -> tuple[str, ...]:
        """Of a step that is not registered: what is asked for later, and something else where
        every choice that asks has a default."""
        literals = sorted(self._asked(readers))
        nodes = [self.graph.nodes[one] for one in readers]
        defaults = all(any(way.default for way in node.ways) for node in nodes)
        return (*literals, OTHER) if defaults or not literals else tuple(literals)

    def _asked(self, readers: frozenset[str]) -> frozenset[str]:
        """The outcomes that these gateways ask for."""
        nodes = [self.graph.nodes[one] for one in readers]
        asked = [one for node in nodes for one in self.reads_outcome(node)]
        return frozenset().union(*(one.strings for one in asked))

    def _brought(self) -> dict[str, frozenset[str]]:
        brought: dict[str, frozenset[str]] = {x.id: frozenset() for x in self.graph.nodes.values()}
        todo = [(self.graph.starts[""], "")]
        while todo:
            node_id, outcome = todo.pop()
            if outcome in brought[node_id]:
                continue
            brought[node_id] |= {outcome}
            node = self.graph.nodes[node_id]
            for event in self.graph.boundaries.get(node_id, ()):
                todo.append((event.id, outcome))
            if node.kind is Kind.SUBPROCESS:
                todo.append((self.graph.starts[node_id], outcome))
                continue
            ends = node.kind in (Kind.END, Kind.TERMINATE) and node.inside
            source = self.graph.nodes[node.inside] if ends else node
            for told in self.outcomes[node_id] if self.tells(node) else (outcome,):
                for way in source.ways:
                    todo.append((way.target, self.kept(way.target, told)))
        return brought

    def kept(self, node_id: str, outcome: str) -> str:
        """The outcome a token carries on, "" where nobody will ask for it."""
        return outcome if self.live[node_id] else ""

    def moves(self, node: Node, outcome: str) -> tuple[Move, ...]:
        """A token by every way out of a node."""
        found = self._moves.get((node.id, outcome))
        if found is None:
            found = tuple(Move(x.id, x.target, self.kept(x.target, outcome)) for x in node.ways)
            self._moves[node.id, outcome] = found
        return found

    # What needs no interleaving

    @cached_property
    def eager(self) -> frozenset[str]:
        """Tasks and events that may be passed as soon as they are reached, without losing a
        deadlock, a way or an end: they have one outcome, touch no facts, nothing interrupts them,
        no merge stands before them, and they end no scope."""
        return frozenset(node_id for node_id in self.bit if self._is_eager(node_id))

    def _is_eager(self, node_id: str) -> bool:
        node = self.graph.nodes[node_id]
        if node.kind in (Kind.SUBPROCESS, Kind.EVENTS) or node_id in self.graph.boundaries:
            return False
        if node.kind is Kind.MESSAGE and self._listeners(node.message) > 1:
            return False
        doing = self.doings.get(node_id, _NOTHING)
        if doing.visible or len(self.outcomes[node_id]) > 1 or self._after_merge(node_id):
            return False
        for passed in passed_from(self.graph, node):
            if passed.kind is Kind.TERMINATE or (passed.kind is Kind.END and passed.inside):
                return False
        return True

    def _listeners(self, message: str | None) -> int:
        return sum(1 for node in self.graph.nodes.values() if node.message == message)

    @cached_property
    def _sources(self) -> dict[str, list[Node]]:
        sources: dict[str, list[Node]] = {}
        for node in self.graph.nodes.values():
            for way in node.ways:
                sources.setdefault(way.target, []).append(node)
        return sources

    def _after_merge(self, node_id: str) -> bool:
        """Whether a merge stands between the node and where a token rests before it."""
        seen = set()
        while node_id not in seen:
            seen.add(node_id)
            sources = self._sources.get(node_id, [])
            if node_id in self.join_masks or not sources:
                return False
            if len(sources) > 1:
                return True
            if sources[0].kind in WAITS:
                return False
            node_id = sources[0].id
        return True
