"""Stock kept for order lines: once, however often it is asked."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.usecases.shop import NOW, Shop, member, paid, place, sku

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import DomainError
from mingchi.orders import reservations
from mingchi.orders import services as orders
from mingchi.orders.models import Order, Reservation
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.release_expired import release_expired


def stocked(article: Sku) -> tuple[int, int]:
    article.refresh_from_db()
    return article.on_hand, article.reserved


def only() -> Reservation:
    return Reservation.objects.select_related("line").get()


def test_placing_keeps_the_goods_until_it_must_be_paid(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    order = Order.objects.get(pk=place(member(), tea, qty=2).order_id)
    assert (only().held, only().expires_at) == (2, order.pay_by)
    assert stocked(tea) == (5, 2)


def test_paid_goods_do_not_expire(shop: Shop) -> None:
    paid(member(), sku(shop.merchant))
    assert only().expires_at is None


def test_released_once_and_held_again_once(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    order = Order.objects.get(pk=place(member(), tea, qty=2).order_id)
    assert reservations.release(reservations.of_order(order)) == 2
    assert reservations.release(reservations.of_order(order)) == 0
    assert stocked(tea) == (5, 0)
    for _ in range(2):
        reservations.hold_again(order, until=NOW)
        assert (stocked(tea), only().held, only().expires_at) == ((5, 2), 2, NOW)


def test_what_others_bought_meanwhile_can_not_be_held_again(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=2)
    order = Order.objects.get(pk=place(member(), tea, qty=2).order_id)
    reservations.release(reservations.of_order(order))
    place(member(), tea)
    with pytest.raises(DomainError, match="out_of_stock"), transaction.atomic():
        reservations.hold_again(order, until=None)
    assert reservations.of_order(order).get().held == 0


def test_no_more_is_shipped_or_freed_than_is_held(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    paid(member(), tea, qty=2)
    with pytest.raises(DomainError, match="not_held"), transaction.atomic():
        reservations.ship({only(): 3})
    reservations.ship({only(): 1})
    with pytest.raises(DomainError, match="not_held"), transaction.atomic():
        reservations.release_units(only(), 2)
    assert stocked(tea) == (4, 1)
    reservations.take_in({only(): 1})
    assert stocked(tea) == (5, 2)


@pytest.mark.parametrize(
    "values", [{"released": -1}, {"shipped": 3}, {"released": 1, "shipped": 2}, {"units": 0}]
)
def test_the_table_refuses_what_cannot_be(shop: Shop, values: dict[str, int]) -> None:
    place(member(), sku(shop.merchant), qty=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reservation.objects.update(**values)


def test_a_reservation_that_expires_frees_the_goods_of_an_unpaid_order(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    unpaid = Order.objects.get(pk=place(member(), tea, qty=2).order_id)
    paid(member(), tea)
    Reservation.objects.update(expires_at=NOW + timedelta(minutes=5))
    assert release_expired(now=NOW + timedelta(minutes=4)) == 0
    assert release_expired(now=NOW + timedelta(minutes=5)) == 1
    assert stocked(tea) == (5, 1)
    assert reservations.of_order(unpaid).get().held == 0
    assert release_expired(now=NOW + timedelta(minutes=5)) == 0


def test_cancelling_frees_what_is_still_held(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    order_id = place(member(), tea, qty=2).order_id
    with transaction.atomic():
        order = orders.lock(order_id)
        reservations.release(reservations.of_order(order))
    cancel_order(order_id=order_id, now=NOW)
    assert stocked(tea) == (5, 0)
