"""An order in parcels: a flow for each, and the order goes on when all have arrived."""

from datetime import timedelta

import pytest
from tests.usecases.shop import LATER, NOW, InForce, Shop, member, paid, sku, staff, warehouse
from tests.usecases.test_refunds import approve, ask

from mingchi.catalogue import stock
from mingchi.catalogue.stock import Quantity
from mingchi.foundation.errors import DomainError
from mingchi.fulfilment.models import FlowInstance, Signal, WorkItem
from mingchi.orders import shipments
from mingchi.orders.models import Order
from mingchi.usecases import do_work, prepare_parcel, run_flows
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.ship_order import ship_order


@pytest.fixture
def order(shop: Shop, in_force: InForce) -> Order:
    """Paid; its two articles lie in two warehouses, so that two parcels go out."""
    in_force("by_parcel")
    tea, cup = sku(shop.merchant), sku(shop.merchant)
    for article, place in ((tea, warehouse(shop.merchant)), (cup, warehouse(shop.merchant))):
        stock.place([Quantity(article.pk, 10, place.pk)])
    found = paid(member(), tea, cup)
    run_flows.work_off(now=NOW)
    return found


def flows() -> dict[str, str]:
    return dict(FlowInstance.objects.order_by("id").values_list("kind", "status"))


def waiting() -> list[tuple[str, str]]:
    items = WorkItem.objects.filter(status="open").order_by("id")
    return [(item.subject.partition(":")[0], item.step) for item in items]


def test_each_goes_its_own_way_and_the_order_waits_for_the_last(shop: Shop, order: Order) -> None:
    assert waiting() == [("shipment", "shipment.pick")] * 2
    clerk = staff(merchant=shop.merchant)
    ship_order(by=shop.owner, order_id=order.pk, now=NOW)
    assert waiting() == [("shipment", "shipment.deliver")] * 2
    assert [part.state for part in shipments.of_order(order)] == ["handed_over"] * 2
    for item in WorkItem.objects.filter(status="open").order_by("id"):
        assert Order.objects.get(pk=order.pk).state == "shipped"
        assert not Signal.objects.filter(name="parcels_closed").exists()
        do_work.complete_work(by=clerk, item_id=item.pk, now=NOW)
        run_flows.work_off(now=NOW)
    assert Signal.objects.get(name="parcels_closed").status == "delivered"
    assert (waiting(), Order.objects.get(pk=order.pk).state) == ([], "received")
    run_flows.work_off(now=LATER)
    assert Order.objects.get(pk=order.pk).state == "completed"
    assert flows() == {"order": "ended", "fulfilment": "ended"}


def test_given_up_before_a_parcel_has_left(shop: Shop, order: Order) -> None:
    cancel_order(order_id=order.pk, member_id=order.member_id, now=NOW)
    assert (waiting(), Order.objects.get(pk=order.pk).state) == ([], "refunded")
    assert flows() == {"order": "ended", "fulfilment": "cancelled"}
    assert not Signal.objects.filter(name="parcels_closed").exists()


def test_not_once_one_of_them_is_on_its_way(shop: Shop, order: Order) -> None:
    part = shipments.of_order(order)[0]
    clerk = staff(merchant=shop.merchant)
    for step in ("shipment.pick", "shipment.pack", "shipment.create"):
        item = WorkItem.objects.get(status="open", step=step, subject=f"shipment:{part.pk}")
        do_work.complete_work(by=clerk, item_id=item.pk, now=NOW)
        run_flows.work_off(now=NOW)
    assert Order.objects.get(pk=order.pk).state == "paid", "the other one has not left"
    with pytest.raises(DomainError, match="goods_under_way"):
        cancel_order(order_id=order.pk, member_id=order.member_id, now=NOW)


def test_a_refund_in_full_ends_them_all(shop: Shop, order: Order) -> None:
    ship_order(by=shop.owner, order_id=order.pk, now=NOW)
    for part in shipments.of_order(order)[:1]:
        prepare_parcel.record_delivery(by=shop.owner, shipment_id=part.pk, proof="signed", now=NOW)
    for line in (0, 1):
        approve(shop, ask(order, 100_000, line=line))
    run_flows.work_off(now=NOW + timedelta(days=1))
    assert (waiting(), Order.objects.get(pk=order.pk).state) == ([], "refunded")
    assert "running" not in flows().values()
