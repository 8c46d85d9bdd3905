"""A day's bill beside our books, with both fake gateways, the sandbox and the cash at the door."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from tests.fakes.tills import Tills
from tests.fakes.wechat import FakeWechat
from tests.payouts.test_withdrawals import earn
from tests.usecases.shop import NOW, Shop, lines, member, paid, place, sku, staff

from mingchi import cli
from mingchi.foundation import clock
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.ledger.models import CashEntry
from mingchi.orders import services as orders
from mingchi.orders import shipments
from mingchi.orders.models import Order
from mingchi.payments import receipts
from mingchi.payments.models import BillDay, BillDifference, Payment, PaymentRefund, SandboxDeal
from mingchi.payouts.models import Transfer
from mingchi.usecases import reconcile as use_case
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.pay_order import pay_order
from mingchi.usecases.pay_refunds import send_pending
from mingchi.usecases.reconcile import look_at, reconcile, reconcile_by_staff, reconcile_due
from mingchi.usecases.sandbox_pay import sandbox_pay
from mingchi.usecases.withdraw import (
    Payee,
    decide_withdrawal,
    request_withdrawal,
    send_transfers,
    send_withdrawal,
)

DAY = date(2026, 10, 1)
MORNING = NOW + timedelta(days=1)
both = pytest.mark.parametrize("gateway", ["wechat", "alipay"])


def found(gateway: str, now: datetime = MORNING, day: date = DAY) -> list[tuple[str, str, str]]:
    """Kind, about and our row of what differs now."""
    reconcile(gateway=gateway, day=day, now=now)
    rows = BillDifference.objects.filter(
        bill__gateway=gateway, bill__day=day, gone_at__isnull=True
    ).order_by("id")
    return [(row.kind, row.about, row.row) for row in rows]


def fee() -> int:
    return balance(accounts.gateway_fee()).balance_fen


@both
def test_a_day_with_payments_refunds_and_transfers_balances(tills: Tills, gateway: str) -> None:
    tills.wechat.refunds_at_once = True
    order_id, _data = tills.paid(gateway)
    tills.paid(gateway)
    assert tills.refund(order_id).state == "paid"
    who = member()
    earn(who, 1_000)
    asked = request_withdrawal(
        member_id=who.pk,
        amount_fen=600,
        idempotency_key="w",
        now=NOW,
        payee=Payee(gateway=gateway, account="oUpF8uMuAJO", name="李雷"),
    )
    finance = tills.shop.finance
    decide_withdrawal(by=finance, withdrawal_id=asked.withdrawal_id, approve=True, now=NOW)
    send_withdrawal(by=finance, withdrawal_id=asked.withdrawal_id, now=NOW)
    if gateway == "wechat":
        tills.wechat.end_transfer(Transfer.objects.get().out_transfer_no, "SUCCESS")
        send_transfers(now=NOW + timedelta(minutes=5))
    assert found(gateway) == []
    bill = BillDay.objects.get()
    assert bill.balanced
    assert (bill.payments_fen, bill.refunds_fen, bill.transfers_fen) == (200_000, 30_000, 600)
    # 0.6 % of each payment, given back with what went back.
    assert (bill.fee_fen, fee()) == (600 + 600 - 180, -1_020)
    before = CashEntry.objects.count()
    assert found(gateway) == []
    assert (CashEntry.objects.count(), fee()) == (before, -1_020)


@both
def test_each_difference_is_listed_with_both_amounts_and_our_row(
    tills: Tills, gateway: str
) -> None:
    fake = tills.fake(gateway)
    _order, lost = tills.paid(gateway)  # the bill has it, we lose it
    _order, gone = tills.paid(gateway)  # we have it, the bill does not
    _order, other = tills.paid(gateway)
    unbooked = tills.attempt(tills.order(), gateway)
    tills.pay(gateway, unbooked)
    row = {each.out_trade_no: f"payment:{each.pk}" for each in Payment.objects.all()}
    Payment.objects.filter(out_trade_no=lost.out_trade_no).update(out_trade_no="renamed")
    Payment.objects.filter(out_trade_no="renamed").update(gateway_at=NOW - timedelta(days=9))
    del fake.trades[gone.out_trade_no]
    fake.trades[other.out_trade_no].amount_fen = 99_999
    assert sorted(found(gateway)) == sorted(
        [
            ("missing_here", "payment", ""),
            ("missing_there", "payment", row[gone.out_trade_no]),
            ("amount", "payment", row[other.out_trade_no]),
            ("unbooked", "payment", row[unbooked.out_trade_no]),
        ]
    )
    amounts = BillDifference.objects.get(kind="amount")
    assert (amounts.gateway_fen, amounts.our_fen) == (99_999, 100_000)
    assert not BillDay.objects.get().balanced


@both
def test_what_is_repaired_is_gone_and_notes_stay(tills: Tills, gateway: str) -> None:
    data = tills.attempt(tills.order(), gateway)
    tills.pay(gateway, data)
    assert [kind for kind, *_ in found(gateway)] == ["unbooked"]
    (row,) = BillDifference.objects.all()
    finance = tills.shop.finance
    look_at(by=finance, difference_id=row.pk, note="asked them", now=MORNING)
    receipts.ask_about(Payment.objects.get(), now=MORNING)
    assert found(gateway) == []
    row.refresh_from_db()
    assert (row.note, row.looked_by, row.gone_at) == ("asked them", finance, MORNING)
    assert BillDay.objects.get().balanced


def test_money_for_a_cancelled_order_is_told(tills: Tills) -> None:
    tills.wechat.refunds_at_once = True
    order_id = tills.order()
    data = tills.attempt(order_id, "wechat")
    tills.pay("wechat", data)
    cancel_order(order_id=order_id, now=NOW)
    tills.tell("wechat", data.out_trade_no)
    assert send_pending(now=NOW) == 1
    assert found("wechat") == [("unowed", "payment", f"payment:{Payment.objects.get().pk}")]
    assert BillDay.objects.get().balanced, "the money went back: nobody has to do anything"


def test_a_refund_that_is_under_way_is_no_difference(tills: Tills) -> None:
    order_id, _data = tills.paid("wechat")
    sent = tills.refund(order_id)
    assert found("wechat") == []
    # Done two days later: that day's bill has no line for it, and needs none.
    later = NOW + timedelta(days=2)
    tills.wechat.end_refund(sent.out_refund_no, at=later)
    assert send_pending(now=later) == 1
    assert found("wechat", now=later + timedelta(days=1), day=date(2026, 10, 3)) == []
    # Failed for good in our books while the bill has it: somebody must look.
    PaymentRefund.objects.update(state="failed", paid_at=None, gateway_at=None)
    assert found("wechat") == [("unbooked", "refund", f"payment_refund:{sent.pk}")]


def test_midnight_is_not_at_the_same_moment(tills: Tills) -> None:
    """Paid at 23:59:59 by our books, told of in the bill of the next day."""
    _order, data = tills.paid("wechat")
    tills.wechat.trades[data.out_trade_no].paid_at = NOW + timedelta(days=1)
    assert [kind for kind, *_ in found("wechat")] == ["missing_there"]
    assert found("wechat", now=MORNING + timedelta(days=1), day=date(2026, 10, 2)) == []
    assert BillDifference.objects.get().gone_at is not None
    assert BillDay.objects.filter(balanced=True).count() == 2


def test_a_bill_that_changes_is_booked_by_the_difference(tills: Tills) -> None:
    _order, first = tills.paid("wechat")
    _order, second = tills.paid("wechat")
    trade = tills.wechat.trades.pop(second.out_trade_no)
    found("wechat")
    assert fee() == -600
    tills.wechat.trades[second.out_trade_no] = trade
    assert found("wechat") == []
    assert fee() == -1_200
    assert CashEntry.objects.filter(kind="gateway_fee").count() == 2
    del first


class TestNoBill:
    """It comes in the morning, or not at all."""

    @both
    def test_not_yet(self, tills: Tills, gateway: str) -> None:
        with pytest.raises(DomainError) as caught:
            reconcile(gateway=gateway, day=DAY, now=NOW + timedelta(hours=13))
        assert caught.value.details == {"reason": "no_bill_yet"}
        assert not BillDay.objects.exists()

    @both
    def test_a_day_without_anything(self, tills: Tills, gateway: str) -> None:
        assert found(gateway) == []
        assert BillDay.objects.get().balanced

    @both
    def test_a_gateway_that_is_down(self, tills: Tills, gateway: str) -> None:
        tills.fake(gateway).faults.down = [
            "trade_bill", "data_dataservice_bill_downloadurl_query",
        ]  # fmt: skip
        with pytest.raises(DomainError, match="gateway_down"):
            reconcile(gateway=gateway, day=DAY, now=MORNING)
        assert found(gateway) == []

    def test_a_file_that_was_changed_on_its_way(self, tills: Tills) -> None:
        tills.paid("wechat")
        tills.wechat._file = lambda text: {  # type: ignore[method-assign]
            **FILE(tills.wechat, text), "hash_value": "0" * 40,
        }  # fmt: skip
        with pytest.raises(DomainError, match="gateway_down"):
            reconcile(gateway="wechat", day=DAY, now=MORNING)

    def test_a_file_elsewhere(self, tills: Tills) -> None:
        tills.paid("wechat")
        tills.wechat._file = lambda text: {  # type: ignore[method-assign]
            **FILE(tills.wechat, text), "download_url": "http://127.0.0.1:1/v3/billdownload/file",
        }  # fmt: skip
        with pytest.raises(DomainError, match="gateway_down"):
            reconcile(gateway="wechat", day=DAY, now=MORNING)


FILE = FakeWechat._file


class TestOwnLists:
    """The sandbox's book, and what carriers owe."""

    @pytest.fixture
    def today(self) -> Iterator[date]:
        return use_case.day_of(clock.now())

    def tomorrow(self) -> datetime:
        return clock.now() + timedelta(days=1)

    def test_the_sandbox(self, shop: Shop) -> None:
        paid(member(), sku(shop.merchant))
        assert found("sandbox") == []
        assert BillDay.objects.get().lines == 1
        SandboxDeal.objects.update(amount_fen=1)
        assert [kind for kind, *_ in found("sandbox")] == ["amount"]
        with pytest.raises(DomainError, match="no_bill"):
            reconcile(gateway="sandbox", day=NOW.date(), now=NOW)

    def test_what_the_sandbox_gave_back(self, shop: Shop, today: date) -> None:
        buyer = member()
        who = {"member_id": buyer.pk, "now": NOW}
        order_id = place(buyer, sku(shop.merchant)).order_id
        data = pay_order(order_id=order_id, idempotency_key="late", **who)  # type: ignore[arg-type]
        cancel_order(order_id=order_id, **who)  # type: ignore[arg-type]
        sandbox_pay(out_trade_no=data.out_trade_no, **who)  # type: ignore[arg-type]
        assert send_pending(now=NOW) == 1
        assert found("sandbox", self.tomorrow(), today) == []
        assert [kind for kind, *_ in found("sandbox")] == ["unowed"]
        assert sorted(BillDay.objects.values_list("refunds_fen", flat=True)) == [0, 100_000]

    def delivered(self, shop: Shop) -> Order:
        order = Order.objects.get(
            pk=place(member(), sku(shop.merchant), payment_method="cod").order_id
        )
        (part,) = shipments.prepare(order)
        shipments.ship(part, now=NOW)
        shipments.hand_over(part, now=NOW)
        shipments.deliver(part, proof="signed", now=NOW)
        order.refresh_from_db()
        return order

    def test_cash_that_carriers_owe(self, shop: Shop) -> None:
        order = self.delivered(shop)
        assert found("cod") == [("missing_here", "payment", "")]
        row = BillDifference.objects.get()
        assert (row.number, row.gateway_fen) == (order.number, 100_000)
        receipts.collect(order, now=NOW)
        assert found("cod") == []
        assert BillDay.objects.get().balanced
        assert lines(order)

    def test_cash_for_what_was_not_delivered(self, shop: Shop) -> None:
        order = Order.objects.get(
            pk=place(member(), sku(shop.merchant), payment_method="cod").order_id
        )
        (part,) = shipments.prepare(order)
        shipments.ship(part, now=NOW)
        receipts.collect(orders.lock(order.pk), now=NOW)
        assert [kind for kind, *_ in found("cod")] == ["missing_there"]


