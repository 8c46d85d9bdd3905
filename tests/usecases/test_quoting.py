"""What items cost a member: the pure stages, fed from the tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.pricing_shop import offered, template
from tests.usecases.shop import NOW, Shop, member, sku

from mingchi.catalogue.models import Category, Product, Sku
from mingchi.foundation.errors import DomainError
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.pricing.models import Coupon, MemberCoupon
from mingchi.pricing.stages import Quote
from mingchi.usecases import quote_items
from mingchi.usecases.claim_coupons import claim_coupon
from mingchi.usecases.problems import says
from mingchi.usecases.quote_items import Basket, basket, usable


def quote(
    *,
    member_id: int,
    qty: dict[int, int],
    region: str | None,
    now: datetime,
    claim_ids: Sequence[int] | None = (),
) -> tuple[Basket, Quote]:
    found = basket(member_id=member_id, qty=qty, now=now)
    quote_items.refuse_missing(found)
    return found, quote_items.quote(found, region=region, claim_ids=claim_ids).quote


def claim(coupon: Coupon, buyer: Member) -> int:
    return claim_coupon(member_id=buyer.pk, coupon_id=coupon.pk, now=NOW)


@pytest.fixture
def other(shop: Shop) -> Merchant:
    return Merchant.objects.create(name="Other")


def test_two_merchants_with_coupons_of_both_payers(shop: Shop, other: Merchant) -> None:
    buyer, tea, oil = member(), sku(shop.merchant, price_fen=10_000, cost_fen=0), sku(other)
    template(shop, shop.merchant)
    own = claim(offered(shop, merchant=shop.merchant, off_fen=500), buyer)
    platforms = claim(offered(shop, off_fen=1_000), buyer)
    words = {"member_id": buyer.pk, "qty": {tea.pk: 2, oil.pk: 1}, "now": NOW}
    _basket, found = quote(**words, region="330106", claim_ids=[own, platforms])  # type: ignore[arg-type]
    assert found.problems == ()
    assert found.saved_fen == {own: 500, platforms: 1_000}
    first = found.lines[tea.pk]
    assert (first.sale_fen, first.merchant_off_fen, first.shipping_fen) == (20_000, 500, 1_200)
    assert found.total.payable_fen == 120_000 + 1_200 - 1_500
    assert found.lines[oil.pk].shipping_fen == 0  # a merchant without a template
    assert MemberCoupon.objects.filter(state="claimed").count() == 2  # nothing is written


def test_what_may_not_be_chosen(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant)
    first, second = claim(offered(shop), buyer), claim(offered(shop), buyer)
    anothers = claim(offered(shop), member())

    def refused(*claim_ids: int, later: timedelta = timedelta()) -> str:
        with pytest.raises(DomainError) as caught:
            quote(
                member_id=buyer.pk,
                qty={tea.pk: 1},
                region=None,
                claim_ids=claim_ids,
                now=NOW + later,
            )
        assert caught.value.status == 409
        return caught.value.code

    assert refused(first, second) == "coupons_clash"
    assert refused(first, anothers) == "coupon_not_usable"
    assert refused(10**9) == "coupon_not_usable"
    assert refused(first, later=timedelta(days=30)) == "coupon_not_usable"
    tea.product.status = "off"
    tea.product.save()
    with pytest.raises(DomainError, match="sku_not_found"):
        quote(member_id=buyer.pk, qty={tea.pk: 1}, region=None, now=NOW)


def test_what_stands_on_the_shelves_is_what_is_priced(shop: Shop) -> None:
    top = Category.objects.create(name="Food")
    tea = sku(shop.merchant, price_fen=10_000, cost_fen=3_000)
    Category.objects.filter(pk=tea.product.category_id).update(parent=top)
    Sku.objects.filter(pk=tea.pk).update(
        market_price_fen=12_000, market_until=NOW + timedelta(days=1), weight_g=300
    )
    template(shop, shop.merchant)
    buyer = member()
    words = {"member_id": buyer.pk, "qty": {tea.pk: 1}, "region": None}
    one = quote(**words, now=NOW)[0].lines[0]  # type: ignore[arg-type]
    assert one.category_path == {top.pk, tea.product.category_id}
    assert (one.list_price_fen, one.weight_g) == (12_000, 300)
    late_basket, late = quote(**words, now=NOW + timedelta(days=1))  # type: ignore[arg-type]
    assert late_basket.lines[0].list_price_fen is None
    assert late.total.shipping_fen == 1_000
    Product.objects.update(goods_type="virtual")
    assert quote(**words, now=NOW)[1].total.shipping_fen == 0  # type: ignore[arg-type]


def test_shares_that_do_not_fit_are_found_before_paying(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant, price_fen=10_000, cost_fen=3_900)
    Sku.objects.update(distribution_fen=3_000, pool_fen=3_000)
    own = claim(offered(shop, merchant=shop.merchant, off_fen=4_001), buyer)
    _basket, found = quote(
        member_id=buyer.pk, qty={tea.pk: 1}, region=None, claim_ids=[own], now=NOW
    )
    # Of 59.99 yuan 60 go, even where the shop gets nothing.
    (problem,) = found.problems
    assert (problem.code, problem.sku_id, problem.coupon) == ("split_exceeds_price", tea.pk, own)
    assert "shop" not in str(says(problem))  # the member's coupon is the matter, not the shares
    platforms = claim(offered(shop, off_fen=3_000), buyer)
    _basket, fine = quote(
        member_id=buyer.pk, qty={tea.pk: 1}, region=None, claim_ids=[platforms], now=NOW
    )
    assert fine.problems == ()


def test_which_coupons_are_of_use_and_why_others_are_not(shop: Shop, other: Merchant) -> None:
    buyer, tea = member(), sku(shop.merchant)
    good = claim(offered(shop, off_fen=2_000), buyer)
    better = claim(offered(shop, off_fen=3_000), buyer)
    own = claim(offered(shop, merchant=shop.merchant, off_fen=100), buyer)
    near = claim(offered(shop, kind="threshold", off_fen=50, min_spend_fen=100_001), buyer)
    far = claim(offered(shop, kind="threshold", off_fen=50, min_spend_fen=200_000), buyer)
    foreign = claim(offered(shop, merchant=other), buyer)
    nothing = claim(offered(shop, kind="free_shipping", cap_fen=900), buyer)
    found = usable(basket(member_id=buyer.pk, qty={tea.pk: 1}, now=NOW), region=None)
    by_key = {one.coupon.pk: one for one in found}
    assert [one.coupon.pk for one in found[:3]] == [better, good, own]
    assert {key for key, one in by_key.items() if one.is_suggested} == {better, own}
    why = {key: one.problem for key, one in by_key.items() if one.problem}
    assert {key: (problem.code, problem.missing_fen) for key, problem in why.items()} == {
        near: ("below_minimum", 1),
        far: ("below_minimum", 100_000),
        foreign: ("nothing_covered", 0),
        nothing: ("nothing_to_take_off", 0),
    }
    assert all(by_key[key].saved_fen == 0 and says(problem) for key, problem in why.items())


def test_a_price_costs_few_queries(shop: Shop, other: Merchant) -> None:
    buyer, goods = member(), [sku(m) for m in (shop.merchant, other) for _ in range(5)]
    for merchant in (shop.merchant, other):
        template(shop, merchant)
    own = claim(offered(shop), buyer)
    with CaptureQueriesContext(connection) as queries:
        quote(
            member_id=buyer.pk,
            qty={article.pk: 1 for article in goods},
            region="330106",
            claim_ids=[own],
            now=NOW,
        )
    assert len(queries) <= 8
