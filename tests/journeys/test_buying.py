"""Two members linked by an invitation, on the real stack, from the poster to the wallet."""

import json
import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route
from tests.api.journeys import bring_statements_up_to_date, settle, settler_at_work
from tests.journeys.shoppers import Shopper, shopping

from mingchi.catalogue.models import Sku
from mingchi.foundation import clock
from mingchi.foundation.models import User
from mingchi.ledger import accounts, balances
from mingchi.members import disclosures
from mingchi.members.addresses import Place
from mingchi.members.models import Member
from mingchi.orders.models import AfterSalesCase, Checkout, InvoiceRequest, Order
from mingchi.payouts.models import Redemption, Withdrawal
from mingchi.pricing.models import Coupon
from mingchi.rebates import queries
from mingchi.reviews.models import Review
from mingchi.usecases import (
    argue_case,
    claim_coupons,
    complete_order,
    edit_warehouses,
    keep_addresses,
    keep_cart,
    pay_refunds,
    prepare_parcel,
    receive_order,
    run_flows,
    withdraw,
)
from mingchi.usecases import join as use_join
from mingchi.usecases import ship_order as use_ship

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PASSWORD = "clear-pool-7"
# What is refused here the page tells; the browser says so too.
REFUSED = re.compile(r"responded with a status of (400|409|422)")


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


def test_two_members_from_the_invitation_to_the_award(browser: Browser, server: str) -> None:
    inviter = newcomer("13700000001", "林一")
    two_warehouses(article("凤凰单丛"), article("正山小种"))
    second_one = shopping(browser, server, refused=REFUSED)
    with shopping(browser, server) as first, second_one as second:
        first.sign_in(inviter.phone, PASSWORD)
        first.open("invite/invite")
        buyer = join(second, first.page.locator(".invite .app-told").inner_text())
        assert buyer.sponsor == inviter

        checkout = buy(second, buyer)
        tea, house = checkout.orders.order_by("merchant_id")
        assert (tea.state, house.state) == ("paid", "paid")
        run_flows.work_off(now=clock.now())
        ask_for_an_invoice(second, tea)
        follow_two_parcels(second, tea)
        receive(second, tea)
        review(second, tea)
        refund_a_part(second, tea)
        exchange(second, house)

        # The window is closed, and what comes of the order is settled.
        owner = User.objects.get(username="owner")
        complete_order.complete_order(by=owner, order_id=tea.pk, now=clock.now(), skip_window=True)
        settle()
        redeem(second, buyer)
        take_money_out(second, buyer)

        bring_statements_up_to_date()
        first.open("team/team")
        first.sees("林**")
        first.sees("137****0002")
        award_fen = balances.balance(accounts.wallet(inviter.pk)).balance_fen
        assert award_fen > 0
        first.open("wallet/wallet")
        first.press("奖励")
        first.sees("直推奖励")
        first.sees(f"+¥{award_fen / 100:.2f}")
        first.look("buying-award")


def two_warehouses(*articles: Sku) -> None:
    """Each of a merchant's articles lies in a warehouse of its own."""
    manager = User.objects.get(username="tea-manager")
    for sku, code in zip(articles, ("E", "W"), strict=True):
        place_id = edit_warehouses.add_warehouse(
            by=manager, merchant_id=sku.product.merchant_id, code=code, name=f"{code} 仓"
        )
        edit_warehouses.place_stock(
            by=manager, warehouse_id=place_id, sku_id=sku.pk, units=5, reason="moved"
        )


def join(shopper: Shopper, link: str) -> Member:
    """By the invitation's address, as somebody who was sent it."""
    shopper.page.goto(link)
    shopper.settle()
    shopper.write("手机号", "13700000002")
    shopper.write("昵称", "林二 <b>")
    shopper.write("密码", PASSWORD)
    shopper.press("我已阅读并了解")
    shopper.press("免费注册")
    shopper.page.wait_for_url("**/pages/me/me")
    shopper.sees("林二 <b>")
    made = Member.objects.get(phone="13700000002")
    place = Place(name="林二", phone=made.phone, region="440305", detail="海天路 1 号", label="")
    keep_addresses.add_address(member_id=made.pk, place=place, is_default=True)
    coupon = Coupon.objects.get(name="平台满 300 减 40")
    claim_coupons.claim_coupon(member_id=made.pk, coupon_id=coupon.pk, now=clock.now())
    return made


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


