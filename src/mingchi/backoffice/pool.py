"""The pool: how it stands, how the price went, what the settler does; subsidies and closes."""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.paginator import InfinitePaginator

from mingchi.backoffice import access, close_preview, display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.members.models import Member
from mingchi.rebates import plans, queries
from mingchi.rebates.models import Position, Programme
from mingchi.usecases.close_period import ask_close
from mingchi.usecases.subsidise import ask_subsidy

POINTS_DRAWN = 120
HOLDERS = 15


class SubsidyForm(ActForm):
    """How much, and why."""

    amount_fen = fields.YuanField(label=_("amount (yuan)"))
    reason = fields.text(_("reason"))


class CloseForm(ActForm):
    """Which period."""

    period = fields.text(_("name of the period"), length=40, help_text=_("For example 2026-10."))
    reason = fields.text(_("reason"), required=False)


def _subsidise(deed: Deed) -> Any:
    ask_subsidy(by=deed.user, **deed.values)
    return _("The subsidy is asked; somebody else decides.")


def _close(deed: Deed) -> Any:
    ask_close(by=deed.user, **deed.values)
    return _("The close is asked; somebody else decides.")


def _to_proposals(thing: Any) -> str:
    return reverse("admin:foundation_proposal_changelist")


@admin.register(Programme)
class ProgrammePage(Page):
    """The pool. There is one; its list is its page."""

    acts = (
        Act(
            name="subsidy",
            label=_("Ask for a subsidy"),
            right="subsidy.ask",
            form=SubsidyForm,
            run=_subsidise,
            icon="savings",
            to=_to_proposals,
            explain=_("Money of the platform goes into the pool. Somebody else decides."),
        ),
        Act(
            name="close",
            label=_("Preview and close the period"),
            right="close.ask",
            form=CloseForm,
            run=_close,
            icon="event_available",
            submit=_("Ask for the close"),
            to=_to_proposals,
            panels=lambda request, thing: close_preview.now(thing),
            explain=_(
                "Below stands what a close would pay now. It counts when the close is settled, so "
                "orders settled until then are in it."
            ),
        ),
    )
    fields = (("name", "code"),)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Straight to the pool."""
        if not self.has_view_permission(request):
            answer: HttpResponse = super().changelist_view(request, extra_context)
            return answer
        pk = queries.programme().pk
        return HttpResponseRedirect(reverse("admin:rebates_programme_change", args=[pk]))

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Standing, chart, settler, holders."""
        panels = [standing(thing), chart(thing), settler(thing)]
        if access.may(request.user, access.INSIGHT):
            panels.append(_holders())
        return panels


def standing(programme: Programme) -> Panel:
    """Pool, points, price, and the plan in force."""
    now = queries.standing(programme)
    version = plans.active(programme)
    return Panel(
        title=_("Standing"),
        figures=[
            (_("pool (yuan)"), display.yuan(now.pool_fen)),
            (_("circulating points"), display.points(now.supply_upt)),
            (_("price (yuan a point)"), now.price),
            (_("plan in force"), display.link(version)),
            (_("last entry"), f"#{now.last_entry}"),
        ],
        note=_("As of %(time)s.") % {"time": display.moment(now.as_of)} if now.as_of else "",
    )


def chart(programme: Programme) -> Panel:
    """The price after batches, thinned out."""
    found = list(queries.price_history(programme, limit=2000))[::-1]
    drawn = [row for row in found if row.supply_upt]
    step = max(1, len(drawn) // POINTS_DRAWN)
    kept = drawn[::-1][::step][::-1]
    data = {
        "labels": [timezone.localtime(row.at).strftime("%m-%d") for row in kept],
        "datasets": [
            {
                "label": str(_("price (yuan a point)")),
                "data": [float(display.price(row.pool_fen, row.supply_upt)) for row in kept],
                "borderColor": "var(--color-primary-600)",
                "displayYAxis": True,
                "maxTicksXLimit": 10,
            }
        ],
    }
    return Panel(
        title=_("Price"),
        chart=json.dumps(data, ensure_ascii=False) if kept else "",
        note=_("The price after each batch. What it was says nothing about what it will be."),
    )


def settler(programme: Programme) -> Panel:
    """Whether the settler keeps up."""
    stats = queries.settler_stats(programme)
    oldest = stats["oldest_at"]
    lag = f"{(clock.now() - oldest).total_seconds():.1f}" if oldest else "0"
    return Panel(
        title=_("Settler"),
        figures=[
            (_("waiting events"), stats["queued"]),
            (_("lag (seconds)"), lag),
            (_("last batch"), f"#{stats['last_batch']} · {stats['last_batch_size']}"),
            (_("time of the last batch (ms)"), stats["last_batch_ms"]),
            (_("last heard from"), display.moment(stats["settler_seen_at"])),
            (_("set aside"), stats["set_aside"]),
        ],
        more=reverse("admin:rebates_setaside_changelist") if stats["set_aside"] else "",
    )


def _holders() -> Panel:
    most = (
        Position.objects.filter(held_upt__gt=0)
        .values("member_id")
        .annotate(held=Sum("held_upt"))
        .order_by("-held")[:HOLDERS]
    )
    rows = list(most)
    names = dict(
        Member.objects.filter(pk__in=[r["member_id"] for r in rows]).values_list("pk", "name")
    )
    return Panel(
        title=_("Largest holders"),
        headers=[_("member"), _("points held")],
        rows=[
            [
                display.link_to(
                    Member, r["member_id"], f"m{r['member_id']} {names.get(r['member_id'], '')}"
                ),
                display.points(r["held"]),
            ]
            for r in rows
        ],
        right=frozenset({1}),
        more=reverse("admin:rebates_position_changelist"),
    )


class OpenFilter(admin.SimpleListFilter):
    """Open positions hold points."""

    title = _("state")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Open or closed."""
        return [("yes", _("holds points")), ("no", _("empty"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By what is held."""
        if self.value() == "yes":
            return queryset.filter(held_upt__gt=0)
        return queryset.filter(held_upt=0) if self.value() == "no" else queryset


@admin.register(Position)
class PositionPage(Page):
    """Points of members with their exit terms."""

    paginator = InfinitePaginator
    ordering = ("-pk",)
    list_display = (
        display.column(_("number"), lambda row: row.number, order="pk"),
        display.column(_("member"), lambda row: display.link_to(Member, row.member_id,
                                                               f"m{row.member_id}")),
        display.yuan_column("spend_fen", _("spent (yuan)")),
        display.points_column("granted_upt", _("granted")),
        display.points_column("held_upt", _("held")),
        display.points_column("redeemed_upt", _("redeemed")),
        display.yuan_column("paid_fen", _("paid out (yuan)")),
    )  # fmt: skip
    list_filter = (OpenFilter,)
    search_fields = ("=member_id",)
    search_help_text = _("key of the member")
    fields = (
        (
            display.column(_("number"), lambda row: row.number),
            display.column(
                _("member"), lambda row: display.link_to(Member, row.member_id, f"m{row.member_id}")
            ),
        ),
        (
            display.yuan_column("spend_fen", _("spent (yuan)")),
            display.points_column("granted_upt", _("granted")),
        ),
        (
            display.points_column("held_upt", _("held")),
            display.points_column("redeemed_upt", _("redeemed")),
        ),
        display.yuan_column("paid_fen", _("paid out (yuan)")),
        (
            display.column(_("exit multiple"), lambda row: display.multiple(row.exit_multiple_ppm)),
            display.column(_("exit fee"), lambda row: display.percent(row.exit_fee_ppm)),
        ),
    )
