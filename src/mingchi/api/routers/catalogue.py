"""What the shop shows."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Schema
from pydantic import StringConstraints

from mingchi.api.fields import PRINTABLE, Before, Id, Limit, Page
from mingchi.api.paging import page
from mingchi.api.routing import GuardedRouter
from mingchi.catalogue import queries
from mingchi.catalogue.models import Category, Product, Sku
from mingchi.foundation.errors import NotFoundError

router = GuardedRouter(tags=["shop"])
Search = Annotated[str, StringConstraints(max_length=60, pattern=PRINTABLE)]


class CategoryOut(Schema):
    id: int
    name: str
    parent_id: int | None


class SkuOut(Schema):
    id: int
    code: str
    title: str
    price_fen: int
    available: int = Field(description="units that can be sold now")


class ProductOut(Schema):
    id: int
    title: str
    description: str
    category_id: int
    category: str
    merchant_id: int
    merchant: str
    skus: list[SkuOut]


@router.get("/categories", response=list[CategoryOut], summary="Categories")
def list_categories(request: HttpRequest) -> list[CategoryOut]:
    """All shelves of the shop, in their order."""
    return [
        CategoryOut(id=found.pk, name=found.name, parent_id=found.parent_id)
        for found in Category.objects.order_by("position", "id")
    ]


@router.get("/products", response=Page[ProductOut], summary="Products on sale")
def list_products(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    category_id: Id | None = None,
    search: Search = "",
) -> Page[ProductOut]:
    """Newest first; of a category (with those below it), or with a word in the title."""
    rows = queries.on_sale(category_id=category_id, search=search)
    return page(rows, _product, limit=limit, before=before)


@router.get("/products/{product_id}", response=ProductOut, summary="A product on sale")
def get_product(request: HttpRequest, product_id: Id) -> ProductOut:
    """One product with its SKUs and what is available."""
    found = queries.on_sale().filter(pk=product_id).first()
    if found is None:
        raise NotFoundError()
    return _product(found)


def _product(product: Product) -> ProductOut:
    return ProductOut(
        id=product.pk,
        title=product.title,
        description=product.description,
        category_id=product.category_id,
        category=product.category.name,
        merchant_id=product.merchant_id,
        merchant=product.merchant.name,
        skus=[_sku(sku) for sku in product.skus.all()],
    )


def _sku(sku: Sku) -> SkuOut:
    return SkuOut(
        id=sku.pk,
        code=sku.code,
        title=sku.title,
        price_fen=sku.price_fen,
        available=max(0, sku.available),
    )