def buy(shopper: Shopper, buyer: Member) -> Checkout:
    """Two articles of a merchant, which lie in two warehouses, two of another; with the coupon;
    paid."""
    for title in ("正山小种", "316 不锈钢汤锅"):
        sku_id, now = article(title).pk, clock.now()
        keep_cart.add_item(member_id=buyer.pk, sku_id=sku_id, qty=1, now=now)
    put_into_cart(shopper, article("凤凰单丛"), units=2)
    put_into_cart(shopper, article("竹纤维浴巾"), units=1)
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
    see_a_code(shopper)
    shopper.page.reload()
    shopper.settle()
    shopper.look("buying-payment")
    shopper.press("支付", nth=-1)
    shopper.sees("支付成功")
    shopper.look("buying-paid")
    return Checkout.objects.latest("pk")


def see_a_code(shopper: Shopper) -> None:
    """Where the way of paying is a code, it is drawn."""
    data = {"kind": "qr", "code_url": "weixin://wxpay/bizpayurl?pr=Zx81kLm"}
    attempt = {"out_trade_no": "qr1", "amount_fen": 1, "gateway": "wechat", "data": data}

    def give_a_code(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=json.dumps(attempt))

    shopper.page.route("**/api/checkouts/*/pay", give_a_code)
    shopper.press("确认支付")
    shopper.sees("扫码支付")
    shown = Image.open(BytesIO(shopper.page.locator(".app-qr").screenshot())).convert("L")
    dark = sum(shown.histogram()[:60]) / (shown.width * shown.height)
    assert 0.2 < dark < 0.6
    shopper.look("buying-code")
    shopper.page.unroute("**/api/checkouts/*/pay")


def ask_for_an_invoice(shopper: Shopper, order: Order) -> None:
    """Of the order's page; what is wrong stands at its field, what was asked is there again."""
    shopper.open(f"orders/order?id={order.pk}")
    shopper.press("发票")
    shopper.press("单位")
    shopper.write("发票抬头", "林间茶业有限公司")
    shopper.write("纳税人识别号", "91330106ma27xy712k")
    shopper.press("申请开票")
    shopper.sees("纳税人识别号有误")
    assert not InvoiceRequest.objects.filter(order=order).exists()
    shopper.write("纳税人识别号", "91330106ma27xy712r")
    shopper.press("申请开票")
    shopper.sees("等待商家开具")
    shopper.page.reload()
    shopper.settle()
    shopper.look("buying-invoice")
    asked = InvoiceRequest.objects.get(order=order)
    assert (asked.title, asked.tax_number) == ("林间茶业有限公司", "91330106MA27XY712R")
    assert shopper.page.locator("input:visible").nth(1).input_value() == asked.tax_number


def follow_two_parcels(shopper: Shopper, order: Order) -> None:
    """The merchant sends an order in two parcels; the other merchant has not sent anything."""
    manager = User.objects.get(username="tea-manager")
    parcels = list(order.shipments.order_by("pk"))
    assert len(parcels) == 2
    for parcel, number in zip(parcels, ("SF1234567890", "SF1234567891"), strict=True):
        prepare_parcel.name_carrier(
            by=manager, shipment_id=parcel.pk, carrier="顺丰", tracking_number=number
        )
    use_ship.ship_order(by=manager, order_id=order.pk, now=clock.now())
    shopper.open("orders/orders")
    shopper.sees("待发货")
    shopper.open(f"orders/tracking?id={order.pk}")
    shopper.sees("SF1234567890")
    shopper.sees("SF1234567891")
    shopper.sees("快递已揽收")
    shopper.look("buying-tracking")


def receive(shopper: Shopper, order: Order) -> None:
    shopper.open(f"orders/order?id={order.pk}")
    shopper.press("确认收货")
    shopper.page.get_by_text("确定", exact=True).click()
    shopper.sees("已确认收货")
    assert Order.objects.get(pk=order.pk).state == "received"


