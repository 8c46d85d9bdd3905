"""Staff and goods: products with their pictures and specifications, SKUs, stock."""

from typing import Annotated, Any

from django.db.models import Prefetch
from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import StringConstraints

from mingchi.api import catalogue_shapes as shapes
from mingchi.api.fields import (
    PRINTABLE,
    Before,
    Done,
    Fen,
    FenFromZero,
    Id,
    Input,
    Limit,
    Made,
    Page,
    Qty,
    Qty0,
    Reason,
    Versioned,
    When,
)
from mingchi.api.paging import page
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.catalogue.models import Product, ProductImage, Sku, Specification
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError
from mingchi.merchants import scope
from mingchi.usecases import edit_catalogue as use
from mingchi.usecases import edit_specifications, keep_images
from mingchi.usecases.edit_specifications import SkuRow, SpecificationData, ValueData

router = GuardedRouter(tags=["staff: goods"])


def _text(longest: int, *, least: int = 0) -> Any:
    return StringConstraints(
        strip_whitespace=True, min_length=least, max_length=longest, pattern=PRINTABLE
    )


Title = Annotated[str, _text(120, least=1)]
Subtitle = Annotated[str, _text(120)]
Description = Annotated[str, _text(20_000)]
Detail = Annotated[str, _text(50_000), Field(description="HTML; what is harmless in it is kept")]
Keywords = Annotated[str, _text(200), Field(description="found by search, not shown")]
Short = Annotated[str, _text(30, least=1)]
Version = Annotated[
    int | None,
    Field(ge=1, description="that of what you saw: 409 `changed_meanwhile` where it is past"),
]


class ParameterIn(Input):
    name: Short
    value: Annotated[str, _text(200, least=1)]


class ProductEditIn(Input):
    """What is not given stays."""

    category_id: Id | None = None
    brand_id: Id | None = None
    title: Title | None = None
    subtitle: Subtitle | None = None
    description: Description | None = None
    detail: Detail | None = None
    keywords: Keywords | None = None
    parameters: list[ParameterIn] | None = Field(default=None, max_length=50)
    status: Product.Status | None = None
    goods_type: Product.GoodsType | None = None
    on_sale_at: When | None = None
    limit_per_member: Qty | None = None


class ProductIn(ProductEditIn):
    merchant_id: Id
    category_id: Id
    title: Title


class ProductChangeIn(ProductEditIn):
    version: Version = None


class SkuIn(Input):
    code: str = Field(min_length=1, max_length=40, pattern=PRINTABLE)
    title: str = Field(default="", max_length=80, pattern=PRINTABLE)
    price_fen: Fen
    cost_fen: FenFromZero
    market_price_fen: Fen | None = Field(
        default=None, description="to be struck through; asked for 7 days of the last 30"
    )
    distribution_fen: FenFromZero | None = Field(
        default=None, description="per unit; null: by the plan"
    )
    pool_fen: FenFromZero | None = Field(default=None, description="per unit; null: by the plan")
    weight_g: int | None = Field(default=None, strict=True, ge=0, le=10**7)


class NewSkuIn(SkuIn):
    on_hand: Qty0 = 0


class SkuRowIn(SkuIn):
    id: Id
    stock_change: int = Field(default=0, strict=True, ge=-(10**9), le=10**9)


class SkuRowsIn(Input):
    skus: list[SkuRowIn] = Field(min_length=1, max_length=200)
    version: Version = None


class ValueIn(Input):
    id: Id | None = Field(default=None, description="of an old value: it may get a new name")
    name: Annotated[str, _text(24, least=1)]
    image_id: Id | None = None


class SpecificationIn(Input):
    id: Id | None = Field(default=None, description="of an old one: it may get a new name")
    name: Annotated[str, _text(20, least=1)]
    values: list[ValueIn] = Field(min_length=1, max_length=40)


class SpecificationsIn(Input):
    specifications: list[SpecificationIn] = Field(max_length=3)
    price_fen: Fen | None = Field(
        default=None, description="of new SKUs; null: as the product's first SKU"
    )
    cost_fen: FenFromZero | None = None
    version: Version = None


