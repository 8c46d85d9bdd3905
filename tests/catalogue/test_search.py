"""Search: pure cutting, and what is found by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.usecases.shop import Shop, sku

from mingchi.catalogue import finding, listing, search
from mingchi.catalogue.finding import Sort, Wanted
from mingchi.catalogue.models import Brand, Category, Listing, Product
from mingchi.foundation.errors import DomainError

chinese = st.text(alphabet="西湖龙井明前一级红茶绿山间茶事白毫银针", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("西湖龙井", "'西湖' & '湖龙' & '龙井'"),
        ("茶", "'茶'"),
        ("龙井 50克", "'龙井' & '50':* & '克'"),
        ("ｉＰｈｏｎｅ１５", "'iphone15':*"),
        ("  ", ""),
        ("'); DROP TABLE x; --", "'drop':* & 'table':* & 'x':*"),
        ("！？。", ""),
        ("😀", ""),
        ("龙井龙井", "'龙井' & '井龙'"),
        ("Чай ひらがな", "'чай':* & 'ひらがな':*"),
        ("\U00020bb7野家", "'\U00020bb7野' & '野家'"),
    ],
)
def test_a_query(text: str, terms: str) -> None:
    assert search.query(text) == terms


def test_a_query_of_the_title_only() -> None:
    assert search.query("龙井 ab", weight="A") == "'龙井':A & 'ab':*A"


@pytest.mark.parametrize(
    ("name", "letter"),
    [("山间茶事", "S"), ("Apple", "A"), ("ｂ", "B"), ("3M", "#"), ("", "#"), ("😀", "#")],
)
def test_the_letter_of_a_name(name: str, letter: str) -> None:
    assert search.initial(name) == letter


def matches(document: str, query: str) -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector @@ %s::tsquery", [document, query])
        return bool(cursor.fetchone()[0])  # type: ignore[index]


@pytest.mark.django_db
@given(chinese, st.data())
def test_any_part_of_a_title_finds_it(title: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(title) - 1))
    part = title[start : data.draw(st.integers(start + 1, len(title)))]
    assert matches(search.document(title=title), search.query(part))


@pytest.mark.django_db
@given(st.text(max_size=80))
def test_whatever_is_typed_finds_what_is_called_so(text: str) -> None:
    typed = search.query(text)
    assert not typed or matches(search.document(title=text), typed)


def named(shop: Shop, title: str, **more: object) -> int:
    made = sku(shop.merchant)
    Product.objects.filter(pk=made.product_id).update(title=title, **more)
    listing.refresh([made.product_id])
    return made.product_id


def found(text: str, **more: object) -> list[int]:
    rows = finding.find(Wanted(search=text, **more), limit=50).cards  # type: ignore[arg-type]
    return [row.product_id for row in rows]


def test_what_is_found_and_in_which_order(shop: Shop) -> None:
    brand = Brand.objects.create(name="山间茶事", letter="S")
    longjing = named(shop, "西湖龙井 明前一级", brand=brand)
    cup = named(shop, "青瓷杯", keywords="泡龙井用")
    apart = named(shop, "龙泉青瓷 井栏壶")
    named(shop, "五常大米")
    assert found("龙井") == [longjing, cup]
    assert found("longjing") == [longjing]
    assert found("lj") == [longjing]
    assert found("xhlj") == [longjing]
    assert found("山间") == [longjing]
    assert found("龙泉") == [apart]
    assert found("青瓷") == [apart, cup]  # both as typed: the later one first
    assert found("？！") == []
    assert found("明前 龙井") == [longjing]
    Listing.objects.filter(pk=cup).update(sold=5)
    assert found("青瓷") == [cup, apart]
    assert found("龙井") == [longjing, cup]  # in the title, though sold less


def test_characters_that_become_words_have_room(shop: Shop) -> None:
    long = named(shop, "\ufdfa" * 120)  # each becomes eighteen letters
    assert Listing.objects.filter(pk=long).exists()
    assert named(shop, "a" * 120) in found("a" * 60)


def test_words_are_taken_as_they_are(shop: Shop) -> None:
    hostile = named(shop, "O'Neill \\ & | ! <b>:*</b> 😀 茶杯")
    assert found("o'neill") == [hostile]
    assert found("茶杯 <b>") == [hostile]


def test_suggestions(shop: Shop) -> None:
    brand = Brand.objects.create(name="Tea & Co", letter="T")
    hidden = Category.objects.create(name="Tea, secret", is_hidden=True)
    tea = named(shop, "Tea pot", brand=brand)
    secret = named(shop, "Tea in secret", category=hidden)
    shelf = Category.objects.get(name="Tea")
    told = [(row.kind, row.id) for row in finding.suggest("tea", limit=10)]
    assert told == [("category", shelf.pk), ("brand", brand.pk), ("product", tea)]
    assert secret not in [row.id for row in finding.suggest("secret", limit=10)]
    assert finding.suggest("  ", limit=10) == []


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_hold_each_product_once(shop: Shop, sort: Sort) -> None:
    keys = [named(shop, f"茶 {number % 3}") for number in range(9)]
    for place, key in enumerate(keys):
        Listing.objects.filter(pk=key).update(sold=place % 3, price_fen=100 * (place % 2 + 1))
    seen: list[int] = []
    after: str | None = ""
    while after is not None:
        page = finding.find(Wanted(search="茶"), sort=sort, after=after, limit=2)
        seen += [row.product_id for row in page.cards]
        after = page.after
    assert sorted(seen) == sorted(keys)
    whole = finding.find(Wanted(search="茶"), sort=sort, limit=50).cards
    assert seen == [row.product_id for row in whole]


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "WyJuZXdlc3QiLDEsMl0", "bnVsbA", "WyJzb2xkIiwxZTk5LDJd", "eyJhIjoxfQ"]
)
def test_a_cursor_of_ones_own_making_is_refused(shop: Shop, cursor: str) -> None:
    for sort in (Sort.NEWEST, Sort.SOLD):
        with pytest.raises(DomainError, match="cursor_invalid"):
            finding.find(Wanted(), sort=sort, after=cursor, limit=2)
