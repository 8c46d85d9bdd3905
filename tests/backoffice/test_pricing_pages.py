"""Coupons and shipping templates in the back office: drawn up, given out, approved, edited."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from tests.backoffice.conftest import SignIn
from tests.backoffice.test_acts import do
from tests.usecases.shop import Shop, member, sku, staff

from mingchi.foundation.models import Proposal
from mingchi.merchants.models import Merchant
from mingchi.pricing import templates
from mingchi.pricing.models import Coupon, MemberCoupon, ShippingTemplate
from mingchi.pricing.shipping import Fee

pytestmark = pytest.mark.django_db
FEE = {
    "first_units": 1, "first_fen": 800, "additional_units": 1, "additional_fen": 200,
    "free_from_fen": 9900, "free_from_pieces": None,
}  # fmt: skip


@pytest.fixture
def owner(shop: Shop, sign_in: SignIn) -> Client:
    return sign_in(shop.owner)


def stated(**more: Any) -> dict[str, Any]:
    now = timezone.localtime()
    first, last = now - timedelta(days=1), now + timedelta(days=9)
    return {
        "name": "Tea week", "payer": "", "kind": "threshold", "off_fen": "30",
        "min_spend_fen": "200.00", "scope": "all", "channel": "centre", "total": 100,
        "per_member": 1, "starts_at_0": f"{first:%Y-%m-%d}", "starts_at_1": "00:00:00",
        "ends_at_0": f"{last:%Y-%m-%d}", "ends_at_1": "00:00:00", **more,
    }  # fmt: skip


def test_a_coupon_is_drawn_up_changed_given_out_and_closed(shop: Shop, owner: Client) -> None:
    product = sku(shop.merchant).product
    do(owner, Coupon, "add", **stated(scope="product", products=[product.pk], categories=[]))
    coupon = Coupon.objects.get()
    assert (coupon.off_fen, coupon.min_spend_fen) == (3_000, 20_000)
    assert (coupon.merchant_id, coupon.targets) == (None, [product.pk])
    do(owner, coupon, "edit", **stated(kind="percentage", off_ppm="12.5", cap_fen="20"))
    coupon.refresh_from_db()
    assert (coupon.kind, coupon.off_ppm, coupon.cap_fen) == ("percentage", 125_000, 2_000)
    do(owner, coupon, "open", reason="")
    page = owner.get(reverse("admin:pricing_coupon_change", args=[coupon.pk]))
    assert "12.5% off, at most 20.00 yuan" in page.content.decode()
    do(owner, coupon, "close", reason="enough")
    coupon.refresh_from_db()
    assert coupon.state == "closed"


def test_what_is_wrong_is_said_at_its_field(shop: Shop, owner: Client) -> None:
    answer = do(owner, Coupon, "add", **stated(min_spend_fen="29"))
    assert answer.context_data["form"].errors == {
        "min_spend_fen": ["The minimum is at least what is taken off."]
    }
    answer = do(owner, Coupon, "add", **stated(scope="category"))
    assert "Name 1 to 200 that there are." in answer.content.decode()
    assert not Coupon.objects.exists()


def test_a_dear_one_is_approved_by_finance(
    shop: Shop, owner: Client, sign_in: SignIn, settings: Settings
) -> None:
    settings.COUPON_BUDGET_FEN = 100_000
    do(owner, Coupon, "add", **stated())
    coupon = Coupon.objects.get()
    do(owner, coupon, "open", reason="spring")
    coupon.refresh_from_db()
    assert coupon.state == "asked"
    finance = sign_in(shop.finance)
    proposal = Proposal.objects.get()
    shown = finance.get(reverse("admin:foundation_proposal_change", args=[proposal.pk]))
    assert "Tea week" in shown.content.decode()
    assert "3,000.00" in shown.content.decode()  # the budget
    do(finance, proposal, "approve-coupon", reason="")
    coupon.refresh_from_db()
    assert coupon.state == "open"


def test_granting_by_number(shop: Shop, owner: Client) -> None:
    do(owner, Coupon, "add", **stated(channel="grant"))
    coupon = Coupon.objects.get()
    do(owner, coupon, "open", reason="")
    one, two = member(), member()
    wrong = do(owner, coupon, "grant", members="seven", reason="sorry")
    assert "These are no numbers of members." in wrong.content.decode()
    do(owner, coupon, "grant", members=f"m{one.pk}，{two.pk}", reason="sorry")
    assert MemberCoupon.objects.filter(coupon=coupon).count() == 2
    page = owner.get(reverse("admin:pricing_membercoupon_changelist")).content.decode()
    assert one.phone not in page


def test_a_manager_pays_with_the_own_shops_money(shop: Shop, sign_in: SignIn) -> None:
    Merchant.objects.create(name="Other")
    manager = sign_in(staff(merchant=shop.merchant))
    page = manager.get(reverse("admin:pricing_coupon_do_on_list", args=["add"]))
    choices = page.context_data["form"].fields["payer"].choices  # type: ignore[attr-defined]
    assert [key for key, _name in choices] == [shop.merchant.pk]
    do(manager, Coupon, "add", **stated(payer=""))
    assert not Coupon.objects.exists()
    do(manager, Coupon, "add", **stated(payer=shop.merchant.pk))
    assert Coupon.objects.get().merchant_id == shop.merchant.pk


def test_a_shipping_template_from_add_to_delete(shop: Shop, owner: Client) -> None:
    rules = {"default": FEE, "rules": [{"regions": ["33", "3101"], "fee": None}]}
    words = {"merchant_id": shop.merchant.pk, "name": "Usual", "unit": "piece"}
    wrong = do(owner, ShippingTemplate, "add", **words, rules=json.dumps(rules))
    assert "Rule 1: there is no region 3101." in wrong.content.decode()
    rules["rules"] = [{"regions": ["33", "310115"], "fee": None}]
    do(owner, ShippingTemplate, "add", **words, rules=json.dumps(rules))
    template = ShippingTemplate.objects.get()
    assert templates.of(template).default == Fee(**FEE)
    page = owner.get(reverse("admin:pricing_shippingtemplate_change", args=[template.pk]))
    assert "浙江省、上海市 浦东新区" in page.content.decode()
    assert "from 99.00 yuan" in page.content.decode()
    product = sku(shop.merchant).product
    do(owner, template, "goods", products=[product.pk])
    assert template.products.count() == 1
    do(owner, template, "goods", products=[])
    assert template.products.count() == 0
    do(owner, template, "remove")
    assert not ShippingTemplate.objects.exists()


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "no rules",
        "[]",
        '{"default": null}',
        '{"default": {"first_units": "1"}, "rules": []}',
        json.dumps({"default": {**FEE, "first_fen": "8.00"}, "rules": []}),
        json.dumps({"default": {**FEE, "free_from_fen": 1.5}, "rules": []}),
        json.dumps({"default": FEE, "rules": [{"regions": [], "fee": None}]}),
        json.dumps({"default": None, "rules": []}),
    ],
)
def test_rules_that_can_not_be(shop: Shop, owner: Client, rules: str) -> None:
    words = {"merchant_id": shop.merchant.pk, "name": "Usual", "unit": "piece"}
    answer = do(owner, ShippingTemplate, "add", **words, rules=rules)
    assert list(answer.context_data["form"].errors) == ["rules"]
    assert not ShippingTemplate.objects.exists()
