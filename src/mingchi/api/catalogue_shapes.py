"""How goods look to shoppers."""

from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from mingchi.catalogue import images, queries
from mingchi.catalogue.models import (
    Banner,
    Brand,
    Category,
    Image,
    Listing,
    Product,
    Sku,
    Specification,
)


class PictureOut(Schema):
    """A picture as WebP: at most 1600, 800, 400 and 200 pixels a side. What stands at an address
    never changes."""

    url: str
    url_800: str
    url_400: str
    url_200: str


class CategoryOut(Schema):
    id: int
    name: str
    parent_id: int | None
    icon: PictureOut | None


class BrandOut(Schema):
    id: int
    name: str
    letter: str = Field(description="A to Z, or #")
    logo: PictureOut | None
    story: str


class ProductCardOut(Schema):
    id: int
    title: str
    subtitle: str
    cover: PictureOut | None
    price_fen: int = Field(description="of the cheapest SKU")
    market_price_fen: int | None = Field(
        description="to be struck through: a price asked in the last 30 days"
    )
    sold: int = Field(description="units; counted every ten minutes")
    stock: Literal["in_stock", "low", "sold_out"]
    goods_type: str
    merchant_id: int
    merchant: str
    brand_id: int | None
    brand: str | None


class ProductListOut(Schema):
    """`next` goes into `after` of the next page, with all else as it was; null: this is the last
    one."""

    items: list[ProductCardOut]
    next: str | None


class SpecificationValueOut(Schema):
    id: int
    name: str
    picture: PictureOut | None


class SpecificationOut(Schema):
    id: int
    name: str
    values: list[SpecificationValueOut]


class SkuOut(Schema):
    id: int
    code: str
    title: str
    value_ids: list[int] = Field(
        description="one of each specification, in their order; empty where there are none"
    )
    price_fen: int
    market_price_fen: int | None = Field(
        description="to be struck through: a price asked in the last 30 days"
    )
    stock: Literal["in_stock", "low", "sold_out"]
    left: int | None = Field(description="units left, told where 10 or fewer are")


class ParameterOut(Schema):
    name: str
    value: str


class MerchantCardOut(Schema):
    id: int
    name: str


class BrandCardOut(Schema):
    id: int
    name: str
    logo: PictureOut | None


class CrumbOut(Schema):
    id: int
    name: str


class ProductOut(Schema):
    id: int
    title: str
    subtitle: str
    description: str = Field(description="plain text")
    detail: str = Field(description="harmless HTML: text, lists, tables, pictures of ours")
    goods_type: str
    categories: list[CrumbOut] = Field(description="from the top down to its own")
    brand: BrandCardOut | None
    merchant: MerchantCardOut
    pictures: list[PictureOut]
    parameters: list[ParameterOut]
    specifications: list[SpecificationOut]
    skus: list[SkuOut]
    sold: int = Field(description="units; counted every ten minutes")
    limit_per_member: int | None = Field(description="how many a member may buy")


class SuggestionOut(Schema):
    kind: Literal["product", "category", "brand"]
    text: str
    id: int


class BannerOut(Schema):
    id: int
    title: str
    picture: PictureOut
    target: Banner.Target
    target_value: str = Field(description="a key, or the words of a search")


class ShelfOut(Schema):
    id: int
    title: str
    subtitle: str
    category_id: int | None
    products: list[ProductCardOut]


class HomeOut(Schema):
    banners: list[BannerOut]
    shelves: list[ShelfOut]
    hot_words: list[str]


def picture_of(digest: str) -> PictureOut | None:
    """A picture by the digest of its files; None where there is none."""
    if not digest:
        return None
    return PictureOut(
        url=images.url(digest),
        url_800=images.url(digest, 800),
        url_400=images.url(digest, 400),
        url_200=images.url(digest, 200),
    )


def picture(image: Image | None) -> PictureOut | None:
    """The same of a row."""
    return None if image is None else picture_of(image.digest)


def category(found: Category) -> CategoryOut:
    return CategoryOut(
        id=found.pk, name=found.name, parent_id=found.parent_id, icon=picture(found.icon)
    )


def brand(found: Brand) -> BrandOut:
    return BrandOut(
        id=found.pk,
        name=found.name,
        letter=found.letter,
        logo=picture(found.logo),
        story=found.story,
    )


def card(found: Listing, *, now: datetime) -> ProductCardOut:
    """A product in a list. Prices and stock are those of its SKUs at this moment."""
    product, skus = found.product, list(found.product.skus.all())
    cheapest = min(skus, key=lambda sku: (sku.price_fen, sku.pk), default=None)
    own_brand = product.brand if product.brand and not product.brand.is_hidden else None
    return ProductCardOut(
        id=product.pk,
        title=product.title,
        subtitle=product.subtitle,
        cover=picture_of(found.cover),
        price_fen=cheapest.price_fen if cheapest else found.price_fen or 0,
        market_price_fen=queries.struck_fen(cheapest, now=now) if cheapest else None,
        sold=found.sold,
        stock=queries.stock_of(sum(sku.available for sku in skus)).state,
        goods_type=product.goods_type,
        merchant_id=product.merchant_id,
        merchant=product.merchant.name,
        brand_id=own_brand.pk if own_brand else None,
        brand=own_brand.name if own_brand else None,
    )


def product(found: Product, above: list[Category], *, now: datetime) -> ProductOut:
    """A product's page; `above` are its categories from the top down."""
    own_brand = found.brand if found.brand and not found.brand.is_hidden else None
    sold = found.listing.sold if hasattr(found, "listing") else 0
    return ProductOut(
        id=found.pk,
        title=found.title,
        subtitle=found.subtitle,
        description=found.description,
        detail=found.detail,
        goods_type=found.goods_type,
        categories=[CrumbOut(id=row.pk, name=row.name) for row in above],
        brand=BrandCardOut(id=own_brand.pk, name=own_brand.name, logo=picture(own_brand.logo))
        if own_brand
        else None,
        merchant=MerchantCardOut(id=found.merchant_id, name=found.merchant.name),
        pictures=[p for row in found.images.all() if (p := picture(row.image)) is not None],
        parameters=[ParameterOut(**row) for row in found.parameters],
        specifications=[specification(row) for row in found.specifications.all()],
        skus=[_sku(row, now=now) for row in found.skus.all()],
        sold=sold,
        limit_per_member=found.limit_per_member,
    )


def banner(found: Banner) -> BannerOut:
    shown = picture(found.image)
    assert shown is not None, "a banner has a picture"
    return BannerOut(
        id=found.pk,
        title=found.title,
        picture=shown,
        target=Banner.Target(found.target),
        target_value=found.target_value,
    )


def specification(found: Specification) -> SpecificationOut:
    """A specification with the values that are chosen from."""
    return SpecificationOut(
        id=found.pk,
        name=found.name,
        values=[
            SpecificationValueOut(id=row.pk, name=row.name, picture=picture(row.image))
            for row in found.values.all()
            if not row.is_retired
        ],
    )


def _sku(found: Sku, *, now: datetime) -> SkuOut:
    stock = queries.stock_of(found.available)
    return SkuOut(
        id=found.pk,
        code=found.code,
        title=found.title,
        value_ids=found.value_ids,
        price_fen=found.price_fen,
        market_price_fen=queries.struck_fen(found, now=now),
        stock=stock.state,
        left=stock.left,
    )
