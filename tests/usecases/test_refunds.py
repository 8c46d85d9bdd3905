"""Refunds: to the fen, never over the amount, never decided by the one who asked."""

import itertools
from typing import Any

import pytest
from tests.usecases.shop import (
    NOW,
    Shop,
    at_once,
    completed,
    lines,
    member,
    paid,
    place,
    received,
    sku,
    staff,
)

from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord, User
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.payments.models import Payment, PaymentRefund
from mingchi.rebates.models import Event
from mingchi.usecases.refund_order import AskedRefund, ask_refund, decide_refund
from mingchi.usecases.ship_order import ship_order

_keys = itertools.count()


def ask(
    order: Order, amount_fen: int, *, line: int = 0, buyer: Member | None = None
) -> AskedRefund:
    return ask_refund(
        order_id=order.pk,
        line_id=lines(order)[line].pk,
        amount_fen=amount_fen,
        reason="broken",
        idempotency_key=f"refund{next(_keys)}",
        now=NOW,
        member_id=buyer.pk if buyer else order.member_id,
    )


def approve(shop: Shop, asked: AskedRefund, by: User | None = None, **more: Any) -> str:
    return decide_refund(
        by=by or shop.owner, refund_id=asked.refund_id, approve=True, now=NOW, **more
    ).state


def cash(name: str) -> int:
    return balance(getattr(accounts, name)()).balance_fen


def test_before_settlement_the_money_goes_back_at_once(shop: Shop) -> None:
    tea = sku(shop.merchant)
    order = paid(member(), tea, qty=2)
    assert approve(shop, ask(order, 50_000)) == "paid"
    assert (cash("order_held"), cash("refund_pending")) == (150_000, 0)
    assert balance(accounts.cash("sandbox")).balance_fen == -150_000
    (line,) = lines(order)
    assert (line.refunded_fen, line.refunding_fen, line.restocked) == (50_000, 0, 0)
    assert not Event.objects.filter(kind="refund").exists()
    assert AuditRecord.objects.filter(action="refund.approve").count() == 1


def test_partial_refunds_sum_to_the_fen(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant, price_fen=100_001))
    parts = (33_333, 33_334, 1, 33_333)
    for part in parts:
        assert approve(shop, ask(order, part)) == "paid"
    assert cash("order_held") == cash("refund_pending") == 0
    assert balance(accounts.cash("sandbox")).balance_fen == 0
    assert Payment.objects.get().refunded_fen == sum(parts) == 100_001
    assert Order.objects.get(pk=order.pk).state == "refunded"
    with pytest.raises(DomainError, match="not_refundable"):
        ask(order, 1)


def test_more_than_the_line_is_refused_asked_ones_counted(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant), sku(shop.merchant))
    first = ask(order, 60_000)
    with pytest.raises(DomainError) as caught:
        ask(order, 40_001)
    assert (caught.value.code, caught.value.status) == ("refund_exceeds_line", 409)
    assert caught.value.details == {"refundable_fen": 40_000}
    decide_refund(by=shop.owner, refund_id=first.refund_id, approve=False, now=NOW)
    ask(order, 100_000)
    assert not PaymentRefund.objects.exists()
    assert [line.refunded_fen for line in lines(order)] == [0, 0]


