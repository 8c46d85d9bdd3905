"""Orders paid, paid late, paid twice, paid back through both gateways at once; the fakes keep the
money's other side, so that what they hold and what we booked can be compared."""

from datetime import timedelta

import pytest
from tests.fakes.tills import Tills
from tests.usecases.shop import NOW

from mingchi.foundation.errors import DomainError
from mingchi.fulfilment.models import Signal
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.orders.models import Order
from mingchi.payments import receipts, refunding
from mingchi.payments.models import GatewayNotice, Payment, PaymentRefund
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.pay_order import pay_order
from mingchi.usecases.pay_refunds import confirm_by_hand, retry_money_back, send_pending
from mingchi.usecases.take_payment import take_payment
from mingchi.usecases.watch_payments import watch_payments

LATER = NOW + timedelta(minutes=3)
EXPIRED = NOW + timedelta(minutes=31)


both = pytest.mark.parametrize("gateway", ["wechat", "alipay"])


def held() -> int:
    return balance(accounts.order_held()).balance_fen


def owed() -> int:
    return balance(accounts.refund_pending()).balance_fen


def state(order_id: int) -> str:
    return str(Order.objects.get(pk=order_id).state)


def refused(tills: Tills, gateway: str, number: str, **change: object) -> str:
    with pytest.raises(DomainError, match="notice_refused") as caught:
        tills.tell(gateway, number, **change)  # type: ignore[arg-type]
    return str(caught.value.details["reason"])


class TestNotices:
    """Applied once, whatever comes how often and when."""

    @both
    def test_applied_once_and_kept(self, tills: Tills, gateway: str) -> None:
        order_id, data = tills.paid(gateway)
        body, headers = tills.fake(gateway).notice(data.out_trade_no, at=NOW)
        for _ in range(2):  # the very same, replayed
            taken = take_payment(gateway=gateway, body=body, headers=headers, now=NOW)
            assert taken.outcome == "duplicate"
        assert tills.tell(gateway, data.out_trade_no, at=LATER) == "duplicate"
        assert (state(order_id), held()) == ("paid", 100_000)
        payment = Payment.objects.get()
        assert payment.gateway_no == tills.fake(gateway).trades[data.out_trade_no].gateway_no
        kept = GatewayNotice.objects.order_by("id").last()
        assert kept is not None
        assert (kept.payment, kept.number, kept.verified) == (payment, data.out_trade_no, True)
        tills.agree()

    @both
    def test_what_is_not_believed_changes_nothing(self, tills: Tills, gateway: str) -> None:
        order_id = tills.order()
        data = tills.attempt(order_id, gateway)
        tills.pay(gateway, data)
        number = data.out_trade_no
        assert refused(tills, gateway, number, forged=True) == "bad_signature"
        wrong: dict[str, object] = (
            {"amount": {"total": 1, "currency": "CNY"}}
            if gateway == "wechat"
            else {"total_amount": "0.01"}
        )
        assert refused(tills, gateway, number, **wrong) == "wrong_amount"
        assert refused(tills, gateway, number, out_trade_no="unheard_of") == "unknown_payment"
        body, headers = tills.fake(gateway).notice(number, at=NOW)
        with pytest.raises(DomainError, match="notice_refused"):
            take_payment(gateway=gateway, body=body, headers=headers, now=NOW + timedelta(hours=1))
        assert (state(order_id), held()) == ("created", 0)
        assert GatewayNotice.objects.filter(outcome="refused").count() == 4
        assert tills.tell(gateway, number) == "applied"

    def test_of_one_gateway_for_an_attempt_at_the_other(self, tills: Tills) -> None:
        at_alipay = tills.attempt(tills.order(), "alipay")
        at_wechat = tills.attempt(tills.order(), "wechat")
        tills.pay("wechat", at_wechat)
        change = {"out_trade_no": at_alipay.out_trade_no}
        assert refused(tills, "wechat", at_wechat.out_trade_no, **change) == "unknown_payment"

    def test_told_of_the_refund_before_the_payment(self, tills: Tills) -> None:
        """Out of order: a refund made at Alipay's own desk, its notice here first."""
        order_id = tills.order()
        data = tills.attempt(order_id, "alipay")
        tills.pay("alipay", data)
        assert tills.tell("alipay", data.out_trade_no, gmt_refund="2026-10-01 12:00:01") == (
            "applied"
        )
        assert tills.tell("alipay", data.out_trade_no) == "duplicate"
        assert (state(order_id), held()) == ("paid", 100_000)


