"""What a checkout would cost and how, before anybody buys: every stage of the price by its name,
what stands in the way, and a digest over all of it, so that nobody buys what they were not shown.

Nothing is written here; `checkout` asks the same `look` again.
"""

import hashlib
import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import MAX_FEN, Product, Sku
from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.members import addresses
from mingchi.members.models import Address
from mingchi.orders import carts, limits
from mingchi.pricing.basket import Amounts
from mingchi.pricing.models import MemberCoupon
from mingchi.usecases import problems, quote_items
from mingchi.usecases.problems import Problem
from mingchi.usecases.quote_items import EACH_ONCE, Basket, Quoted, Usable

MAX_ITEMS: Final = 100
MAX_QTY: Final = 10**6
LABELS: Final[Mapping[str, Promise]] = {
    "goods": _("Goods"),
    "price_cut": _("Price cut"),
    "merchant_coupon": _("Shop's coupon"),
    "shipping": _("Shipping"),
    "platform_coupon": _("Platform's coupon"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """So many of a SKU."""

    sku_id: int
    qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a member wants to buy: `items` None: what is selected in the cart; `coupon_ids` None:
    those that save most; `address_id` None: it is not known yet where it goes."""

    items: tuple[Item, ...] | None = None
    address_id: int | None = None
    coupon_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step from the goods to what is payable. `coupon` is the member's coupon that does it."""

    code: str
    amount_fen: int
    coupon: MemberCoupon | None = None

    @property
    def label(self) -> str | Promise:
        """Its name; a coupon's own."""
        return LABELS[self.code] if self.coupon is None else self.coupon.coupon.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The part of one merchant: what will be an order."""

    merchant_id: int
    name: str
    skus: tuple[Sku, ...]
    stages: tuple[Stage, ...]
    total_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """All that the member is shown. With problems it can't be bought."""

    qty: Mapping[int, int]
    basket: Basket
    quoted: Quoted
    address: Address | None
    shops: tuple[Shop, ...]
    stages: tuple[Stage, ...]
    problems: tuple[Problem, ...]
    digest: str

    @property
    def payable_fen(self) -> int:
        """What the member pays."""
        return self.quoted.quote.total.payable_fen


def preview(*, member_id: int, wish: Wish, now: datetime) -> Preview:
    """What the wish would cost now. Errors: `cart_empty` 409 where nothing is selected,
    `items_invalid`, `qty_invalid`, `not_found` 404 for another's address, `coupon_not_usable` 409,
    `coupons_clash` 409."""
    address = None
    if wish.address_id is not None:
        address = addresses.get(member_id=member_id, address_id=wish.address_id)
    qty = wanted(member_id, wish)
    basket = quote_items.basket(member_id=member_id, qty=qty, now=now)
    region = address.region if address else None
    quoted = quote_items.quote(basket, region=region, claim_ids=wish.coupon_ids)
    found = [
        *_of_articles(member_id, qty, basket),
        *map(problems.of_price, quoted.quote.problems),
        *_of_all(basket, quoted, address),
    ]
    return look(qty=qty, basket=basket, quoted=quoted, address=address, found=found)


def look(
    *,
    qty: Mapping[int, int],
    basket: Basket,
    quoted: Quoted,
    address: Address | None,
    found: Sequence[Problem],
) -> Preview:
    """Put together what the member is shown."""
    shops = tuple(_shops(basket, quoted))
    stages = tuple(_stages(quoted.quote.total, quoted, quoted.quote.merchants))
    return Preview(
        qty=qty,
        basket=basket,
        quoted=quoted,
        address=address,
        shops=shops,
        stages=stages,
        problems=tuple(found),
        digest=_digest(qty, shops, stages, quoted, address, found),
    )


def coupons(shown: Preview) -> list[Usable]:
    """Every coupon the member could choose for it, and why others are of no use."""
    region = shown.address.region if shown.address else None
    return quote_items.usable(shown.basket, region=region)


def wanted(member_id: int, wish: Wish) -> dict[int, int]:
    """How many of each SKU, from the cart where the wish names none."""
    if wish.items is None:
        qty = carts.selected(member_id)
        if not qty:
            raise ConflictError("cart_empty", _("Nothing in your cart is selected."), field="items")
        return qty
    qty = {item.sku_id: item.qty for item in wish.items}
    if not 1 <= len(wish.items) <= MAX_ITEMS or len(qty) != len(wish.items):
        raise DomainError("items_invalid", EACH_ONCE, field="items")
    if any(not 1 <= units <= MAX_QTY for units in qty.values()):
        raise DomainError("qty_invalid", _("From 1 to a million of each."), field="qty")
    return qty


def by_product(qty: Mapping[int, int], skus: Iterable[Sku]) -> dict[Product, int]:
    """How many units of each product, over its variants."""
    wanted: dict[Product, int] = {}
    for sku in skus:
        wanted[sku.product] = wanted.get(sku.product, 0) + qty[sku.pk]
    return wanted


def _of_articles(member_id: int, qty: Mapping[int, int], basket: Basket) -> Iterable[Problem]:
    """What is not on sale, not on the shelf, or more than one member may buy."""
    yield from map(problems.not_on_sale, basket.missing)
    for key, sku in basket.skus.items():
        short = problems.on_shelf(sku, qty[key], is_on_sale=True)
        if short is not None:
            yield short
    units = by_product(qty, basket.skus.values())
    left = limits.left(member_id=member_id, products=units)
    by_key = {product.pk: number for product, number in units.items()}
    for product in units:
        first = next(key for key, sku in basket.skus.items() if sku.product_id == product.pk)
        over = problems.limited(product, by_key, left, sku_id=first)
        if over is not None:
            yield over


def _of_all(basket: Basket, quoted: Quoted, address: Address | None) -> Iterable[Problem]:
    """What is wrong with the whole: no address, or one that is no more; too much money."""
    carried = any(
        sku.product.goods_type != Product.GoodsType.VIRTUAL for sku in basket.skus.values()
    )
    if address is None and carried:
        yield Problem(code="address_needed", message=_("Choose where it is to be sent."))
    if address is not None and addresses.area_of(address) is None:
        yield Problem(
            code="address_outdated",
            message=_("The area of this address has ceased to exist. Choose it again."),
        )
    if quoted.quote.total.sale_fen > MAX_FEN:
        yield Problem(code="amount_too_large", message=_("The order is too large."))


def _shops(basket: Basket, quoted: Quoted) -> Iterable[Shop]:
    by_merchant: dict[int, list[Sku]] = {}
    for sku in basket.skus.values():
        by_merchant.setdefault(sku.product.merchant_id, []).append(sku)
    for merchant_id, skus in by_merchant.items():
        amounts = quoted.quote.merchants[merchant_id]
        yield Shop(
            merchant_id=merchant_id,
            name=skus[0].product.merchant.name,
            skus=tuple(skus),
            stages=tuple(_stages(amounts, quoted, {merchant_id})),
            total_fen=amounts.payable_fen,
        )


def _stages(amounts: Amounts, quoted: Quoted, merchants: Container[int]) -> Iterable[Stage]:
    """From the goods to what these merchants' part costs, in the order of
    `docs/algorithms/pricing.md`. What is nothing is left out, but for the goods."""
    yield Stage(code="goods", amount_fen=amounts.list_fen)
    if amounts.sale_fen != amounts.list_fen:
        yield Stage(code="price_cut", amount_fen=amounts.sale_fen - amounts.list_fen)
    for each in quoted.coupons:
        saved_fen = quoted.quote.saved_fen[each.pk]
        if each.coupon.merchant_id in merchants and saved_fen:
            yield Stage(code="merchant_coupon", amount_fen=-saved_fen, coupon=each)
    if amounts.shipping_fen:
        yield Stage(code="shipping", amount_fen=amounts.shipping_fen)
    for each in quoted.coupons:
        if each.coupon.merchant_id is None and amounts.subsidy_fen:
            yield Stage(code="platform_coupon", amount_fen=-amounts.subsidy_fen, coupon=each)


def _digest(
    qty: Mapping[int, int],
    shops: Iterable[Shop],
    stages: Iterable[Stage],
    quoted: Quoted,
    address: Address | None,
    found: Iterable[Problem],
) -> str:
    """Over everything shown that a member could mind, in no language."""

    def told(stages: Iterable[Stage]) -> list[Any]:
        return [(each.code, each.amount_fen, each.coupon and each.coupon.pk) for each in stages]

    facts = {
        "shops": [(shop.merchant_id, shop.name, told(shop.stages)) for shop in shops],
        "lines": [
            (sku.pk, qty[sku.pk], sku.product.title, sku.title, _amounts(quoted, sku.pk))
            for shop in shops
            for sku in shop.skus
        ],
        "stages": told(stages),
        "problems": [(each.code, each.sku_id, each.coupon_id) for each in found],
        "address": address and [address.name, address.phone, address.region, address.detail],
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _amounts(quoted: Quoted, sku_id: int) -> tuple[int, ...]:
    found = quoted.quote.lines[sku_id]
    return found.list_fen, found.sale_fen, found.goods_fen, found.delivery_fen
