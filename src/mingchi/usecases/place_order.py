"""A member buys SKUs of one merchant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import queries as catalogue
from mingchi.catalogue.models import MAX_FEN, Product, Sku
from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.fulfilment import services
from mingchi.members import services as members
from mingchi.orders import limits, reservations
from mingchi.orders.models import Order, OrderLine
from mingchi.usecases import checks, split
from mingchi.usecases.follow_flow import order_flow
from mingchi.usecases.once import once
from mingchi.usecases.quote_items import EACH_ONCE

MAX_ITEMS = 100
MAX_QTY = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """So many of a SKU."""

    sku_id: int
    qty: int


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
class _Terms:
    payment_method: str
    channel: str
    is_demo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The order, to be paid."""

    order_id: int
    number: str
    state: str
    goods_fen: int
    shipping_fen: int
    total_fen: int


def place_order(
    *,
    member_id: int,
    items: Sequence[Item],
    delivery: Delivery,
    idempotency_key: str,
    now: datetime,
    payment_method: str = Order.PaymentMethod.ONLINE.value,
    channel: str = "web",
    is_demo: bool = False,
) -> Placed:
    """Reserve the stock, write the order down at today's prices, and queue the start of its flow:
    nothing here looks at a flow, so none can make a checkout fail.

    Errors: `items_invalid`, `qty_invalid`, `sku_not_found` 404, `several_merchants`,
    `out_of_stock` 409, `limit_exceeded` 409, `amount_too_large`, `split_exceeds_price` 409,
    `region_invalid`, `method_invalid`.
    """
    terms = _Terms(payment_method=payment_method, channel=channel, is_demo=is_demo)
    body = {
        "items": [asdict(item) for item in items],
        "delivery": asdict(delivery),
        "payment_method": payment_method,
        "channel": channel,
    }
    with transaction.atomic():
        return once(
            action="place_order",
            actor=f"member:{member_id}",
            key=idempotency_key,
            body=body,
            run=lambda: _place(member_id, items, delivery, now, terms),
            result=Placed,
        )


def _place(
    member_id: int, items: Sequence[Item], delivery: Delivery, now: datetime, terms: _Terms
) -> Placed:
    member = members.acting(member_id)
    _refuse_bad_items(items)
    skus = _skus(items)
    limits.refuse_excess(member_id=member_id, wanted=_by_product(items, skus))
    method = _delivery_method(delivery, terms, skus.values())
    merchant_id = next(iter(skus.values())).product.merchant_id
    lines = [_line(place, item, skus[item.sku_id]) for place, item in enumerate(items)]
    goods_fen = sum(line.amount_fen for line in lines)
    if goods_fen > MAX_FEN:
        raise DomainError("amount_too_large", _("The order is too large."), field="items")
    split.refuse_excess(lines)
    order_id = _next_id()
    order = Order.objects.create(
        id=order_id,
        number=f"{timezone.localdate(now):%Y%m%d}{order_id:07d}",
        member=member,
        merchant_id=merchant_id,
        region=checks.region(delivery.region),
        recipient=checks.text(delivery.recipient, field="recipient", longest=60),
        recipient_phone=checks.text(delivery.phone, field="phone", longest=20),
        address=checks.text(delivery.address, field="address", longest=200),
        goods_fen=goods_fen,
        total_fen=goods_fen,
        placed_at=now,
        pay_by=now + timedelta(minutes=settings.PAY_WITHIN_MINUTES),
        payment_method=terms.payment_method,
        delivery_method=method,
        channel=checks.text(terms.channel, field="channel", longest=20, needed=True),
        is_demo=terms.is_demo,
    )
    for line in lines:
        line.order = order
    OrderLine.objects.bulk_create(lines)
    at_the_door = order.payment_method == Order.PaymentMethod.COD
    reservations.hold(lines, until=None if at_the_door else order.pay_by)
    flow = order_flow(order.pk)
    services.enqueue(kind=flow.kind, subject=flow.subject, now=now)
    return Placed(
        order_id=order.pk,
        number=order.number,
        state=str(order.state),
        goods_fen=goods_fen,
        shipping_fen=0,
        total_fen=goods_fen,
    )


def _delivery_method(delivery: Delivery, terms: _Terms, skus: Iterable[Sku]) -> str:
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


def _refuse_bad_items(items: Sequence[Item]) -> None:
    keys = [item.sku_id for item in items]
    if not 1 <= len(items) <= MAX_ITEMS or len(set(keys)) != len(keys):
        raise DomainError("items_invalid", EACH_ONCE, field="items")
    if any(not 1 <= item.qty <= MAX_QTY for item in items):
        raise DomainError("qty_invalid", _("From 1 to a million of each."), field="qty")


def _skus(items: Sequence[Item]) -> Mapping[int, Sku]:
    skus = catalogue.wanted_skus([item.sku_id for item in items])
    if len({sku.product.merchant_id for sku in skus.values()}) > 1:
        raise ConflictError(
            "several_merchants", _("An order is of one merchant's articles."), field="items"
        )
    return skus


def _by_product(items: Sequence[Item], skus: Mapping[int, Sku]) -> dict[Product, int]:
    wanted: dict[Product, int] = {}
    for item in items:
        product = skus[item.sku_id].product
        wanted[product] = wanted.get(product, 0) + item.qty
    return wanted


def _line(place: int, item: Item, sku: Sku) -> OrderLine:
    def total(per_unit: int | None) -> int | None:
        return None if per_unit is None else per_unit * item.qty

    return OrderLine(
        position=place,
        sku=sku,
        title=" · ".join(filter(None, (sku.product.title, sku.title))),
        qty=item.qty,
        price_fen=sku.price_fen,
        amount_fen=sku.price_fen * item.qty,
        cost_fen=sku.cost_fen * item.qty,
        distribution_fen=total(sku.distribution_fen),
        pool_fen=total(sku.pool_fen),
    )


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('orders_order', 'id'))")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])