class ImagesIn(Input):
    image_ids: list[Id] = Field(max_length=12)
    version: Version = None


class StockIn(Input):
    delta: int = Field(strict=True, ge=-(10**9), le=10**9)
    reason: Reason


class StockOut(Schema):
    on_hand: int


class StaffSkuOut(Schema):
    id: int
    code: str
    title: str
    value_ids: list[int]
    price_fen: int
    cost_fen: int
    market_price_fen: int | None
    market_until: When | None
    distribution_fen: int | None
    pool_fen: int | None
    weight_g: int
    on_hand: int
    reserved: int
    retired_at: When | None


class StaffPictureOut(Schema):
    id: int
    picture: shapes.PictureOut | None


class StaffProductOut(Schema):
    id: int
    version: int
    merchant_id: int
    category_id: int
    brand_id: int | None
    title: str
    subtitle: str
    description: str
    detail: str
    keywords: str
    parameters: list[shapes.ParameterOut]
    status: str
    goods_type: str
    on_sale_at: When | None
    limit_per_member: int | None
    pictures: list[StaffPictureOut]
    specifications: list[shapes.SpecificationOut]
    skus: list[StaffSkuOut]


@router.get("/products", response=Page[StaffProductOut], summary="Products")
def staff_list_products(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    merchant_id: Id | None = None,
    status: Product.Status | None = None,
) -> Page[StaffProductOut]:
    """Newest first, drafts and those off the shelf too; a merchant's staff see their own."""
    rows = scope.for_user(_whole(), staff_of(request))
    wanted = {"merchant_id": merchant_id, "status": status}
    rows = rows.filter(**{k: v for k, v in wanted.items() if v is not None})
    return page(rows, _product, limit=limit, before=before)


@router.get("/products/{product_id}", response=StaffProductOut, summary="A product")
def staff_get_product(request: HttpRequest, product_id: Id) -> StaffProductOut:
    """With its retired SKUs too."""
    found = scope.for_user(_whole(), staff_of(request)).filter(pk=product_id).first()
    if found is None:
        raise NotFoundError()
    return _product(found)


@router.post("/products", response={201: Made}, summary="Add a product")
def staff_add_product(request: HttpRequest, data: ProductIn) -> Status[Made]:
    """A draft, unless said otherwise."""
    made = use.add_product(by=staff_of(request), merchant_id=data.merchant_id, **_values(data))
    return Status(201, Made(id=made))


@router.patch("/products/{product_id}", response=Versioned, summary="Edit a product")
def staff_edit_product(request: HttpRequest, product_id: Id, data: ProductChangeIn) -> Versioned:
    """Change what is given and leave the rest alone."""
    version = use.edit_product(
        by=staff_of(request),
        product_id=product_id,
        version=data.version,
        now=clock.now(),
        **_values(data),
    )
    return Versioned(version=version)


@router.put("/products/{product_id}/images", response=Versioned, summary="Arrange its pictures")
def staff_arrange_images(request: HttpRequest, product_id: Id, data: ImagesIn) -> Versioned:
    """These, in this order; the first is the cover. They were uploaded for its merchant."""
    version = keep_images.arrange_images(
        by=staff_of(request),
        product_id=product_id,
        image_ids=data.image_ids,
        version=data.version,
    )
    return Versioned(version=version)


@router.put(
    "/products/{product_id}/specifications", response=Versioned, summary="State specifications"
)
def staff_set_specifications(
    request: HttpRequest, product_id: Id, data: SpecificationsIn
) -> Versioned:
    """The SKUs follow: a combination that stays keeps its SKU with price and stock, one that is
    gone is retired and comes back with its combination, a new one has no stock yet."""
    version = edit_specifications.set_specifications(
        by=staff_of(request),
        product_id=product_id,
        specifications=[_specification(each) for each in data.specifications],
        price_fen=data.price_fen,
        cost_fen=data.cost_fen,
        version=data.version,
        now=clock.now(),
    )
    return Versioned(version=version)