class TestLateAndTwice:
    """Money that nobody waits for goes back by itself."""

    @both
    def test_paid_after_the_order_was_cancelled(self, tills: Tills, gateway: str) -> None:
        order_id = tills.order()
        data = tills.attempt(order_id, gateway)
        tills.pay(gateway, data)
        cancel_order(order_id=order_id, now=NOW)
        assert tills.tell(gateway, data.out_trade_no) == "sent_back"
        send_pending(now=NOW)
        tills.wechat.refunds_at_once = True
        for refund in tills.wechat.refunds.values():
            tills.wechat.end_refund(refund.number, at=NOW)
        send_pending(now=LATER)
        assert (state(order_id), held(), owed()) == ("cancelled", 0, 0)
        assert tills.fake(gateway).trades[data.out_trade_no].back_fen == 100_000
        tills.agree()

    def test_paid_at_both_gateways(self, tills: Tills) -> None:
        order_id = tills.order()
        first, second = tills.attempt(order_id, "wechat"), tills.attempt(order_id, "alipay")
        tills.pay("wechat", first)
        tills.pay("alipay", second)
        assert tills.tell("wechat", first.out_trade_no) == "applied"
        assert tills.tell("alipay", second.out_trade_no) == "sent_back"
        assert send_pending(now=NOW) == 1
        assert (state(order_id), held(), owed()) == ("paid", 100_000, 0)
        assert tills.alipay.trades[second.out_trade_no].back_fen == 100_000
        assert tills.wechat.trades[first.out_trade_no].back_fen == 0
        tills.agree()


