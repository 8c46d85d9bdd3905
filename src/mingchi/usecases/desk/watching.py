"""Where everything waits and for how long, as far as an account may see it; the subjects behind
each figure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from mingchi.flows import REGISTRY
from mingchi.foundation.models import User
from mingchi.fulfilment import compiled, monitor
from mingchi.fulfilment.models import (
    FlowDefinition,
    FlowInstance,
    FlowVersion,
    StepJob,
    Subscription,
    Timer,
    WorkItem,
)
from mingchi.fulfilment.monitor import Figures
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.usecases.desk import words

MOST: Final = 200
RUNNING: Final = Q(instance__status=FlowInstance.Status.RUNNING)
Place = tuple[int, str]  # flow and node


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many wait at a step of a flow, and for how long. `oldest_s`: the one that waits
    longest; `usual_s`: what was usual in the last 30 days, None where nothing was done there."""

    definition_id: int
    flow: str
    node: str
    title: str
    what: str
    number: int
    median_s: float
    p95_s: float
    oldest_s: float
    usual_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How many run on a version of a flow."""

    version_id: int
    definition_id: int
    flow: str
    number: int
    status: str
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """One of those that wait at a step."""

    instance: FlowInstance
    what: str
    since: datetime
    due_at: datetime | None


def waiting(*, by: User, now: datetime) -> list[Waiting]:
    """Where orders wait now, where most wait first."""
    merchants = _merchants(by)
    found = monitor.waiting(merchant_ids=merchants, now=now)
    usual = {(row.definition_id, row.node): row.median_s
             for row in monitor.waited(merchant_ids=merchants, now=now)}  # fmt: skip
    flows = _flows({row.definition_id for row in found})
    titles = node_titles({row.definition_id for row in found})
    return [
        Waiting(
            definition_id=row.definition_id,
            flow=flows.get(row.definition_id, ""),
            node=row.node,
            title=titles.get((row.definition_id, row.node), row.node),
            what=row.what,
            number=row.number,
            median_s=row.median_s,
            p95_s=row.p95_s,
            oldest_s=row.longest_s,
            usual_s=usual.get((row.definition_id, row.node)),
        )
        for row in found
    ]


def attention(*, by: User, now: datetime) -> Figures:
    """What somebody should look after, of what the account may see."""
    return monitor.figures(now=now, merchant_ids=_merchants(by))


def running(*, by: User) -> list[Running]:
    """Instances per version, of versions on which any run."""
    mine = scope.for_user(FlowInstance.objects.filter(status=FlowInstance.Status.RUNNING), by)
    counts = dict(mine.order_by().values_list("version").annotate(Count("pk")))
    versions = FlowVersion.objects.filter(pk__in=counts).select_related("definition")
    rows = versions.defer("bpmn_xml", "graph", "findings").order_by("definition__name", "-number")
    return [
        Running(
            version_id=row.pk,
            definition_id=row.definition_id,
            flow=row.definition.name,
            number=row.number,
            status=str(row.get_status_display()),
            running=counts[row.pk],
        )
        for row in rows
    ]


def behind(*, by: User, definition_id: int, node: str) -> list[Behind]:
    """Who waits at a step, the longest first; at most 200."""
    merchants = _merchants(by)
    found: dict[tuple[int, int], Behind] = {}
    for rows, what, since in _rests(merchants):
        here = rows.filter(instance__version__definition=definition_id, node=node)
        for row in here.select_related("instance__merchant").order_by(since)[:MOST]:
            one = Behind(
                instance=row.instance,
                what=what,
                since=getattr(row, since),
                due_at=getattr(row, "due_at", None),
            )
            found.setdefault((row.instance_id, row.token), one)
    return sorted(found.values(), key=lambda one: one.since)[:MOST]


def node_titles(definition_ids: Iterable[int]) -> Mapping[Place, str]:
    """What the steps of flows are called, from the newest version that has them."""
    rows = FlowVersion.objects.filter(definition__in=definition_ids).exclude(
        status=FlowVersion.Status.DRAFT
    )
    titles: dict[Place, str] = {}
    pairs = rows.order_by("-number").values_list("pk", "definition_id")
    for version_id, definition_id in pairs[:MOST]:
        for node in compiled.load(version_id).graph.nodes.values():
            titles.setdefault((definition_id, node.id), title(node.name, node.step, node.id))
    return titles


def title(name: str, step: str | None, node: str) -> str:
    """What a node is called: a step's own name in the reader's language, unless the merchant
    named it."""
    known = REGISTRY.get(step or "")
    if known is not None and (not name or name in known.title):
        return words.in_language(known.title)
    return name or node


def _rests(merchants: list[int]) -> list[tuple[QuerySet[Any], str, str]]:
    """What tokens rest on: rows, what it is, and since when (its field). Work before what may end
    it by itself."""
    mine = RUNNING & Q(instance__merchant__in=merchants)
    jobs = StepJob.objects.filter(mine, status=StepJob.Status.QUEUED)
    return [
        (WorkItem.objects.filter(mine, status=WorkItem.Status.OPEN), "work", "opened_at"),
        (jobs, "job", "queued_at"),
        (Subscription.objects.filter(mine), "signal", "since"),
        (Timer.objects.filter(mine), "timer", "set_at"),
    ]


def _flows(definition_ids: set[int]) -> dict[int, str]:
    return dict(FlowDefinition.objects.filter(pk__in=definition_ids).values_list("pk", "name"))


def _merchants(by: User) -> list[int]:
    return list(scope.for_user(Merchant.objects.all(), by).values_list("pk", flat=True))