@router.put("/products/{product_id}/skus", response=Versioned, summary="Edit several SKUs")
def staff_edit_skus(request: HttpRequest, product_id: Id, data: SkuRowsIn) -> Versioned:
    """All or none; those not named stay as they are."""
    version = edit_specifications.edit_skus(
        by=staff_of(request),
        product_id=product_id,
        rows=[
            SkuRow(sku_id=row.id, data=_sku_data(row), stock_change=row.stock_change)
            for row in data.skus
        ],
        version=data.version,
        now=clock.now(),
    )
    return Versioned(version=version)


@router.post("/products/{product_id}/skus", response={201: Made}, summary="Add a SKU")
def staff_add_sku(request: HttpRequest, product_id: Id, data: NewSkuIn) -> Status[Made]:
    """A new variant with its first stock, of a product without specifications."""
    made = use.add_sku(
        by=staff_of(request), product_id=product_id, data=_sku_data(data), on_hand=data.on_hand
    )
    return Status(201, Made(id=made))


@router.put("/skus/{sku_id}", response=Done, summary="Edit a SKU")
def staff_edit_sku(request: HttpRequest, sku_id: Id, data: SkuIn) -> Done:
    """Price, cost and shares for orders placed from here on."""
    use.edit_sku(by=staff_of(request), sku_id=sku_id, data=_sku_data(data))
    return Done()


@router.post("/skus/{sku_id}/stock", response=StockOut, summary="Change the stock")
def staff_change_stock(request: HttpRequest, sku_id: Id, data: StockIn) -> StockOut:
    """Units came in or are gone."""
    on_hand = use.change_stock(
        by=staff_of(request), sku_id=sku_id, delta=data.delta, reason=data.reason
    )
    return StockOut(on_hand=on_hand)


def _values(data: ProductEditIn) -> Any:
    """What was given; null clears what may be empty, and is as good as not given elsewhere."""
    may_be_empty = {"brand_id", "on_sale_at", "limit_per_member"}
    given = data.model_dump(exclude_unset=True, exclude={"merchant_id", "version"})
    values = {name: v for name, v in given.items() if v is not None or name in may_be_empty}
    if "parameters" in values:
        values["parameters"] = [(each["name"], each["value"]) for each in values["parameters"]]
    for name in ("status", "goods_type"):
        if name in values:
            values[name] = str(values[name].value)
    return values


def _specification(data: SpecificationIn) -> SpecificationData:
    values = [ValueData(id=x.id, name=x.name, image_id=x.image_id) for x in data.values]
    return SpecificationData(id=data.id, name=data.name, values=values)


def _sku_data(data: SkuIn) -> use.SkuData:
    return use.SkuData(**data.model_dump(exclude={"id", "stock_change", "on_hand"}))


def _whole() -> Any:
    own = Specification.objects.filter(is_retired=False).prefetch_related("values__image")
    return Product.objects.prefetch_related(
        Prefetch("skus", Sku.objects.order_by("id")),
        Prefetch("images", ProductImage.objects.select_related("image")),
        Prefetch("specifications", own),
    )


def _product(product: Product) -> StaffProductOut:
    return StaffProductOut(
        id=product.pk,
        version=product.version,
        merchant_id=product.merchant_id,
        category_id=product.category_id,
        brand_id=product.brand_id,
        title=product.title,
        subtitle=product.subtitle,
        description=product.description,
        detail=product.detail,
        keywords=product.keywords,
        parameters=[shapes.ParameterOut(**row) for row in product.parameters],
        status=product.status,
        goods_type=product.goods_type,
        on_sale_at=product.on_sale_at,
        limit_per_member=product.limit_per_member,
        pictures=[
            StaffPictureOut(id=row.image_id, picture=shapes.picture(row.image))
            for row in product.images.all()
        ],
        specifications=[shapes.specification(row) for row in product.specifications.all()],
        skus=[StaffSkuOut.from_orm(sku) for sku in product.skus.all()],
    )
