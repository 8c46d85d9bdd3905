"""An order from paying to settlement on the real runtime: its tables, its worker's rounds, the
work desk's use cases, and the standard flow that the platform ships."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from tests.usecases.shop import NOW, Shop, member, place, sku, staff

from mingchi.fulfilment import services
from mingchi.fulfilment.models import FlowInstance, WorkItem
from mingchi.members.models import Member
from mingchi.orders import shipments
from mingchi.orders.models import Order
from mingchi.payments.models import PaymentRefund
from mingchi.rebates.models import Event
from mingchi.usecases import do_work, run_flows
from mingchi.usecases.pay_order import pay_order
from mingchi.usecases.sandbox_pay import sandbox_pay

pytestmark = pytest.mark.django_db(transaction=True)
ROUND = (
    run_flows.start_queued_flows,
    run_flows.deliver_signals,
    run_flows.fire_due_timers,
    run_flows.run_due_jobs,
    run_flows.call_due_jobs,
)


def work_off(now: datetime) -> None:
    """Rounds of the worker until nothing is to do."""
    while sum(work(now=now) for work in ROUND):
        pass


def started(order_id: int) -> None:
    with transaction.atomic():
        services.enqueue(kind="order", subject=f"order:{order_id}", now=NOW)
    work_off(NOW)


def tell(order_id: int, name: str, now: datetime = NOW) -> None:
    with transaction.atomic():
        services.send(
            kind="order", subject=f"order:{order_id}", name=name, dedupe_key=name, now=now
        )
    work_off(now)


def waiting() -> list[str]:
    """The steps that wait for a person, and what stands to be repaired."""
    items = WorkItem.objects.filter(closed_at__isnull=True).order_by("id")
    return [item.repair or item.step for item in items]


def do(shop: Shop, step: str, now: datetime = NOW) -> None:
    item = WorkItem.objects.get(closed_at__isnull=True, step=step)
    do_work.complete_work(by=staff(merchant=shop.merchant), item_id=item.pk, now=now)
    work_off(now)


def paid(buyer: Member, order_id: int) -> None:
    data = pay_order(member_id=buyer.pk, order_id=order_id, idempotency_key="pay", now=NOW)
    sandbox_pay(member_id=buyer.pk, out_trade_no=data.out_trade_no, now=NOW)
    tell(order_id, "paid")


def test_from_paying_to_settlement(transactional_db: None, shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant, on_hand=5)
    order_id = place(buyer, tea, qty=2).order_id
    started(order_id)
    assert (waiting(), Order.objects.get().state) == ([], "created")
    paid(buyer, order_id)
    for step in (
        "shipment.pick",
        "shipment.pack",
        "shipment.create",
        "shipment.hand_over",
    ):
        assert waiting() == [step]
        do(shop, step)
    assert (waiting(), Order.objects.get().state) == (["order.receive"], "shipped")
    item = WorkItem.objects.get(closed_at__isnull=True)
    do_work.complete_as_buyer(member_id=buyer.pk, item_id=item.pk, now=NOW)
    work_off(NOW + timedelta(days=7, seconds=-1))
    assert Order.objects.get().state == "received"
    work_off(NOW + timedelta(days=7))
    assert (waiting(), Order.objects.get().state) == ([], "completed")
    assert Event.objects.filter(key=f"o{order_id}").count() == 1
    assert FlowInstance.objects.get().ended_at is not None
    tea.refresh_from_db()
    assert (tea.on_hand, tea.reserved) == (3, 0)


def test_cancelled_while_it_is_prepared(transactional_db: None, shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant, on_hand=5)
    order_id = place(buyer, tea, qty=2).order_id
    started(order_id)
    paid(buyer, order_id)
    do(shop, "shipment.pick")
    tell(order_id, "cancel")
    assert (waiting(), Order.objects.get().state) == ([], "refunded")
    assert PaymentRefund.objects.get().state == "paid"
    tea.refresh_from_db()
    assert (tea.on_hand, tea.reserved) == (5, 0)
    assert {str(part.state) for part in shipments.of_order(Order.objects.get())} == set()


def test_not_paid_in_time(transactional_db: None, shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    order_id = place(member(), tea).order_id
    started(order_id)
    work_off(NOW + timedelta(minutes=30))
    assert (waiting(), Order.objects.get().state) == ([], "cancelled")
    tea.refresh_from_db()
    assert tea.reserved == 0


def test_a_timer_without_the_carriers_proof_is_seen(transactional_db: None, shop: Shop) -> None:
    """The step fails for good and waits for a person; it neither vanishes nor receives."""
    buyer = member()
    order_id = place(buyer, sku(shop.merchant)).order_id
    started(order_id)
    paid(buyer, order_id)
    for step in ("shipment.pick", "shipment.pack", "shipment.create", "shipment.hand_over"):
        do(shop, step)
    for day in range(15, 25):
        work_off(NOW + timedelta(days=day))
    assert Order.objects.get().state == "shipped"
    assert len(waiting()) == 1
    (part,) = shipments.of_order(Order.objects.get())
    shipments.deliver(part, proof="signed", now=NOW)
    item = WorkItem.objects.get(closed_at__isnull=True)
    now = NOW + timedelta(days=25)
    do_work.retry_work(by=staff(merchant=shop.merchant), item_id=item.pk, now=now)
    work_off(now)
    assert Order.objects.get().state == "received"
