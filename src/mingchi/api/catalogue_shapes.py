"""How goods look to shoppers."""

import json
from collections.abc import Iterable
from typing import Any, Literal

from django.http import HttpResponse
from ninja import Field, Schema

from mingchi.catalogue import images, listing, queries
from mingchi.catalogue.finding import Card
from mingchi.catalogue.models import Banner, Brand, Category, Image, Product, Specification
from mingchi.catalogue.product_page import ProductPage

Answer = dict[str, Any]


class PictureOut(Schema):
    """A picture as WebP: at most 1600, 800, 400 and 200 pixels a side. What stands at an address
    never changes."""

    url: str
    url_800: str
    url_400: str
    url_200: str


class UploadedOut(Schema):
    """A picture that was kept; `id` names it where it is to be shown."""

    id: int
    width: int
    height: int
    picture: PictureOut


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
    review_count: int
    stars_hundredths: int | None = Field(
        description="the average in hundredths, 100 to 500, rounded down; null without reviews"
    )
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
    review_count: int
    stars_hundredths: int | None = Field(
        description="the average in hundredths, 100 to 500, rounded down; null without reviews"
    )
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


class AboutOut(Schema):
    is_sandbox: bool = Field(description="no real money; every page says so")


def picture(image: Image | None) -> PictureOut | None:
    """A picture's addresses; None where there is none."""
    return picture_of(image.digest if image else None)


def picture_of(digest: str | None) -> PictureOut | None:
    """The same by the picture's digest."""
    return PictureOut(**_sizes(digest)) if digest else None


def pictures(found: Iterable[Image]) -> list[PictureOut]:
    """Those of several, which are all there."""
    return [PictureOut(**_sizes(image.digest)) for image in found]


def cover(found: Product) -> PictureOut | None:
    """What a product is listed with; None where it has no picture or is not listed."""
    listing = getattr(found, "listing", None)
    return picture_of(listing.cover if listing else None)


def uploaded(image: Image) -> UploadedOut:
    """A picture that was kept."""
    (shown,) = pictures([image])
    return UploadedOut(id=image.pk, width=image.width, height=image.height, picture=shown)


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


def card(found: Card) -> Answer:
    """A product in a list, as `ProductCardOut`."""
    return {
        "id": found.product_id,
        "title": found.title,
        "subtitle": found.subtitle,
        "cover": _picture(found.cover),
        "price_fen": found.price_fen,
        "market_price_fen": found.market_price_fen,
        "sold": found.sold,
        **_rating(found),
        "stock": queries.stock_of(found.available).state,
        "goods_type": found.goods_type,
        "merchant_id": found.merchant_id,
        "merchant": found.merchant,
        "brand_id": found.brand_id,
        "brand": found.brand,
    }


def product(found: ProductPage) -> Answer:
    """A product's page, as `ProductOut`."""
    brand = {"id": found.brand_id, "name": found.brand, "logo": _picture(found.logo)}
    return {
        "id": found.id,
        "title": found.title,
        "subtitle": found.subtitle,
        "description": found.description,
        "detail": found.detail,
        "goods_type": found.goods_type,
        "categories": found.categories or [],
        "brand": brand if found.brand_id else None,
        "merchant": {"id": found.merchant_id, "name": found.merchant},
        "pictures": [_picture(digest) for digest in found.pictures or []],
        "parameters": found.parameters,
        "specifications": [_told(row) for row in found.specifications or []],
        "skus": [_sku(row) for row in found.skus or []],
        "sold": found.sold,
        **_rating(found),
        "limit_per_member": found.limit_per_member,
    }


def answer(shape: Answer | list[Answer]) -> HttpResponse:
    """What was put together here, sent as it is: checking each card once more against its shape
    would take longer than reading it. That they agree is tested."""
    text = json.dumps(shape, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, content_type="application/json; charset=utf-8")


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


def _rating(found: Card | ProductPage) -> Answer:
    average = listing.average_hundredths(review_count=found.review_count, stars_sum=found.stars_sum)
    return {"review_count": found.review_count, "stars_hundredths": average}


def _told(row: Answer) -> Answer:
    values = [
        {"id": each["id"], "name": each["name"], "picture": _picture(each["digest"])}
        for each in row["values"] or []
    ]
    return {"id": row["id"], "name": row["name"], "values": values}


def _sku(row: Answer) -> Answer:
    stock = queries.stock_of(row["available"])
    told = {name: row[name] for name in ("id", "code", "title", "value_ids", "price_fen")}
    return {
        **told,
        "market_price_fen": row["market_price_fen"],
        "stock": stock.state,
        "left": stock.left,
    }


def _picture(digest: str | None) -> dict[str, str] | None:
    return _sizes(digest) if digest else None


def _sizes(digest: str) -> dict[str, str]:
    return {
        "url": images.url(digest),
        "url_800": images.url(digest, 800),
        "url_400": images.url(digest, 400),
        "url_200": images.url(digest, 200),
    }