@pytest.mark.django_db(transaction=True)
class TestOpenAttempts:
    """Asked about, and closed where nobody waits for them."""

    @both
    def test_a_lost_notice(self, transactional_db: None, tills: Tills, gateway: str) -> None:
        order_id = tills.order()
        data = tills.attempt(order_id, gateway)
        assert watch_payments(now=NOW) == 0
        calls = len(tills.fake(gateway).calls)
        tills.pay(gateway, data, at=NOW)
        # It is not asked at once, nor all the time.
        assert watch_payments(now=NOW + timedelta(seconds=90)) == 0
        assert len(tills.fake(gateway).calls) == calls
        assert watch_payments(now=LATER) == 1
        assert (state(order_id), held()) == ("paid", 100_000)
        assert Payment.objects.get().gateway_at == NOW
        # The order's flow hears of it as from a notice, once.
        key = f"payment:{data.payment_id}"
        assert Signal.objects.filter(name="paid", dedupe_key=key).count() == 1
        assert tills.tell(gateway, data.out_trade_no) == "duplicate"
        assert Signal.objects.filter(name="paid").count() == 1

    @both
    def test_less_and_less_often(self, transactional_db: None, tills: Tills, gateway: str) -> None:
        tills.attempt(tills.order(), gateway)
        calls = tills.fake(gateway).calls
        before, asked = len(calls), []
        for minute in range(30):
            watch_payments(now=NOW + timedelta(minutes=minute))
            asked.append(len(calls) - before)
        assert asked[-1] == 5, "after 2, 3, 5, 9 and 17 minutes"

    def test_closed_when_the_order_is_cancelled(self, transactional_db: None, tills: Tills) -> None:
        order_id = tills.order()
        data = {code: tills.attempt(order_id, code) for code in ("wechat", "alipay")}
        cancel_order(order_id=order_id, now=NOW)
        assert watch_payments(now=NOW) == 2
        assert {each.state for each in Payment.objects.all()} == {"closed"}
        for code in data:
            with pytest.raises(Exception, match="CLOSE"):
                tills.pay(code, data[code])
        assert watch_payments(now=LATER) == 0

    def test_closed_when_another_attempt_paid(self, transactional_db: None, tills: Tills) -> None:
        order_id = tills.order()
        first, second = tills.attempt(order_id, "wechat"), tills.attempt(order_id, "alipay")
        tills.pay("wechat", first)
        tills.tell("wechat", first.out_trade_no)
        assert watch_payments(now=NOW) == 1
        assert tills.alipay.trades[second.out_trade_no].state == "TRADE_CLOSED"
        assert Payment.objects.get(gateway="wechat").state == "paid"

    @both
    def test_found_paid_as_it_was_to_be_closed(
        self, transactional_db: None, tills: Tills, gateway: str
    ) -> None:
        order_id = tills.order()
        data = tills.attempt(order_id, gateway)
        tills.pay(gateway, data)
        cancel_order(order_id=order_id, now=NOW)
        assert watch_payments(now=NOW) == 1
        assert (Payment.objects.get().state, owed()) == ("paid", 100_000)
        assert tills.tell(gateway, data.out_trade_no) == "duplicate"
        assert PaymentRefund.objects.count() == 1

    def test_told_of_a_payment_after_it_was_closed(
        self, transactional_db: None, tills: Tills
    ) -> None:
        """What a gateway should never do: then its word counts, and the money goes back."""
        order_id = tills.order()
        data = tills.attempt(order_id, "wechat")
        cancel_order(order_id=order_id, now=NOW)
        watch_payments(now=NOW)
        trade = tills.wechat.trades[data.out_trade_no]
        trade.state, trade.paid_at = "SUCCESS", NOW
        assert tills.tell("wechat", data.out_trade_no) == "sent_back"
        assert (Payment.objects.get().state, owed()) == ("paid", 100_000)

    def test_a_page_that_was_not_opened_yet_stays_until_it_expires(
        self, transactional_db: None, tills: Tills
    ) -> None:
        order_id = tills.order()
        buyer = Order.objects.get().member_id
        data = pay_order(
            member_id=buyer, order_id=order_id, idempotency_key="k", now=NOW, gateway="alipay"
        )
        cancel_order(order_id=order_id, now=NOW)
        assert watch_payments(now=NOW) == 0
        assert Payment.objects.get().state == "created"
        # Opened and paid after all, told of by nobody: found.
        tills.alipay.open(data.data["url"])
        tills.pay("alipay", data, at=LATER)
        assert watch_payments(now=LATER) == 1
        assert (Payment.objects.get().state, owed()) == ("paid", 100_000)

    def test_and_is_closed_once_nobody_can_open_it(
        self, transactional_db: None, tills: Tills
    ) -> None:
        order_id, buyer = tills.order(), Order.objects.get().member_id
        pay_order(
            member_id=buyer, order_id=order_id, idempotency_key="k", now=NOW, gateway="alipay"
        )
        assert watch_payments(now=EXPIRED) == 0
        assert watch_payments(now=EXPIRED + timedelta(minutes=15)) == 1
        assert Payment.objects.get().state == "closed"

    @both
    def test_a_gateway_that_is_down_is_asked_later(
        self, transactional_db: None, tills: Tills, gateway: str
    ) -> None:
        data = tills.attempt(tills.order(), gateway)
        tills.pay(gateway, data)
        tills.fake(gateway).faults.down = ["query", "trade_query"]
        assert watch_payments(now=LATER) == 0
        assert watch_payments(now=LATER) == 0
        assert watch_payments(now=LATER + timedelta(minutes=2)) == 1

    @both
    def test_another_amount_than_was_asked_for_is_not_booked(
        self, transactional_db: None, tills: Tills, gateway: str
    ) -> None:
        order_id = tills.order()
        data = tills.attempt(order_id, gateway)
        tills.pay(gateway, data)
        tills.fake(gateway).trades[data.out_trade_no].amount_fen += 1
        assert watch_payments(now=LATER) == 0
        assert (state(order_id), Payment.objects.get().state, held()) == ("created", "created", 0)

    def test_only_the_open_attempts_of_the_order_itself_are_asked_about(
        self, transactional_db: None, tills: Tills
    ) -> None:
        order_id, paid_for = tills.order(), tills.paid("alipay")[0]
        others = tills.attempt(tills.order(), "wechat")
        tills.pay("wechat", others)
        assert not receipts.ask(order_id=order_id, now=NOW)
        assert Payment.objects.get(pk=others.payment_id).state == "created"
        closed = tills.attempt(order_id, "wechat")
        Payment.objects.filter(pk=closed.payment_id).update(state="closed")
        calls = [len(tills.fake(code).calls) for code in ("wechat", "alipay")]
        assert not receipts.ask(order_id=order_id, now=NOW)
        assert receipts.ask(order_id=paid_for, now=NOW)
        assert [len(tills.fake(code).calls) for code in ("wechat", "alipay")] == calls


