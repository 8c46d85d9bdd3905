"""What a checkout would cost: every stage by its name, what stands in the way, and a digest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.pricing_shop import ENDS, offered, template
from tests.usecases.shop import NOW, Shop, member, sku

from mingchi.catalogue.models import Product, Sku
from mingchi.foundation.errors import DomainError
from mingchi.members.addresses import Place
from mingchi.members.models import Address, Member
from mingchi.merchants.models import Merchant
from mingchi.pricing.models import Coupon, MemberCoupon
from mingchi.pricing.shipping import Rule
from mingchi.usecases import keep_cart
from mingchi.usecases.claim_coupons import claim_coupon
from mingchi.usecases.keep_addresses import add_address
from mingchi.usecases.offers import Item
from mingchi.usecases.preview_checkout import Preview, Stage, Wish, coupons, preview

HOME = Place(name="Li", phone="13912345678", region="330106", detail="1 West Lake")


def claim(coupon: Coupon, buyer: Member) -> int:
    return claim_coupon(member_id=buyer.pk, coupon_id=coupon.pk, now=NOW)


@pytest.fixture
def other(shop: Shop) -> Merchant:
    return Merchant.objects.create(name="Other")


def wish(buyer: Member, *articles: Sku, **more: Any) -> Wish:
    items = tuple(Item(sku_id=article.pk, qty=1) for article in articles)
    home = add_address(member_id=buyer.pk, place=HOME)
    return Wish(**{"items": items, "address_id": home, "coupon_ids": (), **more})


def seen(buyer: Member, wanted: Wish) -> Preview:
    return preview(member_id=buyer.pk, wish=wanted, now=NOW)


def amounts(stages: tuple[Stage, ...]) -> list[tuple[str, int]]:
    return [(stage.code, stage.amount_fen) for stage in stages]


def test_every_stage_has_its_name_and_they_sum(shop: Shop, other: Merchant) -> None:
    buyer, tea, oil = member(), sku(shop.merchant), sku(other, price_fen=50_000, cost_fen=0)
    Sku.objects.filter(pk=tea.pk).update(market_price_fen=120_000, market_until=ENDS)
    template(shop, shop.merchant)
    own = claim(offered(shop, merchant=shop.merchant, off_fen=500), buyer)
    platforms = claim(offered(shop, off_fen=3_000), buyer)
    found = seen(buyer, wish(buyer, tea, oil, coupon_ids=(own, platforms)))
    assert amounts(found.stages) == [
        ("goods", 170_000),
        ("price_cut", -20_000),
        ("merchant_coupon", -500),
        ("shipping", 1_000),
        ("platform_coupon", -3_000),
    ]
    assert [one.coupon and one.coupon.pk for one in found.stages][2::2] == [own, platforms]
    first, second = found.shops
    assert (first.merchant_id, second.name) == (shop.merchant.pk, "Other")
    for stages, total in (
        (found.stages, found.offer.payable_fen),
        (first.stages, first.total_fen),
        (second.stages, second.total_fen),
    ):
        assert sum(stage.amount_fen for stage in stages) == total
    assert first.total_fen + second.total_fen == found.offer.payable_fen == 147_500
    assert found.problems == ()
    assert MemberCoupon.objects.filter(state="claimed").count() == 2  # nothing is written


def test_the_best_coupons_unless_others_are_named(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant)
    good, better = claim(offered(shop, off_fen=10), buyer), claim(offered(shop, off_fen=20), buyer)
    usual = wish(buyer, tea, coupon_ids=None)
    best = seen(buyer, usual)
    assert [each.pk for each in best.offer.quoted.coupons] == [better]
    assert [(each.coupon.pk, each.is_suggested) for each in coupons(best)] == [
        (better, True),
        (good, False),
    ]
    assert (
        seen(buyer, replace(usual, coupon_ids=(good,))).offer.payable_fen
        == best.offer.payable_fen + 10
    )
    assert (
        seen(buyer, replace(usual, coupon_ids=())).offer.payable_fen == best.offer.payable_fen + 20
    )


def test_problems_are_named_with_the_article(shop: Shop, other: Merchant) -> None:
    buyer = member()
    gone, off, limited, unsent, wrong = (sku(shop.merchant) for _ in range(5))
    far = sku(other)
    Sku.objects.filter(pk=gone.pk).update(on_hand=0)
    Sku.objects.filter(pk=wrong.pk).update(cost_fen=90_000)
    Product.objects.filter(pk=off.product_id).update(status="off")
    Product.objects.filter(pk=limited.product_id).update(limit_per_member=1)
    template(shop, other, rules=(Rule(prefixes=("33",), fee=None),))
    wanted = wish(buyer, gone, off, unsent, wrong, far)
    wanted = replace(wanted, items=(*wanted.items, Item(sku_id=limited.pk, qty=2)))  # type: ignore[misc]
    found = seen(buyer, wanted)
    assert {(each.code, each.sku_id) for each in found.problems} == {
        ("out_of_stock", gone.pk),
        ("not_on_sale", off.pk),
        ("limit_exceeded", limited.pk),
        ("split_exceeds_price", wrong.pk),
        ("not_delivered", far.pk),
    }
    assert all(str(each.message) for each in found.problems)
    assert off.pk not in found.offer.basket.skus


def test_a_coupon_with_which_shares_exceed_a_price_is_found_here(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant, price_fen=10_000, cost_fen=3_900)
    Sku.objects.update(distribution_fen=3_000, pool_fen=3_000)
    own = claim(offered(shop, merchant=shop.merchant, off_fen=4_001), buyer)
    (found,) = seen(buyer, wish(buyer, tea, coupon_ids=(own,))).problems
    assert (found.code, found.sku_id, found.coupon_id) == ("split_exceeds_price", tea.pk, own)


def test_where_it_goes(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant)
    wanted = wish(buyer, tea)
    assert seen(buyer, wanted).problems == ()

    def codes(what: Wish) -> list[str]:
        return [each.code for each in seen(buyer, what).problems]

    nowhere = replace(wanted, address_id=None)
    assert codes(nowhere) == ["address_needed"]
    Product.objects.filter(pk=tea.product_id).update(goods_type="virtual")
    assert codes(nowhere) == []
    Address.objects.update(region="339999")
    assert codes(wanted) == ["address_outdated"]
    with pytest.raises(DomainError, match="not_found"):
        seen(member(), wanted)


def test_from_the_cart_what_is_selected(shop: Shop) -> None:
    buyer, tea, oil = member(), sku(shop.merchant), sku(shop.merchant)
    empty = wish(buyer, items=None)
    with pytest.raises(DomainError, match="cart_empty"):
        seen(buyer, empty)
    for article in (tea, oil):
        keep_cart.add_item(member_id=buyer.pk, sku_id=article.pk, qty=2, now=NOW)
    keep_cart.change_item(member_id=buyer.pk, sku_id=oil.pk, is_selected=False)
    assert seen(buyer, empty).offer.qty == {tea.pk: 2}


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ((), "items_invalid"),
        ((Item(sku_id=1, qty=1),) * 2, "items_invalid"),
        ((Item(sku_id=1, qty=0),), "qty_invalid"),
        ((Item(sku_id=1, qty=10**6 + 1),), "qty_invalid"),
    ],
)
def test_items_that_make_no_sense(shop: Shop, items: tuple[Item, ...], code: str) -> None:
    buyer = member()
    with pytest.raises(DomainError, match=code):
        seen(buyer, wish(buyer, items=items))


def dearer(article: Sku, buyer: Member) -> None:
    Sku.objects.filter(pk=article.pk).update(price_fen=100_001)


def sold(article: Sku, buyer: Member) -> None:
    Sku.objects.filter(pk=article.pk).update(on_hand=0)


def renamed(article: Sku, buyer: Member) -> None:
    Product.objects.filter(pk=article.product_id).update(title="Dust")


def moved(article: Sku, buyer: Member) -> None:
    Address.objects.filter(member=buyer).update(detail="2 East Lake")


def priced_down(article: Sku, buyer: Member) -> None:
    Sku.objects.filter(pk=article.pk).update(
        market_price_fen=200_000, market_until=NOW + timedelta(days=1)
    )


@pytest.mark.parametrize("change", [dearer, sold, renamed, moved, priced_down])
def test_the_digest_is_over_all_that_was_shown(
    shop: Shop, change: Callable[[Sku, Member], None]
) -> None:
    buyer, tea = member(), sku(shop.merchant)
    wanted = wish(buyer, tea)
    before = seen(buyer, wanted).digest
    # Another time, and what was not shown: the same.
    Sku.objects.filter(pk=tea.pk).update(on_hand=50)
    assert preview(member_id=buyer.pk, wish=wanted, now=NOW + timedelta(1)).digest == before
    change(tea, buyer)
    assert seen(buyer, wanted).digest != before


def test_the_digest_tells_coupons_and_shipping_apart(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant)
    same = [claim(offered(shop, off_fen=1_000), buyer) for _ in range(2)]
    wanted = wish(buyer, tea)
    digests = {seen(buyer, replace(wanted, coupon_ids=(key,))).digest for key in same}
    digests.add(seen(buyer, wanted).digest)
    template(shop, shop.merchant)
    digests.add(seen(buyer, wanted).digest)
    assert len(digests) == 4
