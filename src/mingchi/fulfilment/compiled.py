"""Published versions as the interpreter takes them: read once a process, as they never change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mingchi.flows import Graph
from mingchi.flows.conditions import Conditions
from mingchi.flows.context import Context
from mingchi.flows.deciding import Decider
from mingchi.flows.tables import Table, read_table
from mingchi.fulfilment import subjects
from mingchi.fulfilment.models import FlowVersion, TablePin
from mingchi.fulfilment.reach import Reach


@dataclass(frozen=True)
class Compiled:
    """A version with its decision tables by name."""

    version_id: int
    number: int
    kind: str
    graph: Graph
    tables: Mapping[str, Table]
    reach: Reach

    def decider(self, values: Mapping[str, object]) -> Decider:
        """What answers the interpreter's questions from these values."""
        return Decider(conditions(self.kind), values, self.tables)


@lru_cache(maxsize=1024)
def load(version_id: int) -> Compiled:
    """A version that runs or ran. Raises StateError where its graph has another form."""
    version = FlowVersion.objects.select_related("definition").get(pk=version_id)
    assert version.status != FlowVersion.Status.DRAFT, "a draft changes, so it never runs"
    graph = Graph.from_json(version.graph or {})
    kind = version.definition.kind
    pins = TablePin.objects.filter(version=version).select_related("table")
    context = subjects.of(kind).context
    return Compiled(
        version_id=version_id,
        number=version.number,
        kind=kind,
        graph=graph,
        tables=by_name((pin.table.data for pin in pins), context),
        reach=Reach(graph),
    )


def by_name(tables: Iterable[object], context: Context) -> dict[str, Table]:
    """Decision tables by their names. Raises TableError."""
    read = (read_table(data, context=context) for data in tables)
    return {table.name: table for table in read}


@lru_cache(maxsize=8)
def _conditions(kind: str, context_id: int) -> Conditions:
    return Conditions(subjects.of(kind).context)


def conditions(kind: str) -> Conditions:
    """The compiled conditions of a kind, shared by all of a process."""
    return _conditions(kind, id(subjects.of(kind).context))
