"""Databases of before go on: orders that were paid one by one become checkouts, payments have
parts, prices have stages, and freight is with the merchant."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker
from tests import databases

from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.ledger.models import CashEntry, UnsealedCash
from mingchi.orders import stages
from mingchi.orders.models import Checkout, Order, OrderLine, Refund
from mingchi.payments.models import Payment, PaymentPart, PaymentRefund

BEFORE = [("orders", "0006_case_entries"), ("payments", "0003_gateways")]
AT = datetime(2026, 5, 1, tzinfo=UTC)
Apps = Any


@pytest.fixture
def _old_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """With tables as they were before checkouts."""
    with django_db_blocker.unblock(), databases.copied():
        yield


def order(apps: Apps, key: int, state: str, **more: Any) -> Any:
    """Of a merchant, a line of 3 × 100 and one of 50, and 8 for sending them."""
    paid = {} if state in ("created", "cancelled") else {"paid_at": AT}
    made = apps.get_model("orders", "Order").objects.create(
        pk=key, number=f"N{key}", member_id=1, merchant_id=1, state=state, goods_fen=350,
        shipping_fen=8, total_fen=358, placed_at=AT, pay_by=AT, **paid, **more,
    )  # fmt: skip
    for position, (qty, price_fen) in enumerate([(3, 100), (1, 50)]):
        apps.get_model("orders", "OrderLine").objects.create(
            order=made, position=position, sku_id=1, title="Tea", qty=qty, price_fen=price_fen,
            amount_fen=qty * price_fen, cost_fen=10,
        )  # fmt: skip
    return made


def payment(apps: Apps, of: Any, state: str) -> Any:
    paid = {"paid_at": AT} if state == "paid" else {}
    return apps.get_model("payments", "Payment").objects.create(
        order=of, gateway="sandbox", out_trade_no=f"T{of.pk}", amount_fen=of.total_fen,
        state=state, **paid,
    )  # fmt: skip


def sent_back(apps: Apps, of: Any, refund: Any, amount_fen: int) -> None:
    apps.get_model("payments", "PaymentRefund").objects.create(
        payment=of, refund=refund, out_refund_no=f"R{of.pk}", amount_fen=amount_fen
    )
    type(of).objects.filter(pk=of.pk).update(refunded_fen=amount_fen)


def filled(apps: Apps) -> None:
    """1 waits; 2 is completed, with 40 of its first line back; 3 was paid after it was given up."""
    apps.get_model("members", "Member").objects.create(
        pk=1, phone="13900000001", name="Li", invitation_code="AAAA1111", joined_at=AT
    )
    shop = apps.get_model("merchants", "Merchant").objects.create(pk=1, name="Shop")
    shelf = apps.get_model("catalogue", "Category").objects.create(name="Tea")
    tea = apps.get_model("catalogue", "Product").objects.create(
        merchant=shop, category=shelf, title="Tea"
    )
    apps.get_model("catalogue", "Sku").objects.create(
        pk=1, product=tea, code="A", price_fen=100, cost_fen=10
    )
    waiting = order(apps, 1, "created")
    payment(apps, waiting, "created")
    done = order(
        apps, 2, "completed", received_at=AT, completed_at=AT, shipped_at=AT, complete_due_at=AT
    )
    line = done.lines.get(position=0)
    apps.get_model("orders", "OrderLine").objects.filter(pk=line.pk).update(refunded_fen=40)
    apps.get_model("orders", "PriceChange").objects.create(
        line=line, from_fen=120, to_fen=100, reason="x", state="approved", asked_by="user:1",
        asked_at=AT, decided_by="user:2", decided_at=AT,
    )  # fmt: skip
    refund = apps.get_model("orders", "Refund").objects.create(
        order=done, line=line, amount_fen=40, state="paid", asked_by_member=True, asked_at=AT,
        automatic=True, decided_at=AT, paid_at=AT, before_settlement=True,
    )  # fmt: skip
    sent_back(apps, payment(apps, done, "paid"), refund, 40)
    late = order(apps, 3, "cancelled", cancelled_at=AT)
    sent_back(apps, payment(apps, late, "paid"), None, 358)


@pytest.mark.slow
@pytest.mark.usefixtures("_old_database")
def test_orders_and_payments_of_before_go_on() -> None:
    executor = MigrationExecutor(connection)
    filled(executor.migrate(BEFORE).apps)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    one_checkout_an_order()
    parts_of_payments()
    stages_of_prices()
    freight_is_the_merchants()


def one_checkout_an_order() -> None:
    assert sorted(Checkout.objects.values_list("pk", "number", "member_id", "placed_at")) == [
        (key, f"CN{key}", 1, AT) for key in (1, 2, 3)
    ]
    assert all(each.checkout_id == each.pk for each in Order.objects.all())
    with connection.cursor() as cursor:  # the next one is none of these
        cursor.execute("SELECT nextval(pg_get_serial_sequence('orders_checkout', 'id'))")
        assert cursor.fetchone() == (4,)
    first, second = OrderLine.objects.filter(order=2).order_by("position")
    assert (first.goods_fen, first.delivery_fen, first.freight_fen) == (300, 8, 8)
    assert (second.goods_fen, second.delivery_fen, second.freight_fen) == (50, 0, 0)
    assert (first.refunded_fen, first.price_back_fen, second.price_back_fen) == (40, 40, 0)
    refund = Refund.objects.get()
    assert (refund.goods_fen, refund.price_fen, refund.freight_fen) == (40, 40, 0)


def parts_of_payments() -> None:
    states = {1: "open", 2: "kept", 3: "sent_back"}
    assert {each.order_id: each.state for each in PaymentPart.objects.all()} == states
    assert all(each.amount_fen == 358 for each in PaymentPart.objects.all())
    assert all(each.checkout_id == each.parts.get().order_id for each in Payment.objects.all())
    assert sorted(PaymentRefund.objects.values_list("order", "amount_fen")) == [(2, 40), (3, 358)]


def stages_of_prices() -> None:
    of = Order.objects.get(pk=2)
    first, second = OrderLine.objects.filter(order=of).order_by("position")
    told = [(stage.code, stage.amount_fen) for stage in stages.of_order(of, [first, second])]
    # Its price was lowered from 120 to 100, three times.
    assert told == [("goods", 410), ("shipping", 8), ("price_change", -60)]
    assert (first.list_fen, first.lowered_fen, second.list_fen) == (360, 60, 50)


def freight_is_the_merchants() -> None:
    """Of the one that is completed; with its place in the queue of what is sealed."""
    (entry,) = CashEntry.objects.all()
    assert (entry.key, entry.kind, entry.memo) == ("freight:2", "freight", "N2")
    assert (entry.accounts, entry.amounts) == ([accounts.shipping(), accounts.merchant(1)], [-8, 8])
    assert UnsealedCash.objects.get().entry_id == entry.pk
    assert balance(accounts.merchant(1)).balance_fen == 8
