"""Withdrawals through a gateway: confirmed, let lie, refused, told late; the money is always in one
place: the wallet, on its way, or gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import override_settings
from tests.fakes.alipay import FakeAlipay
from tests.fakes.people import APPID, MINI_APPID
from tests.fakes.wechat import FakeWechat
from tests.payouts.test_withdrawals import earn, pending, wallet
from tests.usecases.shop import NOW, Shop, member, staff

from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.members import wechat
from mingchi.members.models import Member
from mingchi.members.wechat_client import Identity
from mingchi.payments.wechat import WechatGateway
from mingchi.payouts import transfers
from mingchi.payouts.models import Transfer, Withdrawal
from mingchi.usecases.appoint import freeze_member
from mingchi.usecases.take_payment import take_payment
from mingchi.usecases.withdraw import (
    Payee,
    decide_withdrawal,
    fail_withdrawal,
    pay_withdrawal,
    request_withdrawal,
    send_transfers,
    send_withdrawal,
)

LATER = NOW + timedelta(minutes=5)


@dataclass
class Desk:
    """Finance, one member with money, both gateways."""

    shop: Shop
    who: Member
    wechat: FakeWechat
    alipay: FakeAlipay

    def approved(self, gateway: str = "wechat", amount_fen: int = 600) -> Withdrawal:
        payee = Payee(gateway=gateway, account="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", name="李雷")
        asked = request_withdrawal(
            member_id=self.who.pk,
            amount_fen=amount_fen,
            idempotency_key=f"w{gateway}{amount_fen}",
            now=NOW,
            payee=payee,
        )
        decide_withdrawal(
            by=self.shop.finance, withdrawal_id=asked.withdrawal_id, approve=True, now=NOW
        )
        return Withdrawal.objects.get(pk=asked.withdrawal_id)

    def send(self, found: Withdrawal) -> str:
        return send_withdrawal(by=self.shop.finance, withdrawal_id=found.pk, now=NOW)

    def tell(self, state: str, reason: str = "", **change: object) -> str:
        number = Transfer.objects.order_by("-id")[0].out_transfer_no
        self.wechat.end_transfer(number, state, reason)
        body, headers = self.wechat.notice(number, at=NOW, **change)
        return take_payment(gateway="wechat", body=body, headers=headers, now=NOW).outcome

    def stands(self) -> tuple[str, str, tuple[int, int], int, int]:
        """Withdrawal, transfer, wallet (balance, reserved), on its way, gone from WeChat."""
        transfer = Transfer.objects.order_by("-id")[0]
        return (
            str(transfer.withdrawal.state),
            str(transfer.state),
            wallet(self.who),
            pending(),
            balance(accounts.cash("wechat")).balance_fen,
        )


@pytest.fixture
def desk(shop: Shop) -> Iterator[Desk]:
    wechat, alipay = FakeWechat(clock=lambda: NOW), FakeAlipay(clock=lambda: NOW)
    who = member()
    earn(who, 1_000)
    with override_settings(GATEWAYS={"wechat": wechat.config(), "alipay": alipay.config()}):
        yield Desk(shop, who, wechat, alipay)
    wechat.close()
    alipay.close()


WAITING = ("sending", "waiting", (400, 0), 600, 0)
PAID = ("paid", "paid", (400, 0), 0, 600)


def test_waits_for_its_receiver_who_takes_it(desk: Desk) -> None:
    found = desk.approved()
    assert desk.send(found) == "sending"
    assert desk.stands() == WAITING
    assert Transfer.objects.get().confirm["package"]
    assert desk.tell("SUCCESS") == "applied"
    assert desk.stands() == PAID
    assert desk.tell("SUCCESS") == "duplicate"
    assert desk.stands() == PAID
    found.refresh_from_db()
    assert found.transfer_no == Transfer.objects.get().out_transfer_no
    assert Transfer.objects.get().confirm == {}
    assert AuditRecord.objects.filter(action="withdrawal.send").count() == 1


def test_let_lie_it_is_in_the_wallet_again(desk: Desk) -> None:
    desk.send(desk.approved())
    assert desk.tell("FAIL", "OVERDUE_CLOSE") == "applied"
    assert desk.stands() == ("failed", "expired", (1_000, 0), 0, 0)
    assert desk.tell("FAIL", "OVERDUE_CLOSE") == "duplicate"
    assert desk.stands() == ("failed", "expired", (1_000, 0), 0, 0)
    # And may be asked for anew.
    desk.send(desk.approved(amount_fen=700))
    assert desk.tell("SUCCESS") == "applied"


def test_failed_it_waits_for_staff_who_send_it_again(desk: Desk) -> None:
    found = desk.approved()
    desk.send(found)
    assert desk.tell("FAIL", "PAYEE_ACCOUNT_ABNORMAL") == "applied"
    assert desk.stands() == ("approved", "failed", (400, 0), 600, 0)
    found.refresh_from_db()
    assert found.error == "PAYEE_ACCOUNT_ABNORMAL"
    assert desk.send(found) == "sending"
    assert Transfer.objects.count() == 2
    assert desk.tell("SUCCESS") == "applied"
    assert desk.stands() == PAID


def test_failed_it_may_be_paid_by_hand_or_ended(desk: Desk) -> None:
    found = desk.approved()
    desk.wechat.faults.refuse = {"transfer": "NOT_ENOUGH"}
    assert desk.send(found) == "approved"
    assert Withdrawal.objects.get().error == "NOT_ENOUGH"
    pay_withdrawal(by=desk.shop.finance, withdrawal_id=found.pk, now=NOW, transfer_no="B1")
    assert balance(accounts.cash("bank")).balance_fen == 600 - 1_000
    assert (pending(), wallet(desk.who)) == (0, (400, 0))


def test_on_its_way_nobody_else_pays_or_ends_it(desk: Desk) -> None:
    found = desk.approved()
    desk.send(found)
    finance = desk.shop.finance
    for call in (
        lambda: pay_withdrawal(by=finance, withdrawal_id=found.pk, now=NOW, transfer_no="B1"),
        lambda: fail_withdrawal(by=finance, withdrawal_id=found.pk, error="-"),
        lambda: desk.send(found),
    ):
        with pytest.raises(DomainError, match="impossible_move"):
            call()
    assert desk.stands() == WAITING
    assert len(desk.wechat.transfers) == 1


@pytest.mark.parametrize("fault", ["lose", "break_", "down"])
def test_no_answer_it_is_asked_about_before_it_is_sent_again(desk: Desk, fault: str) -> None:
    setattr(desk.wechat.faults, fault, ["transfer"])
    desk.send(desk.approved())
    assert desk.stands() == ("sending", "created", (400, 0), 600, 0)
    assert send_transfers(now=NOW) == 0
    assert send_transfers(now=LATER) == 0
    assert desk.stands() == WAITING
    assert len(desk.wechat.transfers) == 1
    sent = 1 if fault == "lose" else 2
    assert desk.wechat.calls == (["transfer", "query_transfer"] + ["transfer"] * (sent - 1))


def test_a_lost_notice_is_found_by_asking(desk: Desk) -> None:
    desk.send(desk.approved())
    desk.wechat.end_transfer(Transfer.objects.get().out_transfer_no, "SUCCESS")
    assert send_transfers(now=NOW) == 0
    assert send_transfers(now=LATER) == 1
    assert desk.stands() == PAID
    assert desk.tell("SUCCESS") == "duplicate"


def test_said_to_be_paid_after_it_had_ended(desk: Desk) -> None:
    """The money is in the wallet already: people must look, no machine books it twice."""
    desk.send(desk.approved())
    desk.tell("FAIL", "OVERDUE_CLOSE")
    with pytest.raises(DomainError) as caught:
        desk.tell("SUCCESS")
    assert caught.value.details == {"reason": "contradicts"}
    assert desk.stands() == ("failed", "expired", (1_000, 0), 0, 0)


def test_notices_that_do_not_fit(desk: Desk) -> None:
    desk.send(desk.approved())
    for change, reason in (
        ({"transfer_amount": 599}, "wrong_amount"),
        ({"out_bill_no": "w1t1"}, "unknown_transfer"),
    ):
        with pytest.raises(DomainError) as caught:
            desk.tell("SUCCESS", **change)
        assert caught.value.details == {"reason": reason}
    assert desk.stands() == WAITING


def test_alipay_pays_at_once(desk: Desk) -> None:
    assert desk.send(desk.approved("alipay")) == "paid"
    assert (pending(), wallet(desk.who)) == (0, (400, 0))
    assert balance(accounts.cash("alipay")).balance_fen == 600


def test_stopped_payouts_are_not_sent_but_what_is_gone_is_booked(desk: Desk) -> None:
    found = desk.approved()
    freeze_member(by=desk.shop.owner, member_id=desk.who.pk, frozen=True, reason="-")
    with pytest.raises(DomainError, match="payouts_frozen"):
        desk.send(found)
    assert not Transfer.objects.exists()
    freeze_member(by=desk.shop.owner, member_id=desk.who.pk, frozen=False, reason="-")
    desk.send(found)
    freeze_member(by=desk.shop.owner, member_id=desk.who.pk, frozen=True, reason="-")
    assert desk.tell("SUCCESS") == "applied"
    assert desk.stands() == PAID


def test_who_may_and_where_to(desk: Desk) -> None:
    found = desk.approved()
    with pytest.raises(DomainError, match="not_allowed"):
        send_withdrawal(by=staff("operator"), withdrawal_id=found.pk, now=NOW)
    for gateway in ("sandbox", "cod", "nobody"):
        with pytest.raises(DomainError, match="unknown_gateway"):
            desk.approved(gateway)
    with pytest.raises(DomainError, match="text_invalid"):
        request_withdrawal(
            member_id=desk.who.pk,
            amount_fen=1,
            idempotency_key="k",
            now=NOW,
            payee=Payee(gateway="wechat", account=" "),
        )
    assert Withdrawal.objects.get().masked_payee == "oU****6o"


@pytest.mark.parametrize(
    ("apps", "goes_to"),
    [
        ([MINI_APPID, APPID], MINI_APPID),
        ([APPID], APPID),
        ([MINI_APPID], MINI_APPID),
        (["sandbox"], None),
    ],
)
def test_it_goes_to_the_wechat_that_is_bound(
    desk: Desk, apps: list[str], goes_to: str | None
) -> None:
    for app_id in apps:
        identity = Identity(app_id=app_id, openid=f"oBound-{app_id}-0000")
        wechat.bind(desk.who, identity, now=NOW)
    found = desk.approved()
    claimed = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
    assert found.payee == (claimed if goes_to is None else f"oBound-{goes_to}-0000")
    desk.send(found)
    (transfer,) = desk.wechat.transfers.values()
    assert (transfer.openid, transfer.appid) == (found.payee, goes_to or APPID)
    confirm = transfers.confirm_data(found)
    assert confirm is not None
    assert confirm["appId"] == transfer.appid
    # Asked again, as the worker does, it is the same app.
    told = WechatGateway(desk.wechat.config()).find_transfer(out_transfer_no=transfer.number)
    assert told is not None
    assert told.confirm == confirm


def test_a_bound_member_need_not_name_it(desk: Desk) -> None:
    with pytest.raises(DomainError, match="text_invalid"):
        request_withdrawal(
            member_id=desk.who.pk,
            amount_fen=500,
            idempotency_key="unbound",
            now=NOW,
            payee=Payee(gateway="wechat"),
        )
    wechat.bind(desk.who, Identity(app_id=APPID, openid="oBound-0000000000"), now=NOW)
    request_withdrawal(
        member_id=desk.who.pk,
        amount_fen=500,
        idempotency_key="bound",
        now=NOW,
        payee=Payee(gateway="wechat"),
    )
    assert Withdrawal.objects.get().payee == "oBound-0000000000"
