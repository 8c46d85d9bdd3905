"""What merchants earned, period by period."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from mingchi.backoffice import display, fields
from mingchi.backoffice.acts import Act, Deed
from mingchi.backoffice.panels import Panel
from mingchi.backoffice.settlement import MerchantForm, MoneyPage
from mingchi.foundation import clock
from mingchi.payouts.models import MerchantStatement
from mingchi.usecases import export_statement, state_merchants

SHOWN = 100


class CloseForm(MerchantForm):
    """A month or a day."""

    period = fields.text(
        _("period"), length=10, help_text=_("A month is written 2026-11, a day 2026-11-22.")
    )


def _close(deed: Deed) -> Any:
    state_merchants.close_statement(
        by=deed.user,
        merchant_id=int(deed.values["merchant_id"]),
        period=deed.values["period"],
        now=clock.now(),
    )
    return _("The statement is closed.")


@admin.register(MerchantStatement)
class StatementPage(MoneyPage):
    """Statements, closed for good."""

    empty = _("The worker closes a statement of each merchant when its period is over.")
    list_acts = (
        Act(
            name="close",
            label=_("Close a statement"),
            right="statement.close",
            form=CloseForm,
            run=_close,
            icon="lock",
            explain=_(
                "All that moved until the end of the period and stands on no statement yet. It "
                "never changes again; what comes later stands in the next one."
            ),
        ),
    )
    list_display = (
        "merchant",
        "period",
        display.yuan_column("opening_fen", _("opening balance (yuan)")),
        display.yuan_column("sales_fen", _("earned by sales (yuan)")),
        display.yuan_column("refunds_fen", _("taken back by refunds (yuan)")),
        display.yuan_column("freight_fen", _("freight (yuan)")),
        display.yuan_column("payouts_fen", _("paid to the merchant (yuan)")),
        display.yuan_column("closing_fen", _("closing balance (yuan)")),
    )
    list_select_related = ("merchant",)
    list_filter = ("merchant", "until")
    search_fields = ("period", "merchant__name")
    search_help_text = _("period, as 2026-11, or merchant")
    fields = (
        ("merchant", "period"),
        ("number", "closed_at"),
        (display.yuan_column("opening_fen", _("opening balance (yuan)")),
         display.yuan_column("closing_fen", _("closing balance (yuan)"))),
        (display.yuan_column("sales_fen", _("earned by sales (yuan)")),
         display.yuan_column("refunds_fen", _("taken back by refunds (yuan)"))),
        (display.yuan_column("freight_fen", _("freight (yuan)")),
         display.yuan_column("payouts_fen", _("paid to the merchant (yuan)"))),
        (display.yuan_column("other_fen", _("other (yuan)")),
         display.column(_("file"), lambda row: _files(row))),
        (display.column(_("closed by"), lambda row: display.actor(row.closed_by)),),
    )  # fmt: skip

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Its latest lines; all of them are in the file."""
        return [_lines(thing)]


def _files(statement: MerchantStatement) -> Any:
    address = reverse("api:staff_export_statement", args=[statement.pk])
    look = "text-primary-600 hover:underline"
    return format_html(
        '<a class="{}" href="{}?kind=xlsx">XLSX</a> · <a class="{}" href="{}?kind=csv">CSV</a>',
        look,
        address,
        look,
        address,
    )


def _lines(statement: MerchantStatement) -> Panel:
    rows = statement.lines.select_related("order").order_by("-pk")[:SHOWN]
    return Panel(
        title=_("Lines"),
        headers=export_statement.HEADERS,
        rows=[
            (
                display.moment(row.at),
                row.get_kind_display(),
                display.link(row.order),
                row.note,
                *map(display.yuan, export_statement.amounts_fen(row)),
            )
            for row in rows
        ],
        right=frozenset(range(4, len(export_statement.HEADERS))),
        note=_("The latest 100; all of them are in the file."),
    )
