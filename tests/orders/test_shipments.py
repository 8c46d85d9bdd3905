"""Parts of an order, from the shelf to the door."""

from datetime import timedelta

import pytest
from django.db import transaction
from tests.usecases.shop import NOW, Shop, member, paid, place, received, sku, warehouse

from mingchi.catalogue import stock
from mingchi.catalogue.models import Sku
from mingchi.catalogue.stock import Quantity
from mingchi.foundation.errors import DomainError
from mingchi.merchants.models import Warehouse
from mingchi.orders import allocation, decisions, moves, reservations, shipments
from mingchi.orders.allocation import Place, choose
from mingchi.orders.models import Order, Shipment
from mingchi.usecases.cancel_order import cancel_order

State = Shipment.State


def state(order: Order) -> str:
    order.refresh_from_db()
    return str(order.state)


def stocked(article: Sku) -> tuple[int, int, int, int]:
    article.refresh_from_db()
    return article.on_hand, article.reserved, article.placed, article.allocated


@pytest.fixture
def sheds(shop: Shop) -> tuple[Warehouse, Warehouse]:
    return (
        warehouse(shop.merchant, region="110101"),
        warehouse(shop.merchant, region="440305", position=1),
    )


@pytest.mark.parametrize(
    ("wanted", "free", "region", "chosen"),
    [
        # one warehouse with everything comes first; else the nearer one, line by line
        ([(1, 2), (2, 1)], ({1: 9}, {1: 2, 2: 1}), None, ["b", "b"]),
        ([(1, 2), (2, 1)], ({1: 9, 2: 9}, {1: 9, 2: 9}), None, ["a", "a"]),
        ([(1, 2), (2, 1)], ({1: 9, 2: 9}, {1: 9, 2: 9}), "440306", ["b", "b"]),
        ([(1, 2), (2, 1)], ({1: 9, 2: 9}, {1: 9, 2: 9}), "110102", ["a", "a"]),
        ([(1, 2), (2, 1)], ({1: 2}, {2: 1}), None, ["a", "b"]),
        ([(1, 2), (1, 2)], ({1: 3}, {1: 3}), None, ["a", "b"]),
        ([(1, 4)], ({1: 3}, {1: 3}), None, [None]),
        ([], ({}, {}), None, []),
    ],
)
def test_where_an_order_goes_out_from(
    wanted: list[tuple[int, int]],
    free: tuple[dict[int, int], dict[int, int]],
    region: str | None,
    chosen: list[str | None],
) -> None:
    places = [
        Place(warehouse_id=1, region="110101", free=free[0]),
        Place(warehouse_id=2, region="440305", free=free[1]),
    ]
    names = {1: "a", 2: "b", None: None}
    assert [names[key] for key in choose(wanted, places, region=region)] == chosen


def test_two_warehouses_two_parcels(shop: Shop, sheds: tuple[Warehouse, Warehouse]) -> None:
    tea, cup = sku(shop.merchant, on_hand=5), sku(shop.merchant, on_hand=5)
    stock.place([Quantity(tea.pk, 5, sheds[0].pk), Quantity(cup.pk, 5, sheds[1].pk)])
    order = paid(member(), tea, cup, qty=2)
    for _ in range(2):
        parts = allocation.allocate(order)
        assert [part.warehouse_id for part in parts] == [shed.pk for shed in sheds]
        assert (stocked(tea), stocked(cup)) == ((5, 2, 5, 2), (5, 2, 5, 2))
    shipments.ship(parts[0], now=NOW)
    assert (state(order), stocked(tea)) == ("paid", (3, 0, 3, 0))
    shipments.ship(parts[1], now=NOW)
    assert (state(order), order.shipped_at) == ("shipped", NOW)
    with pytest.raises(DomainError, match="not_delivered"), transaction.atomic():
        moves.receive(order, now=NOW)
    shipments.deliver(parts[0], proof="signed", now=NOW)
    with pytest.raises(DomainError, match="not_delivered"), transaction.atomic():
        moves.receive(order, now=NOW)
    shipments.deliver(parts[1], proof="signed", now=NOW)
    assert moves.receive(order, now=NOW)
    assert (state(order), order.complete_due_at) == ("received", NOW + timedelta(days=7))
    assert not moves.receive(order, now=NOW)
    assert stock.discrepancies() == []


