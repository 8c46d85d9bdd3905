"""In the browser inside WeChat: signing in and paying, against a fake WeChat over HTTP. Its payment
window is a stub of the bridge that WeChat puts into pages."""

from collections.abc import Iterator

import pytest
from django.test import override_settings
from playwright.sync_api import Browser
from tests.fakes.wechat import FakeWechat
from tests.journeys.shoppers import Shopper, shopping
from tests.journeys.test_buying import PASSWORD, article, newcomer

from mingchi.foundation import clock
from mingchi.members.models import Member, WechatBinding
from mingchi.orders.models import Checkout
from mingchi.usecases.offers import Item
from mingchi.usecases.place_order import place_order
from mingchi.usecases.placing import Delivery
from mingchi.usecases.take_payment import take_payment

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
USER_AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Mobile MicroMessenger/8.0.50 Language/zh_CN"
BRIDGE = """window.WeixinJSBridge = { invoke(name, data, told) {
  window.handed = { name, data };
  told({ err_msg: `get_brand_wcpay_request:${sessionStorage.getItem("does") || "cancel"}` });
} };"""


@pytest.fixture
def fake() -> Iterator[FakeWechat]:
    made = FakeWechat()
    with override_settings(WECHAT_SIGN_IN=made.sign_in(), GATEWAYS={"wechat": made.config()}):
        yield made
    made.close()


@pytest.fixture
def shopper(browser: Browser, server: str, fake: FakeWechat) -> Iterator[Shopper]:
    with shopping(browser, server, user_agent=USER_AGENT) as one:
        one.page.add_init_script(BRIDGE)
        yield one


def owes(member: Member) -> Checkout:
    """An order that waits for its money."""
    placed = place_order(
        member_id=member.pk,
        items=[Item(sku_id=article("316 不锈钢汤锅").pk, qty=1)],
        delivery=Delivery(region="440305", recipient="林", phone=member.phone, address="海天路 1"),
        idempotency_key=f"in-wechat-{member.pk}",
        now=clock.now(),
    )
    return Checkout.objects.get(pk=placed.checkout_id)


def test_known_after_signing_in_by_phone_once(shopper: Shopper, fake: FakeWechat) -> None:
    member = newcomer("13700000011", "林三")
    shopper.open("login/login?next=%2Fpages%2Fprofile%2Fprofile")
    shopper.look("wechat-login")
    shopper.press("微信登录")
    shopper.sees("这个微信还没有绑定会员")
    assert "code=" not in shopper.page.url
    shopper.page.reload()
    shopper.settle()
    shopper.press("密码登录")
    shopper.page.locator("input").nth(0).fill(member.phone)
    shopper.page.locator("input").nth(1).fill(PASSWORD)
    shopper.press("登录", nth=-1)
    shopper.page.wait_for_url("**/pages/profile/profile")
    shopper.sees("oBro****0000")
    shopper.look("wechat-bound")
    assert WechatBinding.objects.get(member=member).openid == fake.people.browses

    shopper.page.evaluate("localStorage.clear()")
    shopper.open("login/login?next=%2Fpages%2Fprofile%2Fprofile")
    shopper.press("微信登录")
    shopper.page.wait_for_url("**/pages/profile/profile")
    shopper.sees("oBro****0000")

    # Undone; and what somebody else's page sends here with is dropped.
    shopper.press("解绑")
    shopper.page.locator(".uni-modal__btn_primary").click()
    shopper.sees("还没有绑定微信")
    assert not WechatBinding.objects.filter(member=member).exists()
    theirs = fake.people.code("oTheirs-0000000000000000000", appid=fake.sign_in().appid)
    shopper.page.goto("about:blank")
    shopper.page.goto(f"/?code={theirs}&state=forged#/pages/profile/profile")
    shopper.settle()
    shopper.sees("还没有绑定微信")
    assert theirs not in fake.people.used


def test_paid_by_whom_wechat_names(shopper: Shopper, fake: FakeWechat) -> None:
    member = newcomer("13700000012", "林四")
    shopper.sign_in(member.phone, PASSWORD)
    checkout = owes(member)
    shopper.open(f"payment/payment?id={checkout.pk}")
    shopper.sees("微信支付")

    # WeChat is asked who pays, and the page goes on by itself; its window is closed again.
    shopper.press("确认支付")
    shopper.sees("已取消支付")
    (trade,) = fake.trades.values()
    assert (trade.kind, trade.openid) == ("jsapi", fake.people.browses)
    handed = shopper.page.evaluate("window.handed")
    assert handed["name"] == "getBrandWCPayRequest"
    assert handed["data"]["package"] == f"prepay_id=wx{trade.number}"
    assert set(handed["data"]) == {
        "appId", "timeStamp", "nonceStr", "package", "signType", "paySign",
    }  # fmt: skip

    # Paid, says the device; the platform waits for WeChat's notice, after a reload too.
    shopper.page.evaluate("sessionStorage.setItem('does', 'ok')")
    shopper.press("确认支付")
    shopper.sees("正在确认支付结果")
    shopper.page.reload()
    shopper.settle()
    shopper.sees("正在确认支付结果")
    shopper.look("wechat-paying")
    number = list(fake.trades)[-1]
    fake.pay(number)
    body, headers = fake.notice(number, at=clock.now())
    assert take_payment(gateway="wechat", body=body, headers=headers, now=clock.now()).outcome == (
        "applied"
    )
    shopper.sees("支付成功")
