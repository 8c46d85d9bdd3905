"""A merchant's statement as a file."""

from collections.abc import Iterator
from typing import Final, Literal

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mingchi.payouts import exporting
from mingchi.payouts.exporting import Cell
from mingchi.payouts.models import MerchantStatement, MerchantStatementLine

Format = Literal["csv", "xlsx"]
HEADERS: Final = (
    _("when"),
    _("kind"),
    _("order"),
    _("what for"),
    _("goods (yuan)"),
    _("coupons (yuan)"),
    _("paid by the platform's coupons (yuan)"),
    _("refunded (yuan)"),
    _("platform's share (yuan)"),
    _("on the account (yuan)"),
)
NOTHING: Final = (0, 0, 0, 0, 0)
TYPES: Final[dict[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def export(statement: MerchantStatement, *, kind: Format) -> bytes:
    """The lines with opening and closing balance, in the reader's language; amounts in yuan."""
    headers = [str(header) for header in HEADERS]
    if kind == "csv":
        return exporting.as_csv(headers, _rows(statement))
    return exporting.as_xlsx(statement.period, headers, _rows(statement))


def file_name(statement: MerchantStatement, kind: Format) -> str:
    """ASCII only, so that every browser takes it."""
    return f"statement-{statement.merchant_id}-{statement.period}.{kind}"


def amounts_fen(line: MerchantStatementLine) -> tuple[int, ...]:
    """What stands in the columns of amounts; all but the last sum to it, but for freight, payouts
    and what else is not of goods."""
    return (
        line.goods_fen,
        -line.coupons_fen,
        line.subsidy_fen,
        -line.returned_fen,
        -line.share_fen,
        line.amount_fen,
    )


def _rows(statement: MerchantStatement) -> Iterator[list[Cell]]:
    yield ["", gettext("opening balance"), "", "", *NOTHING, statement.opening_fen]
    for line in statement.lines.select_related("order").order_by("pk"):
        yield [
            timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M:%S"),
            str(line.get_kind_display()),
            line.order.number if line.order else "",
            line.note,
            *amounts_fen(line),
        ]
    yield ["", gettext("closing balance"), "", "", *NOTHING, statement.closing_fen]
