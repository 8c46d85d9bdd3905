"""Cart, preview and checkout from outside."""

from typing import Any

import pytest
from tests.api.clients import Api, joined
from tests.usecases.shop import sku

from mingchi.catalogue.models import Sku
from mingchi.merchants.models import Merchant

pytestmark = pytest.mark.django_db


def address(buyer: Api) -> int:
    place = {"name": "Li", "phone": "13912345678", "region": "330106", "detail": "1 West Lake"}
    made = buyer.post("/members/addresses", place)
    assert made.status == 201, made.body
    return int(made.body["id"])


def test_a_cart_over_two_shops(article: Sku) -> None:
    buyer, other = joined(), sku(Merchant.objects.create(name="Other"), on_hand=3)
    assert buyer.get("/cart").body == {
        "shops": [],
        "count": 0,
        "selected_count": 0,
        "goods_fen": 0,
    }
    assert buyer.post("/cart/items", {"sku_id": article.pk, "qty": 2}).status == 200
    cart = buyer.post("/cart/items", {"sku_id": other.pk}).body
    assert [shop["merchant_name"] for shop in cart["shops"]] == ["Other", "明池自营"]
    assert (cart["count"], cart["selected_count"], cart["goods_fen"]) == (2, 2, 300_000)
    (item,) = cart["shops"][0]["items"]
    assert (item["name"], item["stock"], item["left"], item["problem"], item["image"]) == (
        other.product.title,
        "low",
        3,
        None,
        None,
    )
    changed = buyer.send("PUT", f"/cart/items/{article.pk}", {"is_selected": False}).body
    assert (changed["selected_count"], changed["goods_fen"]) == (1, 100_000)
    chosen = buyer.post("/cart/select", {"is_selected": True, "merchant_id": 1}).body
    assert chosen["count"] == 2
    Sku.objects.filter(pk=other.pk).update(on_hand=0)
    (item,) = buyer.get("/cart").body["shops"][0]["items"]
    assert (item["problem"]["code"], item["problem"]["message"]) == ("out_of_stock", "Sold out.")
    assert buyer.send("DELETE", f"/cart/items/{other.pk}", None).body["count"] == 1
    assert joined().get("/cart").body["count"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/cart/items", {"sku_id": 999, "qty": 1}, 404),
        ("POST", "/cart/items", {"sku_id": 1, "qty": 0}, 422),
        ("POST", "/cart/items", {"sku_id": 1, "qty": 1_000}, 422),
        ("PUT", "/cart/items/999", {"qty": 1}, 404),
        ("POST", "/checkout/preview", {}, 409),
        ("POST", "/checkout/preview", {"items": []}, 422),
        ("POST", "/checkout/preview", {"items": [{"sku_id": 1, "qty": 1}], "price_fen": 1}, 422),
        ("POST", "/checkout/preview", {"address_id": 999}, 404),
    ],
)
def test_what_is_refused(
    article: Sku, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    refused = joined().send(method, path, body)
    assert refused.status == status
    assert refused.error["message"]


def test_a_preview_in_both_languages_has_one_digest(article: Sku) -> None:
    buyer = joined()
    buyer.post("/cart/items", {"sku_id": article.pk, "qty": 2})
    wish = {"address_id": address(buyer)}
    english = buyer.post("/checkout/preview", wish).body
    chinese = buyer.post("/checkout/preview", wish, **{"Accept-Language": "zh-Hans"}).body
    assert english["digest"] == chinese["digest"]
    assert (english["stages"][0]["label"], chinese["stages"][0]["label"]) == ("Goods", "商品金额")
    (shop,) = english["shops"]
    (line,) = shop["lines"]
    assert (line["goods_fen"], line["qty"], line["problem"]) == (200_000, 2, None)
    assert english["payable_fen"] == shop["total_fen"] == 200_000
    assert english["address"]["phone"] == "139****5678"
    assert english["problems"] == english["coupons"] == []


def test_problems_stand_with_their_article(article: Sku) -> None:
    buyer = joined()
    wish = {"items": [{"sku_id": article.pk, "qty": 101}, {"sku_id": 999, "qty": 1}]}
    found = buyer.post("/checkout/preview", wish).body
    assert [(each["code"], each["sku_id"]) for each in found["problems"]] == [
        ("not_on_sale", 999),
        ("out_of_stock", article.pk),
        ("address_needed", None),
    ]
    assert found["shops"][0]["lines"][0]["problem"]["code"] == "out_of_stock"


def test_anothers_address_and_coupon_are_not_there(article: Sku) -> None:
    mine, theirs = joined(), joined()
    items = [{"sku_id": article.pk, "qty": 1}]
    foreign = {"items": items, "address_id": address(theirs)}
    assert mine.post("/checkout/preview", foreign).status == 404
    unknown = mine.post("/checkout/preview", {"items": items, "coupon_ids": [999]})
    assert (unknown.status, unknown.code) == (409, "coupon_not_usable")
