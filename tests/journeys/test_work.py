"""A day's work in the back office, done in a real browser by the accounts of the demo."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from tests.journeys.conftest import Login
from tests.journeys.pictures import keep_picture

from mingchi.members.models import Member
from mingchi.orders.models import Order
from mingchi.rebates import queries
from mingchi.rebates.models import PlanVersion
from mingchi.rebates.settlement import settle_pending
from mingchi.usecases.demo import people
from mingchi.usecases.offers import Item
from mingchi.usecases.pay_order import pay_order
from mingchi.usecases.pay_refunds import pay_settled_refunds
from mingchi.usecases.place_order import place_order
from mingchi.usecases.placing import Delivery
from mingchi.usecases.redeem_points import redeem_points
from mingchi.usecases.sandbox_pay import sandbox_pay

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def settle() -> None:
    settle_pending(queries.programme().pk)
    if pay_settled_refunds(now=timezone.now()):
        settle_pending(queries.programme().pk)


def act(page: Page, label: str, **values: str) -> None:
    """Press an act's button, fill its form in, send it."""
    page.click(f".bo-buttons a:has-text('{label}')")
    for name, value in values.items():
        page.fill(f"[name={name}]", value)
    page.click(".bo-submit button")


def said(page: Page, words: str) -> None:
    expect(page.locator("body")).to_contain_text(words)


def bought() -> Order:
    """The demo's buyer has bought and paid."""
    from mingchi.catalogue.models import Sku

    buyer, now = Member.objects.get(phone=people.BUYER_PHONE), timezone.now()
    article = Sku.objects.filter(code="D02-2").get()
    placed = place_order(
        member_id=buyer.pk,
        items=[Item(sku_id=article.pk, qty=2)],
        delivery=Delivery(region="330106"),
        idempotency_key=f"journey{Order.objects.count()}",
        now=now,
    )
    data = pay_order(
        member_id=buyer.pk,
        order_id=placed.order_id,
        idempotency_key=f"journey{placed.order_id}",
        now=now,
    )
    sandbox_pay(member_id=buyer.pk, out_trade_no=data.out_trade_no, now=now)
    return Order.objects.get(pk=placed.order_id)


def test_an_order_is_shipped_settled_redeemed_and_refunded_by_two(login: Login) -> None:
    order = bought()
    operator = login("operator")
    operator.goto(f"/admin/orders/order/{order.pk}/change/")
    act(operator, "发货", carrier="顺丰速运", tracking_number="SF1")
    said(operator, "订单已发货")
    act(operator, "标记收货")
    said(operator, "退货期开始")
    act(operator, "跳过退货期")
    said(operator, "等待结算")
    settle()
    operator.reload()
    said(operator, "区域奖")

    redeemed = redeem_points(
        member_id=order.member_id,
        points_upt="all",
        idempotency_key="journey",
        now=timezone.now(),
        wait_s=0,
    )
    settle()
    operator.goto(f"/admin/payouts/redemption/{redeemed.redemption_id}/change/")
    said(operator, "已结算")

    operator.goto(f"/admin/orders/order/{order.pk}/change/")
    operator.click(".bo-buttons a:has-text('申请退款')")
    operator.select_option("[name=line_id]", index=0)
    operator.fill("[name=amount_fen]", "98.00")
    operator.fill("[name=reason]", "包装破损")
    keep_picture(operator, "act-refund", whole=True)
    operator.click(".bo-submit button")
    said(operator, "由另一人审批")
    refund = order.refunds.get()
    operator.goto(f"/admin/orders/refund/{refund.pk}/change/")
    expect(operator.locator(".bo-buttons a")).to_have_count(0)

    service = login("service")
    service.goto(f"/admin/orders/refund/{refund.pk}/change/")
    act(service, "同意退款")
    said(service, "退款已同意")
    settle()
    service.reload()
    said(service, "已退款")
    refund.refresh_from_db()
    assert refund.state == "paid"


def test_a_plan_is_drawn_up_as_a_form_and_decided_by_another(login: Login) -> None:
    operator = login("operator")
    operator.goto("/admin/rebates/planversion/")
    act(operator, "新建版本")
    said(operator, "已新建草稿")
    version = PlanVersion.objects.order_by("number").last()
    assert version is not None
    operator.goto(f"/admin/rebates/planversion/{version.pk}/change/")
    operator.click(".bo-buttons a:has-text('以表单编辑')")
    operator.fill("[name=redeem_fee]", "120%")
    operator.click(".bo-submit button")
    said(operator, "points.redeem_fee")
    operator.fill("[name=redeem_fee]", "12%")
    # A new award: only the fields of its kind show.
    row = operator.locator("[x-data*=kind]").last
    row.locator("select").first.select_option("levels")
    expect(row.locator("input[name$='-rates']")).to_be_visible()
    expect(row.locator("input[name$='-district']")).to_be_hidden()
    row.locator("input[name$='-rates']").fill("2%, 1%")
    keep_picture(operator, "act-plan-form", whole=True)
    operator.click(".bo-submit button")
    said(operator, "草稿已保存")
    said(operator, '+redeem_fee = "12%"')
    operator.click(".bo-buttons a:has-text('提请审批')")
    keep_picture(operator, "act-propose", whole=True)
    operator.click(".bo-submit button")
    said(operator, "由另一人审批")
    said(operator, "已提请")
    expect(operator.locator(".bo-buttons a:has-text('编辑')")).to_have_count(0)

    compliance = login("compliance")
    compliance.goto("/admin/foundation/proposal/?state__exact=asked&kind__exact=plan")
    compliance.click("#result_list tbody a >> nth=0")
    act(compliance, "同意")
    said(compliance, "提案已同意")
    settle()
    version.refresh_from_db()
    assert version.state == "active"


def test_a_close_is_previewed_and_asked_and_its_asker_cannot_decide(login: Login) -> None:
    operator = login("operator")
    operator.goto("/admin/rebates/programme/")
    operator.click(".bo-buttons a:has-text('预览并结算本期')")
    said(operator, "若现在结算本期")
    said(operator, "分红")
    keep_picture(operator, "act-close", whole=True)
    operator.fill("[name=period]", "2026-12")
    operator.click(".bo-submit button")
    said(operator, "已提请期末结算")
    operator.locator("#result_list tbody a").first.click()
    said(operator, "这是您提请的")
    expect(operator.locator(".bo-buttons a")).to_have_count(0)
    address = operator.url
    finance = login("finance")
    finance.goto(address)
    act(finance, "同意")
    said(finance, "提案已同意")
    settle()
    finance.goto("/admin/rebates/event/?kind__exact=close")
    said(finance, "已结算")


def test_an_onlooker_finds_no_button(login: Login) -> None:
    onlooker = login("demo-operator")
    for path in ("orders/order/", "members/member/", "rebates/programme/", "catalogue/product/"):
        onlooker.goto(f"/admin/{path}")
        expect(onlooker.locator(".bo-buttons a")).to_have_count(0)
    assert onlooker.request.get("/admin/password_change/").status == 403
