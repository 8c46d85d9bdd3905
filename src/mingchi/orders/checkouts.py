"""A checkout and its coupons: one amount to pay over an order of each merchant."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from mingchi.foundation.errors import NotFoundError
from mingchi.members.models import Member
from mingchi.orders.models import Checkout, Order
from mingchi.pricing import claims

GIVEN_UP: Final = (Order.State.CANCELLED, Order.State.REFUNDED)
# Numbers and rows in one statement.
_OPEN: Final = """
INSERT INTO orders_checkout (id, number, member_id, placed_at, created_at)
SELECT n, %(day)s || lpad(n::text, 7, '0'), %(member)s, %(now)s, statement_timestamp()
FROM nextval(pg_get_serial_sequence('orders_checkout', 'id')) AS n
RETURNING id, number, ARRAY(
    SELECT nextval(pg_get_serial_sequence('orders_order', 'id')) FROM generate_series(1, %(orders)s)
)
"""


def open_one(*, member: Member, orders: int, now: datetime) -> tuple[Checkout, list[int]]:
    """A new checkout, and keys for so many orders of it."""
    values: dict[str, Any] = {
        "day": f"C{timezone.localdate(now):%Y%m%d}",
        "member": member.pk,
        "now": now,
        "orders": orders,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, values)
        row = cursor.fetchone()
    assert row is not None
    return Checkout(id=row[0], number=row[1], member=member, placed_at=now), list(row[2])


def get(checkout_id: int, *, member_id: int) -> Checkout:
    """A member's own checkout, or `not_found` 404."""
    found = Checkout.objects.filter(pk=checkout_id, member_id=member_id).first()
    if found is None:
        raise NotFoundError()
    return found


def key(checkout_id: int) -> str:
    """Under which coupons are kept for it."""
    return f"checkout:{checkout_id}"


def keep_coupons(checkout: Checkout, saved_fen: Mapping[int, int], *, now: datetime) -> None:
    """Its coupons are nobody else's, with what each takes off. `coupon_not_usable` 409."""
    claims.lock(member_id=checkout.member_id, saved_fen=saved_fen, key=key(checkout.pk), now=now)


def use_coupons(checkout_id: int, *, now: datetime) -> None:
    """Something of it is paid."""
    claims.use(key=key(checkout_id), now=now)


def return_coupons(order: Order, *, now: datetime) -> None:
    """An order was given up, or given back whole: its merchant's coupon is the member's again; the
    platform's is with the last order of the checkout. Callers hold the order's lock.

    The checkout's row is held, since of two last orders at once neither would see the other's end.
    """
    Checkout.objects.select_for_update().only("pk").get(pk=order.checkout_id)
    claims.give_back(key=key(order.checkout_id), merchant_id=order.merchant_id, now=now)
    if not Order.objects.filter(checkout=order.checkout_id).exclude(state__in=GIVEN_UP).exists():
        claims.give_back(key=key(order.checkout_id), now=now)
