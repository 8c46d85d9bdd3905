"""Coupons and shipping templates from outside."""

from datetime import timedelta
from typing import Any

import pytest
from tests.api.clients import Api, joined, staff
from tests.usecases.shop import sku

from mingchi.catalogue.models import Sku
from mingchi.foundation import clock
from mingchi.merchants.models import Merchant

pytestmark = pytest.mark.django_db


def body(**more: Any) -> dict[str, Any]:
    now = clock.now()
    return {
        "name": "Ten off",
        "kind": "fixed",
        "off_fen": 1_000,
        "total": 10,
        "starts_at": (now - timedelta(days=1)).isoformat(),
        "ends_at": (now + timedelta(days=9)).isoformat(),
        **more,
    }


def given_out(by: Api, **more: Any) -> int:
    made = by.post("/staff/coupons", body(**more))
    assert made.status == 201, made.body
    key = int(made.body["id"])
    assert by.post(f"/staff/coupons/{key}/open", {}).body == {"state": "open"}
    return key


def test_a_coupon_from_draft_to_the_figures(merchant: Merchant, article: Sku) -> None:
    operator, buyer = staff("operator"), joined()
    key = given_out(operator)
    code = given_out(operator, channel="code", code="TEA2026", off_fen=500)
    (shown,) = buyer.get("/coupons/centre").body["items"]
    assert (shown["id"], shown["left"], shown["own"], shown["merchant"]) == (key, 10, 0, None)
    assert buyer.post(f"/coupons/centre/{key}/claim").status == 201
    assert buyer.post(f"/coupons/centre/{key}/claim").code == "coupon_limit"
    assert buyer.post(f"/coupons/centre/{code}/claim").status == 404
    assert buyer.post("/coupons/claim", {"code": "tea2026"}).status == 201
    assert buyer.post("/coupons/claim", {"code": "nothing"}).code == "code_unknown"
    assert buyer.get("/coupons/centre").body["items"][0]["own"] == 1
    mine = buyer.get("/coupons").body["items"]
    assert [(one["coupon_id"], one["state"]) for one in mine] == [
        (code, "claimed"),
        (key, "claimed"),
    ]
    assert buyer.get("/coupons?state=used").body["items"] == []
    found = buyer.post("/coupons/usable", {"items": [{"sku_id": article.pk, "qty": 1}]})
    assert [(one["saved_fen"], one["is_suggested"]) for one in found.body["coupons"]] == [
        (1_000, True),
        (500, False),
    ]
    dear = given_out(operator, kind="threshold", min_spend_fen=10**9)
    buyer.post(f"/coupons/centre/{dear}/claim")
    found = buyer.post("/coupons/usable", {"items": [{"sku_id": article.pk, "qty": 1}]})
    (last,) = [one for one in found.body["coupons"] if one["coupon_id"] == dear]
    assert (last["code"], last["message"]) == (
        "below_minimum",
        "The articles do not reach its minimum.",
    )
    seen = operator.get(f"/staff/coupons/{key}").body
    assert (seen["taken"], seen["budget_fen"], seen["figures"]["claimed"]) == (1, 10_000, 1)
    assert operator.post(f"/staff/coupons/{key}/close", {"reason": "enough"}).status == 200
    shown = buyer.get("/coupons/centre").body["items"]
    assert [one["id"] for one in shown] == [dear]


def test_what_is_over_counts_as_expired_at_once(merchant: Merchant) -> None:
    from mingchi.pricing.models import MemberCoupon

    operator, buyer = staff("operator"), joined()
    buyer.post(f"/coupons/centre/{given_out(operator)}/claim")
    MemberCoupon.objects.update(good_until=clock.now())
    assert buyer.get("/coupons").body["items"] == []
    (over,) = buyer.get("/coupons?state=expired").body["items"]
    assert over["state"] == "expired"


def test_codes_are_not_guessed(merchant: Merchant) -> None:
    buyer = joined()
    answers = [buyer.post("/coupons/claim", {"code": f"GUESS{n}"}).status for n in range(31)]
    assert answers == [404] * 30 + [429]


def test_the_same_article_twice_is_refused(article: Sku) -> None:
    item = {"sku_id": article.pk, "qty": 1}
    assert joined().post("/coupons/usable", {"items": [item, item]}).code == "items_invalid"


