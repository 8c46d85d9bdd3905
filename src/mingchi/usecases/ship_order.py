"""A merchant sends the goods off."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from mingchi.catalogue import stock
from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.orders import services as orders
from mingchi.orders.models import Order
from mingchi.usecases import checks, rights

RECEIVE_WITHIN_DAYS = 15


def ship_order(
    *, by: User, order_id: int, now: datetime, carrier: str = "", tracking_number: str = ""
) -> None:
    """The units that were not refunded leave the house. Errors: `not_found` 404, `not_allowed`
    403, `impossible_move` 409."""
    days = int(getattr(settings, "RECEIVE_WITHIN_DAYS", RECEIVE_WITHIN_DAYS))
    sent = {
        "carrier": checks.text(carrier, field="carrier", longest=40),
        "tracking_number": checks.text(tracking_number, field="tracking_number", longest=60),
    }
    with transaction.atomic():
        order = orders.lock(order_id)
        rights.require(by, "order.ship", merchant_id=order.merchant_id)
        orders.move(
            order.pk,
            Order.State.SHIPPED,
            now=now,
            fields={**sent, "receive_by": now + timedelta(days=days)},
        )
        stock.ship((line.sku_id, line.qty - line.restocked) for line in orders.lines(order))
        audit.record(
            actor=rights.actor(by),
            action="order.ship",
            subject=f"order:{order.pk}",
            before={"state": str(order.state)},
            after={"state": "shipped", **sent},
        )
