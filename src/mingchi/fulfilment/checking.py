"""A drawing checked: reading, the checks of `flows`, and what only this room knows."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mingchi.flows import REGISTRY, Graph, Kind, State
from mingchi.flows.checks import check
from mingchi.flows.findings import Finding, in_order
from mingchi.flows.reading import read_flow
from mingchi.flows.tables import Table, TableError, read_table
from mingchi.fulfilment import compiled, subjects
from mingchi.fulfilment.roles import ROLES


class Checked(NamedTuple):
    """The compiled flow, None where the file can't be read, and what is wrong with it."""

    graph: Graph | None
    findings: tuple[Finding, ...]


def look(
    bpmn: bytes,
    *,
    kind: str,
    tables: Iterable[object],
    facts: Collection[str] | None = None,
) -> Checked:
    """Check a file as a flow of this kind with these decision tables (plain data). `facts` hold at
    the start; None: those of the kind."""
    reading = read_flow(bpmn)
    if reading.graph is None:
        return Checked(None, reading.findings)
    context = subjects.of(kind).context
    read: dict[str, Table] = {}
    wrong = []
    for data in tables:
        try:
            table = read_table(data, context=context)
            read[table.name] = table
        except TableError as error:
            wrong.append(Finding("bad-table", str(error)))
    found = [
        *reading.findings,
        *wrong,
        *findings(reading.graph, kind=kind, tables=read, facts=facts),
    ]
    return Checked(reading.graph, tuple(in_order(found)))


def findings(
    graph: Graph,
    *,
    kind: str,
    tables: Mapping[str, Table],
    facts: Collection[str] | None = None,
    at: State | None = None,
) -> list[Finding]:
    """What is wrong with a compiled flow; with `at`, for an instance that stands there."""
    found = check(
        graph,
        registry=REGISTRY,
        conditions=compiled.conditions(kind),
        tables=tables,
        facts=subjects.of(kind).facts if facts is None else facts,
        at=at,
        kind=kind,
    )
    return [*found, *_roles(graph), *_people_reach_outside(graph)]


def _roles(graph: Graph) -> Iterator[Finding]:
    for node in graph.nodes.values():
        if node.role and node.role not in ROLES:
            known = ", ".join(sorted(ROLES))
            message = f"there is no role {node.role!r}; there are {known}"
            yield Finding("unknown-role", message, node.id, node.line)


def _people_reach_outside(graph: Graph) -> Iterator[Finding]:
    """What a person completes runs in the person's transaction, where nothing outside is called."""
    for node in graph.nodes.values():
        step = REGISTRY.get(node.step or "")
        if node.kind is Kind.USER and step is not None and step.outside:
            message = f"{step.name!r} reaches outside: put it in a service task after this one"
            yield Finding("outside-by-hand", message, node.id, node.line)


def tables_named(graph: Graph) -> frozenset[str]:
    """The decision tables that a flow asks."""
    return frozenset(node.table for node in graph.nodes.values() if node.table)


def sha256(bpmn: bytes) -> str:
    """What the checks were made of."""
    return hashlib.sha256(bpmn).hexdigest()


def to_json(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings for a JSON column."""
    return [finding.to_json() for finding in found]
