"""A member buys SKUs of one merchant without a preview: a checkout of one order."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.members import services as members
from mingchi.orders.models import Order
from mingchi.usecases import checks, offers, placing
from mingchi.usecases.offers import Item
from mingchi.usecases.once import once
from mingchi.usecases.placing import Delivery, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The order, to be paid."""

    order_id: int
    checkout_id: int
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
    """Buy at today's prices, without coupons. Only so can be paid at the door: of several merchants
    each would collect by itself.

    Errors: `items_invalid`, `qty_invalid`, `several_merchants` 409, those of `placing.place`.
    """
    terms = Terms(payment_method=payment_method, channel=channel, is_demo=is_demo)
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
    member_id: int, items: Sequence[Item], delivery: Delivery, now: datetime, terms: Terms
) -> Placed:
    member = members.acting(member_id, held=True)
    offer = offers.offer(
        member_id=member_id,
        qty=offers.quantities(items),
        region=checks.region(delivery.region),
        claim_ids=(),
        now=now,
    )
    if len(offer.by_merchant) > 1:
        raise ConflictError(
            "several_merchants", _("An order is of one merchant's articles."), field="items"
        )
    placed = placing.place(member=member, offer=offer, delivery=delivery, terms=terms, now=now)
    (order,) = placed.orders
    return Placed(
        order_id=order.pk,
        checkout_id=placed.checkout.pk,
        number=order.number,
        state=str(order.state),
        goods_fen=order.goods_fen,
        shipping_fen=order.shipping_fen,
        total_fen=order.total_fen,
    )
