"""What a checkout would cost and how, before anybody buys: every stage of the price by its name,
what stands in the way, and a digest over all of it, so that nobody buys what they were not shown.

Nothing is written here; `check_out` asks the same again.
"""

import hashlib
import json
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import ConflictError
from mingchi.members import addresses
from mingchi.members.models import Address
from mingchi.orders import carts
from mingchi.orders.stages import LABELS
from mingchi.pricing.basket import Amounts
from mingchi.pricing.models import MemberCoupon
from mingchi.usecases import offers, quote_items
from mingchi.usecases.offers import Item, Offer
from mingchi.usecases.problems import Problem
from mingchi.usecases.quote_items import Quoted, Usable


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

    offer: Offer
    address: Address | None
    shops: tuple[Shop, ...]
    stages: tuple[Stage, ...]
    problems: tuple[Problem, ...]
    digest: str


def preview(*, member_id: int, wish: Wish, now: datetime) -> Preview:
    """What the wish would cost now. Errors: `cart_empty` 409 where nothing is selected,
    `items_invalid`, `qty_invalid`, `not_found` 404 for another's address, `coupon_not_usable` 409,
    `coupons_clash` 409."""
    address = None
    if wish.address_id is not None:
        address = addresses.get(member_id=member_id, address_id=wish.address_id)
    offer = offers.offer(
        member_id=member_id,
        qty=_wanted(member_id, wish),
        region=address.region if address else None,
        claim_ids=wish.coupon_ids,
        now=now,
    )
    shops = tuple(_shops(offer))
    stages = tuple(_stages(offer.quoted.quote.total, offer.quoted, offer.by_merchant))
    found = (*offer.problems, *_of_address(offer, address))
    return Preview(
        offer=offer,
        address=address,
        shops=shops,
        stages=stages,
        problems=found,
        digest=_digest(offer, address, shops, stages, found),
    )


def coupons(shown: Preview) -> list[Usable]:
    """Every coupon the member could choose for it, and why others are of no use."""
    region = shown.address.region if shown.address else None
    return quote_items.usable(shown.offer.basket, region=region)


def _wanted(member_id: int, wish: Wish) -> dict[int, int]:
    """How many of each SKU, from the cart where the wish names none."""
    if wish.items is not None:
        return offers.quantities(wish.items)
    qty = carts.selected(member_id)
    if not qty:
        raise ConflictError("cart_empty", _("Nothing in your cart is selected."), field="items")
    return qty


def _of_address(offer: Offer, address: Address | None) -> Iterable[Problem]:
    if address is None and offer.is_carried:
        yield Problem(code="address_needed", message=_("Choose where it is to be sent."))
    if address is not None and addresses.area_of(address) is None:
        yield Problem(
            code="address_outdated",
            message=_("The area of this address has ceased to exist. Choose it again."),
        )


def _shops(offer: Offer) -> Iterable[Shop]:
    for merchant_id, skus in offer.by_merchant.items():
        amounts = offer.quoted.quote.merchants[merchant_id]
        yield Shop(
            merchant_id=merchant_id,
            name=skus[0].product.merchant.name,
            skus=tuple(skus),
            stages=tuple(_stages(amounts, offer.quoted, {merchant_id})),
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
    offer: Offer,
    address: Address | None,
    shops: Iterable[Shop],
    stages: Iterable[Stage],
    found: Iterable[Problem],
) -> str:
    """Over everything shown that a member could mind, in no language."""

    def told(stages: Iterable[Stage]) -> list[Any]:
        return [(each.code, each.amount_fen, each.coupon and each.coupon.pk) for each in stages]

    facts = {
        "shops": [(shop.merchant_id, shop.name, told(shop.stages)) for shop in shops],
        "lines": [_line(offer, sku) for shop in shops for sku in shop.skus],
        "stages": told(stages),
        "problems": [(each.code, each.sku_id, each.coupon_id) for each in found],
        "address": address and [address.name, address.phone, address.region, address.detail],
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _line(offer: Offer, sku: Sku) -> list[Any]:
    amounts = offer.quoted.quote.lines[sku.pk]
    sums = [amounts.list_fen, amounts.sale_fen, amounts.goods_fen, amounts.delivery_fen]
    return [sku.pk, offer.qty[sku.pk], sku.product.title, sku.title, *sums]