def review(shopper: Shopper, order: Order) -> None:
    shopper.open(f"orders/review?id={order.pk}")
    shopper.named("4 星")
    shopper.page.locator("textarea").first.fill("汤色清亮 😀 <b>好</b>")
    shopper.press("发布评价")
    shopper.sees("谢谢您的评价")
    written = Review.objects.latest("pk")
    assert written.line.order == order
    shopper.open(f"product/reviews?id={written.product_id}")
    shopper.sees("汤色清亮 😀 <b>好</b>")
    shopper.look("buying-review")


def ask(shopper: Shopper, order: Order, title: str, kind: str, cause: str) -> None:
    """What is wanted of which article, and why; not sent yet."""
    shopper.open(f"after-sales/ask?id={order.pk}")
    shopper.press(title)
    shopper.press(kind)
    shopper.press(cause)


def refund_a_part(shopper: Shopper, order: Order) -> None:
    ask(shopper, order, "凤凰单丛", "仅退款", "收到时破损")
    shopper.page.locator("input").first.fill("10.50")
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


def exchange(shopper: Shopper, order: Order) -> None:
    """Another colour, which is kept for the buyer."""
    owner = User.objects.get(username="owner")
    use_ship.ship_order(by=owner, order_id=order.pk, now=clock.now(), carrier="中通")
    receive_order.receive_order(by=owner, order_id=order.pk, now=clock.now())
    bought = order.lines.get(title__startswith="竹纤维浴巾").sku
    (other,) = Sku.objects.filter(product=bought.product).exclude(pk=bought.pk)
    before = other.reserved
    ask(shopper, order, "竹纤维浴巾", "换货", "收到时破损")
    shopper.press(other.title)
    shopper.look("buying-exchange")
    shopper.press("提交")
    shopper.sees("等待商家处理")
    shopper.sees(other.article)
    shopper.look("buying-exchange-case")
    other.refresh_from_db()
    assert other.reserved == before + 1


def redeem(shopper: Shopper, buyer: Member) -> None:
    """At the quote that the page shows; nobody settles at first, and the page says so."""
    held_upt, wanted_upt = queries.holding(buyer.pk), 100_000
    quote = queries.quote(buyer.pk, wanted_upt)
    net = f"¥{quote.net_fen / 100:.2f}"
    shopper.open("points/points")
    shopper.sees(f"{held_upt / 10**6:.6f}"[:4])
    shopper.open("points/redeem")
    shopper.write("兑换多少积分", "0.1")
    shopper.sees(net)
    shopper.page.reload()  # what was typed is there again, with a new quote
    shopper.sees(net)
    shopper.press("兑换", nth=-1)
    shopper.sees("确认兑换")
    shopper.look("buying-redeem")
    assert not Redemption.objects.filter(member=buyer).exists()
    shopper.press("确认兑换")
    shopper.page.wait_for_url("**/pages/points/redeem?id=*")
    shopper.sees("处理中")
    shopper.page.reload()
    shopper.sees("处理中")
    with settler_at_work():
        shopper.sees("已到账")
    assert queries.holding(buyer.pk) == held_upt - wanted_upt
    assert balances.balance(accounts.wallet(buyer.pk)).balance_fen == quote.net_fen


def take_money_out(shopper: Shopper, buyer: Member) -> None:
    shopper.open("wallet/withdraw")
    shopper.write("提现金额（元）", "99999999")
    shopper.sees("超过可提现余额")
    shopper.write("提现金额（元）", "1.23")
    shopper.press("申请提现")
    shopper.page.locator(".uni-modal__btn_primary").click()
    shopper.page.wait_for_url("**/pages/wallet/withdraw?id=*")
    shopper.sees("审核中")
    asked = Withdrawal.objects.get(member=buyer)
    assert (asked.amount_fen, asked.state) == (123, "asked")
    finance = User.objects.get(username="finance")
    withdraw.decide_withdrawal(by=finance, withdrawal_id=asked.pk, approve=True, now=clock.now())
    withdraw.pay_withdrawal(by=finance, withdrawal_id=asked.pk, now=clock.now())
    shopper.page.reload()
    shopper.sees("已付款")
    shopper.look("buying-withdrawn")
    shopper.open("wallet/wallet")
    shopper.press("提现记录")
    shopper.sees("¥1.23")
