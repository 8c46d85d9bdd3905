"""Whatever happens in whatever order: in the end the gateways hold what our books say, nobody who
gave an order up has paid for it, and nothing is given back that was not taken."""

from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.tills import Tills
from tests.fakes.wechat import FakeWechat
from tests.usecases.shop import NOW

from mingchi.foundation.errors import DomainError
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.orders.models import Order
from mingchi.payments.models import Payment, PaymentRefund
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.pay_order import PayData
from mingchi.usecases.pay_refunds import retry_money_back, send_pending
from mingchi.usecases.watch_payments import watch_payments

GATEWAYS = st.sampled_from(["wechat", "alipay"])
ACTS = st.one_of(
    st.tuples(st.sampled_from(["open", "pay", "tell", "tell", "lose", "break"]), GATEWAYS),
    st.tuples(
        st.sampled_from(["cancel", "refund", "send", "watch", "end", "close", "retry"]),
        st.just(""),
    ),
)


class Story:
    """One order, and what happens to it, a minute each."""

    def __init__(self, tills: Tills) -> None:
        self.tills, self.order_id, self.now = tills, tills.order(), NOW
        self.attempts: list[tuple[str, PayData]] = []

    def act(self, what: str, gateway: str) -> None:
        self.now += timedelta(seconds=20)
        # What the other side refuses has not happened.
        with suppress(DomainError, RefusedByFake):
            getattr(self, f"_{what}")(gateway)

    def _open(self, gateway: str) -> None:
        data = self.tills.attempt(self.order_id, gateway, key=f"{len(self.attempts)}")
        self.attempts.append((gateway, data))

    def _pay(self, gateway: str) -> None:
        for code, data in self.attempts:
            if code == gateway:
                try:
                    self.tills.fake(code).pay(data.out_trade_no, at=self.now)
                except Exception as error:
                    raise RefusedByFake from error

    def _tell(self, gateway: str) -> None:
        for code, data in self.attempts:
            if code == gateway and self.tills.fake(code).trades[data.out_trade_no].paid_at:
                self.tills.tell(code, data.out_trade_no, at=self.now)

    def _lose(self, gateway: str) -> None:
        self.tills.fake(gateway).faults.lose = ["refund", "trade_refund"]

    def _break(self, gateway: str) -> None:
        self.tills.fake(gateway).faults.break_ = ["refund", "trade_refund", "query", "trade_query"]

    def _cancel(self, _: str) -> None:
        if Order.objects.get(pk=self.order_id).paid_at is None:
            cancel_order(order_id=self.order_id, now=self.now)

    def _refund(self, _: str) -> None:
        self.tills.refund(self.order_id, 10_000)

    def _send(self, _: str) -> None:
        send_pending(now=self.now)

    def _watch(self, _: str) -> None:
        watch_payments(now=self.now)

    def _end(self, _: str, state: str = "SUCCESS") -> None:
        for refund in self.tills.wechat.refunds.values():
            if refund.state == "PROCESSING":
                self.tills.wechat.end_refund(refund.number, state, at=self.now)
                self.tills.tell("wechat", refund.number, at=self.now)

    def _close(self, _: str) -> None:
        self._end(_, "CLOSED")

    def _retry(self, _: str) -> None:
        for failed in PaymentRefund.objects.filter(state="failed"):
            retry_money_back(by=self.tills.shop.finance, payment_refund_id=failed.pk, now=self.now)

    def settle(self) -> None:
        """Faults end, time goes by: the worker does the rest."""
        for code in ("wechat", "alipay"):
            self.tills.fake(code).faults.lose = []
            self.tills.fake(code).faults.break_ = []
        for _ in range(4):
            self.now += timedelta(hours=2)
            for what in ("watch", "retry", "send", "end"):
                self.act(what, "")


class RefusedByFake(Exception):  # noqa: N818 - no error of ours
    """The buyer could not pay: closed, expired, paid."""


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=4, max_size=16))
def test_in_the_end_both_sides_agree(tills: Tills, acts: list[tuple[str, str]]) -> None:
    for fake in (tills.wechat, tills.alipay):
        fake.trades.clear()
        fake.refunds.clear()
    with transaction.atomic():
        story = Story(tills)
        story.act("open", "wechat")
        for what, gateway in acts:
            story.act(what, gateway)
        story.settle()
        check(tills, story.order_id)
        transaction.set_rollback(True)


def check(tills: Tills, order_id: int) -> None:
    """The laws."""
    tills.agree()
    order = Order.objects.get(pk=order_id)
    taken = sum(each.amount_fen for each in Payment.objects.filter(state="paid"))
    back = sum(each.amount_fen for each in PaymentRefund.objects.filter(state="paid"))
    assert balance(accounts.refund_pending()).balance_fen == 0
    assert balance(accounts.order_held()).balance_fen == taken - back
    assert not PaymentRefund.objects.exclude(state="paid").exists()
    if order.paid_at is None:
        assert taken == back
    else:
        owed = sum(each.refunded_fen for each in order.lines.all())
        assert taken - back == order.total_fen - owed
    for code in ("wechat", "alipay"):
        fake = tills.fake(code)
        for trade in fake.trades.values():
            assert 0 <= trade.back_fen <= trade.amount_fen
            known = Payment.objects.get(out_trade_no=trade.number)
            assert (known.state == "paid") == (trade.paid_at is not None), (code, known.state)
        assert isinstance(fake, FakeWechat) or not any(
            each.amount_fen < 1 for each in fake.refunds.values()
        )