@pytest.mark.django_db(transaction=True)
def test_eight_refunds_at_once_never_pass_the_amount(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    answers = at_once([lambda: ask(order, 30_000)] * 8)
    asked = [answer for answer in answers if isinstance(answer, AskedRefund)]
    assert len(asked) == 3
    assert lines(order)[0].refunding_fen == 90_000
    at_once([lambda a=a: approve(shop, a) for a in asked])  # type: ignore[misc]
    assert (lines(order)[0].refunded_fen, cash("order_held")) == (90_000, 10_000)


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_pay_once(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    asked = ask(order, 30_000)
    answers = at_once([lambda: approve(shop, asked)] * 4)
    assert [answer for answer in answers if answer == "paid"] == ["paid"]
    assert PaymentRefund.objects.count() == 1
    assert cash("order_held") == 70_000


def test_who_asks_does_not_decide(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    asked = ask_refund(
        order_id=order.pk,
        line_id=lines(order)[0].pk,
        amount_fen=1,
        reason="",
        idempotency_key="k",
        now=NOW,
        by=shop.owner,
    )
    with pytest.raises(DomainError) as caught:
        approve(shop, asked)
    assert (caught.value.code, caught.value.status) == ("own_proposal", 403)
    assert Refund.objects.get().state == "requested"
    assert approve(shop, asked, by=shop.finance) == "paid"
    with pytest.raises(DomainError, match="refund_decided"):
        approve(shop, asked, by=staff("owner"))


def test_nobody_asks_for_anothers_order(shop: Shop) -> None:
    order, other = paid(member(), sku(shop.merchant)), paid(member(), sku(shop.merchant))
    with pytest.raises(DomainError) as caught:
        ask(order, 1, buyer=member())
    assert caught.value.status == 404
    with pytest.raises(DomainError) as caught:
        ask_refund(
            order_id=order.pk,
            line_id=lines(other)[0].pk,
            amount_fen=1,
            reason="",
            idempotency_key="k",
            now=NOW,
            member_id=order.member_id,
        )
    assert caught.value.status == 404
    for amount_fen in (0, -1):
        with pytest.raises(DomainError, match="amount_invalid"):
            ask(order, amount_fen)


def test_merchants_staff_decide_for_their_own_merchant_only(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    asked = ask(order, 1)
    stranger = staff(merchant=Merchant.objects.create(name="Another"))
    clerk = staff(merchant=shop.merchant, role="clerk")
    for by, status in ((stranger, 404), (clerk, 403), (staff("auditor"), 403)):
        with pytest.raises(DomainError) as caught:
            approve(shop, asked, by=by)
        assert caught.value.status == status
    assert approve(shop, asked, by=staff(merchant=shop.merchant, role="manager")) == "paid"


def test_an_order_not_paid_has_nothing_to_give_back(shop: Shop) -> None:
    placed = place(member(), sku(shop.merchant))
    with pytest.raises(DomainError, match="not_refundable"):
        ask(Order.objects.get(pk=placed.order_id), 1)


def test_units_of_a_line_refunded_before_shipping_are_free_again(shop: Shop) -> None:
    kept, dropped = sku(shop.merchant, on_hand=5), sku(shop.merchant, on_hand=5)
    order = paid(member(), kept, dropped, qty=2)
    approve(shop, ask(order, 200_000, line=1))
    dropped.refresh_from_db()
    assert (dropped.on_hand, dropped.reserved) == (5, 0)
    ship_order(by=shop.owner, order_id=order.pk, now=NOW)
    kept.refresh_from_db()
    dropped.refresh_from_db()
    assert (kept.on_hand, kept.reserved) == (3, 0)
    assert (dropped.on_hand, dropped.reserved) == (5, 0)


def test_returned_units_are_put_back_as_staff_say(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=5)
    order = received(shop, member(), tea, qty=2)
    with pytest.raises(DomainError, match="restock_exceeds_line"):
        approve(shop, ask(order, 10), restock=3)
    approve(shop, ask(order, 100_000), restock=1)
    tea.refresh_from_db()
    assert (tea.on_hand, tea.reserved) == (4, 0)
    assert OrderLine.objects.get().restocked == 1


def test_after_settlement_the_refund_is_an_event_and_no_money_leaves_yet(shop: Shop) -> None:
    order = completed(shop, member(), sku(shop.merchant))
    asked = ask(order, 40_000)
    assert approve(shop, asked) == "approved"
    event = Event.objects.get(kind="refund")
    assert event.key == f"r{asked.refund_id}"
    assert event.payload == (
        f'{{"amount":40000,"id":"r{asked.refund_id}","line":0,"order":"o{order.pk}",'
        '"type":"refund"}'
    )
    assert not PaymentRefund.objects.exists()
    assert balance(accounts.cash("sandbox")).balance_fen == -100_000
