"""An order is given up: its stock is free again, and money that was paid goes back."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.fulfilment.models import FlowInstance, Subscription, Timer
from mingchi.members import services as members
from mingchi.orders import checkouts, moves, shipments
from mingchi.orders import services as orders
from mingchi.orders.models import Order
from mingchi.orders.subjects import of_outer_order
from mingchi.usecases import follow_flow, rights
from mingchi.usecases.each import for_each
from mingchi.usecases.follow_flow import CANCEL, PAID, order_flow


def cancel_order(
    *, order_id: int, now: datetime, member_id: int | None = None, by: User | None = None
) -> None:
    """Cancel for the member, for staff (`by`), or for nobody's wish (time is up).

    What is not paid is cancelled at once; a payment that comes later is sent back. What is paid is
    given back by the order's flow, as long as that waits for second thoughts: until the goods
    leave, where the merchant has drawn nothing else. Errors: `not_found` 404, `impossible_move`
    409, `goods_under_way` 409, `on_hold` 409.
    """
    flow = order_flow(order_id)
    follow_flow.bring_forward(flow, now=now)
    with transaction.atomic():
        if member_id is not None:
            members.acting(member_id)
        order = orders.lock(order_id, member_id=member_id)
        if by is not None:
            rights.require(by, "order.cancel", merchant_id=order.merchant_id)
        if order.paid_at is None:
            if not moves.cancel(order, now=now):
                raise orders.impossible(str(order.state), "cancelled")
            follow_flow.is_over(flow, told=CANCEL, actor=_actor(member_id, by), now=now)
        else:
            shipments.refuse_under_way(order)
            if not follow_flow.tell(flow, CANCEL, key=f"cancel:{now.isoformat()}", now=now):
                raise orders.impossible(str(order.state), "cancelled")
        if by is not None:
            audit.record(
                actor=rights.actor(by),
                action="order.cancel",
                subject=f"order:{order.pk}",
                before={"state": str(order.state)},
                after={"state": "refunded" if order.paid_at else "cancelled"},
            )
    follow_flow.bring_forward(flow, now=now)


def cancel_checkout(*, member_id: int, checkout_id: int, now: datetime) -> None:
    """Give up all orders of a checkout that are not paid. Errors: `not_found` 404,
    `impossible_move` 409 where none of them waits for its money."""
    checkout = checkouts.get(checkout_id, member_id=member_id)
    waiting = checkout.orders.filter(state=Order.State.CREATED).order_by("pk")
    keys = list(waiting.values_list("pk", flat=True))
    if not keys:
        first = checkout.orders.first()
        raise orders.impossible(str(first.state) if first else "", "cancelled")
    for order_id in keys:
        cancel_order(order_id=order_id, now=now, member_id=member_id)


def cancel_unpaid(*, now: datetime, limit: int = 200) -> int:
    """Cancel orders whose time to pay is over and whose flow sets no time of its own; returns how
    many. Called by the worker."""
    late = Order.objects.filter(
        state=Order.State.CREATED,
        payment_method=Order.PaymentMethod.ONLINE,
        pay_by__lte=now,
    ).order_by("pay_by")

    def cancel(order_id: int) -> bool:
        cancel_order(order_id=order_id, now=now)
        return True

    keys = list(_not_seen_to(late).values_list("pk", flat=True)[:limit])
    return for_each(keys, cancel, step="cancel_unpaid")


def _not_seen_to(late: QuerySet[Order]) -> QuerySet[Order]:
    """Without those whose flow runs and does not wait for the money yet, or only until a time."""
    timer = Timer.objects.filter(instance=OuterRef("instance"), token=OuterRef("token"))
    endless = Subscription.objects.filter(instance=OuterRef("pk"), signal=PAID)
    running = FlowInstance.objects.filter(
        kind="order", subject=of_outer_order(), status=FlowInstance.Status.RUNNING
    )
    return late.exclude(Exists(running.exclude(Exists(endless.exclude(Exists(timer))))))


def _actor(member_id: int | None, by: User | None) -> str:
    if member_id is not None:
        return f"member:{member_id}"
    return "system" if by is None else rights.actor(by)
