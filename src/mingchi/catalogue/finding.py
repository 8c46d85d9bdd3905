"""Lists and search over what is on sale: filters, orders, pages by cursor.

One statement a page, by hand: the shop's window is what is asked for most, and building the same by
the ORM took four times as long as everything else together.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, NamedTuple

from django.db import connection
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import queries, search, tree
from mingchi.catalogue.models import Category
from mingchi.foundation.errors import DomainError, NotFoundError


class Sort(StrEnum):
    """In which order; relevance is that of a search, the newest first that of anything else."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    SOLD = "sold"
    PRICE_UP = "price_up"
    PRICE_DOWN = "price_down"


class _Order(NamedTuple):
    """Columns of the page, the product's key last, so that an order is total; all one way."""

    columns: tuple[str, ...]
    way: Literal["ASC", "DESC"]


_ORDERS: Final[dict[Sort, _Order]] = {
    Sort.RELEVANCE: _Order(("tier", "sold", "product_id"), "DESC"),
    Sort.NEWEST: _Order(("listed_at", "product_id"), "DESC"),
    Sort.SOLD: _Order(("sold", "product_id"), "DESC"),
    Sort.PRICE_UP: _Order(("price_fen", "product_id"), "ASC"),
    Sort.PRICE_DOWN: _Order(("price_fen", "product_id"), "DESC"),
}
# The product itself is asked too: a listing decides the order, never whether something is seen.
# OFFSET 0: row by row as the order needs them, rather than all products for each page.
_SHOWN: Final = f"""
l CROSS JOIN LATERAL (
    SELECT p.title, p.subtitle, p.goods_type, p.merchant_id, m.name AS merchant, p.brand_id
    FROM catalogue_product p JOIN merchants_merchant m ON m.id = p.merchant_id
    WHERE p.id = l.product_id AND p.status = 'on_sale' AND m.status = 'open'
      AND (p.on_sale_at IS NULL OR p.on_sale_at <= statement_timestamp())
      AND p.category_id NOT IN ({tree.HIDDEN_SQL})
    OFFSET 0
) p
WHERE l.is_on_sale AND l.listed_at <= statement_timestamp() AND l.price_fen IS NOT NULL
"""  # noqa: S608 - put together of constants
# As typed in the title, its parts all in the title, or found otherwise.
_TIER: Final = """CASE WHEN strpos(l.folded, %s) > 0 THEN 2
    WHEN l.terms @@ %s::tsquery THEN 1 ELSE 0 END"""
# By itself, so that the index finds it, whatever order comes after.
_MATCHING: Final = "(SELECT * FROM catalogue_listing WHERE terms @@ %s::tsquery OFFSET 0)"
_IN_STOCK: Final = """EXISTS (SELECT 1 FROM catalogue_sku k
    WHERE k.product_id = l.product_id AND k.retired_at IS NULL AND k.on_hand > k.reserved)"""
_COLUMNS: Final = """l.product_id, l.listed_at, l.sold, l.price_fen, l.cover, l.review_count,
    l.stars_sum, p.title, p.subtitle,
    p.goods_type, p.merchant_id, p.merchant, p.brand_id"""
# Prices and stock of the page's products only, as they are now.
_CARDS: Final = """
SELECT page.product_id, page.title, page.subtitle, page.cover, page.goods_type, page.sold,
    page.merchant_id, page.merchant, b.id, b.name, k.price_fen, k.market_price_fen, k.available,
    page.review_count, page.stars_sum, page.listed_at, page.price_fen, page.tier
FROM page LEFT JOIN catalogue_brand b ON b.id = page.brand_id AND NOT b.is_hidden
CROSS JOIN LATERAL (
    SELECT min(s.price_fen) AS price_fen, sum(s.on_hand - s.reserved)::bigint AS available,
        (array_agg(CASE WHEN s.market_until > statement_timestamp()
            AND s.market_price_fen > s.price_fen THEN s.market_price_fen END
            ORDER BY s.price_fen, s.id))[1] AS market_price_fen
    FROM catalogue_sku s WHERE s.product_id = page.product_id AND s.retired_at IS NULL
) k WHERE k.price_fen IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is narrowed to. A category counts with all under it; prices are those from
    which a product is sold."""

    category_id: int | None = None
    brand_id: int | None = None
    merchant_id: int | None = None
    goods_type: str | None = None
    price_from_fen: int | None = None
    price_to_fen: int | None = None
    in_stock: bool = False
    search: str = ""


class Card(NamedTuple):
    """A product in a list: `price_fen` and the price struck through are those of its cheapest SKU,
    `available` units of all; `listed_at`, `listed_fen` and `tier` are where it stands in the list.
    """

    product_id: int
    title: str
    subtitle: str
    cover: str
    goods_type: str
    sold: int
    merchant_id: int
    merchant: str
    brand_id: int | None
    brand: str | None
    price_fen: int
    market_price_fen: int | None
    available: int
    review_count: int
    stars_sum: int
    listed_at: datetime
    listed_fen: int
    tier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page; and where the next page begins, None at the end."""

    cards: list[Card]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Something to go to, or to search for."""

    kind: Literal["product", "category", "brand"]
    text: str
    id: int


class _Sql(NamedTuple):
    """A piece of a statement, put together of constants, and its values."""

    text: str
    values: tuple[Any, ...] = ()


