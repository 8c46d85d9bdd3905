"""A member's cart: what it holds, and what stands in the way of each article."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation
from tests.usecases.shop import NOW, Shop, at_once, member, place, sku

from mingchi.catalogue import queries
from mingchi.catalogue.models import (
    Image,
    Product,
    ProductImage,
    Sku,
    Specification,
    SpecificationValue,
)
from mingchi.foundation.errors import DomainError
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.orders.models import CartItem
from mingchi.usecases import keep_cart
from mingchi.usecases.keep_cart import Cart, show


def add(buyer: Member, article: Sku, qty: int = 1, minutes: int = 0) -> None:
    keep_cart.add_item(
        member_id=buyer.pk, sku_id=article.pk, qty=qty, now=NOW + timedelta(minutes=minutes)
    )


def change(buyer: Member, article: Sku, **to: Any) -> None:
    keep_cart.change_item(member_id=buyer.pk, sku_id=article.pk, **to)


def problems(cart: Cart) -> dict[int, str | None]:
    return {line.sku.pk: line.problem and line.problem.code for line in cart.lines}


def test_by_shop_the_latest_first(shop: Shop) -> None:
    other = Merchant.objects.create(name="Other")
    buyer, tea, oil, nut = member(), sku(shop.merchant), sku(other), sku(shop.merchant)
    for minute, article in enumerate((tea, oil, nut)):
        add(buyer, article, 2, minute)
    add(buyer, oil, minutes=3)
    change(buyer, tea, is_selected=False)
    cart = show(member_id=buyer.pk)
    shown = [[(line.sku.pk, line.qty, line.is_selected) for line in one] for one in cart.shops]
    assert shown == [[(oil.pk, 3, True)], [(nut.pk, 2, True), (tea.pk, 2, False)]]
    assert sum(line.amount_fen for line in cart.selected) == 500_000
    assert show(member_id=member().pk).lines == []
    oil.refresh_from_db()
    assert oil.reserved == 0


def test_what_can_not_be_had_stays_with_its_problem(shop: Shop) -> None:
    buyer = member()
    gone, short, off, dear, fine = (sku(shop.merchant) for _ in range(5))
    for article in (gone, short, off, dear, fine):
        add(buyer, article, 3)
    Sku.objects.filter(pk=gone.pk).update(on_hand=0)
    Sku.objects.filter(pk=short.pk).update(on_hand=2)
    Product.objects.filter(pk=off.product_id).update(status="off")
    Product.objects.filter(pk=dear.product_id).update(limit_per_member=4)
    place(buyer, dear, qty=2)
    cart = show(member_id=buyer.pk)
    assert problems(cart) == {
        gone.pk: "out_of_stock",
        short.pk: "out_of_stock",
        off.pk: "not_on_sale",
        dear.pk: "limit_exceeded",
        fine.pk: None,
    }
    with translation.override("en"):
        lines = show(member_id=buyer.pk).lines
        said = {line.sku.pk: str(line.problem.message) for line in lines if line.problem}
    assert (said[gone.pk], said[short.pk]) == ("Sold out.", "Only 2 left.")
    assert "you may buy 2 more" in said[dear.pk]
    # All of it is selected: what can't be had is not, and can be unselected.
    keep_cart.select(member_id=buyer.pk, is_selected=False)
    assert show(member_id=buyer.pk).selected == []
    keep_cart.select(member_id=buyer.pk, is_selected=True)
    assert [line.sku.pk for line in show(member_id=buyer.pk).selected] == [fine.pk]


def test_a_limit_counts_over_the_variants_that_are_selected(shop: Shop) -> None:
    buyer, green = member(), sku(shop.merchant)
    black = Sku.objects.create(
        product=green.product, code="B", price_fen=1_000, cost_fen=1, on_hand=9
    )
    Product.objects.update(limit_per_member=3)
    add(buyer, green, 2)
    add(buyer, black, 2)
    assert problems(show(member_id=buyer.pk)) == {
        green.pk: "limit_exceeded",
        black.pk: "limit_exceeded",
    }
    change(buyer, black, is_selected=False)
    # The one alone is fine; the other would be one too many.
    assert problems(show(member_id=buyer.pk)) == {green.pk: None, black.pk: "limit_exceeded"}


def test_one_shop_is_selected(shop: Shop) -> None:
    buyer, tea, oil = member(), sku(shop.merchant), sku(Merchant.objects.create(name="Other"))
    add(buyer, tea)
    add(buyer, oil)
    keep_cart.select(member_id=buyer.pk, is_selected=False, merchant_id=shop.merchant.pk)
    assert [line.sku.pk for line in show(member_id=buyer.pk).selected] == [oil.pk]


def test_what_is_refused(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant, on_hand=2_000)
    few = sku(shop.merchant, on_hand=2)
    add(buyer, tea, 998)
    add(buyer, few, 2)

    def refusal(act: Any, *args: Any, **more: Any) -> str:
        with pytest.raises(DomainError) as caught:
            act(buyer, *args, **more)
        return caught.value.code

    assert refusal(add, tea, 2) == "qty_invalid"
    assert refusal(change, tea, qty=1_000) == "qty_invalid"
    assert refusal(change, tea, qty=0) == "qty_invalid"
    assert refusal(add, few) == "out_of_stock"
    assert refusal(change, few, qty=3) == "out_of_stock"
    assert refusal(change, sku(shop.merchant), qty=1) == "not_found"
    Sku.objects.filter(pk=few.pk).update(on_hand=0)
    change(buyer, few, qty=1)  # fewer may always be wanted
    Product.objects.filter(pk=tea.product_id).update(status="off")
    assert refusal(add, tea) == "sku_not_found"
    Member.objects.update(is_read_only=True)
    assert refusal(change, few, qty=1) == "read_only_account"
    assert dict(CartItem.objects.values_list("sku", "qty")) == {tea.pk: 998, few.pk: 1}


def test_a_hundred_articles_are_the_most(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant)
    others = Sku.objects.bulk_create(
        Sku(product=tea.product, code=f"c{n}", price_fen=1, cost_fen=0, on_hand=1)
        for n in range(100)
    )
    CartItem.objects.bulk_create(
        CartItem(member=buyer, sku=each, qty=1, added_at=NOW) for each in others
    )
    with pytest.raises(DomainError, match="cart_full"):
        add(buyer, tea)
    keep_cart.take_out(member_id=buyer.pk, sku_id=others[0].pk)
    keep_cart.take_out(member_id=buyer.pk, sku_id=others[0].pk)
    add(buyer, tea)


def test_anothers_cart_is_not_touched(shop: Shop) -> None:
    buyer, other, tea = member(), member(), sku(shop.merchant)
    add(buyer, tea)
    keep_cart.take_out(member_id=other.pk, sku_id=tea.pk)
    keep_cart.select(member_id=other.pk, is_selected=False)
    with pytest.raises(DomainError, match="not_found"):
        change(other, tea, qty=2)
    assert CartItem.objects.get().is_selected


@pytest.mark.django_db(transaction=True)
def test_eight_taps_at_once_are_eight_more(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant)
    answers = at_once([lambda: add(buyer, tea)] * 8)
    assert answers == [None] * 8
    assert CartItem.objects.get().qty == 8


def test_a_variant_is_shown_by_its_own_picture_or_the_cover(shop: Shop) -> None:
    red, plain, bare = (sku(shop.merchant) for _ in range(3))
    cover, later, own = (
        Image.objects.create(digest=digest * 64, width=1, height=1) for digest in "abc"
    )
    for product in (red.product, plain.product):
        ProductImage.objects.create(product=product, image=later, position=1)
        ProductImage.objects.create(product=product, image=cover, position=0)
    colour = Specification.objects.create(product=red.product, name="Colour", position=0)
    value = SpecificationValue.objects.create(
        specification=colour, name="Red", image=own, position=0
    )
    Sku.objects.filter(pk=red.pk).update(value_ids=[value.pk])
    assert queries.covers([red.pk, plain.pk, bare.pk]) == {red.pk: "c" * 64, plain.pk: "a" * 64}
