"""Cart, preview and checkout from outside."""

from typing import Any

import pytest
from tests.api.clients import Api, joined
from tests.usecases.shop import sku

from mingchi.catalogue.models import Sku
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order

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


def bought(buyer: Api, article: Sku) -> Any:
    """One of an article, not paid."""
    wish = {"items": [{"sku_id": article.pk, "qty": 1}], "address_id": address(buyer)}
    digest = buyer.post("/checkout/preview", wish).body["digest"]
    done = buyer.post("/checkout", {**wish, "digest": digest, "note": "Ring twice"})
    assert done.status == 201, done.body
    return done.body


def test_from_the_cart_to_the_payment(article: Sku) -> None:
    buyer, other = joined(), sku(Merchant.objects.create(name="Other"))
    for one in (article, other):
        buyer.post("/cart/items", {"sku_id": one.pk})
    wish = {"address_id": address(buyer)}
    shown = buyer.post("/checkout/preview", wish).body
    done = buyer.post("/checkout", {**wish, "digest": shown["digest"]}).body
    assert done["total_fen"] == shown["payable_fen"] == 200_000
    assert buyer.get("/cart").body["count"] == 0
    checkout = f"/checkouts/{done['checkout_id']}"
    found = buyer.get(checkout).body
    assert (found["number"], found["total_fen"], found["to_pay_fen"]) == (
        done["number"],
        200_000,
        200_000,
    )
    assert {order["id"] for order in found["orders"]} == {
        order["order_id"] for order in done["orders"]
    }
    paying = buyer.post(f"{checkout}/pay", {}).body
    assert paying["amount_fen"] == 200_000
    taken = buyer.post("/payments/sandbox/pay", {"out_trade_no": paying["out_trade_no"]}).body
    assert (taken["outcome"], len(taken["order_ids"])) == ("applied", 2)
    found = buyer.get(checkout).body
    assert ({order["state"] for order in found["orders"]}, found["to_pay_fen"]) == ({"paid"}, 0)
    assert buyer.post(f"{checkout}/pay", {}).code == "not_payable"
    assert buyer.post(f"{checkout}/cancel").code == "impossible_move"


def test_what_changed_comes_with_the_new_preview(article: Sku) -> None:
    buyer = joined()
    wish = {"items": [{"sku_id": article.pk, "qty": 1}], "address_id": address(buyer)}
    digest = buyer.post("/checkout/preview", wish).body["digest"]
    Sku.objects.filter(pk=article.pk).update(price_fen=100_100)
    refused = buyer.post("/checkout", {**wish, "digest": digest})
    assert (refused.status, refused.code) == (409, "preview_changed")
    now = buyer.post("/checkout/preview", wish).body
    assert refused.error["details"]["preview"] == now
    assert now["payable_fen"] == 100_100
    assert not Order.objects.exists()
    assert buyer.post("/checkout", {**wish, "digest": now["digest"]}).status == 201


def test_another_members_checkout_is_not_there(article: Sku) -> None:
    mine, theirs = joined(), joined()
    checkout = f"/checkouts/{bought(mine, article)['checkout_id']}"
    assert theirs.get(checkout).status == 404
    assert theirs.post(f"{checkout}/pay", {}).status == 404
    assert theirs.post(f"{checkout}/cancel").status == 404
    (order,) = mine.get(checkout).body["orders"]
    assert (order["state"], order["note"]) == ("created", "Ring twice")
    own = {"items": [{"sku_id": article.pk, "qty": 1}], "digest": "x"}
    assert theirs.post("/checkout", {**own, "address_id": 1}).status == 404
    foreign = theirs.post("/checkout", {**own, "coupon_ids": [1]})
    assert (foreign.status, foreign.code) == (409, "preview_changed")
    assert mine.post(f"{checkout}/cancel").status == 200
    assert mine.get(checkout).body["orders"][0]["state"] == "cancelled"


def test_a_checkout_needs_a_key_and_a_digest(article: Sku) -> None:
    buyer = joined()
    body = {"items": [{"sku_id": article.pk, "qty": 1}], "digest": "x"}
    assert buyer.post("/checkout", body, key=None).code == "idempotency_key_required"
    assert buyer.post("/checkout", {"items": body["items"]}).status == 422
