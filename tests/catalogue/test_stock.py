"""Stock: one conditional UPDATE, and constraints behind it."""

import pytest
from django.db import IntegrityError, transaction
from tests.usecases.shop import Shop, sku, staff

from mingchi.catalogue import stock
from mingchi.catalogue.models import Sku
from mingchi.catalogue.stock import Quantity
from mingchi.foundation.errors import DomainError
from mingchi.merchants.models import Merchant
from mingchi.usecases.edit_catalogue import (
    SkuData,
    add_product,
    add_sku,
    change_stock,
    edit_product,
    edit_sku,
)
from mingchi.usecases.edit_categories import add_category


def test_what_stock_may_do(shop: Shop) -> None:
    tea = sku(shop.merchant, on_hand=3)

    def after() -> tuple[int, int]:
        tea.refresh_from_db()
        return tea.on_hand, tea.reserved

    stock.reserve([Quantity(tea.pk, 2)])
    assert after() == (3, 2)
    with pytest.raises(DomainError) as caught:
        stock.reserve([Quantity(tea.pk, 2)])
    assert (caught.value.code, caught.value.details["available"]) == ("out_of_stock", 1)
    stock.ship([Quantity(tea.pk, 1)])
    assert after() == (2, 1)
    stock.release([Quantity(tea.pk, 1)])
    assert after() == (2, 0)
    stock.put_back([Quantity(tea.pk, 1)])
    assert after() == (3, 0)
    for wrong in (stock.release, stock.ship):
        with pytest.raises(DomainError):
            wrong([Quantity(tea.pk, 1)])
    assert after() == (3, 0)


def test_a_refused_change_takes_the_others_back(shop: Shop) -> None:
    plenty, scarce = sku(shop.merchant, on_hand=9), sku(shop.merchant, on_hand=0)
    with pytest.raises(DomainError), transaction.atomic():
        stock.reserve([Quantity(plenty.pk, 1), Quantity(scarce.pk, 1)])
    plenty.refresh_from_db()
    assert plenty.reserved == 0


@pytest.mark.parametrize(
    "values",
    [
        {"reserved": 101},
        {"reserved": -1},
        {"on_hand": -1},
        {"price_fen": 0},
        {"price_fen": 10**12 + 1},
        {"cost_fen": 100_001},
        {"cost_fen": -1},
        {"distribution_fen": -1},
        {"pool_fen": 100_001},
    ],
)
def test_the_table_refuses_what_cannot_be(shop: Shop, values: dict[str, int]) -> None:
    tea = sku(shop.merchant)
    with pytest.raises(IntegrityError), transaction.atomic():
        Sku.objects.filter(pk=tea.pk).update(**values)


def test_keeping_the_shelves(shop: Shop) -> None:
    manager = staff(merchant=shop.merchant)
    shelf = add_category(by=shop.owner, name="Cups")
    with pytest.raises(DomainError, match="category_taken"):
        add_category(by=shop.owner, name="Cups")
    with pytest.raises(DomainError, match="not_allowed"):
        add_category(by=manager, name="Mine")
    product = add_product(by=manager, merchant_id=shop.merchant.pk, category_id=shelf, title="Cup")
    data = SkuData(code="A", price_fen=1_000, cost_fen=300)
    made = add_sku(by=manager, product_id=product, data=data, on_hand=5)
    with pytest.raises(DomainError, match="sku_taken"):
        add_sku(by=manager, product_id=product, data=data)
    for wrong in (
        SkuData(code="B", price_fen=0, cost_fen=0),
        SkuData(code="B", price_fen=10**12 + 1, cost_fen=0),
        SkuData(code="B", price_fen=100, cost_fen=60, distribution_fen=30, pool_fen=11),
        SkuData(code="", price_fen=100, cost_fen=60),
        SkuData(code="B", price_fen=100, cost_fen=60, weight_g=-1),
        SkuData(code="B", price_fen=100, cost_fen=60, weight_g=10**7 + 1),
    ):
        with pytest.raises(DomainError):
            add_sku(by=manager, product_id=product, data=wrong)
    edit_sku(
        by=manager, sku_id=made, data=SkuData(code="A", price_fen=1_000, cost_fen=300, weight_g=80)
    )
    edit_sku(by=manager, sku_id=made, data=SkuData(code="A", price_fen=1_200, cost_fen=300))
    assert Sku.objects.get(pk=made).weight_g == 80
    assert change_stock(by=manager, sku_id=made, delta=-2, reason="broken") == 3
    with pytest.raises(DomainError, match="out_of_stock"):
        change_stock(by=manager, sku_id=made, delta=-4, reason="broken")
    with pytest.raises(DomainError, match="goods_type_invalid"):
        edit_product(by=manager, product_id=product, goods_type="smoke")
    edit_product(by=manager, product_id=product, status="on_sale", goods_type="pre_order")
    found = Sku.objects.select_related("product").get(pk=made)
    assert (found.price_fen, found.on_hand, found.product.status) == (1_200, 3, "on_sale")
    assert found.product.goods_type == "pre_order"
    stranger = staff(merchant=Merchant.objects.create(name="Another"))
    with pytest.raises(DomainError) as caught:
        edit_sku(by=stranger, sku_id=made, data=data)
    assert caught.value.status == 404
