"""How the price of a placed order came about, stage by stage, of a line and of the whole. Pure.

The same stages as in a preview, and in the same order (`docs/algorithms/pricing.md`); after them,
what the shop lowered before it was paid. They sum to what the member pays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mingchi.orders.models import Order, OrderLine

GOODS: Final = "goods"
PRICE_CUT: Final = "price_cut"
MERCHANT_COUPON: Final = "merchant_coupon"
SHIPPING: Final = "shipping"
PLATFORM_COUPON: Final = "platform_coupon"
PRICE_CHANGE: Final = "price_change"
LABELS: Final[Mapping[str, Promise]] = {
    GOODS: _("Goods"),
    PRICE_CUT: _("Price cut"),
    MERCHANT_COUPON: _("Shop's coupon"),
    SHIPPING: _("Shipping"),
    PLATFORM_COUPON: _("Platform's coupon"),
    PRICE_CHANGE: _("Lowered by the shop"),
}
PAID_BY: Final[Mapping[str, str]] = {MERCHANT_COUPON: "merchant", PLATFORM_COUPON: "platform"}
"""Whose coupon a stage is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step from the goods to what is to pay; negative: taken off. `name` is the coupon's."""

    code: str
    amount_fen: int
    name: str = ""

    @property
    def label(self) -> str | Promise:
        """What it is called; a coupon by its own name."""
        return self.name or LABELS[self.code]


def of_line(order: Order, line: OrderLine) -> list[Stage]:
    """Of one line; they sum to `line.paid_fen`."""
    return _told(order, _amounts(line))


def of_order(order: Order, lines: Iterable[OrderLine]) -> list[Stage]:
    """Of all lines; they sum to `order.total_fen`."""
    parts = [_amounts(line) for line in lines]
    return _told(order, {code: sum(part[code] for part in parts) for code in LABELS})


def _amounts(line: OrderLine) -> dict[str, int]:
    now_fen = line.qty * line.price_fen
    asked_fen = now_fen + line.lowered_fen
    return {
        GOODS: line.list_fen,
        PRICE_CUT: asked_fen - line.list_fen,
        MERCHANT_COUPON: line.amount_fen - now_fen + line.freight_fen - line.charge_fen,
        SHIPPING: line.charge_fen,
        PLATFORM_COUPON: line.goods_fen - line.amount_fen + line.delivery_fen - line.freight_fen,
        PRICE_CHANGE: -line.lowered_fen,
    }


def _told(order: Order, amounts: Mapping[str, int]) -> list[Stage]:
    """What is nothing is left out, but for the goods."""
    names = {MERCHANT_COUPON: order.merchant_coupon, PLATFORM_COUPON: order.platform_coupon}
    return [
        Stage(code=code, amount_fen=fen, name=names.get(code, ""))
        for code, fen in amounts.items()
        if fen or code == GOODS
    ]
