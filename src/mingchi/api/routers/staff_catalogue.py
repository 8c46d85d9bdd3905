"""Staff and goods: categories, products, SKUs, stock; and the merchants who sell them."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import StringConstraints

from mingchi.api.fields import (
    PRINTABLE,
    Before,
    Done,
    Fen,
    FenFromZero,
    Id,
    Input,
    Limit,
    Name,
    Page,
    Qty0,
    Reason,
)
from mingchi.api.paging import page
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.catalogue.models import Product, Sku
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant, MerchantStaff
from mingchi.usecases import edit_catalogue as use_catalogue
from mingchi.usecases import edit_merchants as use_merchants

router = GuardedRouter(tags=["staff: goods"])
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=PRINTABLE),
]
Description = Annotated[str, StringConstraints(max_length=20_000, pattern=PRINTABLE)]


class CategoryIn(Input):
    name: Name
    parent_id: Id | None = None
    position: int = Field(default=0, strict=True, ge=-(10**6), le=10**6)


class ProductIn(Input):
    merchant_id: Id
    category_id: Id
    title: Title
    description: Description = ""
    status: Product.Status = Product.Status.DRAFT


class ProductEditIn(Input):
    category_id: Id | None = None
    title: Title | None = None
    description: Description | None = None
    status: Product.Status | None = None


class SkuIn(Input):
    code: str = Field(min_length=1, max_length=40, pattern=PRINTABLE)
    title: str = Field(default="", max_length=80, pattern=PRINTABLE)
    price_fen: Fen
    cost_fen: FenFromZero
    distribution_fen: FenFromZero | None = Field(
        default=None, description="per unit; null: by the plan"
    )
    pool_fen: FenFromZero | None = Field(default=None, description="per unit; null: by the plan")


class NewSkuIn(SkuIn):
    on_hand: Qty0 = 0


class StockIn(Input):
    delta: int = Field(strict=True, ge=-(10**9), le=10**9)
    reason: Reason


class StockOut(Schema):
    on_hand: int


class StaffSkuOut(Schema):
    id: int
    code: str
    title: str
    price_fen: int
    cost_fen: int
    distribution_fen: int | None
    pool_fen: int | None
    on_hand: int
    reserved: int


class StaffProductOut(Schema):
    id: int
    merchant_id: int
    category_id: int
    title: str
    description: str
    status: str
    skus: list[StaffSkuOut]


class MerchantOut(Schema):
    id: int
    name: str
    status: str


class MerchantIn(Input):
    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=PRINTABLE),
    ]


class MerchantStatusIn(Input):
    status: Merchant.Status


class MerchantStaffIn(Input):
    user_id: Id
    role: MerchantStaff.Role


class MadeOut(Schema):
    id: int


@router.post("/categories", response={201: MadeOut}, summary="Add a category")
def staff_add_category(request: HttpRequest, data: CategoryIn) -> Status[MadeOut]:
    """A new shelf, under another or on top."""
    made = use_catalogue.add_category(
        by=staff_of(request), name=data.name, parent_id=data.parent_id, position=data.position
    )
    return Status(201, MadeOut(id=made))


@router.get("/products", response=Page[StaffProductOut], summary="Products")
def staff_list_products(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    merchant_id: Id | None = None,
    status: Product.Status | None = None,
) -> Page[StaffProductOut]:
    """Newest first, drafts and those off the shelf too; a merchant's staff see their own."""
    rows = scope.for_user(Product.objects.prefetch_related("skus"), staff_of(request))
    wanted = {"merchant_id": merchant_id, "status": status}
    rows = rows.filter(**{k: v for k, v in wanted.items() if v is not None})
    return page(rows, _product, limit=limit, before=before)


@router.post("/products", response={201: MadeOut}, summary="Add a product")
def staff_add_product(request: HttpRequest, data: ProductIn) -> Status[MadeOut]:
    """A draft, unless said otherwise."""
    made = use_catalogue.add_product(
        by=staff_of(request),
        merchant_id=data.merchant_id,
        category_id=data.category_id,
        title=data.title,
        description=data.description,
        status=data.status.value,
    )
    return Status(201, MadeOut(id=made))


