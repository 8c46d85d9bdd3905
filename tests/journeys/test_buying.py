"""A member who was invited by another, on the real stack: buys with a coupon over two merchants,
pays, follows the parcel, receives, reviews, has a part refunded."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from tests.journeys.shoppers import Shopper, shopping

from mingchi.catalogue.models import Sku
from mingchi.foundation import clock
from mingchi.foundation.models import User
from mingchi.members import disclosures
from mingchi.members.addresses import Place
from mingchi.members.models import Member
from mingchi.orders.models import AfterSalesCase, Checkout, Order
from mingchi.pricing.models import Coupon
from mingchi.usecases import argue_case, claim_coupons, keep_addresses, pay_refunds, run_flows
from mingchi.usecases import join as use_join
from mingchi.usecases import ship_order as use_ship

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PASSWORD = "clear-pool-7"


def newcomer(phone: str, name: str, *, invited_by: Member | None = None) -> Member:
    """Joined, with an address."""
    joined = use_join.join(
        phone=phone,
        password=PASSWORD,
        name=name,
        invitation_code=invited_by.invitation_code if invited_by else None,
        disclosure=disclosures.joining().digest,
        now=clock.now(),
    )
    place = Place(name=name, phone=phone, region="440305", detail="海天路 1 号", label="")
    keep_addresses.add_address(member_id=joined.member_id, place=place, is_default=True)
    return Member.objects.get(pk=joined.member_id)


def article(title: str) -> Sku:
    return Sku.objects.filter(product__title__startswith=title).order_by("pk")[0]


@pytest.fixture
def buyer(server: str) -> Member:
    """Invited by another member, with a coupon of the platform."""
    sponsor = newcomer("13700000001", "林一")
    made = newcomer("13700000002", "林二", invited_by=sponsor)
    coupon = Coupon.objects.get(name="平台满 300 减 40")
    claim_coupons.claim_coupon(member_id=made.pk, coupon_id=coupon.pk, now=clock.now())
    return made


@pytest.fixture
def shopper(browser: Browser, server: str, buyer: Member) -> Iterator[Shopper]:
    with shopping(browser, server) as one:
        one.sign_in(buyer.phone, PASSWORD)
        yield one


def put_into_cart(shopper: Shopper, sku: Sku, *, units: int) -> None:
    shopper.open(f"product/product?id={sku.product_id}")
    shopper.press("加入购物车")
    shopper.page.locator(".sku-chooser").wait_for()
    for group in shopper.page.locator(".sku-chooser [role=radiogroup]").all():
        if not group.locator("[aria-checked=true]").count():  # where there is one choice it is made
            group.locator("[role=radio]:not(.is-disabled)").first.click()
    for _ in range(units - 1):
        shopper.named("增加")
    shopper.page.locator(".app-sheet").get_by_text("加入购物车").click()
    shopper.sees("已加入购物车")


def buy(shopper: Shopper) -> Checkout:
    """Two of a merchant in two warehouses, one of another; with the coupon; paid."""
    put_into_cart(shopper, article("凤凰单丛"), units=2)
    put_into_cart(shopper, article("316 不锈钢汤锅"), units=1)
    shopper.open("cart/cart")
    shopper.sees("山间茶事")
    shopper.sees("禾田生活")
    shopper.press("去结算")
    shopper.sees("平台满 300 减 40")
    shopper.look("buying-checkout")
    shopper.page.reload()
    shopper.settle()
    shopper.press("提交订单")
    shopper.sees("剩余支付时间")
    shopper.page.reload()
    shopper.settle()
    shopper.look("buying-payment")
    shopper.press("确认支付")
    shopper.sees("支付成功")
    shopper.look("buying-paid")
    return Checkout.objects.latest("pk")


def test_from_the_cart_to_the_wallet(shopper: Shopper, buyer: Member) -> None:
    checkout = buy(shopper)
    tea, pot = checkout.orders.order_by("merchant_id")
    assert (tea.state, pot.state) == ("paid", "paid")
    run_flows.work_off(now=clock.now())
    owner = User.objects.get(username="owner")

    # One of the two parcels leaves.
    use_ship.ship_order(
        by=owner, order_id=tea.pk, now=clock.now(), carrier="顺丰", tracking_number="SF1234567890"
    )
    shopper.open("orders/orders")
    shopper.sees("待发货")
    shopper.open(f"orders/tracking?id={tea.pk}")
    shopper.sees("SF1234567890")
    shopper.sees("快递已揽收")
    shopper.look("buying-tracking")

    shopper.open(f"orders/order?id={tea.pk}")
    shopper.press("确认收货")
    shopper.page.get_by_text("确定", exact=True).click()
    shopper.sees("已确认收货")
    assert Order.objects.get(pk=tea.pk).state == "received"

    review(shopper, tea)
    refund_a_part(shopper, tea)


def review(shopper: Shopper, order: Order) -> None:
    shopper.open(f"orders/review?id={order.pk}")
    shopper.named("4 星")
    shopper.page.locator("textarea").first.fill("汤色清亮 😀 <b>好</b>")
    shopper.press("发布评价")
    shopper.sees("谢谢您的评价")
    line = order.lines.get()
    shopper.open(f"product/reviews?id={line.sku.product_id}")
    shopper.sees("汤色清亮 😀 <b>好</b>")
    shopper.look("buying-review")


def refund_a_part(shopper: Shopper, order: Order) -> None:
    shopper.open(f"after-sales/ask?id={order.pk}")
    shopper.press("仅退款")
    shopper.page.locator("input").first.fill("10.50")
    shopper.page.locator(".app-choice:visible").first.click()
    shopper.page.locator("textarea").first.fill("罐子压扁了")
    shopper.look("buying-ask")
    shopper.press("提交")
    shopper.sees("等待商家处理")
    case = AfterSalesCase.objects.get(order=order)
    assert case.amount_fen == 1050
    manager = User.objects.get(username="tea-manager")
    argue_case.answer_case(by=manager, case_id=case.pk, outcome="agreed", now=clock.now())
    run_flows.work_off(now=clock.now())
    pay_refunds.send_pending(now=clock.now())
    run_flows.work_off(now=clock.now())
    shopper.open(f"after-sales/case?id={case.pk}")
    shopper.look("buying-case")
    shopper.open(f"orders/order?id={order.pk}")
    shopper.sees("已退款 ¥10.50")
