"""Stepping flows in tests: the happenings that are possible, and carrying one out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from mingchi.flows import interpreter
from mingchi.flows.conditions import Conditions
from mingchi.flows.context import ORDER
from mingchi.flows.deciding import Decider
from mingchi.flows.effects import Advance
from mingchi.flows.graph import Graph, Kind
from mingchi.flows.state import State

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
CONDITIONS = Conditions(ORDER)
OUTCOMES = ("o0", "o1", "o2", "done")


class Happening(NamedTuple):
    """`kind`: complete, job, fire or signal. `node`: the task, the event, or the message's name."""

    kind: str
    token: int
    node: str
    outcome: str = ""


def decider(values: Mapping[str, Any]) -> Decider:
    return Decider(CONDITIONS, values)


def possible(graph: Graph, state: State) -> list[Happening]:
    """All that can happen in a state, in a fixed order."""
    found = []
    for token in state.tokens.values():
        kind = graph.nodes[token.node].kind
        if kind is Kind.USER:
            found += [Happening("complete", token.id, token.node, one) for one in OUTCOMES]
        elif kind is Kind.SERVICE:
            found.append(Happening("job", token.id, token.node))
        for event in graph.timers.get(token.node, ()):
            found.append(Happening("fire", token.id, event.id))
        for event in graph.messages.get(token.node, ()):
            found.append(Happening("signal", token.id, event.message or ""))
    return found


def happen(graph: Graph, state: State, what: Happening, decide: Decider) -> Advance:
    common: dict[str, Any] = {"now": NOW + timedelta(hours=1), "decide": decide}
    if what.kind == "complete":
        return interpreter.complete(graph, state, token=what.token, outcome=what.outcome, **common)
    if what.kind == "job":
        return interpreter.job_done(graph, state, token=what.token, **common)
    if what.kind == "fire":
        return interpreter.fire(graph, state, token=what.token, node=what.node, **common)
    return interpreter.signal(graph, state, name=what.node, **common)
