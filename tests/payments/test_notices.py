"""Callbacks of the gateway: believed only when signed, in time and right; applied once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.usecases.shop import NOW, Shop, at_once, member, notice, place, sku

from mingchi.foundation.errors import DomainError
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.ledger.models import CashEntry
from mingchi.members.models import Member
from mingchi.orders.models import Order
from mingchi.payments.models import GatewayNotice, Payment, PaymentRefund
from mingchi.payments.sandbox import NONCE, SIGNATURE, TIMESTAMP
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.pay_order import PayData, pay_order
from mingchi.usecases.pay_refunds import retry_money_back, send_pending
from mingchi.usecases.sandbox_pay import sandbox_pay
from mingchi.usecases.take_payment import Taken, take_payment


def attempt(buyer: Member, order_id: int, key: str = "pay") -> PayData:
    return pay_order(member_id=buyer.pk, order_id=order_id, idempotency_key=key, now=NOW)


def tell(body: bytes, headers: dict[str, str]) -> Taken:
    return take_payment(gateway="sandbox", body=body, headers=headers, now=NOW)


def reason(body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    with pytest.raises(DomainError) as caught:
        tell(body, headers)
    assert caught.value.code == "notice_refused"
    return caught.value.status, caught.value.details["reason"]


def cash(name: str) -> int:
    return balance(getattr(accounts, name)()).balance_fen


def test_a_signed_notice_pays_the_order_once(shop: Shop) -> None:
    buyer = member()
    placed = place(buyer, sku(shop.merchant))
    data = attempt(buyer, placed.order_id)
    body, headers = notice(data.out_trade_no, data.amount_fen)
    assert tell(body, headers).outcome == "applied"
    assert tell(body, headers).outcome == "duplicate"
    assert tell(*notice(data.out_trade_no, data.amount_fen)).outcome == "duplicate"
    order = Order.objects.get(pk=placed.order_id)
    assert (order.state, order.paid_at) == ("paid", NOW)
    assert (cash("order_held"), balance(accounts.cash("sandbox")).balance_fen) == (
        100_000,
        -100_000,
    )
    assert CashEntry.objects.count() == 1
    assert GatewayNotice.objects.filter(verified=True).count() == 3


def test_what_is_not_believed_changes_nothing_and_is_kept(shop: Shop) -> None:
    buyer = member()
    placed = place(buyer, sku(shop.merchant))
    data = attempt(buyer, placed.order_id)
    body, headers = notice(data.out_trade_no, data.amount_fen)
    old = notice(data.out_trade_no, data.amount_fen, NOW - timedelta(seconds=301))
    early = notice(data.out_trade_no, data.amount_fen, NOW + timedelta(seconds=301))
    cases = [
        (body, {**headers, SIGNATURE: "0" * 64}, (401, "bad_signature")),
        (body, {**headers, SIGNATURE: "é"}, (401, "bad_signature")),
        (body.replace(b"100000", b"1"), headers, (401, "bad_signature")),
        (body, {**headers, TIMESTAMP: str(int(headers[TIMESTAMP]) + 1)}, (401, "bad_signature")),
        (body, {**headers, NONCE: "other-nonce"}, (401, "bad_signature")),
        (body, {}, (401, "bad_signature")),
        (b"x" * 20_000, {}, (401, "malformed_notice")),
        (*old, (401, "stale_notice")),
        (*early, (401, "stale_notice")),
        (*notice(data.out_trade_no, data.amount_fen - 1), (400, "wrong_amount")),
        (*notice("unknown", data.amount_fen), (400, "unknown_payment")),
    ]
    for text, given, expected in cases:
        assert reason(text, given) == expected
    assert GatewayNotice.objects.filter(outcome="refused").count() == len(cases)
    assert Order.objects.get(pk=placed.order_id).state == "created"
    assert Payment.objects.get().state == "created"
    assert not CashEntry.objects.exists()
    # And the right one is still good.
    assert tell(body, headers).outcome == "applied"


def test_paid_after_it_was_cancelled_is_booked_and_sent_back(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant, on_hand=1)
    placed = place(buyer, tea)
    data = attempt(buyer, placed.order_id)
    cancel_order(order_id=placed.order_id, member_id=buyer.pk, now=NOW)
    taken = tell(*notice(data.out_trade_no, data.amount_fen))
    assert (taken.outcome, taken.order_ids) == ("sent_back", (placed.order_id,))
    assert (cash("order_held"), cash("refund_pending")) == (0, 100_000)
    assert (send_pending(now=NOW), send_pending(now=NOW)) == (1, 0)
    assert cash("refund_pending") == balance(accounts.cash("sandbox")).balance_fen == 0
    assert Order.objects.get(pk=placed.order_id).state == "cancelled"
    assert PaymentRefund.objects.get().state == "paid"
    # The unit was free in between, and still is.
    place(member(), tea)


def test_paid_twice_is_booked_and_the_second_sent_back(shop: Shop) -> None:
    buyer = member()
    placed = place(buyer, sku(shop.merchant))
    first, second = (attempt(buyer, placed.order_id, key) for key in ("one", "two"))
    assert tell(*notice(second.out_trade_no, 100_000)).outcome == "applied"
    assert tell(*notice(first.out_trade_no, 100_000)).outcome == "sent_back"
    send_pending(now=NOW)
    assert (cash("order_held"), cash("refund_pending")) == (100_000, 0)
    assert Order.objects.get(pk=placed.order_id).state == "paid"
    sent = PaymentRefund.objects.get()
    assert sent.payment.out_trade_no == first.out_trade_no


@pytest.mark.django_db(transaction=True)
def test_eight_notices_at_once_are_applied_once(shop: Shop) -> None:
    buyer = member()
    placed = place(buyer, sku(shop.merchant))
    data = attempt(buyer, placed.order_id)
    calls = [
        lambda: tell(*notice(data.out_trade_no, data.amount_fen)),
    ] * 8
    outcomes = sorted(str(getattr(each, "outcome", each)) for each in at_once(calls))
    assert outcomes == ["applied"] + ["duplicate"] * 7
    assert cash("order_held") == 100_000


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_and_a_payment_at_once_send_the_money_back(shop: Shop) -> None:
    buyer = member()
    for _ in range(4):
        placed = place(buyer, sku(shop.merchant))
        data = attempt(buyer, placed.order_id, f"pay{placed.order_id}")

        def pay(data: PayData = data) -> object:
            return tell(*notice(data.out_trade_no, data.amount_fen))

        def cancel(order_id: int = placed.order_id) -> object:
            cancel_order(order_id=order_id, member_id=buyer.pk, now=NOW)
            return None

        both: list[Callable[[], object]] = [pay, cancel]
        at_once(both)
        state = Order.objects.get(pk=placed.order_id).state
        back = PaymentRefund.objects.filter(order_id=placed.order_id).exists()
        assert (state, back) in (("refunded", True), ("cancelled", True))


def test_nobody_pays_or_sees_anothers_order(shop: Shop) -> None:
    buyer, stranger = member(), member()
    placed = place(buyer, sku(shop.merchant))
    data = attempt(buyer, placed.order_id)
    for call in (
        lambda: attempt(stranger, placed.order_id),
        lambda: sandbox_pay(member_id=stranger.pk, out_trade_no=data.out_trade_no, now=NOW),
        lambda: cancel_order(order_id=placed.order_id, member_id=stranger.pk, now=NOW),
    ):
        with pytest.raises(DomainError) as caught:
            call()
        assert caught.value.status == 404
    assert Order.objects.get(pk=placed.order_id).state == "created"


def test_an_order_whose_time_is_over_takes_no_new_attempt(shop: Shop) -> None:
    buyer = member()
    placed = place(buyer, sku(shop.merchant))
    with pytest.raises(DomainError, match="not_payable"):
        pay_order(
            member_id=buyer.pk,
            order_id=placed.order_id,
            idempotency_key="late",
            now=NOW + timedelta(minutes=30),
        )


def test_what_the_gateway_refuses_is_kept_and_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mingchi.payments.gateways import GatewayError
    from mingchi.payments.sandbox import SandboxGateway

    def refuse(self: SandboxGateway, **_: object) -> None:
        raise GatewayError("no_funds")

    buyer = member()
    placed = place(buyer, sku(shop.merchant))
    data = attempt(buyer, placed.order_id)
    cancel_order(order_id=placed.order_id, member_id=buyer.pk, now=NOW)
    tell(*notice(data.out_trade_no, data.amount_fen))
    with monkeypatch.context() as patched:
        patched.setattr(SandboxGateway, "send_back", refuse)
        assert send_pending(now=NOW) == 0
    sent = PaymentRefund.objects.get()
    assert (sent.state, sent.error, cash("refund_pending")) == ("failed", "no_funds", 100_000)
    assert retry_money_back(by=shop.finance, payment_refund_id=sent.pk, now=NOW)
    assert cash("refund_pending") == 0