def test_what_no_warehouse_has_in_full(shop: Shop, sheds: tuple[Warehouse, Warehouse]) -> None:
    tea = sku(shop.merchant, on_hand=5)
    stock.place([Quantity(tea.pk, 4, sheds[0].pk)])
    order = paid(member(), tea, qty=5)
    with pytest.raises(DomainError, match="no_warehouse"), transaction.atomic():
        allocation.allocate(order)
    assert not Shipment.objects.exists()
    stock.place([Quantity(tea.pk, -4, sheds[0].pk)])
    (part,) = allocation.allocate(order)
    assert part.warehouse_id is None
    assert part.lines.get().units == 5


def test_a_closed_warehouse_sends_nothing_out(shop: Shop) -> None:
    tea, shed = sku(shop.merchant, on_hand=5), warehouse(shop.merchant)
    stock.place([Quantity(tea.pk, 3, shed.pk)])
    Warehouse.objects.update(status="closed")
    (part,) = allocation.allocate(paid(member(), tea, qty=2))
    assert part.warehouse_id is None


def test_an_allocation_is_given_up(shop: Shop, sheds: tuple[Warehouse, Warehouse]) -> None:
    tea = sku(shop.merchant, on_hand=5)
    stock.place([Quantity(tea.pk, 5, sheds[0].pk)])
    order = paid(member(), tea, qty=2)
    (part,) = allocation.allocate(order)
    for _ in range(2):
        allocation.give_up(order)
        part.refresh_from_db()
        assert (part.state, stocked(tea)) == ("voided", (5, 2, 5, 0))
    (again,) = allocation.allocate(order)
    assert again.number != part.number


