"""The return window is over: the order enters settlement."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.foundation.models import User
from mingchi.orders import services as orders
from mingchi.orders import settlement
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.orders.settlement import SettledLine
from mingchi.usecases import events, rights, split
from mingchi.usecases.each import for_each


def complete_order(
    *, order_id: int, now: datetime, by: User | None = None, skip_window: bool = False
) -> int:
    """Complete a received order and record its event (`o<pk>`); returns the event's key.

    Staff (`by`) may skip the return window, in the sandbox only; that is audited.
    Errors: `impossible_move` 409, `return_window_open` 409, `refund_open` 409 while a refund is
    asked and not decided, `not_allowed` 403.
    """
    with transaction.atomic():
        order = orders.lock(order_id)
        if by is not None:
            rights.require(by, "order.complete", merchant_id=order.merchant_id)
        orders.move(order.pk, Order.State.COMPLETED, now=now)
        _refuse_early(order, now, skip=skip_window and by is not None)
        if by is not None:
            audit.record(
                actor=rights.actor(by),
                action="order.complete",
                subject=f"order:{order.pk}",
                before={"state": str(order.state)},
                after={"state": "completed", "window_skipped": skip_window},
            )
        return _record(order)


def complete_due_orders(*, now: datetime, limit: int = 200) -> int:
    """Complete orders whose return window is over; returns how many. Called by the worker."""
    asked = Refund.objects.filter(order=OuterRef("pk"), state=Refund.State.REQUESTED)
    due = (
        Order.objects.filter(state=Order.State.RECEIVED, complete_due_at__lte=now)
        .exclude(Exists(asked))
        .order_by("complete_due_at")
    )

    def complete(order_id: int) -> bool:
        complete_order(order_id=order_id, now=now)
        return True

    keys = list(due.values_list("pk", flat=True)[:limit])
    return for_each(keys, complete, step="complete_due_orders")


def _refuse_early(order: Order, now: datetime, *, skip: bool) -> None:
    if Refund.objects.filter(order=order, state=Refund.State.REQUESTED).exists():
        raise ConflictError("refund_open", _("A refund is asked for; decide it first."))
    if skip:
        if settings.LIVE:
            raise DomainError(
                "not_allowed", _("The return window is skipped in the sandbox only."), status=403
            )
        return
    assert order.complete_due_at is not None, "set when it was received"
    if now < order.complete_due_at:
        raise ConflictError(
            "return_window_open",
            _("The goods may still be returned."),
            details={"complete_due_at": order.complete_due_at.isoformat()},
        )


def _record(order: Order) -> int:
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
