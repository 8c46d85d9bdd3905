"""A subject's way through its flow: where it stands, what holds it, what happened so far."""

from collections.abc import Sequence
from typing import Any, Final

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import access, audit, display
from mingchi.backoffice.panels import Panel
from mingchi.foundation.errors import NotFoundError
from mingchi.fulfilment import compiled, queries
from mingchi.fulfilment.models import FlowInstance, Hold, StepJob, StepLog, WorkItem
from mingchi.orders.models import Order
from mingchi.orders.subjects import ORDER, parse
from mingchi.usecases.desk import about, details, queue, watching, words

MOST: Final = 300
EVENTS: Final = {
    "started": _("started"),
    "completed": _("done by a person"),
    "done": _("done"),
    "decided": _("decided"),
    "fired": _("the time came"),
    "received": _("message came"),
    "stray": _("nobody waited for the message"),
    "interrupted": _("interrupted"),
    "stopped": _("stopped"),
    "left": _("part left"),
    "failed": _("failed"),
    "retried": _("tried again"),
    "undone": _("taken back"),
    "held": _("put on hold"),
    "lifted": _("hold lifted"),
    "migrated": _("moved to another version"),
    "fell_back": _("took the standard flow"),
    "cancelled": _("cancelled"),
    "closed": _("closed, as nothing was left to do"),
    "ended": _("ended"),
}


class Numbered(audit.Named):
    """Fetches what people call the subjects on a page, and who did what, at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        numbers = about.numbers(row.subject for row in self.result_list)
        for row in self.result_list:
            row.number = numbers.get(row.subject, row.subject)


def name(row: Any) -> str:
    """What people call the subject of a row."""
    known: str = getattr(row, "number", "")
    return known or about.numbers([row.subject]).get(row.subject, str(row.subject))


def link(row: FlowInstance) -> Any:
    """To the order that the subject is or belongs to, for those who may open it."""
    if not getattr(row, "may_open_order", False):
        return name(row)
    try:
        kind, key = parse(row.family)
    except NotFoundError:
        return row.subject
    return display.link_to(Order, key, name(row)) if kind == ORDER else row.subject


def link_to_path(row: FlowInstance, number: str = "") -> Any:
    """To the subject's page."""
    return display.link_to(FlowInstance, row.pk, number or name(row))


def of_order(request: HttpRequest, order: Order) -> Panel | None:
    """The flows of an order and of what is part of it, for the order's page."""
    rows = FlowInstance.objects.filter(family=f"{ORDER}:{order.pk}", merchant=order.merchant_id)
    found = list(rows.select_related("version__definition").order_by("pk"))
    if not found or not access.sees(request.user, "fulfilment.flowinstance"):
        return None
    return Panel(
        title=_("Flows"),
        headers=[_("subject"), _("kind"), _("status"), _("flow"), _("stands at")],
        rows=[
            [
                link_to_path(row),
                row.get_kind_display(),
                row.get_status_display(),
                row.version or display.NOTHING,
                ", ".join(title for title, _what, _since, _due in _stands(row)) or display.NOTHING,
            ]
            for row in found
        ],
    )


def panels(request: HttpRequest, row: FlowInstance) -> Sequence[Panel]:
    """All about one subject."""
    parts = FlowInstance.objects.filter(family=row.family).exclude(pk=row.pk).order_by("pk")
    boxes = [*_summary(request, row), _standing(row), _holds(row), _log(row)]
    if others := list(parts.filter(merchant=row.merchant_id)):
        boxes.insert(len(boxes) - 2, _others(others))
    return boxes


def _summary(request: HttpRequest, row: FlowInstance) -> list[Panel]:
    """Goods and parcels, since not everybody who works on an order may open it."""
    found = details.of_flow(by=request.user, instance=row)  # type: ignore[arg-type]
    if found is None:
        return []
    goods = Panel(
        title=_("Order %(number)s") % {"number": found.order_number},
        figures=[
            (_("recipient"), found.buyer or display.NOTHING),
            (_("phone"), found.phone or display.NOTHING),
            (_("delivery"), found.delivery_method),
        ],
        headers=[_("article"), _("code"), _("pieces"), _("place")],
        rows=[[one.title, one.code, one.units, one.place] for one in found.goods],
        right=frozenset({2}),
    )
    parcels = Panel(
        title=_("Parcels"),
        headers=[_("parcel"), _("state"), _("place"), _("carrier"), _("tracking number")],
        rows=[
            [one.number, one.state, one.place, one.carrier, one.tracking_number]
            for one in found.parcels
        ],
    )
    return [goods, parcels] if found.parcels else [goods]


