"""Orders of before get the reservations and the shipment that they would have today."""

from importlib import import_module

from django.db import connection
from tests.usecases.shop import NOW, Shop, forward, lines, member, paid, place, received, sku
from tests.usecases.test_refunds import approve, ask

from mingchi.catalogue.models import Sku
from mingchi.orders import shipments
from mingchi.orders.models import Order, Reservation, Shipment, ShipmentLine
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.ship_order import ship_order

migration = import_module("mingchi.orders.migrations.0004_reservations_of_old_orders")


def figures() -> dict[int, tuple[int, int, int]]:
    return {x.line_id: (x.units, x.released, x.shipped) for x in Reservation.objects.all()}


def forget_and_migrate() -> None:
    ShipmentLine.objects.all().delete()
    Shipment.objects.all().delete()
    Reservation.objects.all().delete()
    with connection.cursor() as cursor:
        for statement in (migration.RESERVATIONS, migration.SHIPMENTS, migration.LINES):
            cursor.execute(statement)


def test_they_go_on_as_if_they_had_always_had_them(shop: Shop) -> None:
    tea = sku(shop.merchant)
    buyer = member()
    waiting = Order.objects.get(pk=place(buyer, tea, qty=2).order_id)
    gone = Order.objects.get(pk=place(buyer, tea).order_id)
    cancel_order(order_id=gone.pk, now=NOW)
    part = paid(buyer, tea, qty=3)
    approve(shop, ask(part, 100_000), restock=1)
    arrived = received(shop, buyer, tea, qty=2)
    before = figures()
    expires = {x.line_id: x.expires_at for x in Reservation.objects.all()}
    forget_and_migrate()
    assert figures() == before
    assert {x.line_id: x.expires_at for x in Reservation.objects.all()} == {
        **expires,
        lines(gone)[0].pk: None,
    }
    assert shipments.all_delivered(arrived)
    forward(arrived)
    ship_order(by=shop.owner, order_id=part.pk, now=NOW)
    cancel_order(order_id=waiting.pk, now=NOW)
    found = Sku.objects.get()
    assert (found.on_hand, found.reserved) == (100 - 2 - 2, 0)
