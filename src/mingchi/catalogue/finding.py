"""Lists and search over what is on sale: filters, orders, pages by cursor."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from django.db.models import BooleanField, Exists, F, IntegerField, OuterRef, Prefetch, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import queries, search, tree
from mingchi.catalogue.models import Category, Listing, Product, Sku
from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.merchants.models import Merchant


class Sort(StrEnum):
    """In which order; relevance is that of a search, the newest first that of anything else."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    SOLD = "sold"
    PRICE_UP = "price_up"
    PRICE_DOWN = "price_down"


# Columns of each order; the product's key makes it total.
_ORDERS: Final[dict[Sort, tuple[str, ...]]] = {
    Sort.RELEVANCE: ("-tier", "-sold", "-product_id"),
    Sort.NEWEST: ("-listed_at", "-product_id"),
    Sort.SOLD: ("-sold", "-product_id"),
    Sort.PRICE_UP: ("price_fen", "product_id"),
    Sort.PRICE_DOWN: ("-price_fen", "-product_id"),
}
_MATCHES: Final = "catalogue_listing.terms @@ %s::tsquery"
# As typed in the title, its parts all in the title, or found otherwise.
_TIER: Final = """CASE WHEN strpos(catalogue_listing.folded, %s) > 0 THEN 2
    WHEN catalogue_listing.terms @@ %s::tsquery THEN 1 ELSE 0 END"""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page: listings with product, merchant, brand and the SKUs on sale; and where the next page
    begins, None at the end."""

    listings: list[Listing]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Something to go to, or to search for."""

    kind: Literal["product", "category", "brand"]
    text: str
    id: int


def find(wanted: Wanted, *, sort: Sort | None = None, after: str = "", limit: int) -> Found:
    """A page of what is on sale. Errors: `not_found` 404 for a category that is not shown,
    `cursor_invalid`."""
    if sort is None or (sort is Sort.RELEVANCE and not wanted.search):
        sort = Sort.RELEVANCE if wanted.search else Sort.NEWEST
    rows = _narrowed(listings(), wanted)
    if sort is Sort.RELEVANCE:
        rows = rows.annotate(tier=_tier(wanted.search))
    if after:
        rows = rows.filter(_behind(sort, _read(sort, after)))
    found = list(rows.order_by(*_ORDERS[sort])[: limit + 1])
    shown = found[:limit]
    return Found(listings=shown, after=_cursor(sort, shown[-1]) if len(found) > limit else None)


def of_products(product_ids: Sequence[int]) -> list[Listing]:
    """The listings of these products that are on sale, in the order given."""
    found = {row.product_id: row for row in listings().filter(pk__in=product_ids)}
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
    products = find(Wanted(search=typed), limit=limit).listings
    found += [Suggestion(kind="product", text=r.product.title, id=r.product_id) for r in products]
    return found[:limit]


def listings() -> QuerySet[Listing]:
    """Listings of what can be bought now. The product itself is asked too: a listing decides the
    order, never whether something may be seen."""
    skus = Sku.objects.filter(retired_at=None).order_by("id")
    return (
        Listing.objects.filter(
            is_on_sale=True,
            listed_at__lte=Now(),
            price_fen__isnull=False,
            product__status=Product.Status.ON_SALE,
            product__merchant__status=Merchant.Status.OPEN,
        )
        .exclude(product__category_id__in=tree.hidden())
        .select_related("product__merchant", "product__brand")
        .defer("terms", "product__detail", "product__description", "product__parameters")
        .prefetch_related(Prefetch("product__skus", skus))
    )


def _narrowed(rows: QuerySet[Listing], wanted: Wanted) -> QuerySet[Listing]:
    if wanted.category_id is not None:
        rows = rows.filter(category_id__in=_shown_below(wanted.category_id))
    exact = {
        "brand_id": wanted.brand_id,
        "merchant_id": wanted.merchant_id,
        "goods_type": wanted.goods_type,
        "price_fen__gte": wanted.price_from_fen,
        "price_fen__lte": wanted.price_to_fen,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    if wanted.in_stock:
        here = Sku.objects.filter(product_id=OuterRef("pk"), retired_at=None)
        rows = rows.filter(Exists(here.filter(on_hand__gt=F("reserved"))))
    if wanted.search:
        terms = search.query(wanted.search)
        rows = rows.filter(_matching(terms)) if terms else rows.none()
    return rows


def _shown_below(category_id: int) -> list[int]:
    if not Category.objects.filter(pk=category_id).exclude(pk__in=tree.hidden()).exists():
        raise NotFoundError(field="category_id")
    return tree.below(category_id)


def _matching(terms: str) -> RawSQL:
    return RawSQL(_MATCHES, [terms], BooleanField())  # noqa: S611 - constant, with parameters


def _tier(text: str) -> RawSQL:
    values = [search.fold(text), search.query(text, weight="A")]
    return RawSQL(_TIER, values, IntegerField())  # noqa: S611 - constant, with parameters


def _behind(sort: Sort, values: Sequence[Any]) -> Q:
    """What comes after a row with these values in this order."""
    behind = Q()
    equal: dict[str, Any] = {}
    for column, value in zip(_ORDERS[sort], values, strict=True):
        name = column.removeprefix("-")
        beyond = {f"{name}__{'lt' if column.startswith('-') else 'gt'}": value}
        behind |= Q(**equal, **beyond)
        equal[name] = value
    first = _ORDERS[sort][0]
    bound = {f"{first.removeprefix('-')}__{'lte' if first.startswith('-') else 'gte'}": values[0]}
    return Q(**bound) & behind


def _cursor(sort: Sort, row: Listing) -> str:
    names = [column.removeprefix("-") for column in _ORDERS[sort]]
    values = [getattr(row, name) for name in names]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps([sort.value, *plain], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(sort: Sort, cursor: str) -> list[Any]:
    """The values of the row that the page before ended with."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        said, *values = json.loads(text)
        if said != sort.value or len(values) != len(_ORDERS[sort]):
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
