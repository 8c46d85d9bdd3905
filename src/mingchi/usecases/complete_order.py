"""The return window is over: the order enters settlement."""

from datetime import datetime
from typing import Any

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.orders import moves, settlement
from mingchi.orders import services as orders
from mingchi.orders.models import Order, OrderLine
from mingchi.orders.settlement import SettledLine
from mingchi.payments import bookings
from mingchi.usecases import events, follow_flow, rights, split
from mingchi.usecases.follow_flow import order_flow


def complete_order(*, by: User, order_id: int, now: datetime, skip_window: bool = False) -> int:
    """See to it that the order's flow completes it, if all is there; returns the key of the event
    (`o<pk>`) that was recorded.

    Staff may skip the return window, in the sandbox only; that is audited. Errors: `not_found` 404,
    `not_allowed` 403, those of `moves.refuse_incomplete`, `impossible_move` 409 where it is
    completed already, `flow_waits` 409 where the flow asks for something else first.
    """
    flow = order_flow(order_id)
    follow_flow.bring_forward(flow, now=now)
    with transaction.atomic():
        order = orders.lock(order_id)
        rights.require(by, "order.complete", merchant_id=order.merchant_id)
        if order.state != Order.State.RECEIVED:
            raise orders.impossible(str(order.state), "completed")
        if skip_window:
            moves.skip_window(order, now=now)
            follow_flow.hasten(flow, now=now)
        moves.refuse_incomplete(order, now=now)
        follow_flow.carry_on(flow, now=now)
        event = events.find("order", order.pk)
        if event is None:
            raise follow_flow.waits(flow)
        audit.record(
            actor=rights.actor(by),
            action="order.complete",
            subject=f"order:{order.pk}",
            before={"state": str(order.state)},
            after={"state": "completed", "window_skipped": skip_window},
        )
        return event.pk


def record(order: Order) -> int:
    """An order was completed in this transaction: its event is recorded, and the freight is the
    merchant's. Returns the event's key."""
    plan = split.plan_in_force()
    pairs = settlement.engine_lines(orders.lines(order))
    assert pairs, "an order refunded in full does not complete"
    for place, (line, _settled) in enumerate(pairs):
        line.engine_line = place
    OrderLine.objects.bulk_update([line for line, _settled in pairs], ["engine_line"])
    event = events.record(
        "order",
        order.pk,
        member=events.member_key(order.member_id),
        region=order.region,
        lines=[
            _event_line(
                order,
                settlement.capped(
                    settled, distribution_ppm=plan.distribution_ppm, pool_ppm=plan.pool_ppm
                ),
            )
            for _line, settled in pairs
        ],
    )
    bookings.freight_earned(order)
    return event.pk


def _event_line(order: Order, line: SettledLine) -> dict[str, Any]:
    stated = {"distribution": line.distribution_fen, "pool": line.pool_fen}
    return {
        "price": line.price_fen,
        "qty": 1,
        "cost": line.cost_fen,
        "merchant": str(order.merchant_id),
        **{name: fen for name, fen in stated.items() if fen is not None},
    }
