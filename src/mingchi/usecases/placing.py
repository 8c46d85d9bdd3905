"""The one way orders come to be: what was offered is written down, an order of each merchant under
one checkout; the stock is reserved, the coupons are kept, and the flows are queued.

Callers have claimed the idempotency key and hold the member, before anything of the offer is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Product, Sku
from mingchi.foundation import rows
from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import services
from mingchi.fulfilment.models import Kind
from mingchi.members.models import Member
from mingchi.orders import checkouts, reservations
from mingchi.orders.models import Checkout, Order, OrderLine
from mingchi.pricing import stages
from mingchi.pricing.basket import Line
from mingchi.usecases import checks
from mingchi.usecases.follow_flow import order_flow
from mingchi.usecases.offers import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where it goes, and how: `express`, `pickup` or `virtual`. The region (6 digits) decides which
    agents are paid."""

    region: str | None = None
    recipient: str = ""
    phone: str = ""
    address: str = ""
    method: str = Order.DeliveryMethod.EXPRESS.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How it is paid, through which channel it came, and what the buyer adds."""

    payment_method: str = Order.PaymentMethod.ONLINE.value
    channel: str = "web"
    note: str = ""
    is_demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A checkout with its orders, in the order of the merchants in the offer."""

    checkout: Checkout
    orders: tuple[Order, ...]


def place(
    *, member: Member, offer: Offer, delivery: Delivery, terms: Terms, now: datetime
) -> Placed:
    """Nothing here looks at a flow, so none can make a checkout fail.

    Errors: the refusal of the offer's first problem, `out_of_stock` 409 and `coupon_not_usable`
    409 where somebody was quicker, `method_invalid`, `region_invalid`, `text_invalid`.
    """
    for problem in offer.problems:
        raise problem.refusal()
    shops = offer.by_merchant
    checkout, keys = checkouts.open_one(member=member, orders=len(shops), now=now)
    lines = {line.sku_id: line for line in offer.basket.lines}
    coupons = _coupons(offer)
    made: list[tuple[Order, list[OrderLine]]] = []
    for key, (merchant_id, skus) in zip(keys, shops.items(), strict=True):
        own = [_line(n, offer, sku, lines[sku.pk]) for n, sku in enumerate(skus)]
        order = _order(key, checkout, merchant_id, own, delivery, terms)
        order.delivery_method = _delivery_method(delivery, terms, skus)
        order.merchant_coupon = coupons.get(merchant_id, "")
        order.platform_coupon = coupons.get(None, "") if order.subsidy_fen else ""
        made.append((order, own))
    orders = [order for order, _own in made]
    rows.insert(orders)
    _write_lines(made, orders[0])
    checkouts.keep_coupons(checkout, offer.quoted.quote.saved_fen, now=now)
    flows = {order_flow(order.pk).subject: order.merchant_id for order in orders}
    services.enqueue_all(kind=Kind.ORDER.value, merchants=flows, now=now)
    return Placed(checkout=checkout, orders=tuple(orders))


def _order(
    key: int,
    checkout: Checkout,
    merchant_id: int,
    lines: Sequence[OrderLine],
    delivery: Delivery,
    terms: Terms,
) -> Order:
    now = checkout.placed_at
    goods_fen = sum(line.goods_fen for line in lines)
    shipping_fen = sum(line.delivery_fen for line in lines)
    return Order(
        id=key,
        checkout=checkout,
        number=f"{timezone.localdate(now):%Y%m%d}{key:07d}",
        member=checkout.member,
        merchant_id=merchant_id,
        region=checks.region(delivery.region),
        recipient=checks.text(delivery.recipient, field="recipient", longest=60),
        recipient_phone=checks.text(delivery.phone, field="phone", longest=20),
        address=checks.text(delivery.address, field="address", longest=240),
        note=checks.text(terms.note, field="note", longest=200),
        goods_fen=goods_fen,
        shipping_fen=shipping_fen,
        total_fen=goods_fen + shipping_fen,
        subsidy_fen=sum(line.amount_fen + line.freight_fen - line.paid_fen for line in lines),
        placed_at=now,
        pay_by=now + timedelta(minutes=settings.PAY_WITHIN_MINUTES),
        payment_method=terms.payment_method,
        channel=checks.text(terms.channel, field="channel", longest=20, needed=True),
        is_demo=terms.is_demo,
    )


def _line(place: int, offer: Offer, sku: Sku, priced: Line) -> OrderLine:
    amounts, qty = offer.quoted.quote.lines[sku.pk], priced.qty

    def total(per_unit: int | None) -> int | None:
        return None if per_unit is None else per_unit * qty

    return OrderLine(
        position=place,
        sku=sku,
        title=sku.article,
        qty=qty,
        price_fen=priced.price_fen,
        list_fen=amounts.list_fen,
        amount_fen=amounts.price_fen,
        goods_fen=amounts.goods_fen,
        charge_fen=amounts.shipping_fen,
        freight_fen=amounts.freight_fen,
        delivery_fen=amounts.delivery_fen,
        cost_fen=stages.owed_fen(priced, amounts),
        distribution_fen=total(priced.distribution_fen),
        pool_fen=total(priced.pool_fen),
    )


def _write_lines(made: Sequence[tuple[Order, list[OrderLine]]], first: Order) -> None:
    """The lines of all orders, and the stock for them, until they are paid."""
    for order, own in made:
        for line in own:
            line.order = order
    lines = [line for _order, own in made for line in own]
    rows.insert(lines)
    at_the_door = first.payment_method == Order.PaymentMethod.COD
    reservations.hold(lines, until=None if at_the_door else first.pay_by)


def _coupons(offer: Offer) -> dict[int | None, str]:
    """The names of the coupons that take something off, by who pays for them."""
    saved_fen = offer.quoted.quote.saved_fen
    used = [each.coupon for each in offer.quoted.coupons if saved_fen[each.pk]]
    return {coupon.merchant_id: coupon.name for coupon in used}


def _delivery_method(delivery: Delivery, terms: Terms, skus: Iterable[Sku]) -> str:
    """What is only virtual is never carried, whatever was asked; what is not can't be sent so, and
    what is not carried is not paid at the door."""
    virtual = Order.DeliveryMethod.VIRTUAL.value
    nothing_to_carry = all(sku.product.goods_type == Product.GoodsType.VIRTUAL for sku in skus)
    method = virtual if nothing_to_carry else delivery.method
    at_the_door = terms.payment_method == Order.PaymentMethod.COD
    if (
        terms.payment_method not in Order.PaymentMethod.values
        or method not in Order.DeliveryMethod.values
        or (method == virtual and (at_the_door or not nothing_to_carry))
    ):
        raise DomainError(
            "method_invalid", _("This can't be paid or delivered so."), field="payment_method"
        )
    return method
