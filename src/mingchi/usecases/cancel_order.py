"""An order that is not paid is given up; its stock is free again."""

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


def cancel_order(
    *, order_id: int, now: datetime, member_id: int | None = None, by: User | None = None
) -> None:
    """Cancel for the member, for staff (`by`), or for nobody's wish (time is up).

    A payment that comes later is sent back. Errors: `not_found` 404, `impossible_move` 409.
    """
    with transaction.atomic():
        if member_id is not None:
            members.acting(member_id)
        order = orders.lock(order_id, member_id=member_id)
        if by is not None:
            rights.require(by, "order.cancel", merchant_id=order.merchant_id)
        if not moves.cancel(order, now=now):
            raise orders.impossible(str(order.state), "cancelled")
        if by is not None:
            audit.record(
                actor=rights.actor(by),
                action="order.cancel",
                subject=f"order:{order.pk}",
                before={"state": str(order.state)},
                after={"state": "cancelled"},
            )


def cancel_unpaid(*, now: datetime, limit: int = 200) -> int:
    """Cancel orders whose time to pay is over; returns how many. Called by the worker."""
    late = Order.objects.filter(
        state=Order.State.CREATED,
        payment_method=Order.PaymentMethod.ONLINE,
        pay_by__lte=now,
    ).order_by("pay_by")

    def cancel(order_id: int) -> bool:
        cancel_order(order_id=order_id, now=now)
        return True

    return for_each(list(late.values_list("pk", flat=True)[:limit]), cancel, step="cancel_unpaid")
