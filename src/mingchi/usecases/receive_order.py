"""The goods have arrived; the return window begins."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.fulfilment import instances, roles, work
from mingchi.fulfilment.models import Timer, WorkItem
from mingchi.fulfilment.work import Actor
from mingchi.members import services as members
from mingchi.orders import moves, shipments
from mingchi.orders import services as orders
from mingchi.orders.models import Order, Shipment
from mingchi.orders.subjects import of_outer_order
from mingchi.usecases import follow_flow, rights
from mingchi.usecases.each import for_each
from mingchi.usecases.follow_flow import order_flow

STEP: Final = "order.receive"
_TIME: Final = Actor(name="system", roles=frozenset({roles.BUYER}), may_repair=True)


def receive_order(
    *, order_id: int, now: datetime, member_id: int | None = None, by: User | None = None
) -> None:
    """The member says so, or staff do, whose word is the proof of delivery of every parcel.

    Errors: `not_found` 404, `impossible_move` 409 also where the flow does not wait for it,
    `on_hold` 409.
    """
    assert (member_id is None) != (by is None), "either the member says so or staff do"
    follow_flow.bring_forward(order_flow(order_id), now=now)
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
        if order.state != Order.State.SHIPPED:
            raise orders.impossible(str(order.state), "received")
        name = f"member:{member_id}" if by is None else rights.actor(by)
        word = moves.BUYERS_WORD if by is None else f"confirmed by {name}"
        _receive(order, Actor(name=name, roles=_TIME.roles, may_repair=True), word, now)


def receive_due_orders(*, now: datetime, limit: int = 200) -> int:
    """Orders long delivered whose buyer says nothing count as received, where their flow sets no
    time of its own; returns how many. Called by the worker."""
    items = WorkItem.objects.filter(
        kind="order",
        subject=of_outer_order(),
        step=STEP,
        status=WorkItem.Status.OPEN,
        repair="",
    )
    timer = Timer.objects.filter(instance=OuterRef("instance"), token=OuterRef("token"))
    on_the_way = Shipment.objects.filter(order=OuterRef("pk"), case=None).exclude(
        state__in=(Shipment.State.DELIVERED, *shipments.GONE)
    )
    due = Order.objects.filter(
        Exists(items.exclude(Exists(timer))),
        ~Exists(on_the_way),
        state=Order.State.SHIPPED,
        receive_by__lte=now,
    )

    def receive(order_id: int) -> bool:
        with transaction.atomic():
            _receive(orders.lock(order_id), _TIME, "", now)
        return True

    keys = list(due.order_by("receive_by").values_list("pk", flat=True)[:limit])
    return for_each(keys, receive, step="receive_due_orders")


def _receive(order: Order, actor: Actor, word: str, now: datetime) -> None:
    """Do the buyer's step; where its time ran out without a proof, that is tried again with one."""
    if word:
        for part in shipments.of_order(order):
            shipments.deliver(part, proof=word, now=now)
    flow = order_flow(order.pk)
    item = next((x for x in follow_flow.open_items(flow) if x.step == STEP), None)
    if item is None:
        raise orders.impossible(str(order.state), "received")
    if not item.repair:
        follow_flow.complete(item, actor=actor, now=now)
        return
    instance = instances.lock(item.instance_id, now=now, also=(WorkItem, item.pk))
    work.retry(instance, item.pk, actor=actor)
    instance.write()
    follow_flow.carry_on(flow, now=now)
