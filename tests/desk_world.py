"""Real orders on a small flow of their merchant's, for tests of the work desk."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from tests.fulfilment.world import END, START, file, served, task, ways
from tests.usecases.shop import member

from mingchi.catalogue.models import Sku
from mingchi.fulfilment import authoring, services
from mingchi.fulfilment.models import FlowInstance, FlowVersion, WorkItem
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order
from mingchi.usecases import run_flows
from mingchi.usecases.offers import Item
from mingchi.usecases.place_order import place_order
from mingchi.usecases.placing import Delivery

REVIEW = task("review", role="service", step="order.review", quorum="2", due="PT4H")
PICK = task("pick", role="warehouse", step="shipment.pick", due="PT2H")
FETCH = task("fetch", role="warehouse", step="shipment.pick")
CHECK = task("check", role="finance")
ALLOCATE = served("allocate", "warehouse.allocate")
SLIP = task("slip", role="warehouse", step="shipment.print_slip")
RELEASE = served("release", "stock.release")


def publish(merchant: Merchant, *tasks: str, names: str, key: str = "standard") -> FlowVersion:
    """The merchant's orders pass these tasks, in this order; their stock is free at the end."""
    process = START + "".join(tasks) + RELEASE + END + ways(f"start {names} release end")
    with transaction.atomic():
        made = authoring.define(merchant_id=merchant.pk, kind="order", key=key, name="Desk")
        version = authoring.draft(definition=made, bpmn=file(process), by="user:1")
        authoring.publish(version, by="user:1", now=timezone.now())
    return version


def order(
    *articles: Sku, qty: int = 1, at: datetime | None = None, buyer: Member | None = None
) -> Order:
    """An order to be paid at the door that is on its way through its merchant's flow."""
    now = at or timezone.now()
    placed = place_order(
        member_id=(buyer or member()).pk,
        items=[Item(sku_id=article.pk, qty=qty) for article in articles],
        delivery=Delivery(
            region="330106", recipient="王小明", phone="13800001234", address="文三路 1 号"
        ),
        payment_method="cod",
        idempotency_key=f"desk{Order.objects.count()}",
        now=now,
    )
    subject = f"order:{placed.order_id}"
    if not FlowInstance.objects.filter(subject=subject).exists():
        with transaction.atomic():
            services.enqueue(kind="order", subject=subject, now=now)
    work(now)
    return Order.objects.get(pk=placed.order_id)


def work(now: datetime | None = None) -> None:
    """The worker's rounds until nothing is to do."""
    while sum(one(now=now or timezone.now()) for one in run_flows.OWN):
        pass


def items(found: Order | None = None, *, step: str = "") -> Sequence[WorkItem]:
    """Open work, of an order."""
    rows = WorkItem.objects.filter(status="open").order_by("id")
    if found is not None:
        rows = rows.filter(subject=f"order:{found.pk}")
    return list(rows.filter(step=step) if step else rows)


def item(found: Order) -> WorkItem:
    """The one thing to do with an order."""
    (one,) = items(found)
    return one


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)
