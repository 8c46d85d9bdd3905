"""All checks before a flow is published, on a compiled graph: `check`.

1. Each element by itself: steps, roles, conditions, tables (`_Elements`).
2. Soundness: every path ends, no deadlock, no dead node, no loop that nothing stops.
3. Facts: what a step requires holds on every path, what is owed at an end is settled.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from mingchi.flows.automatic import automatic_loops, long_advances
from mingchi.flows.cancelling import half_undone
from mingchi.flows.conditions import ConditionError, Conditions
from mingchi.flows.context import GUARDS, OBLIGATIONS, OUTCOMES
from mingchi.flows.findings import Finding, in_order
from mingchi.flows.graph import Graph, Kind, Node
from mingchi.flows.net import Move, Net
from mingchi.flows.passing import Spot
from mingchi.flows.soundness import Exploration
from mingchi.flows.state import CANCELLED, STOPPED, State, Token
from mingchi.flows.steps import Doing, Registry, Step
from mingchi.flows.tables import Table, uncovered
from mingchi.flows.worlds import Worlds, look_into

_TIMED: Final = frozenset({Kind.TIMER, Kind.BOUNDARY_TIMER, Kind.USER})


def check(
    graph: Graph,
    *,
    registry: Registry,
    conditions: Conditions,
    tables: Mapping[str, Table] | None = None,
    facts: Collection[str] = (),
    strict: bool = True,
    at: State | None = None,
    kind: str = "",
) -> list[Finding]:
    """What is wrong with a flow; an empty list: it is sound and may be published.

    `facts` hold at the start (an order starts with `reserved`) or, with `at`, now. `at`: check from
    this state of an instance on, which a migration needs; then nodes behind it may be dead.
    `tables`: the decision tables by name, None where they are not at hand. `strict`: steps must be
    registered; without it, those that are not may do and give anything. `kind`: what the flow is
    for, where that is known; steps of other kinds are refused.
    """
    elements = _Elements(graph, registry, conditions, tables, strict, kind)
    findings = elements.look()
    if any(finding.code == "bad-condition" for finding in findings):
        return in_order(findings)
    loops = automatic_loops(graph)
    findings += loops
    if not loops:
        findings += long_advances(graph)
        net = Net(graph, registry, conditions, tables or {}, strict)
        findings += _reachable(net, facts, at)
    return in_order(findings)


def _reachable(net: Net, facts: Collection[str], at: State | None) -> list[Finding]:
    graph = net.graph
    worlds = look_into(graph, conditions=net.conditions, guards=GUARDS, outcomes=net.brought)
    exploration = Exploration(net, worlds, obligations=OBLIGATIONS)
    start = graph.nodes[graph.starts[""]]
    spot = Spot(0, (), frozenset(facts), worlds.every)
    found = _gaps(graph, worlds)
    if at is None:
        exploration.run(spot, net.moves(start, ""), passed=(start.id,))
    elif at.ended is None and not at.token_at(CANCELLED):
        spot, moves, faults = _from_state(net, spot, at)
        if faults:
            return found + faults
        exploration.run(spot, moves)
    found += exploration.findings.values()
    seen_all = not any(finding.code in ("too-many-states", "doubled") for finding in found)
    if at is None and seen_all:
        found += exploration.unreached()
    if at is None and not found:
        found += half_undone(exploration, worlds)
    return found


def _gaps(graph: Graph, worlds: Worlds) -> list[Finding]:
    """Choices for which no way may be open."""
    found = []
    for node_id, choice in worlds.choices.items():
        if choice.gap is not None:
            node = graph.nodes[node_id]
            values = ", ".join(f"{name} = {value}" for name, value in choice.gap.items())
            message = f"no way is open for {values}; add a default way"
            found.append(Finding("no-default", message, node_id, node.line))
    return found


def _from_state(net: Net, spot: Spot, state: State) -> tuple[Spot, tuple[Move, ...], list[Finding]]:
    """The spot of a running instance; what stands still to be tried again is moved on."""
    moves: tuple[Move, ...] = ()
    resting: list[Token] = []
    faults = []
    for token in state.tokens.values():
        node = net.graph.nodes.get(token.node)
        if node is None:
            faults.append(Finding("not-there", "a token rests on it; it is not there", token.node))
        elif token.undo:
            moves += net.moves(node, token.outcome)
        elif token.trouble == STOPPED:
            moves += (Move("", node.id, net.kept(node.id, token.outcome)),)
        elif node.id not in net.bit:
            faults.append(Finding("not-there", "no token can rest here", node.id, node.line))
        else:
            resting.append(token)
    marking = 0
    for element, bit in [*((x.node, net.bit[x.node]) for x in resting), *_arrivals(net, state)]:
        if not bit:
            faults.append(Finding("not-there", "a token came by a way that is gone", element))
        if marking & bit:
            faults.append(Finding("doubled", "two tokens are here at once", element))
        marking |= bit
    kept = [(net.bit[x.node], net.kept(x.node, x.outcome)) for x in resting]
    outcomes = tuple(sorted(one for one in kept if one[1]))
    return Spot(marking, outcomes, spot.facts, spot.worlds), moves, faults


def _arrivals(net: Net, state: State) -> Iterator[tuple[str, int]]:
    """The joins that wait, with the bit of each token that came; 0 for a way that is gone."""
    for (_, join), ways in state.arrivals.items():
        for way, count in ways.items():
            yield from [(join, net.join_bits.get((join, way), 0))] * count


class _Elements:
    """The first group: each element by itself."""

    def __init__(
        self,
        graph: Graph,
        registry: Registry,
        conditions: Conditions,
        tables: Mapping[str, Table] | None,
        strict: bool,
        kind: str,
    ) -> None:
        self._graph = graph
        self._kind = kind
        self._registry = registry
        self._conditions = conditions
        self._tables = tables
        self._strict = strict
        self._heard = {node.message for node in graph.nodes.values() if node.message}
        self._findings: list[Finding] = []

    def look(self) -> list[Finding]:
        for node in self._graph.nodes.values():
            if node.kind is Kind.USER and not node.role:
                self._find("no-role", "a user task needs a role", node)
            if node.kind is Kind.SERVICE and not node.step:
                self._find("no-step", "a service task needs a step", node)
            if node.kind is Kind.RULE and not node.table:
                self._find("no-table", "a business-rule task needs a decision table", node)
            if node.step:
                self._step(node, node.step)
            if node.table:
                self._table(node, node.table)
            self._way_conditions(node)
        return self._findings

    def _find(self, code: str, message: str, node: Node) -> None:
        self._findings.append(Finding(code, message, node.id, node.line))

    def _step(self, node: Node, name: str) -> None:
        step = self._registry.get(name)
        if step is None:
            if self._strict:
                self._find("unknown-step", f"no step {name!r} is registered", node)
            return
        if self._kind and not step.fits(self._kind):
            kinds = " or ".join(sorted(step.kinds))
            message = f"{name!r} is for a {kinds} flow; take it out, this is a flow of {self._kind}"
            self._find("other-kind", message, node)
        if step.retired:
            self._find("retired-step", f"{name!r} is not drawn any more: {step.retired}", node)
        for message in sorted(step.answered - self._heard):
            self._find(
                "not-heard",
                f"nothing in this flow waits for {message!r}, which may follow on {name!r}: draw "
                "a wait for this message after it",
                node,
            )
        if node.kind is Kind.USER:
            self._human(node, step)
        elif step.doing is Doing.HUMAN:
            self._find("not-automatic", f"{name!r} is done by a person: a user task", node)

    def _human(self, node: Node, step: Step) -> None:
        if step.doing is Doing.AUTOMATIC:
            self._find("not-human", f"{step.name!r} runs by itself: a service task", node)
        elif step.actors and node.role and node.role not in step.actors:
            allowed = ", ".join(sorted(step.actors))
            message = f"{step.name!r} is for {allowed}; a flow can't give it to {node.role!r}"
            self._find("wider-role", message, node)

    def _table(self, node: Node, name: str) -> None:
        if self._tables is None:
            return
        table = self._tables.get(name)
        if table is None:
            self._find("unknown-table", f"there is no decision table {name!r}", node)
            return
        if table.durations is not (node.kind in _TIMED):
            asked = "a duration" if node.kind in _TIMED else "an outcome"
            self._find("table-type", f"the table {name!r} does not give {asked}", node)
        case = uncovered(table)
        if case is not None:
            values = ", ".join(f"{one} = {value}" for one, value in case.items())
            message = f"no row of the table {name!r} fits {values}; add a default row"
            self._find("not-covered", message, node)

    def _way_conditions(self, node: Node) -> None:
        for way in node.ways:
            if way.condition is None:
                continue
            try:
                condition = self._conditions.compile(way.condition)
            except ConditionError as error:
                message = f"{way.condition[:100]!r}: {error}"
                self._findings.append(Finding("bad-condition", message, way.id, way.line))
                continue
            for read in condition.outcome_nodes if OUTCOMES in condition.names else ():
                if read not in self._graph.nodes:
                    message = f"{OUTCOMES}.{read}: there is no node {read!r}"
                    self._findings.append(Finding("bad-condition", message, way.id, way.line))
