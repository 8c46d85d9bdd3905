"""How a cart and a checkout look to the member."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from ninja import Field, Schema

from mingchi.api.catalogue_shapes import PictureOut, picture_of
from mingchi.api.pricing_shapes import UsableOut, usable
from mingchi.catalogue import queries as catalogue
from mingchi.catalogue.models import Sku
from mingchi.foundation import masking
from mingchi.members import addresses
from mingchi.members.models import Address
from mingchi.usecases import preview_checkout as use_preview
from mingchi.usecases.keep_cart import Cart, CartLine
from mingchi.usecases.preview_checkout import Preview, Shop, Stage
from mingchi.usecases.problems import Problem

StageCode = Literal["goods", "price_cut", "merchant_coupon", "shipping", "platform_coupon"]


class ProblemOut(Schema):
    """Why this can't be bought so."""

    code: str
    message: str
    sku_id: int | None = Field(description="the article concerned")
    coupon_id: int | None = Field(description="the coupon of mine concerned")


class ArticleOut(Schema):
    """A SKU as a cart and a checkout show it."""

    sku_id: int
    product_id: int
    name: str
    specification: str = Field(description="the variant: what was chosen")
    image: PictureOut | None
    price_fen: int = Field(description="of one, today")
    qty: int


class CartItemOut(ArticleOut):
    is_selected: bool = Field(description="to be bought with the next checkout")
    stock: Literal["in_stock", "low", "sold_out"]
    left: int | None = Field(description="units left, told where 10 or fewer are")
    problem: ProblemOut | None


class CartShopOut(Schema):
    merchant_id: int
    merchant_name: str
    items: list[CartItemOut]


class CartOut(Schema):
    shops: list[CartShopOut]
    count: int = Field(description="articles, each once")
    selected_count: int
    goods_fen: int = Field(description="of what is selected, before coupons and shipping")


class StageOut(Schema):
    code: StageCode
    label: str = Field(description="its name; a coupon's own")
    amount_fen: int = Field(description="negative: taken off")
    coupon_id: int | None = Field(description="the coupon of mine that does it")


class PreviewLineOut(ArticleOut):
    list_fen: int = Field(description="all units at the struck-through price, or their own")
    goods_fen: int = Field(description="what I pay for them")
    saved_fen: int = Field(description="what coupons take off, shipping too")
    problem: ProblemOut | None


class PreviewShopOut(Schema):
    """The part of one merchant: what will be an order."""

    merchant_id: int
    merchant_name: str
    lines: list[PreviewLineOut]
    stages: list[StageOut] = Field(description="they sum to `total_fen`")
    total_fen: int


class ChosenCouponOut(UsableOut):
    is_chosen: bool


class SentToOut(Schema):
    id: int
    name: str
    phone: str = Field(description="masked")
    region: str
    area: str = Field(description="province, city and district by name")
    detail: str
    label: str


class PreviewOut(Schema):
    """What a checkout would cost. With problems it can't be bought; `digest` goes into the
    checkout, which answers 409 `preview_changed` where anything shown here is different by then."""

    shops: list[PreviewShopOut]
    stages: list[StageOut] = Field(description="they sum to `payable_fen`")
    payable_fen: int
    problems: list[ProblemOut]
    coupons: list[ChosenCouponOut] = Field(description="all that I could choose from")
    address: SentToOut | None
    digest: str


def cart(found: Cart) -> CartOut:
    """A cart with its pictures."""
    pictures = catalogue.covers([line.sku.pk for line in found.lines])
    return CartOut(
        shops=[
            CartShopOut(
                merchant_id=shop[0].sku.product.merchant_id,
                merchant_name=shop[0].sku.product.merchant.name,
                items=[_item(line, pictures) for line in shop],
            )
            for shop in found.shops
        ],
        count=len(found.lines),
        selected_count=len(found.selected),
        goods_fen=sum(line.amount_fen for line in found.selected),
    )


def preview(found: Preview) -> PreviewOut:
    """A preview with its pictures, and all coupons that might be chosen."""
    pictures = catalogue.covers(list(found.offer.basket.skus))
    chosen = {each.pk for each in found.offer.quoted.coupons}
    return PreviewOut(
        shops=[_shop(shop, found, pictures) for shop in found.shops],
        stages=[_stage(stage) for stage in found.stages],
        payable_fen=found.offer.payable_fen,
        problems=[_problem(each) for each in found.problems],
        coupons=[
            ChosenCouponOut.model_validate({**usable(each), "is_chosen": each.coupon.pk in chosen})
            for each in use_preview.coupons(found)
        ],
        address=_address(found.address),
        digest=found.digest,
    )


def _item(line: CartLine, pictures: Mapping[int, str]) -> CartItemOut:
    stock = catalogue.stock_of(line.sku.available)
    return CartItemOut.model_validate(
        {
            **_article(line.sku, line.qty, pictures),
            "is_selected": line.is_selected,
            "stock": stock.state,
            "left": stock.left,
            "problem": line.problem and _problem(line.problem),
        }
    )


def _shop(shop: Shop, found: Preview, pictures: Mapping[int, str]) -> PreviewShopOut:
    return PreviewShopOut(
        merchant_id=shop.merchant_id,
        merchant_name=shop.name,
        lines=[_line(sku, found, pictures) for sku in shop.skus],
        stages=[_stage(stage) for stage in shop.stages],
        total_fen=shop.total_fen,
    )


def _line(sku: Sku, found: Preview, pictures: Mapping[int, str]) -> PreviewLineOut:
    amounts = found.offer.quoted.quote.lines[sku.pk]
    return PreviewLineOut.model_validate(
        {
            **_article(sku, found.offer.qty[sku.pk], pictures),
            "list_fen": amounts.list_fen,
            "goods_fen": amounts.goods_fen,
            "saved_fen": amounts.saved_fen,
            "problem": _first(found.problems, sku),
        }
    )


def _article(sku: Sku, qty: int, pictures: Mapping[int, str]) -> dict[str, Any]:
    return {
        "sku_id": sku.pk,
        "product_id": sku.product_id,
        "name": sku.product.title,
        "specification": sku.title,
        "image": picture_of(pictures.get(sku.pk)),
        "price_fen": sku.price_fen,
        "qty": qty,
    }


def _first(problems: Iterable[Problem], sku: Sku) -> ProblemOut | None:
    found = next((each for each in problems if each.sku_id == sku.pk), None)
    return None if found is None else _problem(found)


def _problem(found: Problem) -> ProblemOut:
    return ProblemOut(
        code=found.code,
        message=str(found.message),
        sku_id=found.sku_id,
        coupon_id=found.coupon_id,
    )


def _stage(stage: Stage) -> StageOut:
    return StageOut.model_validate(
        {
            "code": stage.code,
            "label": str(stage.label),
            "amount_fen": stage.amount_fen,
            "coupon_id": stage.coupon and stage.coupon.pk,
        }
    )


def _address(found: Address | None) -> SentToOut | None:
    if found is None:
        return None
    return SentToOut(
        id=found.pk,
        name=found.name,
        phone=masking.phone(found.phone),
        region=found.region,
        area=addresses.area_name(found),
        detail=found.detail,
        label=found.label,
    )
