"""A member's pages in a real browser: signing in, address, coupon, an answer that is lost."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import make_password
from django.db.models import Sum
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django import DjangoDbBlocker
from tests.api.journeys import bring_statements_up_to_date, settler_at_work
from tests.catalogue.test_pictures import encoded
from tests.journeys.shoppers import Shopper, shopping

from mingchi.catalogue.models import Product, Visit
from mingchi.foundation import clock
from mingchi.foundation.models import User
from mingchi.members.models import Address, Member
from mingchi.payouts.models import Redemption
from mingchi.pricing.models import Coupon, MemberCoupon
from mingchi.rebates.models import Position
from mingchi.usecases import claim_coupons, keep_favourites, keep_portrait, send_notifications
from mingchi.usecases.demo import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
# What is refused, or made to fail here, the page tells; the browser says so too.
REFUSED = re.compile(r"responded with a status of (400|401|403|409|422|504)")
PAGES = (
    "me/me", "profile/profile", "addresses/addresses", "addresses/edit", "coupons/coupons",
    "coupons/centre", "favourites/favourites", "visits/visits", "invite/invite", "team/team",
    "points/points", "points/redeem", "wallet/wallet", "wallet/withdraw", "messages/messages",
)  # fmt: skip


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
            keep_favourites.visit(member_id=found.pk, product_id=product.pk, now=clock.now())
        coupon = Coupon.objects.filter(state="open", new_members_only=False).earliest("pk")
        claim_coupons.claim_coupon(member_id=found.pk, coupon_id=coupon.pk, now=clock.now())
    return found


@pytest.fixture
def shopper(browser: Browser, server: str, holder: Member) -> Iterator[Shopper]:
    with shopping(browser, server, refused=REFUSED) as one:
        one.sign_in(holder.phone)
        yield one


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_every_page_in_the_dark_and_in_the_light(
    browser: Browser, server: str, holder: Member
) -> None:
    bring_statements_up_to_date()
    with shopping(browser, server, dark=True) as shopper:
        shopper.open("login/login?join=ABCD2345")
        shopper.look_twice("dark-login-join")
        shopper.sign_in(holder.phone)
        for address in PAGES:
            shopper.open(address)
            shopper.look_twice(f"dark-{address.replace('/', '-')}")
            shopper.page.emulate_media(color_scheme="light")
            shopper.look(f"light-{address.replace('/', '-')}")
            shopper.page.emulate_media(color_scheme="dark")


def test_in_and_out_and_in_by_a_code(browser: Browser, server: str, holder: Member) -> None:
    with shopping(browser, server, refused=REFUSED) as shopper:
        page = shopper.page
        shopper.open(f"login/login?join={holder.invitation_code}")
        shopper.write("手机号", "13912340001")
        shopper.write("昵称", "小林")
        shopper.write("密码", "12345678")
        join = page.get_by_role("button", name="免费注册")
        expect(join).to_have_attribute("aria-disabled", "true")  # what must be known is not read
        page.get_by_role("checkbox", name="我已阅读并了解").click()
        join.click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert not Member.objects.filter(phone="13912340001").exists()
        page.reload()  # what was typed survives, but the password
        name = page.locator("input").and_(page.get_by_label("昵称", exact=True))
        expect(name).to_have_value("小林")

        shopper.open("login/login")
        page.get_by_role("tab", name="密码登录").click()
        shopper.write("手机号", holder.phone)
        shopper.write("密码", people.MEMBER_PASSWORD)
        press(page, "登录")
        page.wait_for_url("**/pages/me/me")
        shopper.open("profile/profile")
        press(page, "退出登录")
        page.locator(".uni-modal__btn_primary").click()
        page.wait_for_url("**/pages/me/me")
        shopper.open("login/login")
        page.get_by_role("tab", name="验证码登录").click()
        shopper.write("手机号", holder.phone)
        press(page, "获取验证码")
        said = page.get_by_text("沙盒不发短信").inner_text()
        shopper.write("验证码", re.sub(r"\D", "", said))
        press(page, "登录")
        page.wait_for_url("**/pages/me/me")


def test_an_address_is_kept(shopper: Shopper, holder: Member) -> None:
    page = shopper.page
    before = Address.objects.filter(member=holder).count()
    shopper.open("addresses/edit")
    shopper.write("收货人", "林雨")
    shopper.write("手机号", "13800001234")
    page.get_by_role("button", name="所在地区 请选择").click()
    expect(page.get_by_role("dialog").get_by_text("浙江省", exact=True)).to_be_visible()
    shopper.look("addresses-areas")
    for area in ("浙江省", "杭州市", "西湖区"):
        page.get_by_role("dialog").get_by_text(area, exact=True).click()
    expect(page.get_by_text("浙江省杭州市西湖区", exact=True)).to_be_visible()
    page.reload()  # what was begun is still there
    shopper.settle()
    shopper.write("详细地址", "文三路 1 号")
    page.get_by_role("checkbox", name="设为默认地址").click()
    press(page, "保存")
    page.wait_for_url("**/#/")  # nothing was behind it after the reload
    made = Address.objects.filter(member=holder).order_by("-pk")[0]
    assert (made.region, made.detail, made.is_default) == ("330106", "文三路 1 号", True)

    shopper.open("addresses/addresses")
    page.get_by_role("link", name="编辑 林雨 的地址").click()
    page.wait_for_url(f"**/pages/addresses/edit?id={made.pk}")
    shopper.settle()
    shopper.write("详细地址", "文三路 2 号")
    press(page, "保存")
    page.wait_for_url("**/pages/addresses/addresses")
    kept = page.locator(".address", has_text="文三路 2 号")
    expect(kept).to_be_visible()
    page.get_by_role("button", name="删除 林雨 的地址").click()
    page.locator(".uni-modal__btn_primary").click()
    expect(kept).to_have_count(0)
    assert Address.objects.filter(member=holder).count() == before


def test_a_coupon_is_claimed(shopper: Shopper, holder: Member) -> None:
    page = shopper.page
    own = MemberCoupon.objects.filter(member=holder)
    before = own.count()
    shopper.open("coupons/centre")
    claim = (
        page.locator(".coupon-card")
        .filter(has_not_text="新会员专享")
        .get_by_text("领取", exact=True)
    )
    claim.first.click()
    expect(page.get_by_text("领取成功")).to_be_visible()
    assert own.count() == before + 1
    shopper.open("coupons/coupons")
    expect(page.get_by_text(own.latest("pk").coupon.name).first).to_be_visible()


def test_what_one_looked_at_is_forgotten(shopper: Shopper, holder: Member) -> None:
    shopper.open("visits/visits")
    product = Product.objects.filter(status="on_sale").first()
    assert product is not None
    shopper.sees(product.title)
    shopper.named("清空浏览记录")
    shopper.page.locator(".uni-modal__btn_primary").click()
    shopper.sees("还没有浏览记录")
    assert not Visit.objects.filter(member=holder).exists()


def test_what_became_of_a_portrait_is_told(shopper: Shopper, holder: Member) -> None:
    """Taken down by staff: the member reads that it is gone, and nothing of the reason."""
    keep_portrait.set_portrait(member_id=holder.pk, data=encoded(size=(300, 300)))
    service = User.objects.get(username="service")
    take_down = keep_portrait.take_down_portrait
    take_down(by=service, member_id=holder.pk, reason="a brand's logo", now=clock.now())
    send_notifications.send_notifications(now=clock.now())
    shopper.open("me/me")
    shopper.press("消息")
    shopper.sees("您的头像已不再展示")
    assert "logo" not in shopper.page.inner_text("body")
    shopper.look("messages-portrait")


def test_a_lost_answer_redeems_nothing_twice(shopper: Shopper, holder: Member) -> None:
    page = shopper.page
    own = Redemption.objects.filter(member=holder)
    before = own.count()
    shopper.open("points/redeem")
    shopper.write("兑换多少积分", "1")
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


def test_language_and_colours_are_chosen(shopper: Shopper, holder: Member) -> None:
    page = shopper.page
    shopper.open("profile/profile")
    page.get_by_role("radio", name="English").click()
    page.get_by_role("radio", name="Dark").click()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")
    assert "theme-dark" in (page.locator("html").get_attribute("class") or "")
    for address in PAGES:
        shopper.open(address)
        chinese = re.findall(
            "[\u4e00-\u9fff]+", " ".join(page.locator(OWN_WORDS).all_inner_texts())
        )
        assert chinese == [], address
    shopper.open("points/points")
    shopper.look("dark-points-english")


# Labels and buttons, not what people are called or merchants wrote.
OWN_WORDS = (
    ".app-frame > .bar .title, .app-button, .app-field .label, .app-tabs .tab, .card .heading"
)
