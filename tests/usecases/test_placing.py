"""Placing orders: amounts, refusals, and many at once."""

from functools import partial
from typing import Any

import pytest
from tests.usecases.shop import NOW, Shop, at_once, lines, member, paid, place, sku
from tests.usecases.test_refunds import approve, ask

from mingchi.catalogue.models import Product, Sku
from mingchi.foundation.errors import DomainError
from mingchi.members.models import Member
from mingchi.orders.models import Order
from mingchi.usecases.cancel_order import cancel_order
from mingchi.usecases.offers import Item
from mingchi.usecases.place_order import Placed, place_order
from mingchi.usecases.placing import Delivery


def buy(buyer: Member, items: list[Item], key: str = "k1", **delivery: Any) -> Placed:
    return place_order(
        member_id=buyer.pk,
        items=items,
        delivery=Delivery(**delivery),
        idempotency_key=key,
        now=NOW,
    )


def refusal(buyer: Member, items: list[Item], **delivery: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        buy(buyer, items, **delivery)
    return caught.value


def test_an_order_keeps_what_it_cost_at_the_moment(shop: Shop) -> None:
    tea = sku(shop.merchant, price_fen=333, cost_fen=99)
    Sku.objects.filter(pk=tea.pk).update(pool_fen=10)
    placed = buy(member(), [Item(sku_id=tea.pk, qty=3)], region="440305")
    Sku.objects.filter(pk=tea.pk).update(price_fen=1000)
    order = Order.objects.get(pk=placed.order_id)
    (line,) = lines(order)
    assert placed.total_fen == order.total_fen == 999
    assert (line.amount_fen, line.cost_fen, line.distribution_fen, line.pool_fen) == (
        999,
        297,
        None,
        30,
    )
    assert (order.state, order.region) == ("created", "440305")
    tea.refresh_from_db()
    assert (tea.on_hand, tea.reserved) == (100, 3)


def test_what_is_refused_at_the_door(shop: Shop) -> None:
    buyer = member()
    tea, other = sku(shop.merchant, on_hand=10**9), sku(shop.merchant)
    Product.objects.filter(pk=other.product_id).update(status="off")
    cases = [
        ([], {}, "items_invalid", 400),
        ([Item(sku_id=tea.pk, qty=1)] * 2, {}, "items_invalid", 400),
        ([Item(sku_id=tea.pk, qty=0)], {}, "qty_invalid", 400),
        ([Item(sku_id=tea.pk, qty=-1)], {}, "qty_invalid", 400),
        ([Item(sku_id=other.pk, qty=1)], {}, "sku_not_found", 404),
        ([Item(sku_id=10**9, qty=1)], {}, "sku_not_found", 404),
        ([Item(sku_id=tea.pk, qty=1)], {"region": "44"}, "region_invalid", 400),
        ([Item(sku_id=tea.pk, qty=1)], {"recipient": "x" * 61}, "text_invalid", 400),
    ]
    for items, delivery, code, status in cases:
        error = refusal(buyer, items, **delivery)
        assert (error.code, error.status) == (code, status)
    assert not Order.objects.exists()
    tea.refresh_from_db()
    assert tea.reserved == 0


def test_an_amount_above_ten_to_the_twelve_is_refused(shop: Shop) -> None:
    dear = sku(shop.merchant, price_fen=10**9, on_hand=10**6)
    error = refusal(member(), [Item(sku_id=dear.pk, qty=1001)])
    assert error.code == "amount_too_large"
    buy(member(), [Item(sku_id=dear.pk, qty=1000)])


def test_articles_of_two_merchants_are_two_orders(shop: Shop) -> None:
    from mingchi.merchants.models import Merchant

    foreign = sku(Merchant.objects.create(name="Another"))
    items = [Item(sku_id=each.pk, qty=1) for each in (sku(shop.merchant), foreign)]
    assert refusal(member(), items).code == "several_merchants"


def test_shares_above_the_price_are_found_before_anybody_pays(shop: Shop) -> None:
    # The plan gives 30 % to distribution and 30 % to the pool: 41 % of cost do not fit.
    tea = sku(shop.merchant, price_fen=100, cost_fen=41)
    error = refusal(member(), [Item(sku_id=tea.pk, qty=1)])
    assert (error.code, error.details) == ("split_exceeds_price", {"sku_id": tea.pk})
    Sku.objects.filter(pk=tea.pk).update(cost_fen=40)
    buy(member(), [Item(sku_id=tea.pk, qty=1)])


def test_the_same_key_is_one_order_and_another_body_a_conflict(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant)
    first = buy(buyer, [Item(sku_id=tea.pk, qty=1)])
    assert buy(buyer, [Item(sku_id=tea.pk, qty=1)]) == first
    assert refusal(buyer, [Item(sku_id=tea.pk, qty=2)]).code == "idempotency_conflict"
    # Another member's key is another key.
    assert buy(member(), [Item(sku_id=tea.pk, qty=1)]) != first


def test_an_account_that_may_only_look_buys_nothing(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant)
    Member.objects.filter(pk=buyer.pk).update(is_read_only=True)
    error = refusal(buyer, [Item(sku_id=tea.pk, qty=1)])
    assert (error.code, error.status) == ("read_only_account", 403)


@pytest.mark.django_db(transaction=True)
def test_eight_parallel_placements_with_one_key_are_one_order(shop: Shop) -> None:
    buyer, tea = member(), sku(shop.merchant)
    answers = at_once([lambda: buy(buyer, [Item(sku_id=tea.pk, qty=1)])] * 8)
    assert len({answer.order_id for answer in answers if isinstance(answer, Placed)}) == 1
    assert not [answer for answer in answers if isinstance(answer, DomainError)]
    assert Order.objects.count() == 1
    tea.refresh_from_db()
    assert tea.reserved == 1


@pytest.mark.django_db(transaction=True)
def test_the_last_unit_is_sold_once(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=1)
    buyers = [member() for _ in range(16)]
    answers = at_once([lambda buyer=buyer: place(buyer, tea) for buyer in buyers])  # type: ignore[misc]
    assert sum(isinstance(answer, Placed) for answer in answers) == 1
    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    assert {error.code for error in refused} == {"out_of_stock"}
    assert Order.objects.count() == 1
    tea.refresh_from_db()
    assert (tea.on_hand, tea.reserved) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_orders_of_the_same_articles_in_other_orders_do_not_deadlock(shop: Shop) -> None:
    one, two = sku(shop.merchant), sku(shop.merchant)
    buyers = [member() for _ in range(8)]
    pairs = [(one, two), (two, one)] * 4
    calls = [lambda b=b, p=p: place(b, *p) for b, p in zip(buyers, pairs, strict=True)]
    assert all(isinstance(answer, Placed) for answer in at_once(calls))
    one.refresh_from_db()
    assert one.reserved == 8


@pytest.mark.parametrize(
    ("types", "payment", "delivery", "method"),
    [
        (["physical"], "online", "express", "express"),
        (["physical"], "cod", "pickup", "pickup"),
        (["virtual"], "online", "express", "virtual"),
        (["virtual", "physical"], "online", "express", "express"),
        # refused: None
        (["physical"], "online", "virtual", None),
        (["virtual", "physical"], "online", "virtual", None),
        (["virtual"], "cod", "express", None),
        (["physical"], "barter", "express", None),
        (["physical"], "online", "pigeon", None),
    ],
)
def test_how_it_is_paid_and_delivered(
    shop: Shop, types: list[str], payment: str, delivery: str, method: str | None
) -> None:
    articles = [sku(shop.merchant) for _ in types]
    for article, goods_type in zip(articles, types, strict=True):
        Product.objects.filter(pk=article.product_id).update(goods_type=goods_type)
    buyer = member()
    if method is None:
        with pytest.raises(DomainError, match="method_invalid"):
            place(buyer, *articles, payment_method=payment, delivery_method=delivery)
        assert not Order.objects.exists()
        return
    place(buyer, *articles, payment_method=payment, delivery_method=delivery)
    assert Order.objects.get().delivery_method == method


class TestLimitOfAProduct:
    """How many of it one member may buy."""

    def limited(self, shop: Shop, limit: int) -> Sku:
        found = sku(shop.merchant, on_hand=50)
        Product.objects.filter(pk=found.product_id).update(limit_per_member=limit)
        return found

    def test_over_all_orders_of_the_member(self, shop: Shop) -> None:
        buyer, tea = member(), self.limited(shop, 3)
        first = place(buyer, tea, qty=2)
        with pytest.raises(DomainError, match="limit_exceeded") as caught:
            place(buyer, tea, qty=2)
        assert caught.value.details == {"product_id": tea.product_id, "left": 1}
        place(buyer, tea)
        place(member(), tea, qty=3)
        cancel_order(order_id=first.order_id, member_id=buyer.pk, now=NOW)
        place(buyer, tea, qty=2)
        tea.refresh_from_db()
        assert tea.reserved == 6

    def test_what_was_put_back_may_be_bought_again(self, shop: Shop) -> None:
        buyer, tea = member(), self.limited(shop, 2)
        order = paid(buyer, tea, qty=2)
        approve(shop, ask(order, 100_000), restock=1)
        with pytest.raises(DomainError, match="limit_exceeded"):
            place(buyer, tea, qty=2)
        place(buyer, tea)

    def test_over_all_its_variants(self, shop: Shop) -> None:
        green = self.limited(shop, 3)
        black = Sku.objects.create(
            product=green.product, code="B", price_fen=1_000, cost_fen=1, on_hand=9
        )
        with pytest.raises(DomainError, match="limit_exceeded"):
            place(member(), green, black, qty=2)

    @pytest.mark.django_db(transaction=True)
    def test_two_orders_at_once(self, shop: Shop) -> None:
        buyer, tea = member(), self.limited(shop, 1)
        answers = at_once([partial(place, buyer, tea)] * 4)
        assert sum(isinstance(each, Placed) for each in answers) == 1
