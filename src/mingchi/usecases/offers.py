"""What somebody could buy now and for how much, with what stands in the way: a preview shows it,
and whoever buys is asked it again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import MAX_FEN, Product, Sku
from mingchi.foundation.errors import DomainError
from mingchi.orders import limits
from mingchi.usecases import problems, quote_items
from mingchi.usecases.problems import Problem
from mingchi.usecases.quote_items import EACH_ONCE, Basket, Quoted

MAX_ITEMS: Final = 100
MAX_QTY: Final = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """So many of a SKU."""

    sku_id: int
    qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """So many of each SKU, priced. With problems it can't be bought."""

    qty: Mapping[int, int]
    basket: Basket
    quoted: Quoted
    problems: tuple[Problem, ...]

    @property
    def payable_fen(self) -> int:
        """What the member pays."""
        return self.quoted.quote.total.payable_fen

    @property
    def by_merchant(self) -> dict[int, list[Sku]]:
        """The articles of each merchant: what will be an order."""
        found: dict[int, list[Sku]] = {}
        for sku in self.basket.skus.values():
            found.setdefault(sku.product.merchant_id, []).append(sku)
        return found

    @property
    def is_carried(self) -> bool:
        """Whether anything of it has to be sent."""
        goods = (sku.product.goods_type for sku in self.basket.skus.values())
        return any(goods_type != Product.GoodsType.VIRTUAL for goods_type in goods)


def offer(
    *,
    member_id: int,
    qty: Mapping[int, int],
    region: str | None,
    claim_ids: Sequence[int] | None,
    now: datetime,
) -> Offer:
    """Price it for a member, sent to a region (None: not known yet), with these coupons (None:
    those that save most). Errors: those of `quote_items.quote`."""
    basket = quote_items.basket(member_id=member_id, qty=qty, now=now)
    quoted = quote_items.quote(basket, region=region, claim_ids=claim_ids)
    found = [
        *map(problems.not_on_sale, basket.missing),
        *_not_on_shelf(qty, basket),
        *_above_limits(member_id, qty, basket),
        *map(problems.of_price, quoted.quote.problems),
    ]
    if quoted.quote.total.sale_fen > MAX_FEN:
        found.append(problems.too_large())
    return Offer(qty=qty, basket=basket, quoted=quoted, problems=tuple(found))


def quantities(items: Sequence[Item]) -> dict[int, int]:
    """How many of each SKU. Errors: `items_invalid` (none, too many, one twice), `qty_invalid`."""
    qty = {item.sku_id: item.qty for item in items}
    if not 1 <= len(items) <= MAX_ITEMS or len(qty) != len(items):
        raise DomainError("items_invalid", EACH_ONCE, field="items")
    if any(not 1 <= units <= MAX_QTY for units in qty.values()):
        raise DomainError("qty_invalid", _("From 1 to a million of each."), field="qty")
    return qty


def _not_on_shelf(qty: Mapping[int, int], basket: Basket) -> Iterable[Problem]:
    for key, sku in basket.skus.items():
        short = problems.on_shelf(sku, qty[key], is_on_sale=True)
        if short is not None:
            yield short


def _above_limits(member_id: int, qty: Mapping[int, int], basket: Basket) -> Iterable[Problem]:
    """By product, over its variants; named with the first of them."""
    first: dict[Product, Sku] = {}
    units: dict[int, int] = {}
    for key, sku in basket.skus.items():
        first.setdefault(sku.product, sku)
        units[sku.product_id] = units.get(sku.product_id, 0) + qty[key]
    left = limits.left(member_id=member_id, products=first)
    for product, sku in first.items():
        over = problems.limited(product, units, left, sku_id=sku.pk)
        if over is not None:
            yield over
