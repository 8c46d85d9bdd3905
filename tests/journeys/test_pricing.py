"""A merchant's manager draws up a coupon and a shipping template in a browser."""

import pytest
from tests.journeys.conftest import Login
from tests.journeys.pictures import keep_picture
from tests.journeys.test_walk import look

from mingchi.pricing import templates
from mingchi.pricing.models import Coupon, ShippingTemplate

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def test_a_coupon_shows_what_its_kind_has(login: Login) -> None:
    page = login("tea-manager")
    page.goto("/admin/pricing/coupon/do/add/")
    page.fill("input[name=name]", "秋茶满减")
    assert page.locator("input[name=min_spend_fen]").is_hidden()
    page.select_option("select[name=kind]", "threshold")
    page.fill("input[name=off_fen]", "30")
    page.fill("input[name=min_spend_fen]", "200")
    page.select_option("select[name=scope]", "product")
    page.locator("input[name=cap_fen]").wait_for(state="hidden")
    look(page, "coupon-add")
    page.select_option("select[name=scope]", "all")
    page.fill("input[name=total]", "100")
    for name, day in (("starts_at", "2026-01-01"), ("ends_at", "2099-01-01")):
        page.fill(f"input[name={name}_0]", day)
        page.fill(f"input[name={name}_1]", "00:00:00")
    page.get_by_role("button", name="新建优惠券").click()
    page.wait_for_url("**/pricing/coupon/")
    made = Coupon.objects.get(name="秋茶满减")
    assert (made.off_fen, made.min_spend_fen, made.state) == (3_000, 20_000, "draft")
    page.goto(f"/admin/pricing/coupon/{made.pk}/change/")
    look(page, "coupon-draft")


def test_regions_are_picked_and_fees_typed(login: Login) -> None:
    page = login("tea-manager")
    page.goto("/admin/pricing/shippingtemplate/do/add/")
    page.fill("input[name=name]", "易碎品")
    page.get_by_role("button", name="添加规则").click()
    page.get_by_role("button", name="选择地区").click()
    tree = page.locator("dialog")
    tree.get_by_text("浙江省").locator("xpath=../..").locator("summary").click(
        position={"x": 2, "y": 12}
    )
    tree.get_by_label("杭州市").check()
    assert tree.get_by_label("浙江省").evaluate("box => box.indeterminate")
    tree.get_by_label("上海市").check()
    keep_picture(page, "shipping-picker-wide")
    tree.get_by_role("button", name="完成").click()
    rule = page.locator(".ship-rule").first
    assert "上海市、浙江省杭州市" in rule.inner_text()
    rule.locator("input[type=text]").nth(1).fill("6.50")
    other = page.locator(".ship-rule").nth(1)
    other.locator("input[type=text]").nth(4).fill("99")
    look(page, "shipping-add")
    # What another rule has can't be chosen again.
    page.get_by_role("button", name="添加规则").click()
    page.get_by_role("button", name="选择地区").nth(1).click()
    assert page.locator("dialog").get_by_label("上海市").is_disabled()
    page.locator("dialog").get_by_role("button", name="取消").click()
    page.get_by_role("button", name="移除").nth(1).click()
    page.get_by_role("button", name="添加模板").click()
    page.wait_for_url("**/pricing/shippingtemplate/")
    found = templates.of(ShippingTemplate.objects.get(name="易碎品"))
    (picked,) = found.rules
    assert picked.prefixes == ("31", "3301")
    assert picked.fee is not None
    assert picked.fee.first_fen == 650
    assert found.default is not None
    assert found.default.free_from_fen == 9_900
    key = ShippingTemplate.objects.get(name="易碎品").pk
    page.goto(f"/admin/pricing/shippingtemplate/{key}/change/")
    look(page, "shipping-template")