def _standing(row: FlowInstance) -> Panel:
    return Panel(
        title=_("Stands at"),
        headers=[_("step"), _("waits for"), _("since"), _("due")],
        rows=[
            [title, what, display.moment(since), display.moment(due_at)]
            for title, what, since, due_at in _stands(row)
        ],
        empty=_("It waits for nothing."),
    )


def _stands(row: FlowInstance) -> list[tuple[str, Any, Any, Any]]:
    """Step, what for, since when, until when."""
    titles = _titles(row)
    found: list[tuple[str, Any, Any, Any]] = []
    for item in row.work_items.filter(status=WorkItem.Status.OPEN).order_by("pk"):
        what: Any = item.repair or words.role(item.role)
        if item.assignee:
            names = queue.people({item.assignee})
            what = f"{what} · {names.get(item.assignee, item.assignee)}"
        found.append((words.title(item), what, item.opened_at, item.due_at))
    for job in row.jobs.filter(status__in=[StepJob.Status.QUEUED, StepJob.Status.WITHDRAWN]):
        what = job.error or _("the worker")
        found.append((titles.get(job.node, job.node), what, job.queued_at, job.next_try_at))
    for wait in row.subscriptions.order_by("pk"):
        what = _("message %(name)s") % {"name": wait.signal}
        found.append((titles.get(wait.node, wait.node), what, wait.since, None))
    for timer in row.timers.order_by("due_at"):
        found.append(
            (titles.get(timer.node, timer.node), _("the time"), timer.set_at, timer.due_at)
        )
    return found


def _holds(row: FlowInstance) -> Panel:
    rows = Hold.objects.filter(subject__in={row.subject, row.family}).order_by("-pk")
    found = list(rows.filter(merchant=row.merchant_id))
    names = queue.people({one.placed_by for one in found} | {one.lifted_by for one in found})
    return Panel(
        title=_("Holds"),
        headers=[_("reason"), _("placed by"), _("placed"), _("lifted by"), _("lifted")],
        rows=[
            [
                display.link(one, one.reason),
                names.get(one.placed_by, one.placed_by),
                display.moment(one.placed_at),
                names.get(one.lifted_by, one.lifted_by) or display.NOTHING,
                display.moment(one.lifted_at),
            ]
            for one in found
        ],
        empty=_("Nothing holds it."),
    )


def _others(others: list[FlowInstance]) -> Panel:
    return Panel(
        title=_("Belongs together"),
        headers=[_("subject"), _("kind"), _("status")],
        rows=[
            [link_to_path(one), one.get_kind_display(), one.get_status_display()] for one in others
        ],
    )


def _log(row: FlowInstance) -> Panel:
    lines = list(queries.subject_log(row.subject, merchant_id=row.merchant_id)[: MOST + 1])
    names = queue.people({line.actor for line in lines})
    return Panel(
        title=_("Path so far"),
        headers=[_("at"), _("what"), _("step"), _("who"), _("values seen")],
        rows=[
            [
                display.moment(line.at),
                EVENTS.get(line.event, line.event),
                _titles(line.instance).get(line.node, line.node) or display.NOTHING,
                names.get(line.actor, display.actor(line.actor)),
                _values(line),
            ]
            for line in lines[:MOST]
        ],
        note=_("The first %(count)s entries.") % {"count": MOST} if len(lines) > MOST else "",
    )


def _values(line: StepLog) -> Any:
    if not line.values:
        return display.NOTHING
    flat = {**line.values}
    flat.update(flat.pop("seen", {}) if isinstance(flat.get("seen"), dict) else {})
    pairs = [(key, _plain(key, value)) for key, value in flat.items()]
    return format_html_join("", "<div><span>{}</span> = <strong>{}</strong></div>", pairs)


def _plain(key: str, value: Any) -> Any:
    if key == "outcome":
        return words.outcome(str(value))
    if key.endswith("_fen") and isinstance(value, int):
        return format_html("¥{}", display.yuan(value))
    return str(value)


def _titles(row: FlowInstance) -> dict[str, str]:
    if row.version_id is None:
        return {}
    nodes = compiled.load(row.version_id).graph.nodes.values()
    return {node.id: watching.title(node.name, node.step, node.id) for node in nodes}