class TestTimeOuts:
    """The answer is lost: the gateway is asked, then we decide."""

    def test_going_to_pay(self, tills: Tills) -> None:
        order_id = tills.order()
        tills.wechat.faults.lose = ["pay"]
        with pytest.raises(DomainError) as caught:
            tills.attempt(order_id, "wechat")
        assert (caught.value.code, caught.value.status) == ("gateway_down", 503)
        again = tills.attempt(order_id, "wechat")
        assert list(tills.wechat.trades) == [again.out_trade_no]
        assert Payment.objects.count() == 1

    def test_a_gateway_that_refuses(self, tills: Tills) -> None:
        tills.wechat.faults.refuse = {"pay": "NOAUTH"}
        with pytest.raises(DomainError) as caught:
            tills.attempt(tills.order(), "wechat")
        assert (caught.value.status, caught.value.details) == (409, {"reason": "NOAUTH"})

    @both
    def test_giving_back(self, tills: Tills, gateway: str) -> None:
        order_id, data = tills.paid(gateway)
        tills.wechat.refunds_at_once = True
        tills.fake(gateway).faults.lose = ["refund", "trade_refund"]
        sent = tills.refund(order_id)
        assert (sent.state, owed()) == ("pending", 30_000)
        assert tills.fake(gateway).trades[data.out_trade_no].back_fen == 30_000
        assert send_pending(now=NOW) == 0  # not at once
        assert send_pending(now=LATER) == 1
        assert tills.fake(gateway).trades[data.out_trade_no].back_fen == 30_000
        assert (owed(), held()) == (0, 70_000)
        tills.agree()

    @both
    def test_a_question_that_is_refused_decides_nothing(self, tills: Tills, gateway: str) -> None:
        order_id, _data = tills.paid(gateway)
        fake = tills.fake(gateway)
        fake.faults.break_ = ["refund", "trade_refund"]
        sent = tills.refund(order_id)
        fake.faults.refuse = {
            "query_refund": "FREQUENCY_LIMITED",
            "trade_fastpay_refund_query": "isv.limited",
        }
        assert send_pending(now=LATER) == 0
        sent.refresh_from_db()
        assert sent.state == "pending"
        tills.wechat.refunds_at_once = True
        assert send_pending(now=LATER + timedelta(minutes=5)) == 1


