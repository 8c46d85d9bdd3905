"""Writes what lists and search read; nobody else does."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from django.db import connection
from django.db.models import Min, Q

from mingchi.catalogue import search
from mingchi.catalogue.models import Category, Listing, Product, ProductImage

_AT_ONCE: Final = 500
# Some characters become a word when they are folded.
_LONGEST_FOLDED: Final = 400
_WRITE = """
INSERT INTO catalogue_listing AS l (product_id, merchant_id, category_id, brand_id, goods_type,
    is_on_sale, listed_at, price_fen, sold, cover, folded, terms)
SELECT id, merchant_id, category_id, brand_id, goods_type, is_on_sale, listed_at, price_fen, 0,
    cover, folded, terms::tsvector
FROM jsonb_to_recordset(%s::jsonb) AS r (id bigint, merchant_id bigint, category_id bigint,
    brand_id bigint, goods_type text, is_on_sale boolean, listed_at timestamptz, price_fen bigint,
    cover text, folded text, terms text)
ORDER BY id
ON CONFLICT (product_id) DO UPDATE SET merchant_id = excluded.merchant_id,
    category_id = excluded.category_id, brand_id = excluded.brand_id,
    goods_type = excluded.goods_type, is_on_sale = excluded.is_on_sale,
    listed_at = excluded.listed_at, price_fen = excluded.price_fen, cover = excluded.cover,
    folded = excluded.folded, terms = excluded.terms
"""
_SOLD = """
UPDATE catalogue_listing l SET sold = s.units
FROM unnest(%s::bigint[], %s::bigint[]) AS s (product_id, units)
WHERE l.product_id = s.product_id AND l.sold <> s.units
"""


def refresh(product_ids: Iterable[int]) -> int:
    """State these products anew, in the transaction of what changed them; how many."""
    found = Product.objects.filter(pk__in=list(product_ids)).select_related("brand")
    rows = found.annotate(price_from=Min("skus__price_fen", filter=Q(skus__retired_at=None)))
    products = rows.order_by("pk").iterator(chunk_size=_AT_ONCE)
    names = dict(Category.objects.values_list("pk", "name"))
    done = 0
    while batch := list(islice(products, _AT_ONCE)):
        covers = _covers([product.pk for product in batch])
        _write([_row(product, names, covers) for product in batch])
        done += len(batch)
    return done


def refresh_missing() -> int:
    """State what was never stated: products from before there were listings; how many."""
    missing = Product.objects.filter(listing__isnull=True).values_list("pk", flat=True)
    return sum(refresh(keys) for keys in _portions(list(missing)))


def set_sold(units: dict[int, int]) -> int:
    """So many of each product were sold; how many listings changed."""
    with connection.cursor() as cursor:
        cursor.execute(_SOLD, [list(units), list(units.values())])
        return int(cursor.rowcount)


def sold() -> dict[int, int]:
    """What the listings say was sold, of those that sold anything."""
    return dict(Listing.objects.exclude(sold=0).values_list("product_id", "sold"))


def hold(product_id: int) -> None:
    """Keep others from changing this listing until the transaction ends: the last lock taken."""
    list(Listing.objects.select_for_update().filter(pk=product_id).values_list("pk"))


def set_rating(product_id: int, *, review_count: int, stars_sum: int) -> None:
    """So many reviews of the product are shown, with so many stars in all."""
    Listing.objects.filter(pk=product_id).update(review_count=review_count, stars_sum=stars_sum)


def average_hundredths(*, review_count: int, stars_sum: int) -> int | None:
    """The average in hundredths of a star, rounded down; None without reviews."""
    return 100 * stars_sum // review_count if review_count else None


def _covers(product_ids: list[int]) -> dict[int, str]:
    found = ProductImage.objects.filter(product_id__in=product_ids)
    rows = found.order_by("-position", "-pk").values_list("product_id", "image__digest")
    return dict(rows)  # the last one wins: the first in its place


def _row(product: Product, names: dict[int, str], covers: dict[int, str]) -> dict[str, Any]:
    brand = product.brand
    about = [names[product.category_id], *([brand.name] if brand else [])]
    return {
        "id": product.pk,
        "merchant_id": product.merchant_id,
        "category_id": product.category_id,
        "brand_id": product.brand_id,
        "goods_type": product.goods_type,
        "is_on_sale": product.status == Product.Status.ON_SALE,
        "listed_at": (product.on_sale_at or product.created_at).isoformat(),
        "price_fen": product.price_from,  # type: ignore[attr-defined]
        "cover": covers.get(product.pk, ""),
        "folded": search.fold(product.title)[:_LONGEST_FOLDED],
        "terms": search.document(title=product.title, about=about, keywords=product.keywords),
    }


def _write(rows: list[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [json.dumps(rows)])


def _portions(keys: list[int]) -> Iterator[list[int]]:
    for at in range(0, len(keys), _AT_ONCE):
        yield keys[at : at + _AT_ONCE]
