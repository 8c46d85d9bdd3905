"""Gateways from outside: ways to pay, notices with the answers each gateway expects, bills."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.test import Client as Browser
from django.test import override_settings
from tests.api.clients import Api, joined, staff
from tests.api.journeys import place
from tests.fakes.alipay import FakeAlipay
from tests.fakes.wechat import FakeWechat

from mingchi.catalogue.models import Sku
from mingchi.foundation import clock
from mingchi.foundation.models import RateWindow
from mingchi.orders.models import Order
from mingchi.payments.bills import day_of
from mingchi.payments.models import GatewayNotice
from mingchi.usecases.reconcile import reconcile


@dataclass
class Fakes:
    """Both gateways."""

    wechat: FakeWechat
    alipay: FakeAlipay


@pytest.fixture
def fakes() -> Iterator[Fakes]:
    made = Fakes(FakeWechat(refunds_at_once=True), FakeAlipay())
    configured = {"wechat": made.wechat.config(), "alipay": made.alipay.config()}
    with override_settings(GATEWAYS=configured):
        yield made
    made.wechat.close()
    made.alipay.close()


def tell(gateway: str, notice: tuple[bytes, dict[str, str]]):  # type: ignore[no-untyped-def]
    body, headers = notice
    kind = headers.pop("Content-Type", "application/json")
    address = f"/api/gateways/{gateway}/notice"
    return Browser().generic("POST", address, body, content_type=kind, headers=headers)


def test_ways_to_pay(fakes: Fakes) -> None:
    def ways(client: str) -> list[tuple[str, str, bool]]:
        found = Api().get(f"/payments/ways?client={client}").body
        return [(each["gateway"], each["channel"], each["needs_payer"]) for each in found]

    page = ("sandbox", "page", False)
    assert ways("browser") == [("wechat", "h5", False), ("alipay", "wap", False), page]
    assert ways("desktop") == [("wechat", "native", False), page]
    assert ways("wechat") == [("wechat", "jsapi", True), page]
    assert ways("alipay_mini") == [("alipay", "mini", True), page]
    assert Api().get("/payments/ways?client=fax").status == 422


def test_paid_by_wechat(fakes: Fakes, article: Sku) -> None:
    buyer = joined()
    order_id = place(buyer, article).body["order_id"]
    body = {"gateway": "wechat", "client": "desktop"}
    paying = buyer.post(f"/orders/{order_id}/pay", body, key="pay-wechat-1").body
    assert paying["data"]["kind"] == "qr"
    again = buyer.post(f"/orders/{order_id}/pay", body, key="pay-wechat-1").body
    assert again == paying
    number, now = paying["out_trade_no"], clock.now()
    fakes.wechat.pay(number)
    forged = tell("wechat", fakes.wechat.notice(number, at=now, forged=True))
    assert (forged.status_code, forged.json()) == (
        401,
        {"code": "FAIL", "message": "bad_signature"},
    )
    told = tell("wechat", fakes.wechat.notice(number, at=now))
    assert (told.status_code, told.content) == (204, b"")
    assert tell("wechat", fakes.wechat.notice(number, at=now)).status_code == 204
    assert Order.objects.get().paid_at is not None


def test_paid_by_alipay(fakes: Fakes, article: Sku) -> None:
    buyer = joined()
    order_id = place(buyer, article).body["order_id"]
    paying = buyer.post(f"/orders/{order_id}/pay", {"gateway": "alipay"}).body
    assert paying["data"]["kind"] == "redirect"
    fakes.alipay.open(paying["data"]["url"])
    number, now = paying["out_trade_no"], clock.now()
    fakes.alipay.pay(number)
    late = tell("alipay", fakes.alipay.notice(number, at=now - timedelta(hours=1)))
    assert (late.status_code, late.content) == (401, b"fail")
    told = tell("alipay", fakes.alipay.notice(number, at=now))
    assert (told.status_code, told.content) == (200, b"success")
    assert told["Content-Type"].startswith("text/plain")
    assert Order.objects.get().paid_at is not None


def test_a_gateway_that_is_down_is_503_and_the_same_key_goes_on(fakes: Fakes, article: Sku) -> None:
    buyer = joined()
    order_id = place(buyer, article).body["order_id"]
    fakes.wechat.faults.lose = ["pay"]
    body = {"gateway": "wechat", "client": "desktop"}
    found = buyer.post(f"/orders/{order_id}/pay", body, key="pay-wechat-1")
    assert (found.status, found.code) == (503, "gateway_down")
    assert buyer.post(f"/orders/{order_id}/pay", body, key="pay-wechat-1").status == 200
    assert len(fakes.wechat.trades) == 1


def test_floods_and_giants_are_not_kept(fakes: Fakes, db: None) -> None:
    assert tell("wechat", (b"x" * 70_000, {})).status_code == 413
    assert not GatewayNotice.objects.exists()
    assert tell("wechat", (b"x" * 20_000, {})).status_code == 401
    assert len(GatewayNotice.objects.get().body) == 16_384
    RateWindow.objects.filter(name="notice").update(hits=3000)
    assert tell("wechat", (b"{}", {})).status_code == 429
    assert GatewayNotice.objects.count() == 1


def test_bills_for_staff(fakes: Fakes, article: Sku) -> None:
    buyer, finance = joined(), staff("finance")
    order_id = place(buyer, article).body["order_id"]
    body = {"gateway": "wechat", "client": "desktop"}
    number = buyer.post(f"/orders/{order_id}/pay", body).body["out_trade_no"]
    fakes.wechat.pay(number)
    today = day_of(clock.now())
    reconcile(gateway="wechat", day=today, now=clock.now())
    (bill,) = finance.get("/staff/bills").body["items"]
    assert (bill["gateway"], bill["balanced"], bill["fee_fen"]) == ("wechat", False, 600)
    (row,) = finance.get("/staff/bill-differences?open=true").body["items"]
    assert (row["kind"], row["gateway_fen"], row["our_fen"]) == ("unbooked", 100_000, 100_000)
    assert row["remedy"]
    looked = f"/staff/bill-differences/{row['id']}/look"
    assert staff("service").post(looked, {"note": "x"}).status == 403
    assert finance.post(looked, {"note": "asked them"}).body == {"done": True}
    assert finance.get("/staff/bill-differences?open=true").body["items"] == []
    again = {"gateway": "wechat", "day": str(today)}
    assert finance.post("/staff/bills", again).body["balanced"] is False
    missing = finance.post("/staff/bills", {"gateway": "alipay", "day": str(date(2999, 1, 1))})
    assert (missing.status, missing.code) == (409, "no_bill")
    assert buyer.get("/staff/bills").status in (401, 403)
