"""Stock that was kept for an order long enough is free again; the order itself may still be paid
where the goods can be had then."""

from datetime import datetime

from django.db import transaction

from mingchi.orders import reservations, shipments
from mingchi.orders import services as orders
from mingchi.usecases.each import for_each


def release_expired(*, now: datetime, limit: int = 200) -> int:
    """Free what unpaid orders hold beyond its time; returns of how many. Called by the worker."""
    found = reservations.expired(now).filter(case=None).order_by("expires_at")
    keys = dict.fromkeys(found.values_list("line__order", flat=True)[:limit])

    def free(order_id: int) -> bool:
        with transaction.atomic():
            order = orders.lock(order_id)
            if order.paid_at is not None:
                reservations.keep(order)
                return False
            due = reservations.of_order(order).filter(expires_at__lte=now)
            freed = reservations.release(due)
            shipments.trim(order)
            return freed > 0

    return for_each(keys, free, step="release_expired")
