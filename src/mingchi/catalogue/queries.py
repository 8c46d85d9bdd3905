"""What the shop shows."""

from collections.abc import Collection

from django.db.models import Prefetch, Q, QuerySet

from mingchi.catalogue.models import Product, Sku
from mingchi.merchants.models import Merchant


def on_sale(*, category_id: int | None = None, search: str = "") -> QuerySet[Product]:
    """Products that can be bought, newest first, with category, merchant and SKUs (two queries
    whatever the page). A category shows its direct children's products too."""
    found = (
        Product.objects.filter(status=Product.Status.ON_SALE, merchant__status=Merchant.Status.OPEN)
        .select_related("category", "merchant")
        .prefetch_related(Prefetch("skus", Sku.objects.order_by("id")))
    )
    if category_id is not None:
        found = found.filter(Q(category_id=category_id) | Q(category__parent_id=category_id))
    search = search.replace("\x00", "").strip()
    if search:
        found = found.filter(title__icontains=search)
    return found.order_by("-id")


def skus_on_sale(sku_ids: Collection[int]) -> dict[int, Sku]:
    """The SKUs among these that can be bought, with product and merchant, by key."""
    found = Sku.objects.select_related("product__merchant").filter(
        pk__in=sku_ids,
        product__status=Product.Status.ON_SALE,
        product__merchant__status=Merchant.Status.OPEN,
    )
    return {sku.pk: sku for sku in found}
