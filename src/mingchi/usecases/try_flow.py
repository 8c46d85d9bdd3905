"""A drawing tried out on recent subjects: which path each would have taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mingchi.flows import Graph
from mingchi.flows.deciding import Decider
from mingchi.foundation.models import User
from mingchi.fulfilment import authoring, compiled, dry_run, subjects
from mingchi.fulfilment.dry_run import Given, Path
from mingchi.fulfilment.models import StepLog
from mingchi.fulfilment.subjects import Values
from mingchi.usecases import edit_flows, rights

MOST_SUBJECTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One subject and its path through the drawing."""

    subject: str
    path: Path


def try_flow(
    *, by: User, version_id: int, merchant_id: int, now: datetime, count: int = 100
) -> list[Tried]:
    """Walk the last `count` subjects of a merchant through a version, in memory. People say what
    they said of the same step, else yes. Errors: `flow_unreadable` 409, `not_found` 404,
    `not_allowed` 403."""
    rights.require(by, "flow.draft", merchant_id=merchant_id)
    with transaction.atomic():
        version = authoring.find(version_id)
        owner = version.definition.merchant_id
        if owner is not None:
            rights.require(by, "flow.draft", merchant_id=owner)
        drawn = edit_flows.graph(version)
        kind = version.definition.kind
        recent = subjects.of(kind).recent(merchant_id, min(count, MOST_SUBJECTS))
        tables = compiled.by_name(authoring.table_data(version), subjects.of(kind).context)
        given = _given(kind, recent)
        tried = []
        for subject in recent:
            decide = Decider(compiled.conditions(kind), Values(kind, subject), tables)
            path = dry_run.walk(drawn, decide=decide, given=given.get(subject, Given()), now=now)
            tried.append(Tried(subject=subject, path=path))
        return tried


def _given(kind: str, recent: Sequence[str]) -> Mapping[str, Given]:
    """What the log of each subject's own flow knows: outcomes by node and step, signals."""
    found = StepLog.objects.filter(
        instance__kind=kind,
        instance__subject__in=recent,
        event__in=["completed", "done", "received"],
    ).order_by("id")
    outcomes: dict[str, dict[str, str]] = {}
    signals: dict[str, set[str]] = {}
    rows = found.values_list("instance__subject", "instance__version", "event", "node", "values")
    for subject, version_id, event, node_id, values in rows:
        if event == "received":
            signals.setdefault(subject, set()).add((values or {}).get("signal", ""))
        elif said := (values or {}).get("outcome"):
            told = outcomes.setdefault(subject, {})
            told[node_id] = said
            if step := _step(version_id, node_id):
                told[step] = said
    return {
        subject: Given(
            outcomes=outcomes.get(subject, {}), signals=frozenset(signals.get(subject, ()))
        )
        for subject in outcomes.keys() | signals.keys()
    }


def _step(version_id: int | None, node_id: str) -> str | None:
    if version_id is None:
        return None
    graph: Graph = compiled.load(version_id).graph
    node = graph.nodes.get(node_id)
    return node.step if node else None
