"""Specifications and the SKUs that follow from them: kept, made, retired, brought back."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.usecases.shop import NOW, Shop, member, place, sku, staff

from mingchi.catalogue import queries
from mingchi.catalogue import specifications as matrix
from mingchi.catalogue.models import Product, Sku, SpecificationValue
from mingchi.foundation.errors import DomainError
from mingchi.merchants.models import Merchant
from mingchi.usecases.edit_catalogue import SkuData, add_sku
from mingchi.usecases.edit_specifications import (
    SkuRow,
    SpecificationData,
    ValueData,
    edit_skus,
    set_specifications,
)

values = st.lists(
    st.lists(st.integers(1, 8), min_size=1, max_size=4, unique=True), max_size=3
).filter(lambda each: len({v for row in each for v in row}) == sum(map(len, each)))
skus = st.dictionaries(
    st.integers(1, 30), st.lists(st.integers(1, 8), max_size=3, unique=True), max_size=12
)


@given(values, skus)
def test_every_combination_once_and_every_sku_has_its_fate(
    stated: list[list[int]], before: dict[int, list[int]]
) -> None:
    decided = matrix.plan(stated, before)
    after = [*decided.kept.values(), *decided.missing]
    expected = 1
    for each in stated:
        expected *= len(each)
    assert len({frozenset(each) for each in after}) == len(after) == expected
    assert set(decided.kept) | set(decided.retired) == set(before)
    assert not set(decided.kept) & set(decided.retired)
    for sku_id, combination in decided.kept.items():
        assert set(combination) == set(before[sku_id])
    for combination in after:
        assert all(value in each for value, each in zip(combination, stated, strict=True))


@pytest.mark.parametrize("counts", [[2, 2, 2, 2], [41], [0], [15, 14], [40, 6]])
def test_too_many(counts: list[int]) -> None:
    with pytest.raises(DomainError, match="specifications_too_many"):
        matrix.refuse_too_many(counts)


def spec(name: str, *names: str) -> SpecificationData:
    return SpecificationData(name=name, values=[ValueData(name=each) for each in names])


class Article:
    """A product whose SKUs are looked at by their titles."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.first = sku(shop.merchant, price_fen=5_000, cost_fen=1_000, on_hand=7)
        self.product_id = self.first.product_id

    def state(self, *specs: SpecificationData, **more: int | None) -> int:
        return set_specifications(
            by=self.shop.owner,
            product_id=self.product_id,
            specifications=specs,
            now=NOW,
            **more,
        )

    def skus(self) -> dict[str, Sku]:
        rows = Sku.objects.filter(product_id=self.product_id, retired_at=None)
        return {row.title: row for row in rows}

    def retired(self) -> set[str]:
        rows = Sku.objects.filter(product_id=self.product_id, retired_at__isnull=False)
        return {row.title for row in rows}


@pytest.fixture
def article(shop: Shop) -> Article:
    return Article(shop)


def test_the_matrix_grows_and_shrinks(article: Article) -> None:
    article.state(spec("颜色", "红", "蓝"), spec("尺码", "S", "L"))
    made = article.skus()
    assert set(made) == {"红 S", "红 L", "蓝 S", "蓝 L"}
    assert {(row.price_fen, row.cost_fen, row.on_hand) for row in made.values()} == {
        (5_000, 1_000, 0)
    }
    assert article.retired() == {""}  # what it was before it had specifications
    Sku.objects.filter(pk=made["红 S"].pk).update(on_hand=9, price_fen=6_000)
    article.state(spec("尺码", "S"), spec("颜色", "绿", "红"))
    now = article.skus()
    assert set(now) == {"S 绿", "S 红"}
    assert (now["S 红"].pk, now["S 红"].on_hand, now["S 红"].price_fen) == (
        made["红 S"].pk,
        9,
        6_000,
    )
    assert article.retired() == {"", "红 L", "蓝 S", "蓝 L"}
    article.state(spec("颜色", "红", "蓝"), spec("尺码", "S", "L"))
    assert {title: row.pk for title, row in article.skus().items()} == {
        title: row.pk for title, row in made.items()
    }
    assert Sku.objects.filter(product_id=article.product_id).count() == 6  # nothing is deleted


def test_what_was_sold_is_not_for_sale_but_still_there(article: Article, shop: Shop) -> None:
    article.state(spec("颜色", "红", "蓝"))
    red = article.skus()["红"]
    Sku.objects.filter(pk=red.pk).update(on_hand=5)
    buyer = member()
    place(buyer, red)
    article.state(spec("颜色", "蓝"))
    assert Sku.objects.get(pk=red.pk).reserved == 1
    assert queries.skus_on_sale([red.pk]) == {}
    with pytest.raises(DomainError, match="sku_not_found"):
        place(buyer, red)


def test_a_value_may_get_a_new_name(article: Article) -> None:
    article.state(spec("颜色", "红", "蓝"))
    red = article.skus()["红"]
    value = SpecificationValue.objects.get(name="红")
    named = SpecificationData(
        name="颜色", values=[ValueData(id=value.pk, name="朱红"), ValueData(name="蓝")]
    )
    article.state(named)
    assert article.skus()["朱红"].pk == red.pk
    assert article.retired() == {""}


