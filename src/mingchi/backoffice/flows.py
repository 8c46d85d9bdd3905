"""Flows of merchants: which there are, who published what, what runs on them; and the pages of the
editors, which are islands."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import access, audit, display, flow_migration, islands
from mingchi.backoffice.acts import Act, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.foundation.errors import DomainError
from mingchi.fulfilment.models import FlowDefinition, FlowInstance, FlowVersion
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.usecases import draw_flows, edit_flows

Status = FlowVersion.Status
LABEL = "fulfilment.flowdefinition"
COLOURS = {"published": "success", "draft": "info", "retired": ""}
RUNNING = Q(versions__instances__status=FlowInstance.Status.RUNNING)


def _to_editor(version: FlowVersion) -> str:
    return reverse("admin:flow_edit", args=[version.pk])


def _retire(deed: Deed) -> Any:
    edit_flows.retire_flow(by=deed.user, definition_id=deed.thing.pk)
    return _("No new order gets this flow; what runs goes on.")


def _migrate(deed: Deed) -> Any:
    form = flow_migration.MigrationForm(deed.request.POST)
    form.prepare(deed.request, deed.thing)
    moved, stayed = flow_migration.run(
        by=deed.user, flow=deed.thing, mappings=form.mappings(), now=clock.now()
    )
    return _("%(moved)s moved, %(stayed)s stay where they are.") % {
        "moved": moved,
        "stayed": stayed,
    }


def _state(flow: FlowDefinition) -> Any:
    published = _published(flow)
    if published is not None:
        return "published", _("in force: v%(number)s") % {"number": published.number}
    return ("draft", _("draft")) if flow.versions.all() else ("retired", _("retired"))


def _published(flow: FlowDefinition) -> FlowVersion | None:
    found = [one for one in flow.versions.all() if one.status == Status.PUBLISHED]
    return found[0] if found else None


@admin.register(FlowDefinition)
class FlowPage(Page):
    """Flows by merchant. The platform's own are everybody's to begin with."""

    acts = (
        Act(
            name="migrate",
            label=_("Move running orders"),
            right="flow.migrate",
            run=_migrate,
            shown=lambda flow: _published(flow) is not None,
            form=flow_migration.MigrationForm,
            panels=flow_migration.panels,
            preview=_("Look what would become of them"),
            explain=_(
                "Orders keep the version that they began with. Here those that run on an older one "
                "move to the version in force. Say for each place at which one stands what it is "
                "there. What can't be moved stays, and below stands why. Timers keep their time."
            ),
            icon="move_up",
        ),
        Act(
            name="retire",
            label=_("Retire the flow"),
            right="flow.publish",
            run=_retire,
            shown=lambda flow: _published(flow) is not None,
            explain=_("New orders get the standard flow instead; what runs goes on."),
            icon="archive",
            variant=ActionVariant.DANGER,
        ),
    )
    list_display = (
        display.column(_("flow"), lambda row: row.name, order="name"),
        display.column(_("merchant"), lambda row: row.merchant or _("platform"), order="merchant"),
        display.column(_("kind"), lambda row: row.get_kind_display(), order="kind"),
        display.column(_("state"), _state, labels=COLOURS),
        display.column(_("versions"), lambda row: len(row.versions.all())),
        display.column(_("orders on their way"), lambda row: row.running),
        display.column(_("drafts"), lambda row: _open_drafts(row)),
    )
    list_filter = ("kind", "merchant")
    search_fields = ("name", "key")
    fields = (
        ("name", "key"),
        (display.column(_("merchant"), lambda row: row.merchant or _("platform")), "kind"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With versions and how many run."""
        rows = super().get_queryset(request).select_related("merchant")
        versions = FlowVersion.objects.defer("bpmn_xml", "graph").order_by("-number")
        running = Count("versions__instances", filter=RUNNING)
        return rows.prefetch_related(Prefetch("versions", versions)).annotate(running=running)

    def get_urls(self) -> list[URLPattern]:
        """The editors' pages before the list's own."""
        view = self.admin_site.admin_view
        return [
            path("new/", view(self.new), name="flow_new"),
            path("versions/<int:pk>/", view(self.edit), name="flow_edit"),
            path("compare/<int:before>/<int:after>/", view(self.compare), name="flow_compare"),
            path("tables/", view(self.tables), name="flow_tables"),
            *super().get_urls(),
        ]

    def buttons(self, request: HttpRequest, thing: Any) -> list[dict[str, Any]]:
        """Two pages of their own, beside the acts."""
        own = super().buttons(request, thing)
        if thing is not None or not self.has_view_permission(request):
            return own
        links = [("flow_tables", _("Which order gets which flow"), "alt_route", "default")]
        if access.may_do_somewhere(request.user, "flow.draft"):
            links.insert(0, ("flow_new", _("New flow"), "add", "primary"))
        pages = [
            {
                "name": name,
                "title": title,
                "icon": icon,
                "look": look,
                "path": reverse(f"admin:{name}"),
            }
            for name, title, icon, look in links
        ]
        return [*pages, *own]

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Its versions, the newest first."""
        versions = thing.versions.annotate(
            running=Count(
                "instances", filter=Q(instances__status=FlowInstance.Status.RUNNING)
            ),
            orders=Count("instances"),
        ).defer("bpmn_xml", "graph").order_by("-number")  # fmt: skip
        rows = [_row(version, older) for version, older in _with_older(list(versions))]
        return [
            Panel(
                title=_("Versions"),
                headers=[
                    _("version"), _("state"), _("drawn by"), _("edited"), _("published"),
                    _("orders on their way"), _("orders in all"), "",
                ],
                rows=rows,
                right=frozenset({5, 6}),
            )
        ]  # fmt: skip

    def new(self, request: HttpRequest) -> HttpResponse:
        """Templates and import."""
        self._require(request)
        if not access.may_do_somewhere(request.user, "flow.draft"):
            raise PermissionDenied
        return self._island(request, _("New flow"), "new", {})

    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Both editors, over one version."""
        self._require(request)
        version = _seen(request, pk)
        props = {
            "version": pk,
            "flow": reverse("admin:fulfilment_flowdefinition_change", args=[version.definition_id])
            if self.get_queryset(request).filter(pk=version.definition_id).exists()
            else "",
            "editAt": reverse("admin:flow_edit", args=[0]),
            "compareAt": reverse("admin:flow_compare", args=[0, 0]),
        }
        title = f"{version.definition.name} · v{version.number}"
        return self._island(request, title, "edit", props)

    def compare(self, request: HttpRequest, before: int, after: int) -> HttpResponse:
        """Two versions side by side."""
        self._require(request)
        one, other = _seen(request, before), _seen(request, after)
        title = f"{one.definition.name} · v{one.number} → v{other.number}"
        return self._island(request, title, "compare", {"before": before, "after": after})

    def tables(self, request: HttpRequest) -> HttpResponse:
        """Decision tables, and the one that chooses a flow."""
        self._require(request)
        return self._island(request, _("Which order gets which flow"), "tables", {})

    def _require(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _island(
        self, request: HttpRequest, title: Any, island: str, props: dict[str, Any]
    ) -> HttpResponse:
        merchants = scope.for_user(Merchant.objects.order_by("name"), request.user)  # type: ignore[arg-type]
        given = {
            "merchants": [
                {
                    "id": one.pk,
                    "name": one.name,
                    "mayDraw": access.may_do(request.user, "flow.draft", merchant_id=one.pk),
                }
                for one in merchants
            ],
            "mayDrawForPlatform": access.may_do(request.user, "flow.draft"),
            "editAt": reverse("admin:flow_edit", args=[0]),
            "listAt": reverse("admin:fulfilment_flowdefinition_changelist"),
            **props,
        }
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return islands.page(request, context, island=island, props=given)


def _open_drafts(row: FlowDefinition) -> Any:
    drafts = [one for one in row.versions.all() if one.status == Status.DRAFT]
    return format_html_join(
        "、",
        '<a class="text-primary-600 hover:underline" href="{}">v{}</a>',
        ((_to_editor(one), one.number) for one in drafts),
    ) if drafts else display.NOTHING  # fmt: skip


def _with_older(versions: list[FlowVersion]) -> list[tuple[FlowVersion, FlowVersion | None]]:
    return list(zip(versions, [*versions[1:], None], strict=True))


def _row(version: FlowVersion, older: FlowVersion | None) -> list[Any]:
    published = (
        f"{display.moment(version.published_at)} · {audit.who(version, 'published_by')}"
        if version.published_at
        else display.NOTHING
    )
    links = [(_to_editor(version), _("edit") if version.status == Status.DRAFT else _("look"))]
    if older is not None:
        links.append((reverse("admin:flow_compare", args=[older.pk, version.pk]), _("compare")))
    return [
        format_html("v{}", version.number),
        version.get_status_display(),
        audit.who(version, "created_by"),
        display.moment(version.edited_at),
        published,
        version.running,  # type: ignore[attr-defined]
        version.orders,  # type: ignore[attr-defined]
        format_html_join(
            " · ", '<a class="text-primary-600 hover:underline" href="{}">{}</a>', links
        ),
    ]


def _seen(request: HttpRequest, pk: int) -> FlowVersion:
    try:
        return draw_flows.seen(request.user, pk)  # type: ignore[arg-type]
    except DomainError:
        return get_object_or_404(FlowVersion, pk=None)
