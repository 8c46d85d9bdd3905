"""Where orders wait and for how long; each subject on its way through a flow; holds and stray
signals."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.views import ChangeList

from mingchi.backoffice import access, desk_path, display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.foundation.models import User
from mingchi.fulfilment.models import FlowInstance
from mingchi.fulfilment.monitor import Figures
from mingchi.usecases import hold_subject, steer_flow
from mingchi.usecases.desk import about, watching

Status = FlowInstance.Status
COLOURS = {"queued": "warning", "running": "info", "ended": "success", "cancelled": ""}
WHAT = {
    "work": _("people"),
    "job": _("the worker"),
    "signal": _("a message"),
    "timer": _("the time"),
}


class HoldForm(ActForm):
    """Why."""

    reason = fields.text(_("reason"), length=200)


class TellForm(ActForm):
    """Which of the messages that it waits for."""

    name = fields.choice(_("message"), ())

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """Those that staff may tell it now."""
        names = self.fields["name"]
        assert isinstance(names, forms.ChoiceField)
        names.choices = [(name, name) for name in steer_flow.tellable(thing.pk)]


class CancelForm(ActForm):
    """Why."""

    reason = fields.text(_("reason"), required=False, length=200)


def _hold(deed: Deed) -> Any:
    hold_subject.place_hold(
        by=deed.user,
        kind=deed.thing.kind,
        subject=deed.thing.subject,
        reason=deed.values["reason"],
        now=clock.now(),
    )
    return _("Held. Nothing of it goes on until the hold is lifted.")


def _cancel(deed: Deed) -> Any:
    steer_flow.cancel_flow(
        by=deed.user,
        instance_id=deed.thing.pk,
        now=clock.now(),
        reason=deed.values["reason"],
    )
    return _("Cancelled; what was done is taken back, the latest first.")


def _tell(deed: Deed) -> Any:
    steer_flow.tell_flow(
        by=deed.user, instance_id=deed.thing.pk, name=deed.values["name"], now=clock.now()
    )
    return _("Told; the flow goes on.")


@admin.register(FlowInstance)
class InstancePage(Page):
    """Subjects on their way through a flow, each with its path so far; and the monitor."""

    acts = (
        Act(
            name="hold",
            label=_("Hold"),
            right="flow.hold",
            form=HoldForm,
            run=_hold,
            shown=lambda row: row.status in (Status.QUEUED, Status.RUNNING),
            icon="pan_tool",
            explain=_("Nothing of it goes on, whatever its flow, until the hold is lifted."),
        ),
        Act(
            name="tell",
            label=_("Tell it what has happened"),
            right="flow.tell",
            form=TellForm,
            run=_tell,
            shown=lambda row: bool(steer_flow.tellable(row.pk)),
            icon="campaign",
            explain=_("Goods on pre-order came in, say, or a parcel was refused at the door."),
        ),
        Act(
            name="cancel",
            label=_("Cancel the flow"),
            right="flow.cancel",
            form=CancelForm,
            run=_cancel,
            shown=lambda row: row.status == Status.RUNNING,
            icon="cancel",
            variant=ActionVariant.DANGER,
            explain=_("What waits is withdrawn, and what was done is taken back, latest first."),
        ),
    )
    ordering = ("-pk",)
    list_display = (
        display.column(_("subject"), desk_path.name, order="subject"),
        display.column(_("kind"), lambda row: row.get_kind_display(), order="kind"),
        "merchant",
        display.column(
            _("status"),
            lambda row: (row.status, row.get_status_display()),
            order="status",
            labels=COLOURS,
        ),
        display.column(_("flow"), lambda row: row.version or display.NOTHING),
        "started_at",
        "ended_at",
    )
    list_select_related = ("merchant", "version__definition")
    list_filter = ("status", "kind", "merchant", "started_at")
    search_fields = ("=subject", "=family")
    search_help_text = _("subject: order:7, shipment:7, case:7")
    fields = (
        (
            display.column(_("subject"), lambda row: desk_path.link(row)),
            display.column(_("status"), lambda row: row.get_status_display()),
        ),
        ("merchant", display.column(_("kind"), lambda row: row.get_kind_display())),
        (display.column(_("flow"), lambda row: row.version or display.NOTHING), "started_at"),
        ("ended_at", "trouble"),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With numbers and names."""
        return desk_path.Numbered

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the drawings."""
        rows = super().get_queryset(request)
        drawn = ("bpmn_xml", "graph", "findings")
        return rows.defer("state", *(f"version__{name}" for name in drawn))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> FlowInstance | None:
        """With whether its order may be opened."""
        found: FlowInstance | None = super().get_object(request, object_id, from_field)
        if found is not None:
            found.may_open_order = access.sees(request.user, "orders.order")  # type: ignore[attr-defined]
        return found

    def get_urls(self) -> list[URLPattern]:
        """The monitor, before the list's own pages."""
        view = self.admin_site.admin_view
        return [
            path("monitor/", view(self.monitor), name="flow_monitor"),
            path("waiting/<int:flow>/<path:node>/", view(self.waiting), name="flow_waiting"),
            *super().get_urls(),
        ]

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Where it stands, what holds it, and its path so far."""
        return desk_path.panels(request, thing)

    def monitor(self, request: HttpRequest) -> HttpResponse:
        """Figures, with links to what is behind them."""
        user, now = self._asks(request), clock.now()
        return self._show(
            request,
            _("Where orders wait"),
            [
                _attention(watching.attention(by=user, now=now)),
                _waits(watching.waiting(by=user, now=now)),
                _versions(watching.running(by=user)),
            ],
        )

    def waiting(self, request: HttpRequest, flow: int, node: str) -> HttpResponse:
        """Who waits at a step."""
        user = self._asks(request)
        titles = watching.node_titles([flow])
        rows = watching.behind(by=user, definition_id=flow, node=node)
        numbers = about.numbers(one.instance.subject for one in rows)
        panel = Panel(
            title=_("waiting, the longest first"),
            headers=[_("subject"), _("merchant"), _("waits for"), _("since"), _("due")],
            rows=[
                [
                    desk_path.link_to_path(one.instance, numbers.get(one.instance.subject, "")),
                    one.instance.merchant.name,
                    WHAT[one.what],
                    display.moment(one.since),
                    display.moment(one.due_at),
                ]
                for one in rows
            ],
            note=_("At most %(count)s are shown.") % {"count": watching.MOST},
        )
        return self._show(request, titles.get((flow, node), node), [panel])

    def _asks(self, request: HttpRequest) -> User:
        if not self.has_view_permission(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user

    def _show(self, request: HttpRequest, title: Any, panels: list[Panel]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "panels": panels,
        }
        return TemplateResponse(request, "backoffice/monitor.html", context)


def _attention(found: Figures) -> Panel:
    def to(name: str, **query: str) -> str:
        return reverse(f"admin:fulfilment_{name}_changelist") + "?" + urlencode(query)

    overdue = {"status__exact": "open", "due_at__lte": clock.now().isoformat(timespec="seconds")}
    return Panel(
        title=_("To be looked after"),
        figures=[
            (_("overdue"), display.figure(found.overdue, to("workitem", **overdue))),
            (
                _("to repair"),
                display.figure(found.repairs, reverse("admin:desk") + "?view=repairs"),
            ),
            (_("stray signals"), display.figure(found.strays, to("signal", status__exact="stray"))),
            (_("on hold"), display.figure(found.holds, to("hold", lifted_at__isempty="1"))),
            (
                _("not started"),
                display.figure(found.not_started, to("flowinstance", status__exact="queued")),
            ),
        ],
    )


def _waits(rows: list[watching.Waiting]) -> Panel:
    return Panel(
        title=_("Where orders wait"),
        headers=[
            _("flow"), _("step"), _("waits for"), _("count"), _("median"), _("95th percentile"),
            _("oldest"), _("usual"),
        ],
        rows=[
            [
                row.flow,
                row.title,
                WHAT[row.what],
                display.figure(row.number, _behind(row)),
                span(row.median_s), span(row.p95_s), span(row.oldest_s), span(row.usual_s),
            ]
            for row in rows
        ],
        right=frozenset({3, 4, 5, 6, 7}),
        empty=_("Nothing waits."),
        note=_("Usual: how long it took in the middle, of what was done in the last 30 days."),
    )  # fmt: skip


def _behind(row: watching.Waiting) -> str:
    return reverse("admin:flow_waiting", args=[row.definition_id, row.node])


def _versions(rows: list[watching.Running]) -> Panel:
    def behind(row: watching.Running) -> str:
        query = {"version__id__exact": row.version_id, "status__exact": "running"}
        return reverse("admin:fulfilment_flowinstance_changelist") + "?" + urlencode(query)

    return Panel(
        title=_("On their way, by version"),
        headers=[_("flow"), _("version"), _("state"), _("running")],
        rows=[
            [row.flow, f"v{row.number}", row.status, display.figure(row.running, behind(row))]
            for row in rows
        ],
        right=frozenset({3}),
    )


def span(seconds: float | None) -> Any:
    """`5400` → `1 h 30 min`."""
    if seconds is None:
        return display.NOTHING
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("%(minutes)s min") % {"minutes": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    return _("%(days)s d %(hours)s h") % {"days": hours // 24, "hours": hours % 24}