@router.patch("/products/{product_id}", response=Done, summary="Edit a product")
def staff_edit_product(request: HttpRequest, product_id: Id, data: ProductEditIn) -> Done:
    """Change what is given and leave the rest alone."""
    use_catalogue.edit_product(
        by=staff_of(request),
        product_id=product_id,
        category_id=data.category_id,
        title=data.title,
        description=data.description,
        status=None if data.status is None else data.status.value,
    )
    return Done()


@router.post("/products/{product_id}/skus", response={201: MadeOut}, summary="Add a SKU")
def staff_add_sku(request: HttpRequest, product_id: Id, data: NewSkuIn) -> Status[MadeOut]:
    """A new variant with its first stock."""
    made = use_catalogue.add_sku(
        by=staff_of(request), product_id=product_id, data=_sku_data(data), on_hand=data.on_hand
    )
    return Status(201, MadeOut(id=made))


@router.put("/skus/{sku_id}", response=Done, summary="Edit a SKU")
def staff_edit_sku(request: HttpRequest, sku_id: Id, data: SkuIn) -> Done:
    """Price, cost and shares for orders placed from here on."""
    use_catalogue.edit_sku(by=staff_of(request), sku_id=sku_id, data=_sku_data(data))
    return Done()


@router.post("/skus/{sku_id}/stock", response=StockOut, summary="Change the stock")
def staff_change_stock(request: HttpRequest, sku_id: Id, data: StockIn) -> StockOut:
    """Units came in or are gone."""
    on_hand = use_catalogue.change_stock(
        by=staff_of(request), sku_id=sku_id, delta=data.delta, reason=data.reason
    )
    return StockOut(on_hand=on_hand)


@router.get("/merchants", response=Page[MerchantOut], summary="Merchants")
def staff_list_merchants(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[MerchantOut]:
    """All, or those one works for."""
    rows = scope.for_user(Merchant.objects.all(), staff_of(request))
    return page(rows, MerchantOut.from_orm, limit=limit, before=before)


@router.post("/merchants", response={201: MadeOut}, summary="Add a merchant")
def staff_add_merchant(request: HttpRequest, data: MerchantIn) -> Status[MadeOut]:
    """A new merchant, open."""
    made = use_merchants.add_merchant(by=staff_of(request), name=data.name)
    return Status(201, MadeOut(id=made))


@router.post("/merchants/{merchant_id}/status", response=Done, summary="Open or close a shop")
def staff_set_merchant_status(
    request: HttpRequest, merchant_id: Id, data: MerchantStatusIn
) -> Done:
    """What is ordered goes on."""
    use_merchants.set_merchant_status(
        by=staff_of(request), merchant_id=merchant_id, status=data.status.value
    )
    return Done()


@router.post("/merchants/{merchant_id}/staff", response={201: MadeOut}, summary="Add its staff")
def staff_add_merchant_staff(
    request: HttpRequest, merchant_id: Id, data: MerchantStaffIn
) -> Status[MadeOut]:
    """Let a staff account work for a merchant."""
    made = use_merchants.add_merchant_staff(
        by=staff_of(request),
        merchant_id=merchant_id,
        user_id=data.user_id,
        role=data.role.value,
    )
    return Status(201, MadeOut(id=made))


@router.delete("/merchant-staff/{staff_id}", response=Done, summary="Remove a merchant's staff")
def staff_remove_merchant_staff(request: HttpRequest, staff_id: Id) -> Done:
    """The account does not work there any more."""
    use_merchants.remove_merchant_staff(by=staff_of(request), staff_id=staff_id)
    return Done()


def _sku_data(data: SkuIn) -> use_catalogue.SkuData:
    return use_catalogue.SkuData(
        code=data.code,
        title=data.title,
        price_fen=data.price_fen,
        cost_fen=data.cost_fen,
        distribution_fen=data.distribution_fen,
        pool_fen=data.pool_fen,
    )


def _product(product: Product) -> StaffProductOut:
    return StaffProductOut(
        id=product.pk,
        merchant_id=product.merchant_id,
        category_id=product.category_id,
        title=product.title,
        description=product.description,
        status=product.status,
        skus=[_sku(sku) for sku in product.skus.all()],
    )


def _sku(sku: Sku) -> StaffSkuOut:
    return StaffSkuOut.from_orm(sku)