def test_a_merchants_staff_see_and_change_their_own(merchant: Merchant) -> None:
    other = Merchant.objects.create(name="Other")
    operator, manager = staff("operator"), staff(merchant=merchant)
    own = given_out(manager, merchant_id=merchant.pk)
    others = staff(merchant=other)
    hidden = [given_out(operator), given_out(others, merchant_id=other.pk)]
    listed = manager.get("/staff/coupons").body["items"]
    assert [found["id"] for found in listed] == [own]
    for key in hidden:
        one = f"/staff/coupons/{key}"
        assert manager.get(one).status == 404
        assert manager.send("PUT", one, body()).status == 404
        assert manager.post(f"{one}/close", {"reason": "mine"}).status == 404
        grant = {"member_ids": [1], "reason": "mine"}
        assert manager.post(f"{one}/grant", grant).status == 404
    assert manager.post("/staff/coupons", body()).status == 403
    assert manager.post("/staff/coupons", body(merchant_id=other.pk)).status == 404


def test_shipping_templates(merchant: Merchant, article: Sku) -> None:
    manager, other = staff(merchant=merchant), Merchant.objects.create(name="Other")
    fee = {"first_units": 1, "first_fen": 800, "additional_units": 1, "additional_fen": 200}
    data = {
        "name": "Usual",
        "unit": "piece",
        "default": fee,
        "rules": [{"regions": ["33", "310115"], "fee": None}],
    }
    made = manager.post("/staff/shipping-templates", {**data, "merchant_id": merchant.pk})
    assert made.status == 201, made.body
    (found,) = manager.get("/staff/shipping-templates").body["items"]
    assert (found["name"], found["is_default"]) == ("Usual", True)
    assert found["default"]["first_fen"] == 800
    assert found["rules"] == [{"regions": ["33", "310115"], "fee": None}]
    one = f"/staff/shipping-templates/{made.body['id']}"
    wrong = {**data, "rules": [{"regions": ["99"], "fee": None}]}
    refused = manager.send("PUT", one, wrong)
    assert (refused.code, refused.error["field"]) == ("rules_invalid", "rules")
    assert "Rule 1" in refused.error["message"]
    assert manager.send("PUT", one, {**data, "name": "Other name"}).status == 200
    assign = {
        "merchant_id": merchant.pk,
        "template_id": made.body["id"],
        "product_ids": [article.product_id],
    }
    assert manager.post("/staff/product-shipping", assign).status == 200
    assert manager.send("DELETE", one, None).code == "template_in_use"
    foreign = sku(other).product_id
    assert (
        manager.post("/staff/product-shipping", {**assign, "product_ids": [foreign]}).status == 404
    )
    stranger = staff(merchant=other)
    assert stranger.get("/staff/shipping-templates").body["items"] == []
    assert stranger.send("PUT", one, data).status == 404
    assert stranger.send("DELETE", one, None).status == 404


def test_much_money_takes_a_second_person(merchant: Merchant) -> None:
    operator, finance = staff("operator"), staff("finance")
    key = operator.post("/staff/coupons", body(total=10_000)).body["id"]
    assert operator.post(f"/staff/coupons/{key}/open", {}).body == {"state": "asked"}
    proposal = operator.get(f"/staff/coupons/{key}").body["proposal_id"]
    decide = f"/staff/coupon-proposals/{proposal}/decide"
    assert operator.post(decide, {"approve": True}).status == 403
    assert finance.post(decide, {"approve": True}).body == {"state": "open"}


def test_a_merchant_accepts_what_it_pays_for(merchant: Merchant) -> None:
    operator, manager = staff("operator"), staff(merchant=merchant)
    made = operator.post("/staff/coupons", body(merchant_id=merchant.pk)).body["id"]
    one = f"/staff/coupons/{made}"
    assert operator.post(f"{one}/open", {}).body == {"state": "asked"}
    assert operator.post(f"{one}/accept", {"approve": True}).status == 403
    assert manager.post(f"{one}/accept", {"approve": True}).body == {"state": "open"}
    assert manager.post(f"{one}/accept", {"approve": True}).code == "coupon_not_asked"
