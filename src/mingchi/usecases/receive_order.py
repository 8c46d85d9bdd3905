"""The goods have arrived; the return window begins."""

from datetime import datetime

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.orders import moves
from mingchi.orders import services as orders
from mingchi.orders.models import Order
from mingchi.usecases import rights
from mingchi.usecases.each import for_each


def receive_order(
    *, order_id: int, now: datetime, member_id: int | None = None, by: User | None = None
) -> None:
    """The member says so, or staff do. Errors: `not_found` 404, `impossible_move` 409."""
    with transaction.atomic():
        if member_id is not None:
            members.acting(member_id)
        order = orders.lock(order_id, member_id=member_id)
        if by is not None:
            rights.require(by, "order.receive", merchant_id=order.merchant_id)
            audit.record(
                actor=rights.actor(by),
                action="order.receive",
                subject=f"order:{order.pk}",
                before={"state": str(order.state)},
                after={"state": "received"},
            )
        if not moves.receive(order, now=now, proof=_word(member_id, by)):
            raise orders.impossible(str(order.state), "received")


def receive_due_orders(*, now: datetime, limit: int = 200) -> int:
    """Orders long on their way count as received; returns how many. Called by the worker."""
    due = Order.objects.filter(state=Order.State.SHIPPED, receive_by__lte=now)

    def receive(order_id: int) -> bool:
        receive_order(order_id=order_id, now=now)
        return True

    keys = list(due.order_by("receive_by").values_list("pk", flat=True)[:limit])
    return for_each(keys, receive, step="receive_due_orders")


def _word(member_id: int | None, by: User | None) -> str:
    if member_id is not None:
        return "confirmed by the buyer"
    return f"confirmed by user:{by.pk}" if by is not None else "long enough on its way"
