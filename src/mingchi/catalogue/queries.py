"""What the shop shows. A hidden category, a draft, a closed merchant: as if they weren't there."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, Literal, NamedTuple

from django.db import connection
from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import tree
from mingchi.catalogue.models import (
    Banner,
    Brand,
    HomeShelf,
    HomeShelfProduct,
    Product,
    Sku,
)
from mingchi.foundation import rows as rows_of
from mingchi.foundation.errors import NotFoundError
from mingchi.merchants.models import Merchant

_COVERS: Final = """
SELECT k.id, coalesce(
    (
        SELECT i.digest FROM catalogue_specificationvalue v
        JOIN catalogue_image i ON i.id = v.image_id
        WHERE v.id = ANY (k.value_ids) ORDER BY array_position(k.value_ids, v.id) LIMIT 1
    ),
    (
        SELECT i.digest FROM catalogue_productimage x JOIN catalogue_image i ON i.id = x.image_id
        WHERE x.product_id = k.product_id ORDER BY x.position, x.id LIMIT 1
    )
)
FROM catalogue_sku k WHERE k.id = ANY (%s)
"""
# By hand: each cart, preview and checkout asks this.
_ON_SALE: Final = f"""
SELECT {rows_of.columns(Sku, "s")}, {rows_of.columns(Product, "p")},
    {rows_of.columns(Merchant, "m")}
FROM catalogue_sku s JOIN catalogue_product p ON p.id = s.product_id
JOIN merchants_merchant m ON m.id = p.merchant_id
WHERE s.id = ANY (%s) AND s.retired_at IS NULL AND p.status = 'on_sale' AND m.status = 'open'
  AND (p.on_sale_at IS NULL OR p.on_sale_at <= statement_timestamp())
  AND p.category_id NOT IN ({tree.HIDDEN_SQL})
ORDER BY s.id
"""  # noqa: S608 - put together of constants
FEW: Final = 10
"""How many are left is told to members up to this number; above, only that there are some."""


class Stock(NamedTuple):
    """What members are told of a stock: `left` only where few are."""

    state: Literal["in_stock", "low", "sold_out"]
    left: int | None


def stock_of(units: int) -> Stock:
    """What members are told of so many units."""
    if units <= 0:
        return Stock("sold_out", 0)
    return Stock("low", units) if units <= FEW else Stock("in_stock", None)


def on_sale() -> QuerySet[Product]:
    """Products that can be bought now."""
    begun = Q(on_sale_at__isnull=True) | Q(on_sale_at__lte=Now())
    return Product.objects.filter(
        begun, status=Product.Status.ON_SALE, merchant__status=Merchant.Status.OPEN
    ).exclude(category_id__in=tree.hidden())


def skus_on_sale(sku_ids: Collection[int]) -> dict[int, Sku]:
    """The SKUs among these that can be bought, with product and merchant, by key."""
    with connection.cursor() as cursor:
        cursor.execute(_ON_SALE, [list(sku_ids)])
        rows = cursor.fetchall()
    product_at = rows_of.width(Sku)
    merchant_at = product_at + rows_of.width(Product)
    found = {}
    for row in rows:
        sku = rows_of.read(Sku, row[:product_at])
        sku.product = rows_of.read(Product, row[product_at:merchant_at])
        sku.product.merchant = rows_of.read(Merchant, row[merchant_at:])
        found[sku.pk] = sku
    return found


def wanted_skus(sku_ids: Collection[int]) -> dict[int, Sku]:
    """The same, where all of them must be there: `sku_not_found` 404 names one that is not."""
    found = skus_on_sale(sku_ids)
    for sku_id in sku_ids:
        if sku_id not in found:
            raise sku_not_found(sku_id)
    return found


def sku_not_found(sku_id: int) -> NotFoundError:
    """The refusal of an article that is not on sale."""
    return NotFoundError(
        "sku_not_found",
        _("This article is not on sale."),
        field="sku_id",
        details={"sku_id": sku_id},
    )


def covers(sku_ids: Collection[int]) -> dict[int, str]:
    """The picture (digest) by which each SKU is shown, where it has one: that of its first value
    with a picture, else its product's cover."""
    with connection.cursor() as cursor:
        cursor.execute(_COVERS, [list(sku_ids)])
        return {sku_id: digest for sku_id, digest in cursor.fetchall() if digest}


def brands() -> QuerySet[Brand]:
    """Brands that are shown, by letter."""
    return Brand.objects.filter(is_hidden=False).select_related("logo")


def banners(*, now: datetime) -> QuerySet[Banner]:
    """What the first page shows at this moment."""
    begun = Q(starts_at__isnull=True) | Q(starts_at__lte=now)
    not_over = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    return Banner.objects.filter(begun, not_over, is_hidden=False).select_related("image")


def home_shelves() -> QuerySet[HomeShelf]:
    """Rows of the first page, with the products chosen by hand."""
    chosen = HomeShelfProduct.objects.order_by("position", "id")
    return HomeShelf.objects.filter(is_hidden=False).prefetch_related(Prefetch("chosen", chosen))
