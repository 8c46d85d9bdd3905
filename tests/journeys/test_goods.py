"""A merchant's manager keeps a product in a real browser: pictures, specifications, SKUs."""

from io import BytesIO

import pytest
from PIL import Image as Pillow
from playwright.sync_api import FilePayload
from tests.journeys.conftest import Login
from tests.journeys.test_walk import look

from mingchi.catalogue.models import Product, Sku

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def picture(colour: str) -> FilePayload:
    out = BytesIO()
    Pillow.new("RGB", (900, 900), colour).save(out, "PNG")
    return {"name": "a.png", "mimeType": "image/png", "buffer": out.getvalue()}


def test_a_product_gets_pictures_specifications_and_prices(login: Login) -> None:
    page = login("tea-manager")
    product = Product.objects.get(title__startswith="凤凰单丛")
    base = f"/admin/catalogue/product/{product.pk}"
    page.goto(f"{base}/change/")
    look(page, "goods-product")
    page.locator("a[href$='/do/pictures/']").click()
    page.set_input_files("input[type=file]", [picture("#8a4b2a"), picture("#d9c9a3")])
    page.get_by_role("button", name="保存").click()
    page.wait_for_url("**/change/")
    page.goto(f"{base}/do/pictures/")
    assert page.locator(".bo-pictures figure").count() == 3
    look(page, "goods-pictures")

    page.goto(f"{base}/do/specifications/")
    page.fill("textarea[name=specifications]", "净含量：100 克，250 克\n香型：鸭屎香，蜜兰香")
    look(page, "goods-specifications")
    page.get_by_role("button", name="保存").click()
    page.wait_for_url("**/change/")
    skus = Sku.objects.filter(product=product, retired_at=None)
    assert set(skus.values_list("title", flat=True)) == {
        f"{weight} {taste}" for weight in ("100 克", "250 克") for taste in ("鸭屎香", "蜜兰香")
    }

    page.goto(f"{base}/do/skus/")
    page.fill("[name=all-stock_change]", "20")
    page.fill(f"[name=sku{skus.order_by('pk')[0].pk}-price_fen]", "131.50")
    look(page, "goods-skus")
    page.get_by_role("button", name="保存").click()
    page.wait_for_url("**/change/")
    assert skus.order_by("pk")[0].price_fen == 13_150
    assert set(skus.values_list("on_hand", flat=True)) == {20}


def test_the_platform_arranges_the_first_page(login: Login) -> None:
    page = login("operator")
    page.goto("/admin/catalogue/banner/do/add/")
    page.fill("[name=title]", "夏日清凉")
    page.select_option("[name=target]", "search")
    page.fill("[name=target_value]", "凉")
    page.set_input_files("input[type=file]", [picture("#7fb7be")])
    look(page, "goods-banner")
    page.get_by_role("button", name="添加轮播图").click()
    page.wait_for_url("**/banner/")
    assert page.get_by_text("夏日清凉").count() == 1
    page.goto("/admin/catalogue/homeshelf/do/add/")
    look(page, "goods-shelf")
    page.goto("/admin/catalogue/hotword/do/set/")
    look(page, "goods-words")