def test_variants_without_specifications_become_their_values(shop: Shop) -> None:
    article = Article(shop)
    Sku.objects.filter(pk=article.first.pk).update(title="50 克")
    data = SkuData(code="B", title="100 克", price_fen=9_000, cost_fen=100)
    other = add_sku(by=shop.owner, product_id=article.product_id, data=data)
    article.state(spec("净含量", "50 克", "100 克", "250 克"))
    now = article.skus()
    assert (now["50 克"].pk, now["100 克"].pk) == (article.first.pk, other)
    assert now["250 克"].on_hand == 0
    with pytest.raises(DomainError, match="has_specifications"):
        add_sku(by=shop.owner, product_id=article.product_id, data=data)
    article.state()
    assert len(article.skus()) == 1
    assert article.retired() == {"50 克", "100 克", "250 克"}


@pytest.mark.parametrize(
    ("specs", "code"),
    [
        ([spec("颜色", "红", "红")], "specifications_repeat"),
        ([spec("颜色", "红"), spec("颜色", "蓝")], "specifications_repeat"),
        ([spec("", "红")], "text_invalid"),
        ([spec("颜色", "红\x00")], "text_invalid"),
        ([spec("颜色", "红" * 25)], "text_invalid"),
        ([spec("颜色", *"123456789abcdefghijklmnopqrstuvwxyzABCDEFGH")], "specifications_too_many"),
        ([SpecificationData(name="颜色", values=[])], "specifications_too_many"),
        ([SpecificationData(id=10**9, name="颜色", values=[ValueData(name="红")])], "not_found"),
        (
            [SpecificationData(name="颜色", values=[ValueData(name="红", image_id=10**9)])],
            "not_found",
        ),
    ],
)
def test_what_is_refused_changes_nothing(
    article: Article, specs: list[SpecificationData], code: str
) -> None:
    article.state(spec("颜色", "白"))
    before = article.skus()
    with pytest.raises(DomainError, match=code):
        article.state(*specs)
    assert article.skus() == before
    assert Product.objects.get(pk=article.product_id).version == 2


def test_two_names_may_not_be_exchanged_half_way(article: Article) -> None:
    article.state(spec("颜色", "红", "蓝"))
    red = SpecificationValue.objects.get(name="红")
    with pytest.raises(DomainError, match="specifications_repeat"):
        article.state(SpecificationData(name="颜色", values=[ValueData(id=red.pk, name="蓝")]))


def test_several_skus_at_once(article: Article, shop: Shop) -> None:
    article.state(spec("颜色", "红", "蓝"))
    red, blue = (article.skus()[name] for name in ("红", "蓝"))

    def rows(*stated: tuple[int, str, int, int]) -> list[SkuRow]:
        return [
            SkuRow(
                sku_id=pk,
                data=SkuData(code=code, price_fen=price, cost_fen=10),
                stock_change=units,
            )
            for pk, code, price, units in stated
        ]

    def edit(*stated: tuple[int, str, int, int], version: int | None = None) -> int:
        return edit_skus(
            by=shop.owner,
            product_id=article.product_id,
            rows=rows(*stated),
            version=version,
            now=NOW,
        )

    # Codes change places.
    edit((red.pk, blue.code, 100, 5), (blue.pk, red.code, 200, 0), version=2)
    red.refresh_from_db()
    blue.refresh_from_db()
    assert (red.price_fen, red.on_hand, blue.price_fen, red.title) == (100, 5, 200, "红")
    listed = Product.objects.get(pk=article.product_id).listing
    assert listed.price_fen == 100
    stranger = sku(Merchant.objects.create(name="Another"))
    for stated, code in (
        (((red.pk, "A1", 100, 0), (blue.pk, "A1", 100, 0)), "sku_taken"),
        (((red.pk, "A1", 100, -6),), "out_of_stock"),
        (((stranger.pk, "A1", 100, 0),), "not_found"),
        (((red.pk, "A1", 5, 0),), "shares_exceed_price"),
    ):
        with pytest.raises(DomainError, match=code):
            edit(*stated)
    with pytest.raises(DomainError) as caught:
        edit((red.pk, "A1", 100, 0), version=2)
    assert caught.value.code == "changed_meanwhile"
    [change] = caught.value.details["changes"]
    assert change["action"] == "product.skus"
    red.refresh_from_db()
    assert (red.price_fen, red.on_hand) == (100, 5)


def test_it_is_the_merchants_own(article: Article, shop: Shop) -> None:
    stranger = staff(merchant=Merchant.objects.create(name="Another"))
    clerk = staff(merchant=shop.merchant, role="clerk")
    for by, status in ((stranger, 404), (clerk, 403)):
        with pytest.raises(DomainError) as caught:
            set_specifications(
                by=by,
                product_id=article.product_id,
                specifications=[spec("颜色", "红")],
                now=NOW + timedelta(days=1),
            )
        assert caught.value.status == status
    assert article.retired() == set()
