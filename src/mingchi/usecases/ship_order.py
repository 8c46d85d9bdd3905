"""A merchant sends the goods off: all that the order's flow asks of the warehouse, in one go."""

from datetime import datetime
from typing import Final

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.orders import services as orders
from mingchi.orders import shipments
from mingchi.orders.models import Order
from mingchi.usecases import checks, flow_roles, follow_flow, rights
from mingchi.usecases.follow_flow import order_flow

STEPS: Final = frozenset(
    {
        "shipment.pick",
        "shipment.pack",
        "shipment.weigh",
        "shipment.print_slip",
        "shipment.create",
        "shipment.hand_over",
    }
)


def ship_order(
    *, by: User, order_id: int, now: datetime, carrier: str = "", tracking_number: str = ""
) -> None:
    """Do the open steps from the shelf to the carrier, for all that is left to ship; what was
    refunded is not held any more.

    Errors: `not_found` 404, `not_allowed` 403, `not_your_role` 403 for a step that the flow gives
    to others, `impossible_move` 409, `flow_waits` 409 where the flow asks for something else first,
    `on_hold` 409, and those of the steps.
    """
    sent = {
        "carrier": checks.text(carrier, field="carrier", longest=40),
        "tracking_number": checks.text(tracking_number, field="tracking_number", longest=60),
    }
    flow = order_flow(order_id)
    follow_flow.bring_forward(flow, now=now)
    with transaction.atomic():
        order = orders.lock(order_id)
        rights.require(by, "order.ship", merchant_id=order.merchant_id)
        if order.state not in (Order.State.PAID, Order.State.CREATED):
            raise orders.impossible(str(order.state), "shipped")
        if any(sent.values()):
            for parcel in shipments.prepare(order):
                shipments.name_carrier(parcel, **sent)
        actor = flow_roles.acting(by, order.merchant_id)
        follow_flow.do_steps(flow, STEPS, actor=actor, now=now)
        if Order.objects.get(pk=order_id).state != Order.State.SHIPPED:
            raise follow_flow.waits(flow)
        audit.record(
            actor=rights.actor(by),
            action="order.ship",
            subject=f"order:{order.pk}",
            before={"state": str(order.state)},
            after={"state": "shipped", **sent},
        )
