"""The gateways' bills beside our books: the days, and what differs."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.filters import BillGatewayFilter, GatewayFilter
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.payments import gateways
from mingchi.payments.models import BillDay, BillDifference, Payment, PaymentRefund
from mingchi.payments.reconciling import REMEDIES
from mingchi.payouts.models import Transfer
from mingchi.usecases.reconcile import look_at, reconcile_by_staff

COLOURS = {"balanced": "success", "differs": "danger"}
WAITING = Q(looked_at__isnull=True, gone_at__isnull=True)
STANDING_COLOURS = {"open": "danger", "looked_at": "success", "gone": "info"}


class CompareForm(ActForm):
    """Which day of which gateway."""

    gateway = forms.ChoiceField(label=_("gateway"), choices=lambda: _ways())
    day = forms.DateField(label=_("day"), help_text=_("As 2026-11-22, by Shanghai's clock."))


class LookForm(ActForm):
    """What was done."""

    note = fields.text(_("note"), help_text=_("What you found and did; it stays in the list."))


def _ways() -> list[tuple[str, Any]]:
    return [(code, display.gateway(code)) for code in gateways.codes()]


def _compare(deed: Deed) -> Any:
    found = reconcile_by_staff(
        by=deed.user, gateway=deed.values["gateway"], day=deed.values["day"], now=clock.now()
    )
    if found.balanced:
        return _("The day is balanced.")
    return _("%(count)s differences.") % {"count": found.differences}


def _look(deed: Deed) -> Any:
    look_at(by=deed.user, difference_id=deed.thing.pk, note=deed.values["note"], now=clock.now())
    return _("Your note stands beside the difference.")


def _balance(row: BillDay) -> tuple[str, Any]:
    return ("balanced", _("balanced")) if row.balanced else ("differs", _("differs"))


def _standing(row: BillDifference) -> tuple[str, Any]:
    if row.looked_at is not None:
        return "looked_at", _("seen to")
    return ("gone", _("gone")) if row.gone_at is not None else ("open", _("open"))


def _row(row: BillDifference) -> Any:
    """A link to our side of it."""
    kind, _colon, key = row.row.partition(":")
    if kind == "payment":
        return display.link(Payment.objects.filter(pk=key).first())
    if kind == "payment_refund":
        return display.link(PaymentRefund.objects.filter(pk=key).first())
    if kind == "transfer":
        transfer = Transfer.objects.select_related("withdrawal").filter(pk=key).first()
        return display.link(transfer and transfer.withdrawal)
    return display.NOTHING


@admin.register(BillDay)
class BillDayPage(Page):
    """The days that were compared."""

    empty = _(
        "The worker compares each day after the gateway's bill is there. To see one now: "
        "compare it."
    )
    list_acts = (
        Act(
            name="compare",
            label=_("Compare a day"),
            right="bill.compare",
            form=CompareForm,
            run=_compare,
            icon="compare_arrows",
            variant=ActionVariant.PRIMARY,
            explain=_("Fetches the bill again; what you noted at its differences stays."),
        ),
    )
    list_display = (
        display.column(_("day"), lambda row: row.day.isoformat(), order="day"),
        display.GATEWAY,
        display.column(_("result"), _balance, order="balanced", labels=COLOURS),
        display.column(_("open differences"), lambda row: row.waiting, order="waiting"),
        "lines",
        display.yuan_column("payments_fen", _("payments (yuan)")),
        display.yuan_column("refunds_fen", _("refunds (yuan)")),
        display.yuan_column("transfers_fen", _("transfers (yuan)")),
        display.yuan_column("fee_fen", _("fees kept (yuan)")),
    )
    list_filter = (GatewayFilter, "balanced", "day")
    fields = (
        (display.GATEWAY, display.column(_("day"), lambda row: row.day.isoformat())),
        (display.column(_("result"), lambda row: _balance(row)[1]), "compared_at"),
        (
            display.yuan_column("payments_fen", _("payments (yuan)")),
            display.yuan_column("refunds_fen", _("refunds (yuan)")),
        ),
        (
            display.yuan_column("transfers_fen", _("transfers (yuan)")),
            display.yuan_column("fee_fen", _("fees kept (yuan)")),
        ),
        (display.yuan_column("fee_booked_fen", _("fees booked (yuan)")), "lines"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the differences that wait for somebody."""
        waiting = Q(differences__looked_at__isnull=True, differences__gone_at__isnull=True)
        counted = Count("differences", filter=waiting & Q(differences__isnull=False))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(waiting=counted)
        return rows

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """What differs."""
        rows = BillDifference.objects.filter(bill=thing).order_by("-id")[:100]
        return [
            Panel(
                title=_("differences"),
                headers=[_("kind"), _("our number"), _("by the gateway (yuan)"),
                         _("by our books (yuan)"), _("standing")],
                rows=[
                    [display.link(row, row.get_kind_display()), row.number,
                     display.yuan(row.gateway_fen), display.yuan(row.our_fen), _standing(row)[1]]
                    for row in rows
                ],
                right=frozenset({2, 3}),
            )
        ]  # fmt: skip


class StandingFilter(SimpleListFilter):
    """Open, seen to, gone."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The three."""
        return [("open", _("open")), ("looked_at", _("seen to")), ("gone", _("gone"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the one chosen."""
        wanted = {
            "open": WAITING,
            "looked_at": Q(looked_at__isnull=False),
            "gone": Q(looked_at__isnull=True, gone_at__isnull=False),
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))


@admin.register(BillDifference)
class BillDifferencePage(Page):
    """What differs between a bill and our books."""

    empty = _("Every day that was compared agrees with our books.")
    acts = (
        Act(
            name="look",
            label=_("Seen to"),
            right="bill.look",
            form=LookForm,
            run=_look,
            shown=lambda row: row.looked_at is None,
            icon="task_alt",
            variant=ActionVariant.PRIMARY,
        ),
    )
    list_display = (
        display.column(_("day"), lambda row: row.bill.day.isoformat(), order="bill__day"),
        display.column(_("gateway"), lambda row: row.bill.gateway, order="bill__gateway"),
        display.column(_("kind"), lambda row: row.get_kind_display(), order="kind"),
        display.column(_("about"), lambda row: row.get_about_display(), order="about"),
        "number",
        display.yuan_column("gateway_fen", _("by the gateway (yuan)")),
        display.yuan_column("our_fen", _("by our books (yuan)")),
        display.column(_("standing"), _standing, order="looked_at", labels=STANDING_COLOURS),
    )
    list_select_related = ("bill",)
    list_filter = (StandingFilter, "kind", "about", BillGatewayFilter, "bill__day")
    search_help_text = _("our number or the gateway's")
    search_fields = ("number", "gateway_no")
    fields = (
        (
            display.column(_("gateway bill"), lambda row: display.link(row.bill)),
            display.column(_("standing"), lambda row: _standing(row)[1]),
        ),
        (
            display.column(_("kind"), lambda row: row.get_kind_display()),
            display.column(_("about"), lambda row: row.get_about_display()),
        ),
        ("number", "gateway_no"),
        (
            display.yuan_column("gateway_fen", _("by the gateway (yuan)")),
            display.yuan_column("our_fen", _("by our books (yuan)")),
        ),
        display.column(_("our row"), _row),
        display.column(_("what to do"), lambda row: REMEDIES[row.kind]),
        ("looked_by", "looked_at"),
        "note",
        ("created_at", "gone_at"),
    )
