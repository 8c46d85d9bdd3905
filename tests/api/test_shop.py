"""The window of the shop from outside, and staff who arrange it."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from pytest_django import Settings
from tests.api.clients import Answer, Api, answer, joined, staff
from tests.catalogue.conftest import media  # noqa: F401 - a fixture
from tests.catalogue.test_pictures import PAYLOAD, encoded, frames
from tests.usecases.shop import sku

from mingchi.api import catalogue_shapes as shapes
from mingchi.catalogue.models import Category, Image, Product, Sku
from mingchi.merchants.models import Merchant

HOSTILE = "<script>alert('x')</script> 😀"


def upload(api: Api, data: bytes, merchant_id: int | None = None, **named: str) -> Answer:
    file = SimpleUploadedFile(
        named.get("name", "a.png"), data, content_type=named.get("type", "image/png")
    )
    fields: dict[str, Any] = {"image": file}
    if merchant_id is not None:
        fields["merchant_id"] = str(merchant_id)
    sent = api.client.generic(
        "POST",
        "/api/staff/images",
        encode_multipart(BOUNDARY, fields),
        content_type=MULTIPART_CONTENT,
        headers=api.headers,
    )
    return answer(sent)


@pytest.fixture
def manager(merchant: Merchant) -> Api:
    return staff(merchant=merchant)


@pytest.mark.usefixtures("media")
def test_a_product_from_nothing_to_the_window(merchant: Merchant, manager: Api) -> None:
    operator = staff("operator")
    shelf = operator.post("/staff/categories", {"name": "茶具"}).body["id"]
    brand = operator.post("/staff/brands", {"name": "山间茶事", "story": "1998"}).body["id"]
    made = manager.post(
        "/staff/products",
        {
            "merchant_id": merchant.pk,
            "category_id": shelf,
            "brand_id": brand,
            "title": f"青瓷盖碗 {HOSTILE}",
            "parameters": [{"name": "产地", "value": "龙泉"}],
            "limit_per_member": 2,
            "detail": "<p onclick=x>手工<script>x</script></p>",
        },
    ).body["id"]
    assert Api().get(f"/shop/products/{made}").status == 404
    pictures = [upload(manager, encoded(size=(900, n)), merchant.pk).body for n in (600, 700)]
    specifications = [
        {
            "name": "釉色",
            "values": [{"name": "粉青", "image_id": pictures[1]["id"]}, {"name": "梅子青"}],
        }
    ]
    base = f"/staff/products/{made}"
    told = manager.send(
        "PUT",
        f"{base}/specifications",
        {"specifications": specifications, "price_fen": 11_900, "cost_fen": 4_000, "version": 1},
    )
    assert told.body == {"version": 2}
    order = [each["id"] for each in pictures]
    assert manager.send("PUT", f"{base}/images", {"image_ids": order}).body == {"version": 3}
    skus = manager.get(base).body["skus"]
    rows = [
        {"id": row["id"], "code": row["code"], "price_fen": 11_900 + place, "cost_fen": 4_000,
         "stock_change": 5 + 20 * place}
        for place, row in enumerate(skus)
    ]  # fmt: skip
    assert manager.send("PUT", f"{base}/skus", {"skus": rows, "version": 3}).status == 200
    assert manager.send("PATCH", base, {"status": "on_sale", "version": 4}).body == {"version": 5}

    page = Api().get(f"/shop/products/{made}").body
    assert page["title"] == f"青瓷盖碗 {HOSTILE}"
    assert page["detail"] == "<p>手工</p>"
    assert page["brand"]["name"] == "山间茶事"
    assert [crumb["name"] for crumb in page["categories"]] == ["茶具"]
    assert page["pictures"] == [each["picture"] for each in pictures]
    assert page["limit_per_member"] == 2
    [glaze] = page["specifications"]
    assert [value["name"] for value in glaze["values"]] == ["粉青", "梅子青"]
    assert glaze["values"][0]["picture"] == pictures[1]["picture"]
    told_stock = [(sku["stock"], sku["left"], sku["value_ids"]) for sku in page["skus"]]
    keys = [value["id"] for value in glaze["values"]]
    assert told_stock == [("low", 5, [keys[0]]), ("in_stock", None, [keys[1]])]
    [card] = Api().get("/shop/products?search=盖碗").body["items"]
    assert (card["price_fen"], card["stock"]) == (11_900, "in_stock")
    assert card["market_price_fen"] is None
    assert card["cover"] == pictures[0]["picture"]
    # What is sent as it is agrees with the shape that the docs tell.
    assert shapes.ProductOut(**page).model_dump(mode="json") == page
    assert shapes.ProductCardOut(**card).model_dump(mode="json") == card
    assert not any(name in str(page) + str(card) for name in ("cost_fen", "on_hand", "keywords"))


@pytest.mark.usefixtures("media")
def test_pictures_that_are_refused(merchant: Merchant, manager: Api) -> None:
    for data, code, status in (
        (b"", "image_empty", 400),
        (encoded() + b"0" * 20 * 1024**2, "image_too_large", 413),
        (b"GIF89a" + PAYLOAD, "image_type_unknown", 400),
        (frames("WEBP"), "image_animated", 400),
    ):
        found = upload(manager, data, merchant.pk)
        assert (found.status, found.code, found.error["field"]) == (status, code, "image")
    # The type is what it is, not what is said of it.
    disguised = upload(manager, b"<html>", merchant.pk, name="a.png", type="image/png")
    assert disguised.code == "image_type_unknown"
    honest = upload(manager, encoded(), merchant.pk, name="../../x.html", type="text/html")
    assert honest.status == 201
    assert honest.body["picture"]["url"].startswith("/media/")
    assert honest.body["picture"]["url"].endswith(".webp")
    assert upload(manager, encoded(), 10**9).status == 404
    assert upload(joined(), encoded(), merchant.pk).status in (401, 403)
    assert Image.objects.count() == 1


def test_more_than_anybody_needs_is_not_even_read(merchant: Merchant, manager: Api) -> None:
    found = upload(manager, b"0" * (33 * 1024**2), merchant.pk)
    assert (found.status, found.code) == (413, "too_large")


def test_repeat_loads_are_cheap(merchant: Merchant, settings: Settings) -> None:
    sku(merchant)
    for path in ("/shop/home", "/shop/categories", "/shop/brands", "/shop/suggestions?text=tea"):
        first = Api().get(path)
        assert first.headers["Cache-Control"] == "public, max-age=60"
        assert "Accept-Language" in first.headers["Vary"]
        again = Api().get(path, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")
    Category.objects.update(name="Coffee")
    changed = Api().get("/shop/categories", **{"If-None-Match": first.headers["ETag"]})
    assert changed.body[0]["name"] == "Coffee"


@pytest.mark.usefixtures("media")
def test_the_first_page(merchant: Merchant) -> None:
    articles, operator = [sku(merchant) for _ in range(3)], staff("operator")
    image = upload(operator, encoded(size=(750, 300))).body
    banner = {"title": "春茶", "image_id": image["id"], "target": "search", "target_value": "茶"}
    made = operator.post("/staff/window/banners", banner)
    assert made.status == 201
    shelf = Category.objects.get().pk
    chosen = [articles[2].product_id, articles[0].product_id]
    for stated in (
        {"title": "精选", "kind": "chosen", "product_ids": chosen},
        {"title": "新品", "kind": "newest", "category_id": shelf, "length": 2},
        {"title": "空的", "kind": "chosen"},
    ):
        assert operator.post("/staff/window/shelves", stated).status == 201
    words = {"words": ["龙井"]}
    assert operator.send("PUT", "/staff/window/hot-words", words).status == 200
    page = Api().get("/shop/home").body
    assert page["banners"][0]["picture"] == image["picture"]
    assert (page["banners"][0]["target"], page["banners"][0]["target_value"]) == ("search", "茶")
    assert [row["title"] for row in page["shelves"]] == ["精选", "新品"]
    assert [product["id"] for product in page["shelves"][0]["products"]] == chosen
    assert len(page["shelves"][1]["products"]) == 2
    assert page["hot_words"] == ["龙井"]
    assert shapes.HomeOut(**page).model_dump(mode="json") == page
    Category.objects.update(is_hidden=True)
    hidden = Api().get("/shop/home").body
    assert hidden["shelves"] == []
    assert Api().get("/shop/categories").body == []
    assert Api().get(f"/shop/products?category_id={shelf}").status == 404
    address = f"/staff/window/banners/{made.body['id']}"
    assert operator.send("PATCH", address, {"is_hidden": True, "version": 1}).status == 200
    late = operator.send("PATCH", address, {"is_hidden": False, "version": 1})
    assert (late.status, late.code) == (409, "changed_meanwhile")
    assert late.error["details"]["changes"][0]["fields"] == {"is_hidden": True}


def test_what_a_member_keeps(article: Sku) -> None:
    member, key = joined(), article.product_id
    for kept in ("favourites", "visits"):
        for _again in range(2):
            assert member.send("PUT", f"/shop/{kept}/{key}", None).status == 200
        assert [card["id"] for card in member.get(f"/shop/{kept}").body] == [key]
        assert joined().get(f"/shop/{kept}").body == []
        assert Api().get(f"/shop/{kept}").status == 401
        assert member.send("PUT", f"/shop/{kept}/{10**9}", None).status == 404
        Product.objects.update(status="off")
        assert member.get(f"/shop/{kept}").body == []
        Product.objects.update(status="on_sale")
    assert member.get(f"/shop/favourites/{key}").body == {"done": True}
    assert member.send("DELETE", f"/shop/favourites/{key}", None).status == 200
    assert member.get(f"/shop/favourites/{key}").body == {"done": False}
    assert member.send("DELETE", "/shop/visits", None).status == 200
    assert member.get("/shop/visits").body == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/staff/products/{}", None),
        ("PATCH", "/staff/products/{}", {"title": "Mine"}),
        ("PUT", "/staff/products/{}/images", {"image_ids": []}),
        ("PUT", "/staff/products/{}/specifications", {"specifications": []}),
    ],
)
def test_goods_of_another_merchant_are_not_there(
    article: Sku, method: str, path: str, body: Any
) -> None:
    stranger = staff(merchant=Merchant.objects.create(name="Another"))
    found = stranger.send(method, path.format(article.product_id), body)
    assert found.status == 404
    body = {"merchant_id": article.product.merchant_id, "category_id": 1, "title": "x"}
    assert stranger.post("/staff/products", body).status == 404
    assert Product.objects.get().version == 1


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": "字" * 10_000},
        {"title": "a\x00b"},
        {"detail": "x" * 50_001},
        {"price": 1},
        {"parameters": [{"name": "x", "value": "y"}] * 51},
        {"limit_per_member": 0},
        {"on_sale_at": "2026-01-01T00:00:00"},
        {"version": 0},
    ],
    ids=lambda body: next(iter(body)),
)
def test_what_is_no_edit(article: Sku, body: dict[str, Any]) -> None:
    found = staff("operator").send("PATCH", f"/staff/products/{article.product_id}", body)
    assert (found.status, found.error["field"]) == (422, next(iter(body)))


def test_null_clears_what_may_be_empty(article: Sku) -> None:
    api, address = staff("operator"), f"/staff/products/{article.product_id}"
    brand = api.post("/staff/brands", {"name": "Mingchi"}).body["id"]
    api.send("PATCH", address, {"brand_id": brand, "limit_per_member": 3})
    assert api.get(address).body["brand_id"] == brand
    api.send("PATCH", address, {"brand_id": None, "limit_per_member": None, "title": None})
    found = api.get(address).body
    assert (found["brand_id"], found["limit_per_member"]) == (None, None)
    assert found["title"].startswith("Tea")


def test_a_folder_of_pictures_is_named(tmp_path: Path) -> None:
    from mingchi.config import environment

    stated = environment.image_storage()
    assert stated["OPTIONS"]["location"] == environment.var_dir() / "media"


def test_a_sandbox_says_that_it_is_one(settings: Settings) -> None:
    assert Api().get("/shop/about").body == {"is_sandbox": True}
    settings.LIVE = True
    assert Api().get("/shop/about").body == {"is_sandbox": False}
