"""Paying inside WeChat: who pays is whom WeChat names, whatever a client says."""

from collections.abc import Iterator

import pytest
from django.test import Client as Browser
from django.test import override_settings
from tests.api.clients import Answer, Api, joined
from tests.api.journeys import place
from tests.fakes import serving
from tests.fakes.people import APPID, MINI_APPID
from tests.fakes.wechat import FakeWechat

from mingchi.catalogue.models import Sku
from mingchi.foundation import clock
from mingchi.members.models import WechatBinding, WechatPayer
from mingchi.orders.models import Order
from mingchi.payments.models import Payment

MINE, OTHERS = "oMine-8uMuAJO_M2pxb1Q9zNjWe0", "oOther-8uMuAJO_M2pxb1Q9zNjWe"
CLIENTS = {"wechat": APPID, "wechat_mini": MINI_APPID}


@pytest.fixture
def fake() -> Iterator[FakeWechat]:
    made = FakeWechat()
    with override_settings(WECHAT_SIGN_IN=made.sign_in(), GATEWAYS={"wechat": made.config()}):
        yield made
    made.close()


def said(fake: FakeWechat, openid: str, client: str) -> dict[str, str]:
    return {"client": client, "code": fake.people.code(openid, appid=CLIENTS[client])}


def pay(buyer: Api, order_id: int, client: str, **more: str) -> Answer:
    return buyer.post(f"/orders/{order_id}/pay", {"gateway": "wechat", "client": client, **more})


@pytest.mark.parametrize("client", CLIENTS)
def test_asked_of_wechat_once_then_paid(fake: FakeWechat, article: Sku, client: str) -> None:
    buyer = joined()
    order_id = place(buyer, article).body["order_id"]
    unknown = pay(buyer, order_id, client)
    assert (unknown.status, unknown.code) == (409, "payer_unknown")
    assert not Payment.objects.exists()
    assert buyer.post("/payments/payer", said(fake, MINE, client)).status == 200
    paying = pay(buyer, order_id, client).body
    (trade,) = fake.trades.values()
    assert (trade.kind, trade.openid, trade.appid) == ("jsapi", MINE, CLIENTS[client])
    data = paying["data"]
    text = f"{CLIENTS[client]}\n{data['timeStamp']}\n{data['nonceStr']}\n{data['package']}\n"
    assert serving.is_signed(fake.merchant, text, serving.unwrapped(data["paySign"]))
    # It binds nobody, and is as good for the next order.
    assert not WechatBinding.objects.exists()
    assert pay(buyer, place(buyer, article).body["order_id"], client).status == 200
    fake.pay(paying["out_trade_no"])
    body, headers = fake.notice(paying["out_trade_no"], at=clock.now())
    told = Browser().generic(
        "POST", "/api/gateways/wechat/notice", body, "application/json", headers=headers
    )
    assert told.status_code == 204
    assert Order.objects.get(pk=order_id).paid_at is not None


def test_a_bound_member_is_known(fake: FakeWechat, article: Sku) -> None:
    buyer = joined()
    buyer.post("/members/wechat/bindings", said(fake, MINE, "wechat_mini"))
    order_id = place(buyer, article).body["order_id"]
    # At the other app it is nobody's yet.
    assert pay(buyer, order_id, "wechat").code == "payer_unknown"
    assert pay(buyer, order_id, "wechat_mini").status == 200
    assert [each.openid for each in fake.trades.values()] == [MINE]
    # Whose device it is now pays, bound or not.
    buyer.post("/payments/payer", said(fake, OTHERS, "wechat_mini"))
    assert pay(buyer, order_id, "wechat_mini").status == 200
    assert [each.openid for each in fake.trades.values()] == [MINE, OTHERS]
    (binding,) = buyer.get("/members/wechat/bindings").body
    buyer.send("DELETE", f"/members/wechat/bindings/{binding['id']}", None)
    assert pay(buyer, order_id, "wechat_mini").code == "payer_unknown"


def test_nobody_names_a_payer(fake: FakeWechat, article: Sku) -> None:
    buyer, other = joined(), joined()
    other.post("/members/wechat/bindings", said(fake, OTHERS, "wechat"))
    other.post("/payments/payer", said(fake, OTHERS, "wechat"))
    order_id = place(buyer, article).body["order_id"]
    claimed = pay(buyer, order_id, "wechat", payer=OTHERS)
    assert (claimed.status, claimed.code, claimed.error["field"]) == (400, "payer_claimed", "payer")
    assert pay(buyer, order_id, "wechat").code == "payer_unknown"
    assert fake.trades == {}


def test_the_payer_goes_with_the_sign_in(fake: FakeWechat, article: Sku) -> None:
    buyer = joined()
    buyer.post("/payments/payer", said(fake, MINE, "wechat"))
    assert WechatPayer.objects.count() == 1
    buyer.post("/members/sign-out")
    assert not WechatPayer.objects.exists()


def test_a_used_code_and_a_wechat_that_is_down(fake: FakeWechat, article: Sku) -> None:
    buyer = joined()
    told = said(fake, MINE, "wechat")
    buyer.post("/payments/payer", told)
    assert buyer.post("/payments/payer", told).code == "wechat_code_invalid"
    fake.people.faults.down = ["identify"]
    assert buyer.post("/payments/payer", said(fake, MINE, "wechat")).status == 503
    assert WechatPayer.objects.get().openid == MINE
