"""A merchant sends the goods off."""

from datetime import datetime

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.orders import services as orders
from mingchi.orders import shipments
from mingchi.orders.models import Order
from mingchi.usecases import checks, rights


def ship_order(
    *, by: User, order_id: int, now: datetime, carrier: str = "", tracking_number: str = ""
) -> None:
    """All that is left to ship leaves the house: what was refunded is not held any more.

    Errors: `not_found` 404, `not_allowed` 403, `impossible_move` 409 and those of `shipments.ship`.
    """
    sent = {
        "carrier": checks.text(carrier, field="carrier", longest=40),
        "tracking_number": checks.text(tracking_number, field="tracking_number", longest=60),
    }
    with transaction.atomic():
        order = orders.lock(order_id)
        rights.require(by, "order.ship", merchant_id=order.merchant_id)
        if order.state != Order.State.PAID:
            raise orders.impossible(str(order.state), "shipped")
        for shipment in shipments.prepare(order):
            shipments.name_carrier(shipment, **sent)
            shipments.ship(shipment, now=now)
        audit.record(
            actor=rights.actor(by),
            action="order.ship",
            subject=f"order:{order.pk}",
            before={"state": str(order.state)},
            after={"state": "shipped", **sent},
        )
