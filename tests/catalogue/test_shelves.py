"""Categories, brands, products and the first page, kept by staff; and what shoppers see of them."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.catalogue.test_pictures import encoded
from tests.usecases.shop import Shop, at_once, member, sku, staff

from mingchi.catalogue import finding, product_page, queries, tree
from mingchi.catalogue.finding import Sort, Wanted
from mingchi.catalogue.models import (
    Banner,
    Brand,
    Category,
    Favourite,
    HomeShelf,
    HotWord,
    Listing,
    Product,
    Sku,
    Visit,
)
from mingchi.foundation import clock
from mingchi.foundation.errors import DomainError
from mingchi.merchants.models import Merchant
from mingchi.usecases import edit_brands, edit_categories, edit_home, keep_favourites
from mingchi.usecases.edit_catalogue import edit_product
from mingchi.usecases.edit_merchants import set_merchant_status
from mingchi.usecases.keep_images import upload_image


def category(shop: Shop, name: str, parent_id: int | None = None) -> int:
    return edit_categories.add_category(by=shop.owner, name=name, parent_id=parent_id)


def move(shop: Shop, category_id: int, parent_id: int | None) -> None:
    edit_categories.edit_category(by=shop.owner, category_id=category_id, parent_id=parent_id)


def test_the_tree_has_no_loops(shop: Shop) -> None:
    top, middle = category(shop, "A"), None
    middle = category(shop, "B", top)
    low = category(shop, "C", middle)
    for parent in (top, middle, low):
        with pytest.raises(DomainError, match="category_loop"):
            move(shop, top, parent)
    move(shop, low, None)
    move(shop, top, low)
    assert tree.above(middle) == [middle, top, low]
    assert sorted(tree.below(low)) == sorted([top, middle, low])


def test_the_tree_is_not_too_deep(shop: Shop) -> None:
    place = None
    for name in "ABCD":
        place = category(shop, name, place)
    with pytest.raises(DomainError, match="category_too_deep"):
        category(shop, "E", place)
    other = category(shop, "X", category(shop, "Y"))
    with pytest.raises(DomainError, match="category_too_deep"):
        move(shop, Category.objects.get(name="Y").pk, Category.objects.get(name="C").pk)
    assert tree.above(other)[1] == Category.objects.get(name="Y").pk


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_make_no_loop(transactional_db: None, shop: Shop) -> None:
    for _round in range(5):
        one, other = category(shop, f"one{_round}"), category(shop, f"other{_round}")
        answers = at_once(
            [lambda: move(shop, one, other), lambda: move(shop, other, one)]  # noqa: B023
        )
        refused = [each for each in answers if isinstance(each, DomainError)]
        assert [each.code for each in refused] == ["category_loop"]


def test_a_category_in_use_stays(shop: Shop) -> None:
    sku(shop.merchant)
    used = Category.objects.get()
    child = category(shop, "Green", used.pk)
    with pytest.raises(DomainError) as caught:
        edit_categories.delete_category(by=shop.owner, category_id=used.pk)
    assert caught.value.code == "category_in_use"
    assert caught.value.details == {"products": 1, "categories": 1, "home_shelves": 0}
    edit_categories.delete_category(by=shop.owner, category_id=child)
    assert list(Category.objects.all()) == [used]


def test_two_who_edit_at_once(shop: Shop) -> None:
    article = sku(shop.merchant)
    colleague = staff("operator")

    def edit(by: Any, version: int, **values: Any) -> int:
        return edit_product(by=by, product_id=article.product_id, version=version, **values)

    assert edit(colleague, 1, title="New title", subtitle="Better") == 2
    with pytest.raises(DomainError) as caught:
        edit(shop.owner, 1, title="Mine")
    assert (caught.value.code, caught.value.status) == ("changed_meanwhile", 409)
    assert caught.value.details["version"] == 2
    [change] = caught.value.details["changes"]
    assert change["by"] == f"user:{colleague.pk}"
    assert change["fields"] == {"title": "New title", "subtitle": "Better"}
    assert Product.objects.get(pk=article.product_id).title == "New title"
    assert edit(shop.owner, 2, title="Mine") == 3


@pytest.mark.django_db(transaction=True)
def test_two_who_save_in_the_same_moment(transactional_db: None, shop: Shop) -> None:
    article = sku(shop.merchant)

    def save(title: str) -> Any:
        return lambda: edit_product(
            by=shop.owner, product_id=article.product_id, version=1, title=title
        )

    answers = at_once([save("one"), save("two"), save("three")])
    assert sum(answer == 2 for answer in answers) == 1
    assert Product.objects.get(pk=article.product_id).version == 2


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"title": ""}, "text_invalid"),
        ({"title": "x" * 121}, "text_invalid"),
        ({"title": "字" * 10_000}, "text_invalid"),
        ({"title": "a\x00b"}, "text_invalid"),
        ({"title": "a\ud800b"}, "text_invalid"),
        ({"description": "x" * 20_001}, "text_invalid"),
        ({"status": "sold"}, "status_invalid"),
        ({"limit_per_member": 0}, "limit_invalid"),
        ({"on_sale_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))}, "moment_invalid"),
        ({"category_id": 10**9}, "not_found"),
        ({"brand_id": 10**9}, "not_found"),
        ({"parameters": [("产地", "杭州"), (" 产地 ", "福鼎")]}, "parameters_invalid"),
        ({"parameters": [(str(n), "x") for n in range(51)]}, "parameters_invalid"),
        ({"parameters": [("", "x")]}, "text_invalid"),
    ],
    ids=str,
)
def test_what_a_product_may_not_say(shop: Shop, values: dict[str, Any], code: str) -> None:
    article = sku(shop.merchant)
    with pytest.raises(DomainError, match=code):
        edit_product(by=shop.owner, product_id=article.product_id, **values)
    assert Product.objects.get(pk=article.product_id).version == 1


def test_what_a_product_may_say(shop: Shop) -> None:
    article = sku(shop.merchant)
    name = "<script>alert('名')</script> 😀 & \"quoted\""
    edit_product(
        by=shop.owner,
        product_id=article.product_id,
        title=name,
        description="one\r\ntwo" + "字" * 10_000,
        parameters=[("产地", "杭州"), ("等级", "一级")],
        limit_per_member=2,
        detail=f"<p onclick='x()'>春茶<script>x()</script><a href='javascript:x()'>link</a></p>"
        f"<img src='https://elsewhere.example/x.png'><img src='/media/{'ab/' + 'c' * 62}.webp'>"
        "<iframe src='/'></iframe><style>p{}</style><table><tr><td colspan='2'>1</td></tr></table>",
    )
    found = Product.objects.get(pk=article.product_id)
    assert found.title == name
    assert found.description.startswith("one\ntwo")
    assert found.parameters == [
        {"name": "产地", "value": "杭州"},
        {"name": "等级", "value": "一级"},
    ]
    for gone in ("script", "onclick", "javascript", "elsewhere", "iframe", "style", "<a"):
        assert gone not in found.detail
    assert "<p>春茶link</p>" in found.detail
    assert f"c{'c' * 61}.webp" in found.detail
    assert 'colspan="2"' in found.detail


HIDES: list[tuple[str, Any]] = [
    ("a draft", lambda shop, p: Product.objects.filter(pk=p).update(status="draft")),
    ("off", lambda shop, p: edit_product(by=shop.owner, product_id=p, status="off")),
    (
        "not yet",
        lambda shop, p: edit_product(
            by=shop.owner, product_id=p, on_sale_at=clock.now() + timedelta(days=1)
        ),
    ),
    (
        "a closed merchant",
        lambda shop, p: set_merchant_status(
            by=shop.owner, merchant_id=shop.merchant.pk, status="closed"
        ),
    ),
    ("a hidden category", lambda shop, p: Category.objects.update(is_hidden=True)),
    (
        "a hidden category above",
        lambda shop, p: move(
            shop,
            Product.objects.get(pk=p).category_id,
            Category.objects.create(name="Hidden", is_hidden=True).pk,
        ),
    ),
]


@pytest.mark.parametrize("hide", [hide for _name, hide in HIDES], ids=[name for name, _h in HIDES])
def test_what_is_hidden_is_nowhere(shop: Shop, hide: Any) -> None:
    article, buyer = sku(shop.merchant), member()
    key = article.product_id
    keep_favourites.add_favourite(member_id=buyer.pk, product_id=key)
    edit_home.add_shelf(by=shop.owner, title="New", kind="chosen", product_ids=[key])
    assert finding.find(Wanted(), limit=5).cards
    hide(shop, key)
    assert product_page.read(key) is None
    assert queries.skus_on_sale([article.pk]) == {}
    assert finding.find(Wanted(), limit=5).cards == []
    assert finding.find(Wanted(search="tea"), limit=5).cards == []
    assert finding.suggest("tea", limit=5) in ([], finding.suggest("tea", limit=1))
    assert finding.of_products([key]) == []
    for act in (
        lambda: keep_favourites.add_favourite(member_id=buyer.pk, product_id=key),
        lambda: keep_favourites.visit(member_id=buyer.pk, product_id=key, now=clock.now()),
    ):
        with pytest.raises(DomainError, match="not_found"):
            act()


def test_a_sale_begins_at_its_time(shop: Shop) -> None:
    article = sku(shop.merchant)
    past = clock.now() - timedelta(minutes=1)
    edit_product(by=shop.owner, product_id=article.product_id, on_sale_at=past)
    [row] = finding.find(Wanted(), limit=5).cards
    assert row.listed_at == past
    assert article.pk in queries.skus_on_sale([article.pk])


def test_filters(shop: Shop) -> None:
    tea, rice = sku(shop.merchant, price_fen=5_000, cost_fen=1), sku(shop.merchant, on_hand=0)
    green = category(shop, "Green", Category.objects.get(name="Tea").pk)
    brand = edit_brands.add_brand(by=shop.owner, name="山间")
    edit_product(by=shop.owner, product_id=tea.product_id, category_id=green, brand_id=brand)
    edit_product(by=shop.owner, product_id=rice.product_id, goods_type="virtual")
    both = {tea.product_id, rice.product_id}

    def found(**wanted: Any) -> set[int]:
        return {row.product_id for row in finding.find(Wanted(**wanted), limit=9).cards}

    for wanted, expected in (
        ({"category_id": Category.objects.get(name="Tea").pk}, both),
        ({"category_id": green}, {tea.product_id}),
        ({"brand_id": brand}, {tea.product_id}),
        ({"merchant_id": shop.merchant.pk}, both),
        ({"merchant_id": 10**9}, set()),
        ({"goods_type": "virtual"}, {rice.product_id}),
        ({"price_to_fen": 5_000}, {tea.product_id}),
        ({"price_from_fen": 5_001}, {rice.product_id}),
        ({"in_stock": True}, {tea.product_id}),
        ({"search": "山间"}, {tea.product_id}),
        ({"search": "green"}, {tea.product_id}),
    ):
        assert found(**wanted) == expected, wanted
    with pytest.raises(DomainError, match="not_found"):
        found(category_id=10**9)
    edit_brands.edit_brand(by=shop.owner, brand_id=brand, name="云间")
    assert found(search="云间") == {tea.product_id}
    assert found(search="山间") == set()
    edit_categories.edit_category(by=shop.owner, category_id=green, name="Oolong")
    assert found(search="oolong") == {tea.product_id}


def test_lists_and_pages_take_one_query(shop: Shop) -> None:
    for _ in range(6):
        sku(shop.merchant)
    key = Product.objects.order_by("pk").values_list("pk", flat=True)[0]
    for sort in Sort:
        with CaptureQueriesContext(connection) as seen:
            rows = finding.find(Wanted(search="tea"), sort=sort, limit=5).cards
            assert [row.merchant for row in rows] == [shop.merchant.name] * 5
        assert len(seen) == 1
    with CaptureQueriesContext(connection) as seen:
        product_page.read(key)
    assert len(seen) == 1


def test_the_stock_that_is_told() -> None:
    assert queries.stock_of(-1) == ("sold_out", 0)
    assert queries.stock_of(0) == ("sold_out", 0)
    assert queries.stock_of(10) == ("low", 10)
    assert queries.stock_of(11) == ("in_stock", None)


def test_brands(shop: Shop) -> None:
    key = edit_brands.add_brand(by=shop.owner, name="山间茶事")
    brand = Brand.objects.get(pk=key)
    assert brand.letter == "S"
    with pytest.raises(DomainError, match="brand_taken"):
        edit_brands.add_brand(by=shop.owner, name="山间茶事 ")
    with pytest.raises(DomainError, match="letter_invalid"):
        edit_brands.edit_brand(by=shop.owner, brand_id=key, letter="é")
    with pytest.raises(DomainError, match="not_found"):
        edit_brands.edit_brand(by=shop.owner, brand_id=key, logo_id=10**9)
    with pytest.raises(DomainError, match="not_allowed"):
        edit_brands.add_brand(by=staff(merchant=shop.merchant), name="Mine")
    article = sku(shop.merchant)
    edit_product(by=shop.owner, product_id=article.product_id, brand_id=key)
    with pytest.raises(DomainError, match="brand_in_use"):
        edit_brands.delete_brand(by=shop.owner, brand_id=key)
    edit_product(by=shop.owner, product_id=article.product_id, brand_id=None)
    edit_brands.edit_brand(by=shop.owner, brand_id=key, is_hidden=True)
    assert not queries.brands().exists()
    edit_brands.delete_brand(by=shop.owner, brand_id=key)
    assert not Brand.objects.exists()


def test_the_first_page(shop: Shop, media: Path) -> None:
    wide = upload_image(by=shop.owner, data=encoded(size=(80, 30)), merchant_id=None)
    theirs = upload_image(by=shop.owner, data=encoded(), merchant_id=shop.merchant.pk)
    article, now = sku(shop.merchant), clock.now()
    key = edit_home.add_banner(
        by=shop.owner, title="春茶", image_id=wide, target="product",
        target_value=str(article.product_id), ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    assert [row.pk for row in queries.banners(now=now)] == [key]
    assert not queries.banners(now=now + timedelta(hours=1)).exists()
    for wrong, code in (
        ({"image_id": theirs}, "not_found"),
        ({"target": "product", "target_value": "x"}, "not_found"),
        ({"target": "category", "target_value": "9" * 30}, "not_found"),
        ({"target": "https://elsewhere.example"}, "target_invalid"),
        ({"target": "search", "target_value": ""}, "text_invalid"),
        ({"starts_at": now + timedelta(hours=2)}, "period_invalid"),
        ({"position": 10**7}, "position_invalid"),
        ({"ends_at": datetime(9999, 12, 31, 23, tzinfo=UTC)}, "moment_invalid"),
    ):
        with pytest.raises(DomainError, match=code):
            edit_home.edit_banner(by=shop.owner, banner_id=key, **wrong)
    edit_home.edit_banner(by=shop.owner, banner_id=key, version=1, is_hidden=True)
    with pytest.raises(DomainError, match="changed_meanwhile"):
        edit_home.edit_banner(by=shop.owner, banner_id=key, version=1, is_hidden=False)
    assert not queries.banners(now=now).exists()
    edit_home.delete_banner(by=shop.owner, banner_id=key)
    assert not Banner.objects.exists()


def test_shelves_of_the_first_page(shop: Shop) -> None:
    first, second = sku(shop.merchant), sku(shop.merchant)
    keys = [second.product_id, first.product_id]
    key = edit_home.add_shelf(by=shop.owner, title="精选", kind="chosen", product_ids=keys)
    shelf = queries.home_shelves().get()
    assert [row.product_id for row in shelf.chosen.all()] == keys
    for wrong, code in (
        ({"product_ids": [10**9]}, "not_found"),
        ({"kind": "random"}, "kind_invalid"),
        ({"length": 0}, "length_invalid"),
        ({"category_id": 10**9}, "not_found"),
    ):
        with pytest.raises(DomainError, match=code):
            edit_home.edit_shelf(by=shop.owner, shelf_id=key, **wrong)
    edit_home.edit_shelf(by=shop.owner, shelf_id=key, title="优选")
    assert [row.product_id for row in queries.home_shelves().get().chosen.all()] == keys
    edit_home.delete_shelf(by=shop.owner, shelf_id=key)
    assert not HomeShelf.objects.exists()
    edit_home.set_hot_words(by=shop.owner, words=["龙井", "红茶"])
    edit_home.set_hot_words(by=shop.owner, words=["红茶", "龙井"])
    assert list(HotWord.objects.values_list("word", flat=True)) == ["红茶", "龙井"]
    for words in (["a", "a"], [""], [str(n) for n in range(21)], ["x" * 31]):
        with pytest.raises(DomainError):
            edit_home.set_hot_words(by=shop.owner, words=words)


def test_favourites_and_visits(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    articles, buyer, other = [sku(shop.merchant) for _ in range(4)], member(), member()
    keys = [article.product_id for article in articles]
    for _again in range(2):
        keep_favourites.add_favourite(member_id=buyer.pk, product_id=keys[0])
    keep_favourites.add_favourite(member_id=other.pk, product_id=keys[0])
    assert Favourite.objects.filter(member=buyer).count() == 1
    monkeypatch.setattr(keep_favourites, "MOST_FAVOURITES", 1)
    keep_favourites.add_favourite(member_id=buyer.pk, product_id=keys[0])
    with pytest.raises(DomainError, match="favourites_full"):
        keep_favourites.add_favourite(member_id=buyer.pk, product_id=keys[1])
    keep_favourites.remove_favourite(member_id=buyer.pk, product_id=keys[0])
    keep_favourites.remove_favourite(member_id=buyer.pk, product_id=keys[0])
    assert list(Favourite.objects.values_list("member", flat=True)) == [other.pk]

    monkeypatch.setattr(keep_favourites, "MOST_VISITS", 3)
    now = clock.now()
    for minute, place in enumerate((0, 1, 0, 2, 3)):
        keep_favourites.visit(
            member_id=buyer.pk, product_id=keys[place], now=now + timedelta(minutes=minute)
        )
    keep_favourites.visit(member_id=other.pk, product_id=keys[0], now=now)
    own = Visit.objects.filter(member=buyer).values_list("product_id", flat=True)
    assert list(own) == [keys[3], keys[2], keys[0]]
    keep_favourites.forget_visits(member_id=buyer.pk, product_id=keys[2])
    assert list(own.all()) == [keys[3], keys[0]]
    keep_favourites.forget_visits(member_id=buyer.pk)
    assert list(Visit.objects.values_list("member", flat=True)) == [other.pk]


def test_listings_follow(shop: Shop) -> None:
    article = sku(shop.merchant)
    Listing.objects.all().delete()
    assert finding.find(Wanted(), limit=5).cards == []
    from mingchi.usecases.count_sales import count_sales

    assert count_sales() == 1
    assert [row.product_id for row in finding.find(Wanted(), limit=5).cards] == [article.product_id]
    Sku.objects.update(retired_at=clock.now())
    edit_product(by=shop.owner, product_id=article.product_id, title="None left")
    assert finding.find(Wanted(), limit=5).cards == []


def test_another_merchants_products_are_not_there(shop: Shop) -> None:
    theirs = sku(Merchant.objects.create(name="Another"))
    manager = staff(merchant=shop.merchant)
    with pytest.raises(DomainError) as caught:
        edit_product(by=manager, product_id=theirs.product_id, title="Mine")
    assert caught.value.status == 404
