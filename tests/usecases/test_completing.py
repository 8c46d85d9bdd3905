"""From paid to settlement: what the event says, and when it may be recorded."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django import Settings
from tests.usecases.shop import (
    LATER,
    NOW,
    InForce,
    Shop,
    forward,
    lines,
    member,
    paid,
    place,
    received,
    sku,
    staff,
)
from tests.usecases.test_refunds import approve, ask

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord
from mingchi.fulfilment.models import FlowInstance
from mingchi.orders import shipments
from mingchi.orders.models import Order
from mingchi.rebates.models import Event
from mingchi.usecases import run_flows
from mingchi.usecases.cancel_order import cancel_unpaid
from mingchi.usecases.complete_order import complete_order
from mingchi.usecases.events import record
from mingchi.usecases.receive_order import receive_due_orders, receive_order
from mingchi.usecases.ship_order import ship_order


def event_of(order: Order) -> dict[str, object]:
    found: dict[str, object] = json.loads(Event.objects.get(key=f"o{order.pk}").payload)
    return found


def test_the_event_has_one_line_a_line_with_totals(shop: Shop) -> None:
    tea, cup = sku(shop.merchant), sku(shop.merchant, price_fen=999, cost_fen=299)
    Sku.objects.filter(pk=cup.pk).update(distribution_fen=20, pool_fen=10)
    buyer = member()
    order = paid(buyer, tea, cup, qty=3, region="440305")
    ship_order(by=shop.owner, order_id=order.pk, now=NOW)
    receive_order(order_id=order.pk, member_id=buyer.pk, now=NOW)
    forward(order)
    merchant = str(shop.merchant.pk)
    assert event_of(order) == {
        "type": "order",
        "id": f"o{order.pk}",
        "member": f"m{buyer.pk}",
        "region": "440305",
        "lines": [
            {"price": 300_000, "qty": 1, "cost": 90_000, "merchant": merchant},
            {
                "price": 2_997,
                "qty": 1,
                "cost": 897,
                "merchant": merchant,
                "distribution": 60,
                "pool": 30,
            },
        ],
    }
    assert [line.engine_line for line in lines(order)] == [0, 1]


def test_money_refunded_before_never_enters(shop: Shop) -> None:
    first, gone, part = (sku(shop.merchant, price_fen=1_000, cost_fen=333) for _ in range(3))
    Sku.objects.filter(pk=part.pk).update(distribution_fen=7, pool_fen=100)
    order = received(shop, member(), first, gone, part)
    approve(shop, ask(order, 1_000, line=1))
    approve(shop, ask(order, 333, line=2))
    forward(order)
    merchant = str(shop.merchant.pk)
    assert event_of(order)["lines"] == [
        {"price": 1_000, "qty": 1, "cost": 333, "merchant": merchant},
        # x - floor(x * 333 / 1000)
        {
            "price": 667,
            "qty": 1,
            "cost": 223,
            "merchant": merchant,
            "distribution": 5,
            "pool": 67,
        },
    ]
    assert [line.engine_line for line in lines(order)] == [0, None, 1]


def test_a_refund_afterwards_names_the_engines_line(shop: Shop) -> None:
    order = received(shop, member(), *(sku(shop.merchant) for _ in range(3)))
    approve(shop, ask(order, 100_000, line=0))
    forward(order)
    approve(shop, ask(order, 5, line=2))
    assert json.loads(Event.objects.get(kind="refund").payload)["line"] == 1


def test_not_before_the_window_is_over(shop: Shop) -> None:
    order = received(shop, member(), sku(shop.merchant))
    early = NOW + timedelta(days=7, seconds=-1)
    with pytest.raises(DomainError, match="return_window_open"):
        complete_order(order_id=order.pk, now=early, by=shop.owner)
    forward(order, early)
    assert Order.objects.get(pk=order.pk).state == "received"
    assert not Event.objects.filter(kind="order").exists()
    forward(order, NOW + timedelta(days=7))
    assert Order.objects.get(pk=order.pk).state == "completed"
    with pytest.raises(DomainError, match="impossible_move"):
        complete_order(order_id=order.pk, now=LATER, by=shop.owner)
    assert Event.objects.filter(kind="order").count() == 1


def test_staff_skip_the_window_in_the_sandbox_only_and_are_seen(
    shop: Shop, settings: Settings
) -> None:
    order = received(shop, member(), sku(shop.merchant))
    with pytest.raises(DomainError, match="not_allowed"):
        complete_order(order_id=order.pk, now=NOW, by=staff("service"), skip_window=True)
    settings.LIVE = True
    with pytest.raises(DomainError, match="not_allowed"):
        complete_order(order_id=order.pk, now=NOW, by=shop.owner, skip_window=True)
    settings.LIVE = False
    event = complete_order(order_id=order.pk, now=NOW, by=shop.owner, skip_window=True)
    assert Event.objects.get(kind="order").pk == event
    assert FlowInstance.objects.get().ended_at == NOW
    record = AuditRecord.objects.get(action="order.complete")
    assert record.after == {"state": "completed", "window_skipped": True}


def test_a_flow_that_asks_for_more_is_not_skipped(shop: Shop, in_force: InForce) -> None:
    """Finance confirm after the goods were received, as the merchant has drawn it."""
    in_force("list_finance_after")
    order = received(shop, member(), sku(shop.merchant))
    with pytest.raises(DomainError, match="flow_waits") as caught:
        complete_order(order_id=order.pk, now=NOW, by=shop.owner, skip_window=True)
    assert caught.value.details["waiting"][0]["role"] == "finance"
    with pytest.raises(DomainError, match="flow_waits"):
        complete_order(order_id=order.pk, now=LATER, by=shop.owner)
    order.refresh_from_db()
    assert (order.state, order.complete_due_at) == ("received", NOW + timedelta(days=7))


def test_a_refund_that_nobody_decided_holds_the_order(shop: Shop) -> None:
    order, free = (received(shop, member(), sku(shop.merchant)) for _ in range(2))
    asked = ask(order, 100_000)
    with pytest.raises(DomainError, match="refund_open"):
        complete_order(order_id=order.pk, now=LATER, by=shop.owner)
    run_flows.work_off(now=LATER)
    assert Order.objects.get(pk=free.pk).state == "completed"
    approve(shop, asked)
    run_flows.work_off(now=LATER + timedelta(days=2))
    assert Order.objects.get(pk=order.pk).state == "refunded"
    assert set(FlowInstance.objects.values_list("status", flat=True)) == {"ended", "cancelled"}
    assert Event.objects.filter(kind="order").count() == 1


def test_rounding_and_a_new_plan_never_stop_a_paid_order(shop: Shop) -> None:
    tight = sku(shop.merchant, price_fen=100, cost_fen=50)
    Sku.objects.filter(pk=tight.pk).update(distribution_fen=30, pool_fen=20)
    order = received(shop, member(), tight)
    approve(shop, ask(order, 33))
    forward(order)
    line: dict[str, int] = event_of(order)["lines"][0]  # type: ignore[index]
    # 34 + 21 + 14 would be 69 of 67: the cost and the pool have theirs, distribution the rest.
    assert (line["cost"], line["pool"], line["distribution"]) == (34, 14, 19)


def test_the_clock_moves_what_nobody_does(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=2)
    unpaid = place(member(), tea)
    order = paid(member(), tea)
    ship_order(by=shop.owner, order_id=order.pk, now=NOW)
    run_flows.work_off(now=NOW)
    run_flows.work_off(now=NOW + timedelta(minutes=30, seconds=-1))
    assert Order.objects.get(pk=unpaid.order_id).state == "created"
    run_flows.work_off(now=NOW + timedelta(minutes=30))
    assert Order.objects.get(pk=unpaid.order_id).state == "cancelled"
    tea.refresh_from_db()
    assert (tea.on_hand, tea.reserved) == (1, 0)
    there = NOW + timedelta(days=15)
    for part in shipments.of_order(order):
        shipments.deliver(part, proof="signed", now=NOW)
    run_flows.work_off(now=there)
    run_flows.work_off(now=there + timedelta(days=7, seconds=-1))
    assert Order.objects.get(pk=order.pk).state == "received"
    run_flows.work_off(now=there + timedelta(days=7))
    assert Order.objects.get(pk=order.pk).completed_at == there + timedelta(days=7)


def test_where_the_flow_sets_no_times_the_platform_does(shop: Shop, in_force: InForce) -> None:
    in_force("list_standard")
    unpaid, order = place(member(), sku(shop.merchant)), paid(member(), sku(shop.merchant))
    ship_order(by=shop.owner, order_id=order.pk, now=NOW)
    run_flows.work_off(now=NOW)
    assert (cancel_unpaid(now=NOW), receive_due_orders(now=NOW)) == (0, 0)
    assert cancel_unpaid(now=NOW + timedelta(minutes=30)) == 1
    assert Order.objects.get(pk=unpaid.order_id).state == "cancelled"
    there = NOW + timedelta(days=15)
    assert receive_due_orders(now=there) == 0, "nobody knows that it has arrived"
    for part in shipments.of_order(order):
        shipments.deliver(part, proof="signed", now=NOW)
    assert (receive_due_orders(now=there), receive_due_orders(now=there)) == (1, 0)
    assert Order.objects.get(pk=order.pk).received_at == there


def test_shipping_is_for_those_who_may(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    for by in (staff("auditor"), staff("finance"), staff(merchant=shop.merchant, role="finance")):
        with pytest.raises(DomainError) as caught:
            ship_order(by=by, order_id=order.pk, now=NOW)
        assert caught.value.status == 403
    clerk = staff(merchant=shop.merchant, role="clerk")
    ship_order(by=clerk, order_id=order.pk, now=NOW, carrier="SF", tracking_number="1")
    found = Order.objects.get(pk=order.pk)
    assert (found.state, found.carrier, found.tracking_number) == ("shipped", "SF", "1")
    with pytest.raises(DomainError, match="impossible_move"):
        ship_order(by=clerk, order_id=order.pk, now=NOW)


def test_an_order_that_fails_does_not_hold_the_others_up(shop: Shop) -> None:
    broken, well = (received(shop, member(), sku(shop.merchant)) for _ in range(2))
    with transaction.atomic():
        # Its event stands with other content: a fault that no rule foresees.
        line = {"price": 1, "qty": 1, "merchant": "1"}
        record("order", broken.pk, member=f"m{broken.member_id}", lines=[line])
    run_flows.work_off(now=LATER)
    assert Order.objects.get(pk=broken.pk).state == "received"
    assert Order.objects.get(pk=well.pk).state == "completed"
