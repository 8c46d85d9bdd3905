"""Which facts hold of an instance now, by its log: what its steps gave and took."""

from collections.abc import Mapping
from typing import Any

from mingchi.flows import REGISTRY, Graph
from mingchi.fulfilment import compiled, subjects
from mingchi.fulfilment.instances import Locked
from mingchi.fulfilment.models import StepLog

_UNDONE, _MIGRATED = "undone", "migrated"
_EVENTS = ("completed", "done", _UNDONE, _MIGRATED)


def facts_now(instance: Locked) -> frozenset[str]:
    """The facts of the kind's start, and what the steps have made of them since; each step by the
    version under which it was done."""
    facts = set(subjects.of(instance.row.kind).facts)
    found = StepLog.objects.filter(instance=instance.row, event__in=_EVENTS).order_by("id")
    entries = [(one.event, one.node, one.values or {}) for one in found]
    moves = [values["from"] for event, _node, values in entries if event == _MIGRATED]
    graph = compiled.load(moves[0]).graph if moves else instance.compiled.graph
    for event, node_id, values in entries:
        if event == _MIGRATED:
            graph = compiled.load(values["to"]).graph
            continue
        node = graph.nodes[node_id]
        step = REGISTRY.get((node.undo if event == _UNDONE else node.step) or "")
        if step is not None and _assented(graph, node_id, values):
            facts = (facts - step.removes) | step.provides
    return frozenset(facts)


def _assented(graph: Graph, node_id: str, values: Mapping[str, Any]) -> bool:
    """Only the assent changes facts."""
    outcomes = graph.nodes[node_id].outcomes
    said = values.get("outcome", "")
    return not said or not outcomes or said == outcomes[0]