class TestRefunds:
    """On their way, done, refused, and never more than was paid."""

    def test_in_transit_counts_against_what_is_left(self, tills: Tills) -> None:
        order_id, data = tills.paid("wechat")
        sent = tills.refund(order_id, 60_000)
        assert (sent.state, owed()) == ("pending", 60_000)
        with pytest.raises(DomainError):
            tills.refund(order_id, 40_001)
        tills.refund(order_id, 40_000)
        assert tills.wechat.trades[data.out_trade_no].back_fen == 100_000
        assert Payment.objects.get().refunded_fen == 100_000

    def test_told_twice_late_and_out_of_order(self, tills: Tills) -> None:
        order_id, _data = tills.paid("wechat")
        sent = tills.refund(order_id)
        number = sent.out_refund_no
        assert sent.gateway_no
        tills.wechat.end_refund(number, at=NOW)
        assert tills.tell("wechat", number) == "applied"
        assert tills.tell("wechat", number, at=LATER) == "duplicate"
        tills.wechat.end_refund(number, "ABNORMAL")
        assert tills.tell("wechat", number, at=LATER) == "duplicate"
        sent.refresh_from_db()
        assert (sent.state, sent.gateway_at, owed(), held()) == ("paid", NOW, 0, 70_000)
        change = {"amount": {"refund": 1, "total": 100_000}}
        assert refused(tills, "wechat", number, **change) == "wrong_amount"

    def test_under_way_is_asked_about_less_and_less_often(self, tills: Tills) -> None:
        order_id, _data = tills.paid("wechat")
        sent = tills.refund(order_id)
        before = len(tills.wechat.calls)
        for second in range(0, 600, 10):
            assert send_pending(now=NOW + timedelta(seconds=second)) == 0
        assert len(tills.wechat.calls) - before == 3
        tills.wechat.end_refund(sent.out_refund_no)
        assert send_pending(now=NOW + timedelta(hours=2)) == 1
        assert len(tills.wechat.refunds) == 1
        tills.agree()

    def test_closed_for_good_is_asked_for_anew_by_staff(self, tills: Tills) -> None:
        order_id, data = tills.paid("wechat")
        sent = tills.refund(order_id)
        old = sent.out_refund_no
        tills.wechat.end_refund(old, "CLOSED")
        assert tills.tell("wechat", old) == "applied"
        sent.refresh_from_db()
        assert (sent.state, sent.error, owed()) == ("failed", "closed", 30_000)
        assert send_pending(now=NOW + timedelta(days=1)) == 0, "staff decide"
        tills.wechat.refunds_at_once = True
        assert retry_money_back(by=tills.shop.finance, payment_refund_id=sent.pk, now=NOW)
        sent.refresh_from_db()
        assert sent.out_refund_no != old
        assert tills.wechat.trades[data.out_trade_no].back_fen == 30_000
        tills.agree()

    def test_what_cannot_reach_the_buyer_is_given_by_hand(self, tills: Tills) -> None:
        order_id, _data = tills.paid("wechat")
        sent = tills.refund(order_id)
        finance = tills.shop.finance
        with pytest.raises(DomainError, match="impossible_move"):
            confirm_by_hand(by=finance, payment_refund_id=sent.pk, now=NOW)
        tills.wechat.end_refund(sent.out_refund_no, "ABNORMAL")
        tills.tell("wechat", sent.out_refund_no)
        sent.refresh_from_db()
        assert (sent.state, sent.error) == ("failed", "abnormal")
        assert confirm_by_hand(by=finance, payment_refund_id=sent.pk, now=NOW)
        with pytest.raises(DomainError, match="impossible_move"):
            confirm_by_hand(by=finance, payment_refund_id=sent.pk, now=NOW)
        assert (owed(), held()) == (0, 70_000)

    def test_no_money_at_the_gateway(self, tills: Tills) -> None:
        order_id, _data = tills.paid("wechat")
        tills.wechat.faults.refuse = {"refund": "NOT_ENOUGH"}
        sent = tills.refund(order_id)
        assert (sent.state, sent.error) == ("failed", "NOT_ENOUGH")
        tills.wechat.refunds_at_once = True
        retry_money_back(by=tills.shop.finance, payment_refund_id=sent.pk, now=NOW)
        assert list(tills.wechat.refunds) == [sent.out_refund_no]
        tills.agree()

    def test_another_amount_than_was_to_go_back_is_not_booked(self, tills: Tills) -> None:
        order_id, _data = tills.paid("wechat")
        sent = tills.refund(order_id)
        tills.wechat.end_refund(sent.out_refund_no)
        tills.wechat.refunds[sent.out_refund_no].amount_fen += 1
        assert send_pending(now=NOW + timedelta(hours=2)) == 0
        sent.refresh_from_db()
        assert (sent.state, sent.error, owed()) == ("failed", "wrong_amount", 30_000)

    def test_only_the_one_that_was_named_is_tried_again(self, tills: Tills) -> None:
        order_id, _data = tills.paid("wechat")
        failed = []
        for error in ("NOT_ENOUGH", "NOT_ENOUGH"):
            tills.wechat.faults.refuse = {"refund": error}
            failed.append(tills.refund(order_id, 10_000))
        tills.wechat.refunds_at_once = True
        retry_money_back(by=tills.shop.finance, payment_refund_id=failed[1].pk, now=NOW)
        PaymentRefund.objects.filter(pk=failed[0].pk).update(error="abnormal")
        assert [each.state for each in PaymentRefund.objects.order_by("pk")] == ["failed", "paid"]
        confirm_by_hand(by=tills.shop.finance, payment_refund_id=failed[0].pk, now=NOW)
        assert owed() == 0

    def test_asked_twice_at_once(self, tills: Tills) -> None:
        """Both ask before either has booked: the number is the key at the gateway."""
        order_id, data = tills.paid("alipay")
        tills.alipay.faults.break_ = ["trade_refund"]
        sent = tills.refund(order_id)
        PaymentRefund.objects.update(tries=0)
        for _ in range(2):
            PaymentRefund.objects.update(state="pending", paid_at=None)
            told = refunding._ask(PaymentRefund.objects.select_related("payment").get())
            refunding.take(sent, told, now=NOW)
        assert tills.alipay.trades[data.out_trade_no].back_fen == 30_000
        assert (owed(), held()) == (0, 70_000)

    def test_unknown_refunds_are_not_ours(self, tills: Tills) -> None:
        order_id, _data = tills.paid("wechat")
        number = tills.refund(order_id).out_refund_no
        assert refused(tills, "wechat", number, out_refund_no="r9_x") == "unknown_refund"


def test_a_refunds_notice_of_another_amount_is_refused(tills: Tills) -> None:
    order_id, _data = tills.paid("wechat")
    sent = tills.refund(order_id)
    tills.wechat.end_refund(sent.out_refund_no, at=NOW)
    with pytest.raises(DomainError) as caught:
        tills.tell("wechat", sent.out_refund_no, amount={"refund": 1, "total": 100_000})  # type: ignore[arg-type]
    assert caught.value.details["reason"] == "wrong_amount"
    sent.refresh_from_db()
    assert (sent.state, sent.error) == ("pending", "")
    assert tills.tell("wechat", sent.out_refund_no) == "applied"
