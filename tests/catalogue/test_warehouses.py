"""Stock by warehouse: it always adds up to what the SKU says."""

import random

import pytest
from django.db import IntegrityError, transaction
from tests.usecases.shop import Shop, at_once, sku, warehouse

from mingchi.catalogue import stock
from mingchi.catalogue.models import Sku, WarehouseStock
from mingchi.catalogue.stock import Quantity, StockChange
from mingchi.foundation.errors import DomainError
from mingchi.merchants.models import Merchant

Figures = tuple[int, int, int, int]


def figures(article: Sku) -> Figures:
    article.refresh_from_db()
    return article.on_hand, article.reserved, article.placed, article.allocated


def test_units_on_their_way_through_a_warehouse(shop: Shop) -> None:
    tea, shed = sku(shop.merchant, on_hand=10), warehouse(shop.merchant)
    steps = [
        (stock.place, Quantity(tea.pk, 6, shed.pk), (10, 0, 6, 0)),
        (stock.reserve, Quantity(tea.pk, 4), (10, 4, 6, 0)),
        (stock.allocate, Quantity(tea.pk, 4, shed.pk), (10, 4, 6, 4)),
        (stock.ship, Quantity(tea.pk, 3, shed.pk), (7, 1, 3, 1)),
        (stock.take_in, Quantity(tea.pk, 1, shed.pk), (8, 2, 4, 2)),
        (stock.deallocate, Quantity(tea.pk, 1, shed.pk), (8, 2, 4, 1)),
        (stock.release, Quantity(tea.pk, 1, shed.pk), (8, 1, 4, 0)),
        (stock.release, Quantity(tea.pk, 1), (8, 0, 4, 0)),
        (stock.put_back, Quantity(tea.pk, 2, shed.pk), (10, 0, 6, 0)),
        (stock.place, Quantity(tea.pk, -6, shed.pk), (10, 0, 0, 0)),
    ]
    for act, quantity, after in steps:
        act([quantity])
        assert figures(tea) == after, act.__name__
        assert stock.discrepancies() == []


def test_a_warehouse_gives_no_more_than_it_has(shop: Shop) -> None:
    tea, shed = sku(shop.merchant, on_hand=10), warehouse(shop.merchant)
    stock.place([Quantity(tea.pk, 2, shed.pk)])
    stock.reserve([Quantity(tea.pk, 9)])
    before = figures(tea)
    refused = [
        (stock.allocate, Quantity(tea.pk, 3, shed.pk)),
        (stock.place, Quantity(tea.pk, 9, shed.pk)),
        (stock.ship, Quantity(tea.pk, 9)),  # two of them lie in the shed, allocated to nobody
    ]
    for act, quantity in refused:
        with pytest.raises(DomainError, match="out_of_stock"), transaction.atomic():
            act([quantity])
        assert figures(tea) == before, act.__name__
    assert stock.discrepancies() == []


def test_goods_lie_in_warehouses_of_their_own_merchant_only(shop: Shop) -> None:
    tea, theirs = sku(shop.merchant), warehouse(Merchant.objects.create(name="Another"))
    with pytest.raises(DomainError, match="out_of_stock"), transaction.atomic():
        stock.place([Quantity(tea.pk, 1, theirs.pk)])
    assert figures(tea) == (100, 0, 0, 0)
    assert not WarehouseStock.objects.exists()


def test_a_discrepancy_is_found(shop: Shop) -> None:
    tea, shed = sku(shop.merchant), warehouse(shop.merchant)
    stock.place([Quantity(tea.pk, 5, shed.pk)])
    WarehouseStock.objects.update(on_hand=4)
    assert stock.discrepancies() == [tea.pk]


@pytest.mark.parametrize("values", [{"placed": 101}, {"placed": -1}, {"allocated": 1}])
def test_the_table_refuses_what_cannot_be(shop: Shop, values: dict[str, int]) -> None:
    tea = sku(shop.merchant)
    with pytest.raises(IntegrityError), transaction.atomic():
        Sku.objects.filter(pk=tea.pk).update(**values)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_it_adds_up(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    articles = [sku(shop.merchant, on_hand=20) for _ in range(2)]
    sheds = [warehouse(shop.merchant) for _ in range(2)]
    done = refused = 0
    for _ in range(80):
        change = StockChange(
            sku_id=chance.choice(articles).pk,
            warehouse_id=chance.choice(sheds).pk,
            on_hand=chance.randint(-4, 4),
            reserved=chance.randint(-4, 4),
            placed=chance.randint(-4, 5),
            allocated=chance.randint(-4, 4),
        )
        try:
            with transaction.atomic():
                stock.change([change])
            done += 1
        except DomainError:
            refused += 1
        assert stock.discrepancies() == []
    assert done > 5
    assert refused > 5


@pytest.mark.django_db(transaction=True)
def test_the_last_unit_of_a_shed_is_allocated_once(transactional_db: None, shop: Shop) -> None:
    tea, shed = sku(shop.merchant, on_hand=5), warehouse(shop.merchant)
    with transaction.atomic():
        stock.place([Quantity(tea.pk, 1, shed.pk)])
        stock.reserve([Quantity(tea.pk, 4)])

    def allocate() -> str:
        with transaction.atomic():
            stock.allocate([Quantity(tea.pk, 1, shed.pk)])
        return "done"

    answers = at_once([allocate] * 4)
    assert answers.count("done") == 1
    assert figures(tea) == (5, 4, 1, 1)