def test_shipped_once_and_voided_once(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    order = paid(member(), tea, qty=2)
    (part,) = shipments.prepare(order)
    for _ in range(2):
        shipments.ship(part, now=NOW)
        assert (state(order), stocked(tea)[:2]) == ("shipped", (3, 0))
    for _ in range(2):
        shipments.void(part, now=NOW)
        assert (state(order), stocked(tea)[:2]) == ("paid", (5, 2))
    assert (order.paid_at, order.shipped_at, order.receive_by) == (NOW, None, None)
    (again,) = shipments.prepare(order)
    shipments.ship(again, now=NOW + timedelta(days=1))
    assert state(order) == "shipped"
    assert order.shipped_at == NOW + timedelta(days=1)


def test_what_the_carrier_has_is_not_voided_but_may_come_back(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    order = paid(member(), tea)
    (part,) = shipments.prepare(order)
    with pytest.raises(DomainError, match="impossible_move"):
        shipments.hand_over(part, now=NOW)
    shipments.ship(part, now=NOW)
    with pytest.raises(DomainError, match="impossible_move"):
        shipments.take_back(part, now=NOW)
    shipments.hand_over(part, now=NOW)
    with pytest.raises(DomainError, match="impossible_move"):
        shipments.void(part, now=NOW)
    for _ in range(2):
        shipments.take_back(part, now=NOW)
        assert (part.state, state(order), stocked(tea)[:2]) == ("came_back", "paid", (5, 1))


def test_nothing_is_delivered_without_proof(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    (part,) = shipments.prepare(order)
    with pytest.raises(DomainError, match="impossible_move"):
        shipments.deliver(part, proof="signed", now=NOW)
    shipments.ship(part, now=NOW)
    with pytest.raises(DomainError, match="proof_missing"):
        shipments.deliver(part, proof="", now=NOW)
    assert part.state == "shipped"


def test_what_is_not_paid_is_not_shipped(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    order = Order.objects.get(pk=place(member(), tea).order_id)
    (part,) = shipments.prepare(order)
    with pytest.raises(DomainError, match="not_paid"), transaction.atomic():
        shipments.ship(part, now=NOW)
    assert stocked(tea)[:2] == (5, 1)


def test_cash_on_delivery_ships_unpaid(shop: Shop) -> None:
    order = Order.objects.get(pk=place(member(), sku(shop.merchant), payment_method="cod").order_id)
    (part,) = shipments.prepare(order)
    shipments.ship(part, now=NOW)
    with pytest.raises(DomainError, match="goods_under_way"):
        cancel_order(order_id=order.pk, now=NOW)
    shipments.hand_over(part, now=NOW)
    shipments.take_back(part, now=NOW)
    assert state(order) == "created"
    cancel_order(order_id=order.pk, now=NOW)
    assert state(order) == "cancelled"


def test_a_rejected_order_is_not_shipped(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    (part,) = shipments.prepare(order)
    decisions.review(order, approved=False, actor="user:1", key="1", now=NOW)
    with pytest.raises(DomainError, match="order_rejected"), transaction.atomic():
        shipments.ship(part, now=NOW)
    decisions.review(order, approved=True, actor="user:1", key="2", now=NOW)
    shipments.ship(part, now=NOW)
    assert state(order) == "shipped"


def test_units_freed_meanwhile_leave_the_parcel(shop: Shop) -> None:
    tea, cup = sku(shop.merchant), sku(shop.merchant)
    order = paid(member(), tea, cup, qty=3)
    (part,) = shipments.prepare(order)
    first, second = reservations.of_order(order)
    reservations.release_units(first, 2)
    reservations.release_units(second, 3)
    shipments.trim(order)
    assert [(line.reservation_id, line.units) for line in part.lines.all()] == [(first.pk, 1)]


def test_what_is_noted_on_the_way(shop: Shop) -> None:
    tea = sku(shop.merchant)
    order = paid(member(), tea, qty=3)
    (part,) = shipments.prepare(order)
    assert shipments.computed_weight_g(part) == 0
    Sku.objects.update(weight_g=120)
    assert shipments.computed_weight_g(part) == 360
    for weight_g in (0, -1, 10**8 + 1):
        with pytest.raises(DomainError, match="weight_invalid"):
            shipments.weigh(part, weight_g=weight_g)
    shipments.pick(part, now=NOW)
    shipments.pick(part, now=NOW + timedelta(hours=1))
    shipments.pack(part, now=NOW)
    shipments.weigh(part, weight_g=400)
    shipments.name_carrier(part, carrier="SF", tracking_number="1")
    slip = shipments.print_slip(part, now=NOW)
    assert slip["lines"] == [{"title": str(order.lines.get().title), "code": "A", "units": 3}]
    assert (slip["weight_g"], slip["carrier"], slip["collect_fen"]) == (400, "SF", 0)
    part.refresh_from_db()
    assert (part.picked_at, part.slip) == (NOW, slip)
    shipments.ship(part, now=NOW)
    with pytest.raises(DomainError, match="impossible_move"):
        shipments.pack(Shipment.objects.create(order=order, number="x", state="shipped"), now=NOW)
    order.refresh_from_db()
    assert (order.carrier, order.tracking_number) == ("SF", "1")


def test_the_door_pays_with_the_first_parcel_only(
    shop: Shop, sheds: tuple[Warehouse, Warehouse]
) -> None:
    tea, cup = sku(shop.merchant, on_hand=5), sku(shop.merchant, on_hand=5)
    stock.place([Quantity(tea.pk, 5, sheds[0].pk), Quantity(cup.pk, 5, sheds[1].pk)])
    order = Order.objects.get(pk=place(member(), tea, cup, payment_method="cod").order_id)
    parts = allocation.allocate(order)
    collected = [shipments.print_slip(part, now=NOW)["collect_fen"] for part in parts]
    assert collected == [200_000, 0]


def test_an_order_does_not_complete_while_a_parcel_is_out(shop: Shop) -> None:
    """Whoever moved the order to received: what has not arrived keeps it from completing."""
    order = received(shop, member(), sku(shop.merchant))
    Shipment.objects.update(state="handed_over")
    later = NOW + timedelta(days=30)
    with pytest.raises(DomainError, match="not_delivered"), transaction.atomic():
        moves.complete(order, now=later)
    assert state(order) == "received"
    Shipment.objects.update(state="delivered")
    assert moves.complete(order, now=later)
