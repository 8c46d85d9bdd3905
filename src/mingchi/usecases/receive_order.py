"""The goods have arrived; the return window begins."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.orders import services as orders
from mingchi.orders.models import Order
from mingchi.usecases import rights
from mingchi.usecases.each import for_each

RETURN_WINDOW_DAYS = 7


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
        _receive(order.pk, now)


def receive_due_orders(*, now: datetime, limit: int = 200) -> int:
    """Orders long on their way count as received; returns how many. Called by the worker."""
    due = Order.objects.filter(state=Order.State.SHIPPED, receive_by__lte=now)

    def receive(order_id: int) -> bool:
        receive_order(order_id=order_id, now=now)
        return True

    keys = list(due.order_by("receive_by").values_list("pk", flat=True)[:limit])
    return for_each(keys, receive, step="receive_due_orders")


def _receive(order_id: int, now: datetime) -> None:
    days = int(getattr(settings, "RETURN_WINDOW_DAYS", RETURN_WINDOW_DAYS))
    orders.move(
        order_id,
        Order.State.RECEIVED,
        now=now,
        fields={"complete_due_at": now + timedelta(days=days)},
    )
