"""A member's pages in a real browser: joining, address, coupon, points, wallet."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Literal

import pytest
from django.contrib.auth.hashers import make_password
from django.db.models import Sum
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pytest_django import DjangoDbBlocker
from tests.api.journeys import bring_statements_up_to_date, settler_at_work
from tests.journeys.conftest import DESK, PHONE, SHOTS

from mingchi.catalogue.models import Product
from mingchi.foundation import clock
from mingchi.foundation.models import User
from mingchi.ledger import accounts, balances
from mingchi.members.models import Address, Member
from mingchi.payouts.models import Redemption, Withdrawal
from mingchi.pricing.models import Coupon, MemberCoupon
from mingchi.rebates import queries
from mingchi.rebates.models import Position
from mingchi.usecases import claim_coupons, keep_favourites, withdraw
from mingchi.usecases.demo import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
# What is refused, or made to fail here, the page tells; the browser says so too.
REFUSED = re.compile(r"responded with a status of (400|401|403|409|422|504)")
Theme = Literal["light", "dark"]
Shopper = Callable[..., Page]
PAGES = (
    "me/me", "profile/profile", "addresses/addresses", "addresses/edit", "coupons/coupons",
    "coupons/centre", "favourites/favourites", "invite/invite", "team/team", "points/points",
    "points/redeem", "wallet/wallet", "wallet/withdraw",
)  # fmt: skip


@pytest.fixture
def shopper(browser: Browser, server: str) -> Iterator[Shopper]:
    """A telephone of somebody; fails on anything its console complains of."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def take(theme: Theme = "light") -> Page:
        context = browser.new_context(
            base_url=server,
            viewport=PHONE,
            locale="zh-CN",
            color_scheme=theme,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda said: (
                complaints.append(f"{page.url}: {said.text}")
                if said.type in ("error", "warning") and not REFUSED.search(said.text)
                else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        return page

    yield take
    for context in contexts:
        with suppress(Exception):
            context.close()
    assert complaints == []


def go(page: Page, address: str) -> None:
    """Open a page as somebody who comes from elsewhere does, and wait for what it shows."""
    page.goto("about:blank")
    page.goto(f"/#/pages/{address}")
    ready(page)


def ready(page: Page) -> None:
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(page.locator(".app-bone")).to_have_count(0)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def write(page: Page, label: str, text: str) -> None:
    page.locator("input, textarea").and_(page.get_by_label(label, exact=True)).fill(text)


@pytest.fixture(scope="module")
def holder(server: str, django_db_blocker: DjangoDbBlocker) -> Member:
    """The member with most points; signs in like the demo's own accounts."""
    with django_db_blocker.unblock():
        top = (
            Position.objects.values("member_id")
            .annotate(Sum("held_upt"))
            .order_by("-held_upt__sum")
        )
        found = Member.objects.get(pk=top[0]["member_id"])
        Member.objects.filter(pk=found.pk).update(password=make_password(people.MEMBER_PASSWORD))
        for product in Product.objects.filter(status="on_sale")[:5]:
            keep_favourites.add_favourite(member_id=found.pk, product_id=product.pk)
        coupon = Coupon.objects.filter(state="open", new_members_only=False).earliest("pk")
        claim_coupons.claim_coupon(member_id=found.pk, coupon_id=coupon.pk, now=clock.now())
    return found


def sign_in(page: Page, member: Member) -> None:
    go(page, "login/login")
    write(page, "手机号", member.phone)
    write(page, "密码", people.MEMBER_PASSWORD)
    press(page, "登录")
    page.wait_for_url("**/pages/me/me")
    ready(page)


def look(page: Page, name: str, theme: Theme) -> None:
    """Pictures in both sizes; nothing sticks out."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for size, suffix in ((DESK, "wide"), (PHONE, "narrow")):
        page.set_viewport_size(size)
        page.screenshot(
            path=SHOTS / f"shop-{name.replace('/', '-')}-{theme}-{suffix}.jpg",
            quality=75,
            full_page=suffix == "narrow",
        )
        beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert beyond <= 0, f"{name} {suffix} sticks out by {beyond} px"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_in_both_sizes(shopper: Shopper, holder: Member, theme: Theme) -> None:
    page = shopper(theme)
    go(page, "login/login?join=ABCD2345")
    look(page, "login/join", theme)
    sign_in(page, holder)
    bring_statements_up_to_date()
    for address in PAGES:
        go(page, address)
        small = page.evaluate(SMALL)
        assert small == [], f"{address}: {small}"
        look(page, address, theme)


# What is pressed and is less than 44 px in a direction.
SMALL = """() => [...document.querySelectorAll('.app-tap')]
  .filter(one => one.offsetParent)
  .map(one => [one.innerText || one.getAttribute('aria-label'), one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44)
  .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""


def test_a_friend_joins_by_the_invitation(shopper: Shopper, holder: Member) -> None:
    page = shopper()
    go(page, f"login/login?join={holder.invitation_code}")
    write(page, "手机号", "13912340001")
    write(page, "昵称", "小林 <b>")
    write(page, "密码", "12345678")
    join = page.get_by_role("button", name="免费注册")
    expect(join).to_have_attribute("aria-disabled", "true")  # what must be known is not yet read
    page.get_by_role("checkbox", name="我已阅读并了解").click()
    join.click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert not Member.objects.filter(phone="13912340001").exists()
    # What was typed survives a reload, but the password.
    page.reload()
    write(page, "密码", "clear-pool-7")
    page.get_by_role("checkbox", name="我已阅读并了解").click()
    join.click()
    page.wait_for_url("**/pages/me/me")
    expect(page.get_by_text("小林 <b>")).to_be_visible()
    assert Member.objects.get(phone="13912340001").sponsor == holder

    # Out and in again, by a code this time.
    go(page, "profile/profile")
    press(page, "退出登录")
    page.locator(".uni-modal__btn_primary").click()
    page.wait_for_url("**/pages/me/me")
    go(page, "login/login")
    page.get_by_role("tab", name="验证码登录").click()
    write(page, "手机号", "13912340001")
    press(page, "获取验证码")
    said = page.get_by_text("沙盒不发短信").inner_text()
    write(page, "验证码", re.sub(r"\D", "", said))
    press(page, "登录")
    page.wait_for_url("**/pages/me/me")

    friend_of = shopper()
    sign_in(friend_of, holder)
    go(friend_of, "team/team")
    expect(friend_of.get_by_text("小***")).to_be_visible()
    expect(friend_of.get_by_text("139****0001")).to_be_visible()


def test_an_address_is_kept(shopper: Shopper, holder: Member) -> None:
    page = shopper()
    sign_in(page, holder)
    before = Address.objects.filter(member=holder).count()
    go(page, "addresses/edit")
    write(page, "收货人", "林雨")
    write(page, "手机号", "13800001234")
    page.get_by_role("button", name="所在地区 请选择").click()
    expect(page.get_by_role("dialog").get_by_text("浙江省", exact=True)).to_be_visible()
    look(page, "addresses/areas", "light")
    for area in ("浙江省", "杭州市", "西湖区"):
        page.get_by_role("dialog").get_by_text(area, exact=True).click()
    expect(page.get_by_text("浙江省杭州市西湖区", exact=True)).to_be_visible()
    page.reload()  # what was begun is still there
    ready(page)
    write(page, "详细地址", "文三路 1 号")
    page.get_by_role("checkbox", name="设为默认地址").click()
    press(page, "保存")
    page.wait_for_url("**/#/")  # nothing was behind it after the reload
    made = Address.objects.filter(member=holder).order_by("-pk")[0]
    assert (made.region, made.detail, made.is_default) == ("330106", "文三路 1 号", True)

    go(page, "addresses/addresses")
    page.get_by_role("link", name="编辑 林雨 的地址").click()
    page.wait_for_url(f"**/pages/addresses/edit?id={made.pk}")
    ready(page)
    write(page, "详细地址", "文三路 2 号")
    press(page, "保存")
    page.wait_for_url("**/pages/addresses/addresses")
    kept = page.locator(".address", has_text="文三路 2 号")
    expect(kept).to_be_visible()
    page.get_by_role("button", name="删除 林雨 的地址").click()
    page.locator(".uni-modal__btn_primary").click()
    expect(kept).to_have_count(0)
    assert Address.objects.filter(member=holder).count() == before


def test_a_coupon_is_claimed(shopper: Shopper, holder: Member) -> None:
    page = shopper()
    sign_in(page, holder)
    own = MemberCoupon.objects.filter(member=holder)
    before = own.count()
    go(page, "coupons/centre")
    claim = (
        page.locator(".coupon-card")
        .filter(has_not_text="新会员专享")
        .get_by_text("领取", exact=True)
    )
    claim.first.click()
    expect(page.get_by_text("领取成功")).to_be_visible()
    assert own.count() == before + 1
    go(page, "coupons/coupons")
    expect(page.get_by_text(own.latest("pk").coupon.name).first).to_be_visible()


def test_points_are_redeemed_at_the_quote(shopper: Shopper, holder: Member) -> None:
    page = shopper()
    sign_in(page, holder)
    held_upt = queries.holding(holder.pk)
    before_fen = balances.balance(accounts.wallet(holder.pk)).balance_fen
    quote = queries.quote(holder.pk, 1_500_000)
    go(page, "points/redeem")
    write(page, "兑换多少积分", "1.5")
    net = f"¥{quote.net_fen / 100:.2f}"
    expect(page.locator(".redeem-net").first).to_have_text(net)
    page.reload()  # what was typed is there again, with a new quote
    expect(page.locator(".redeem-net").first).to_have_text(net)
    press(page, "兑换")
    expect(page.get_by_role("dialog").get_by_text(net)).to_be_visible()
    look(page, "points/confirm", "light")
    assert not Redemption.objects.filter(member=holder, points_upt=1_500_000).exists()

    # Nobody settles: the page says that it is under way, also after a reload, until it is done.
    press(page, "确认兑换")
    page.wait_for_url("**/pages/points/redeem?id=*")
    expect(page.get_by_text("处理中")).to_be_visible()
    page.reload()
    expect(page.get_by_text("处理中")).to_be_visible()
    with settler_at_work():
        expect(page.get_by_text("已到账")).to_be_visible(timeout=10_000)
    expect(page.locator(".redeem-result .net")).to_have_text(net)
    assert Redemption.objects.filter(member=holder, points_upt=1_500_000).count() == 1
    assert queries.holding(holder.pk) == held_upt - 1_500_000
    now_fen = balances.balance(accounts.wallet(holder.pk)).balance_fen
    assert now_fen == before_fen + quote.net_fen


def test_a_lost_answer_redeems_nothing_twice(shopper: Shopper, holder: Member) -> None:
    page = shopper()
    sign_in(page, holder)
    own = Redemption.objects.filter(member=holder)
    before = own.count()
    go(page, "points/redeem")
    write(page, "兑换多少积分", "1")
    expect(page.locator(".redeem-net").first).not_to_have_text("—")
    press(page, "兑换")

    def lose(route: Route) -> None:
        route.fetch()  # it arrives there, and the answer is lost on its way
        route.fulfill(status=504, body="")

    page.route("**/api/points/redeem", lose)
    with settler_at_work():
        press(page, "确认兑换")
        expect(page.get_by_text("上一次申请还没有回音")).to_be_visible()
        page.unroute("**/api/points/redeem")
        page.reload()  # asks again by itself
        page.wait_for_url("**/pages/points/redeem?id=*")
        expect(page.get_by_text("已到账")).to_be_visible()
    assert own.count() == before + 1


def test_money_is_withdrawn(shopper: Shopper, holder: Member) -> None:
    page = shopper()
    sign_in(page, holder)
    go(page, "wallet/withdraw")
    write(page, "提现金额（元）", "99999999")
    expect(page.get_by_text("超过可提现余额")).to_be_visible()
    write(page, "提现金额（元）", "1.23")
    press(page, "申请提现")
    page.locator(".uni-modal__btn_primary").click()
    page.wait_for_url("**/pages/wallet/withdraw?id=*")
    expect(page.get_by_text("审核中").first).to_be_visible()
    asked = Withdrawal.objects.filter(member=holder).latest("pk")
    assert (asked.amount_fen, asked.state) == (123, "asked")
    finance = User.objects.get(username="finance")
    withdraw.decide_withdrawal(by=finance, withdrawal_id=asked.pk, approve=True, now=clock.now())
    withdraw.pay_withdrawal(by=finance, withdrawal_id=asked.pk, now=clock.now())
    page.reload()
    ready(page)
    expect(page.get_by_text("已付款").first).to_be_visible()
    look(page, "wallet/withdrawal", "light")
    go(page, "wallet/wallet")
    page.get_by_role("tab", name="提现记录").click()
    expect(page.get_by_text("¥1.23")).to_be_visible()


def test_language_and_colours_are_chosen(shopper: Shopper, holder: Member) -> None:
    page = shopper()
    sign_in(page, holder)
    go(page, "profile/profile")
    page.get_by_role("radio", name="English").click()
    page.get_by_role("radio", name="Dark").click()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")
    assert "theme-dark" in (page.locator("html").get_attribute("class") or "")
    for address in PAGES:
        go(page, address)
        chinese = re.findall(
            "[\u4e00-\u9fff]+", " ".join(page.locator(OWN_WORDS).all_inner_texts())
        )
        assert chinese == [], address
    go(page, "points/points")
    look(page, "points/points-english", "dark")


# Labels and buttons, not what people are called or merchants wrote.
OWN_WORDS = (
    ".app-frame > .bar .title, .app-button, .app-field .label, .app-tabs .tab, .card .heading"
)