class TestPeople:
    """Who compares, who looks, and what the worker does by itself."""

    def test_looked_at_once_by_finance(self, tills: Tills) -> None:
        data = tills.attempt(tills.order(), "alipay")
        tills.pay("alipay", data)
        found("alipay")
        key = BillDifference.objects.get().pk
        finance = tills.shop.finance
        for by, note, code in (
            (staff("operator"), "x", "not_allowed"),
            (finance, " ", "text_invalid"),
        ):
            with pytest.raises(DomainError, match=code):
                look_at(by=by, difference_id=key, note=note, now=MORNING)
        look_at(by=finance, difference_id=key, note="asked", now=MORNING)
        with pytest.raises(DomainError, match="already_looked_at"):
            look_at(by=finance, difference_id=key, note="again", now=MORNING)
        with pytest.raises(DomainError, match="not_found"):
            look_at(by=finance, difference_id=key + 1, note="x", now=MORNING)
        assert AuditRecord.objects.get(action="bill.look").reason == "asked"
        with pytest.raises(DomainError, match="not_allowed"):
            reconcile_by_staff(by=staff("operator"), gateway="alipay", day=DAY, now=MORNING)

    def test_the_worker_compares_each_day_once(self, tills: Tills) -> None:
        tills.paid("wechat")
        # Four gateways, a week back; the sandbox's and the carriers' lists are there at midnight.
        assert reconcile_due(now=MORNING) == 4 * 7
        calls = len(tills.wechat.calls)
        assert reconcile_due(now=MORNING) == 0
        assert len(tills.wechat.calls) == calls
        assert BillDay.objects.get(gateway="wechat", day=DAY).payments_fen == 100_000

    def test_a_gateway_that_is_down_does_not_hold_up_the_rest(self, tills: Tills) -> None:
        tills.wechat.faults.down = ["trade_bill"] * 7
        assert reconcile_due(now=MORNING) == 3 * 7
        assert reconcile_due(now=MORNING) == 7

    def test_the_command_says_what_differs(
        self, tills: Tills, capsys: pytest.CaptureFixture[str]
    ) -> None:
        data = tills.attempt(tills.order(), "wechat")
        tills.pay("wechat", data)
        assert use_case.main(day=DAY, gateway="wechat") == 1
        said = capsys.readouterr().out
        assert "wechat 2026-10-01: differs" in said
        assert f"unbooked payment {data.out_trade_no}: gateway 100000 fen" in said
        assert use_case.main(day=DAY, gateway="alipay") == 0
        assert "alipay 2026-10-01: balanced" in capsys.readouterr().out
        assert use_case.main(day=date(2999, 1, 1), gateway=None) == 1
        with pytest.raises(SystemExit):
            cli.main(["reconcile", "--day", "yesterday"])
