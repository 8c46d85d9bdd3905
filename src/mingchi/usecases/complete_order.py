"""The return window is over: the order enters settlement."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.orders import moves, settlement
from mingchi.orders import services as orders
from mingchi.orders.models import AfterSalesCase, Order, OrderLine, Refund
from mingchi.orders.models.case import OPEN_CASE
from mingchi.orders.settlement import SettledLine
from mingchi.usecases import events, rights, split
from mingchi.usecases.each import for_each


def complete_order(
    *, order_id: int, now: datetime, by: User | None = None, skip_window: bool = False
) -> int:
    """Complete a received order and record its event (`o<pk>`); returns the event's key.

    Staff (`by`) may skip the return window, in the sandbox only; that is audited.
    Errors: those of `moves.complete`, `impossible_move` 409 where it is completed already.
    """
    with transaction.atomic():
        order = orders.lock(order_id)
        if by is not None:
            rights.require(by, "order.complete", merchant_id=order.merchant_id)
        if not moves.complete(order, now=now, skip_window=skip_window and by is not None):
            raise orders.impossible(str(order.state), "completed")
        if by is not None:
            audit.record(
                actor=rights.actor(by),
                action="order.complete",
                subject=f"order:{order.pk}",
                before={"state": str(order.state)},
                after={"state": "completed", "window_skipped": skip_window},
            )
        return record(order)


def complete_due_orders(*, now: datetime, limit: int = 200) -> int:
    """Complete orders whose return window is over; returns how many. Called by the worker."""
    asked = Refund.objects.filter(order=OuterRef("pk"), state=Refund.State.REQUESTED)
    cased = AfterSalesCase.objects.filter(order=OuterRef("pk"), state__in=OPEN_CASE)
    due = (
        Order.objects.filter(
            state=Order.State.RECEIVED, complete_due_at__lte=now, paid_at__isnull=False
        )
        .exclude(Exists(asked))
        .exclude(Exists(cased))
        .order_by("complete_due_at")
    )

    def complete(order_id: int) -> bool:
        complete_order(order_id=order_id, now=now)
        return True

    keys = list(due.values_list("pk", flat=True)[:limit])
    return for_each(keys, complete, step="complete_due_orders")


def record(order: Order) -> int:
    """The event of an order that was completed in this transaction; returns its key."""
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
