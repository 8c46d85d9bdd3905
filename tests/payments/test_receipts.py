"""Money that comes in late, at an old price, at the door; money that a gateway lost sight of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pytest
from django.db import transaction
from tests.usecases.shop import NOW, Shop, lines, member, notice, paid, place, sku, staff
from tests.usecases.test_refunds import ask

from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.orders import price_changes, reservations, shipments
from mingchi.orders import services as orders
from mingchi.orders.models import Order
from mingchi.payments import gateways, receipts, refunding
from mingchi.payments import services as payments
from mingchi.payments.bills import Bill
from mingchi.payments.gateways import (
    Client,
    Closing,
    GatewayError,
    Notice,
    RefundNotice,
    Request,
    Standing,
)
from mingchi.payments.models import Payment, PaymentRefund, SandboxDeal
from mingchi.usecases.pay_order import PayData, pay_order
from mingchi.usecases.pay_refunds import confirm_by_hand, send_pending
from mingchi.usecases.refund_order import AskedRefund, decide_refund
from mingchi.usecases.take_payment import take_payment


def attempt(order_id: int, key: str = "pay") -> PayData:
    buyer = Order.objects.get(pk=order_id).member_id
    return pay_order(member_id=buyer, order_id=order_id, idempotency_key=key, now=NOW)


def tell(data: PayData) -> str:
    body, headers = notice(data.out_trade_no, data.amount_fen)
    return take_payment(gateway="sandbox", body=body, headers=headers, now=NOW).outcome


def held() -> int:
    return balance(accounts.order_held()).balance_fen


def test_the_old_price_is_sent_back_and_the_new_one_pays(shop: Shop) -> None:
    order_id = place(member(), sku(shop.merchant)).order_id
    old = attempt(order_id, "old")
    with transaction.atomic():
        line = lines(orders.lock(order_id))[0]
        change = price_changes.ask(line, to_fen=90_000, reason="-", actor="user:1", now=NOW)
        price_changes.decide(change, approve=True, actor="user:2", now=NOW)
    new = attempt(order_id, "new")
    assert (old.amount_fen, new.amount_fen) == (100_000, 90_000)
    assert tell(old) == "sent_back"
    assert Order.objects.get().state == "created"
    assert tell(new) == "applied"
    assert send_pending(now=NOW) == 1
    assert (held(), Order.objects.get().state) == (90_000, "paid")


def test_goods_that_others_took_meanwhile(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=1)
    order_id = place(member(), tea).order_id
    data = attempt(order_id)
    reservations.release(reservations.of_order(Order.objects.get(pk=order_id)))
    other = paid(member(), tea)
    assert tell(data) == "sent_back"
    assert PaymentRefund.objects.get().reason == "out_of_stock"
    send_pending(now=NOW)
    assert (held(), Order.objects.get(pk=other.pk).state) == (100_000, "paid")
    assert Order.objects.get(pk=order_id).state == "created"


def test_goods_that_are_still_there_are_held_again(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=1)
    order_id = place(member(), tea).order_id
    data = attempt(order_id)
    reservations.release(reservations.of_order(Order.objects.get()))
    assert tell(data) == "applied"
    tea.refresh_from_db()
    assert (tea.on_hand, tea.reserved) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_lost_notice_is_found_by_asking(transactional_db: None, shop: Shop) -> None:
    order_id = place(member(), sku(shop.merchant)).order_id
    data = attempt(order_id)
    assert not receipts.ask(order_id=order_id, now=NOW)
    SandboxDeal.objects.create(number=data.out_trade_no, amount_fen=data.amount_fen)
    for _ in range(2):
        assert receipts.ask(order_id=order_id, now=NOW)
    assert (held(), Order.objects.get().state) == (100_000, "paid")
    assert tell(data) == "duplicate"


class TestAtTheDoor:
    """Cash on delivery."""

    @pytest.fixture
    def order(self, shop: Shop) -> Order:
        tea = sku(shop.merchant)
        return Order.objects.get(pk=place(member(), tea, payment_method="cod").order_id)

    def test_it_is_not_paid_online(self, order: Order) -> None:
        with pytest.raises(DomainError, match="not_payable"):
            attempt(order.pk)
        with pytest.raises(DomainError, match="unknown_gateway"):
            pay_order(
                member_id=order.member_id,
                order_id=order.pk,
                idempotency_key="k",
                now=NOW,
                gateway="cod",
            )

    def test_collected_once_after_the_goods_went_out(self, order: Order) -> None:
        with pytest.raises(DomainError, match="impossible_move"):
            receipts.collect(order, now=NOW)
        (part,) = shipments.prepare(order)
        shipments.ship(part, now=NOW)
        order.refresh_from_db()
        assert receipts.collect(order, now=NOW)
        order.refresh_from_db()
        assert not receipts.collect(order, now=NOW)
        assert (order.state, order.paid_at, held()) == ("shipped", NOW, 100_000)
        assert Payment.objects.get().gateway == "cod"

    def test_online_orders_are_not_collected(self, shop: Shop) -> None:
        with pytest.raises(DomainError, match="not_cash_on_delivery"):
            receipts.collect(paid(member(), sku(shop.merchant)), now=NOW)

    def test_it_goes_back_by_hand(self, shop: Shop, order: Order) -> None:
        (part,) = shipments.prepare(order)
        shipments.ship(part, now=NOW)
        order.refresh_from_db()
        receipts.collect(order, now=NOW)
        asked = ask(Order.objects.get(), 40_000)
        decide_refund(by=shop.finance, refund_id=asked.refund_id, approve=True, now=NOW)
        sent = PaymentRefund.objects.get()
        assert (sent.state, sent.error) == ("failed", "by_hand")
        with pytest.raises(DomainError, match="not_allowed"):
            confirm_by_hand(by=staff("operator"), payment_refund_id=sent.pk, now=NOW)
        assert confirm_by_hand(by=shop.finance, payment_refund_id=sent.pk, now=NOW)
        assert not confirm_by_hand(by=shop.finance, payment_refund_id=sent.pk, now=NOW)
        sent.refresh_from_db()
        assert (sent.state, balance(accounts.cash("cod")).balance_fen) == ("paid", -60_000)
        assert AuditRecord.objects.filter(action="refund.by_hand").count() == 1

    def test_a_gateways_money_is_not_given_by_hand(self, shop: Shop) -> None:
        order = paid(member(), sku(shop.merchant))
        asked = ask(order, 1)
        decide_refund(by=shop.finance, refund_id=asked.refund_id, approve=True, now=NOW)
        with pytest.raises(DomainError, match="impossible_move"):
            confirm_by_hand(
                by=shop.finance, payment_refund_id=PaymentRefund.objects.get().pk, now=NOW
            )


class DownError(Exception):
    """The connection broke; nobody knows what became of the call."""


@dataclass
class Shaky:
    """A gateway whose answers get lost. `gone`: what it has given back."""

    code: str = "sandbox"
    lose: int = 0
    refuse: str = ""
    gone: list[str] = field(default_factory=list)

    def channels(self, client: Client) -> list[str]:
        return ["page"]

    def pay_data(self, request: Request) -> dict[str, str]:
        return {}

    def read_notice(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice:
        raise AssertionError

    def send_back(
        self, *, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int
    ) -> RefundNotice:
        if self.refuse:
            raise GatewayError(self.refuse)
        self.gone.append(out_refund_no)
        if self.lose:
            self.lose -= 1
            raise DownError
        return RefundNotice(out_refund_no=out_refund_no, standing=Standing.DONE)

    def find_payment(self, *, out_trade_no: str) -> Notice | None:
        return None

    def find_refund(self, *, out_trade_no: str, out_refund_no: str) -> RefundNotice | None:
        if out_refund_no not in self.gone:
            return None
        return RefundNotice(out_refund_no=out_refund_no, standing=Standing.DONE)

    def close(self, *, out_trade_no: str) -> Closing:
        return Closing.CLOSED

    def bill(self, *, day: date, now: datetime) -> Bill:
        return Bill(lines=[])


@pytest.fixture
def asked(shop: Shop) -> AskedRefund:
    return ask(paid(member(), sku(shop.merchant)), 30_000)


@pytest.fixture
def shaky(asked: AskedRefund, monkeypatch: pytest.MonkeyPatch) -> Shaky:
    gateway = Shaky()
    monkeypatch.setattr(gateways, "get", lambda code: gateway)
    return gateway


def promised(shop: Shop, asked: AskedRefund) -> int:
    """A refund that waits to be sent."""
    with pytest.raises(DownError):
        decide_refund(by=shop.finance, refund_id=asked.refund_id, approve=True, now=NOW)
    return PaymentRefund.objects.get().pk


def test_a_lost_answer_is_asked_for_before_it_is_tried_again(
    shop: Shop, asked: AskedRefund, shaky: Shaky
) -> None:
    shaky.lose = 1
    key = promised(shop, asked)
    assert PaymentRefund.objects.get().state == "pending"
    assert refunding.send(payment_refund_id=key, now=NOW)
    assert len(shaky.gone) == 1, "the money went once"
    assert (PaymentRefund.objects.get().state, held()) == ("paid", 70_000)


def test_what_never_arrived_is_sent_again(shop: Shop, asked: AskedRefund, shaky: Shaky) -> None:
    shaky.lose = 1
    key = promised(shop, asked)
    shaky.gone.clear()
    assert refunding.send(payment_refund_id=key, now=NOW)
    assert len(shaky.gone) == 1


def test_a_refusal_is_kept_and_may_be_tried_again(
    shop: Shop, asked: AskedRefund, shaky: Shaky
) -> None:
    shaky.refuse = "no_money"
    decide_refund(by=shop.finance, refund_id=asked.refund_id, approve=True, now=NOW)
    sent = PaymentRefund.objects.get()
    assert (sent.state, sent.error) == ("failed", "no_money")
    assert not refunding.send(payment_refund_id=sent.pk, now=NOW)
    shaky.refuse = ""
    assert refunding.try_again(payment_refund_id=sent.pk)
    assert refunding.send(payment_refund_id=sent.pk, now=NOW)
    assert not refunding.try_again(payment_refund_id=sent.pk)
    assert PaymentRefund.objects.get().state == "paid"


def test_no_more_goes_back_than_came_in(shop: Shop) -> None:
    order = paid(member(), sku(shop.merchant))
    payment = Payment.objects.get()
    for amount_fen, fits in ((60_000, True), (40_001, False), (40_000, True), (1, False)):
        send = {"payment": payment, "order": order, "amount_fen": amount_fen, "reason": "x"}
        if fits:
            payments.send_back(**send)  # type: ignore[arg-type]
            continue
        with pytest.raises(DomainError, match="refund_exceeds_payment") as caught:
            payments.send_back(**send)  # type: ignore[arg-type]
        assert caught.value.status == 409
    payment.refresh_from_db()
    assert payment.refunded_fen == 100_000
