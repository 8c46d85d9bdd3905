"""Where each fen of an order is in the end: with the merchant, or in the share that its statement
names, and nowhere in between."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.usecases.buying import Buying, earned_fen, held
from tests.usecases.shop import LATER, NOW, Shop, forward, lines, settle
from tests.usecases.test_merchant_money import booked

from mingchi.ledger import accounts
from mingchi.ledger.models import Entry
from mingchi.orders.models import Order, Refund
from mingchi.payouts.models import MerchantStatement, MerchantStatementLine
from mingchi.rebates.models import Event
from mingchi.usecases import keep_cart, state_merchants
from mingchi.usecases.pay_refunds import pay_settled_refunds, send_pending
from mingchi.usecases.receive_order import receive_order
from mingchi.usecases.ship_order import ship_order

pytestmark = pytest.mark.django_db(transaction=True)
BETWEEN = {accounts.ORDER_HELD, accounts.REFUND_PENDING}
_days = count(1)


def bought(buying: Buying, qty: int, with_coupons: bool) -> list[Order]:
    buying.fill()
    keep_cart.change_item(member_id=buying.buyer.pk, sku_id=buying.tea.pk, qty=qty)
    done = buying.buy(buying.wish(coupon_ids=None if with_coupons else ()))
    buying.pay(buying.attempt(done.checkout_id))
    found = list(Order.objects.filter(checkout=done.checkout_id).order_by("merchant"))
    for order in found:
        forward(order, NOW)
    return found


def give_back(buying: Buying, orders: Sequence[Order], percent: int) -> None:
    for order in orders:
        (line,) = lines(order)
        if amount_fen := line.refundable_fen * percent // 100:
            buying.refund(line, amount_fen)


def complete(buying: Buying, orders: Sequence[Order]) -> None:
    for order in orders:
        ship_order(by=buying.shop.owner, order_id=order.pk, now=NOW)
        receive_order(order_id=order.pk, member_id=buying.buyer.pk, now=NOW)
        forward(order, LATER)
    settle()


def stated(buying: Buying, order: Order) -> MerchantStatement:
    """All that is not stated yet; of each day there is one."""
    day = timezone.localtime() + timedelta(days=next(_days))
    key = state_merchants.close_statement(
        by=buying.shop.finance,
        merchant_id=order.merchant_id,
        period=day.strftime("%Y-%m-%d"),
        now=day + timedelta(days=1),
    )
    return MerchantStatement.objects.get(pk=key)


def shared_fen(order: Order) -> int:
    """What settlement gave to all but the merchant: pool, wallets, awards that wait, platform."""
    refunds = Refund.objects.filter(order=order).values_list("pk", flat=True)
    events = Event.objects.filter(key__in=[order.key, *(f"r{pk}" for pk in refunds)])
    entries = Entry.objects.filter(event_id__in=events.values("pk"))
    return sum(
        amount
        for entry in entries
        for account, amount in zip(entry.accounts, entry.amounts, strict=True)
        if not accounts.holds_points(account)
        and accounts.kind_of(account) not in {accounts.MERCHANT, *BETWEEN}
    )


def total(rows: Sequence[MerchantStatementLine], column: str) -> int:
    return sum(getattr(row, column) for row in rows)


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    qty=st.integers(1, 3),
    with_coupons=st.booleans(),
    before=st.integers(0, 90),
    after=st.sampled_from([0, 1, 33, 77, 100]),
)
def test_every_fen_is_stated_and_nothing_is_left_in_between(
    shop: Shop, qty: int, with_coupons: bool, before: int, after: int
) -> None:
    buying, cost_fen = Buying(shop), held().get("coupon_cost", 0)
    orders = bought(buying, qty, with_coupons)
    give_back(buying, orders, before)
    complete(buying, orders)
    give_back(buying, orders, after)
    settle()
    pay_settled_refunds(now=LATER)
    send_pending(now=LATER)
    booked()
    assert not {"order_held", "shipping", "refund_pending"} & set(held())
    statements = [stated(buying, order) for order in orders]
    subsidies_fen = sum(map(check, orders, statements))
    assert held().get("coupon_cost", 0) == cost_fen - subsidies_fen


def test_a_shop_pays_for_its_own_coupon_and_nobody_else_does(shop: Shop) -> None:
    """Five yuan less for the shop; all that the others share is as it was."""
    owed, shared = [], []
    for with_coupons in (False, True):
        buying = Buying(shop)
        (order, _other) = bought(buying, 1, with_coupons)
        before_fen = earned_fen(order)
        complete(buying, [order])
        booked()
        owed.append(earned_fen(order) - before_fen)
        shared.append(shared_fen(order))
    assert owed == [31_000, 30_500]
    assert shared == [70_000, 70_000]


def check(order: Order, statement: MerchantStatement) -> int:
    """Each column is what the order and the ledger say; returns the platform's subsidy, which here
    is of goods only."""
    rows = list(statement.lines.filter(order=order))
    assert statement.closing_fen == earned_fen(order)
    assert statement.closing_fen - statement.opening_fen == total(rows, "amount_fen")
    (line,) = lines(order)
    refunds = list(Refund.objects.filter(order=order))
    assert total(rows, "goods_fen") == line.qty * line.price_fen
    assert total(rows, "coupons_fen") == line.qty * line.price_fen - line.goods_fen
    assert total(rows, "returned_fen") == sum(refund.goods_fen for refund in refunds)
    assert total(rows, "share_fen") == shared_fen(order)
    back_fen = sum(refund.price_fen - refund.goods_fen for refund in refunds)
    assert total(rows, "subsidy_fen") == line.amount_fen - line.goods_fen - back_fen
    freight_back_fen = sum(refund.freight_fen for refund in refunds)
    assert statement.freight_fen == line.freight_fen - freight_back_fen
    return total(rows, "subsidy_fen")