def find(wanted: Wanted, *, sort: Sort | None = None, after: str = "", limit: int) -> Found:
    """A page of what is on sale. Errors: `not_found` 404 for a category that is not shown,
    `cursor_invalid`."""
    if sort is None or (sort is Sort.RELEVANCE and not wanted.search):
        sort = Sort.RELEVANCE if wanted.search else Sort.NEWEST
    last = _read(sort, after) if after else None
    if wanted.search and not search.query(wanted.search):
        return Found(cards=[], after=None)
    tier = _tier(wanted.search) if sort is Sort.RELEVANCE else _Sql("0")
    narrowed = _narrowed(wanted)
    if last is not None:
        narrowed.append(_behind(_ORDERS[sort], tier, last))
    cards = _cards(_source(wanted.search), tier, narrowed, _ORDERS[sort], limit + 1)
    shown = cards[:limit]
    return Found(cards=shown, after=_cursor(sort, shown[-1]) if len(cards) > limit else None)


def of_products(product_ids: Sequence[int]) -> list[Card]:
    """The cards of these products that are on sale, in the order given."""
    if not product_ids:
        return []
    own = _Sql("l.product_id = ANY(%s)", (list(product_ids),))
    cards = _cards(_source(""), _Sql("0"), [own], _ORDERS[Sort.NEWEST], len(product_ids))
    found = {card.product_id: card for card in cards}
    return [found[pk] for pk in product_ids if pk in found]


def suggest(text: str, *, limit: int) -> list[Suggestion]:
    """What somebody who types this may mean: categories and brands by name, then products, the best
    sold first. No words of other shoppers."""
    typed = " ".join(text.split())
    if not typed:
        return []
    shown = Category.objects.filter(name__icontains=typed).exclude(pk__in=tree.hidden())
    named = queries.brands().filter(name__icontains=typed)
    found = [
        *(Suggestion(kind="category", text=row.name, id=row.pk) for row in shown[:3]),
        *(Suggestion(kind="brand", text=row.name, id=row.pk) for row in named[:3]),
    ]
    cards = find(Wanted(search=typed), limit=limit).cards
    found += [Suggestion(kind="product", text=card.title, id=card.product_id) for card in cards]
    return found[:limit]


def _narrowed(wanted: Wanted) -> list[_Sql]:
    found = []
    if wanted.category_id is not None:
        found.append(_Sql("l.category_id = ANY(%s)", (_shown_below(wanted.category_id),)))
    for part, value in (
        ("l.brand_id = %s", wanted.brand_id),
        ("l.merchant_id = %s", wanted.merchant_id),
        ("l.goods_type = %s", wanted.goods_type),
        ("l.price_fen >= %s", wanted.price_from_fen),
        ("l.price_fen <= %s", wanted.price_to_fen),
    ):
        if value is not None:
            found.append(_Sql(part, (value,)))
    if wanted.in_stock:
        found.append(_Sql(_IN_STOCK))
    return found


def _shown_below(category_id: int) -> list[int]:
    if not Category.objects.filter(pk=category_id).exclude(pk__in=tree.hidden()).exists():
        raise NotFoundError(field="category_id")
    return tree.below(category_id)


def _source(text: str) -> _Sql:
    """All listings, or those that a search finds."""
    return _Sql(_MATCHING, (search.query(text),)) if text else _Sql("catalogue_listing")


def _tier(text: str) -> _Sql:
    return _Sql(_TIER, (search.fold(text), search.query(text, weight="A")))


def _behind(order: _Order, tier: _Sql, last: Sequence[Any]) -> _Sql:
    """What comes after a row with these values."""
    columns = ", ".join(tier.text if name == "tier" else f"l.{name}" for name in order.columns)
    beyond = "<" if order.way == "DESC" else ">"
    marks = ", ".join("%s" for _name in order.columns)
    return _Sql(f"({columns}) {beyond} ({marks})", (*tier.values, *last))


def _cards(
    source: _Sql, tier: _Sql, narrowed: Sequence[_Sql], order: _Order, limit: int
) -> list[Card]:
    by = ", ".join(f"{name} {order.way}" for name in order.columns)
    page_by = ", ".join(f"page.{name} {order.way}" for name in order.columns)
    where = "".join(f" AND {part.text}" for part in narrowed)
    page = f"SELECT {_COLUMNS}, {tier.text} AS tier FROM {source.text} {_SHOWN}{where}"  # noqa: S608
    page = f"{page} ORDER BY {by} LIMIT %s"
    values = [v for part in (tier, source, *narrowed) for v in part.values]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH page AS MATERIALIZED ({page}) {_CARDS} ORDER BY {page_by}", [*values, limit]
        )
        return [Card(*row) for row in cursor.fetchall()]


def _cursor(sort: Sort, card: Card) -> str:
    place = {
        "listed_at": card.listed_at.isoformat(),
        "price_fen": card.listed_fen,
        "sold": card.sold,
        "tier": card.tier,
        "product_id": card.product_id,
    }
    values = [place[name] for name in _ORDERS[sort].columns]
    text = json.dumps([sort.value, *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(sort: Sort, cursor: str) -> list[Any]:
    """The values of the row that the page before ended with."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        said, *values = json.loads(text)
        if said != sort.value or len(values) != len(_ORDERS[sort].columns):
            raise ValueError
        numbers = values
        if sort is Sort.NEWEST:
            values[0], numbers = parse_datetime(values[0]), values[1:]
            if values[0] is None or values[0].tzinfo is None:
                raise ValueError
        if any(type(number) is not int or abs(number) >= 2**62 for number in numbers):
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise DomainError(
            "cursor_invalid",
            _("This page can't be found. Begin again at the first one."),
            field="after",
        ) from None
    return list(values)
