"""Staff keep the shelves: categories, products, SKUs and their stock."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import stock
from mingchi.catalogue.models import Category, Product, Sku
from mingchi.catalogue.stock import StockChange
from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.merchants.models import Merchant
from mingchi.usecases import checks, rights

HEAVIEST_G = 10**7


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuData:
    """What is stated of a SKU; `distribution_fen` and `pool_fen` per unit, None: by the plan.
    `weight_g` None: as it was."""

    code: str
    title: str = ""
    price_fen: int
    cost_fen: int
    distribution_fen: int | None = None
    pool_fen: int | None = None
    weight_g: int | None = None


def add_category(*, by: User, name: str, parent_id: int | None = None, position: int = 0) -> int:
    """A new shelf. Errors: `category_taken` 409, `not_found` 404."""
    rights.require(by, "category.edit")
    name = checks.text(name, field="name", longest=60, needed=True)
    with transaction.atomic():
        if parent_id is not None and not Category.objects.filter(pk=parent_id).exists():
            raise NotFoundError(field="parent_id")
        if Category.objects.filter(parent_id=parent_id, name=name).exists():
            raise ConflictError("category_taken", _("There is such a category."), field="name")
        made = Category.objects.create(name=name, parent_id=parent_id, position=position)
        _audit(by, "category.add", made, {}, {"name": name, "parent_id": parent_id})
    return made.pk


def add_product(
    *,
    by: User,
    merchant_id: int,
    category_id: int,
    title: str,
    description: str = "",
    status: str = Product.Status.DRAFT.value,
    goods_type: str = Product.GoodsType.PHYSICAL.value,
    is_demo: bool = False,
) -> int:
    """A new product, a draft unless said otherwise. Errors: `not_found` 404, `text_invalid`,
    `goods_type_invalid`."""
    rights.require(by, "catalogue.edit", merchant_id=merchant_id)
    with transaction.atomic():
        if not Merchant.objects.filter(pk=merchant_id).exists():
            raise NotFoundError(field="merchant_id")
        values = _product_values(
            {
                "category_id": category_id,
                "title": title,
                "description": description,
                "status": status,
                "goods_type": goods_type,
            }
        )
        made = Product.objects.create(merchant_id=merchant_id, is_demo=is_demo, **values)
        _audit(by, "product.add", made, {}, values)
    return made.pk


def edit_product(
    *,
    by: User,
    product_id: int,
    category_id: int | None = None,
    title: str | None = None,
    description: str | None = None,
    status: str | None = None,
    goods_type: str | None = None,
) -> None:
    """Change what is given and leave the rest alone. Errors as `add_product`."""
    with transaction.atomic():
        product = Product.objects.select_for_update().filter(pk=product_id).first()
        if product is None:
            raise NotFoundError()
        rights.require(by, "catalogue.edit", merchant_id=product.merchant_id)
        given = {
            "category_id": category_id,
            "title": title,
            "description": description,
            "status": status,
            "goods_type": goods_type,
        }
        values = _product_values(checks.fields(given))
        before = {name: getattr(product, name) for name in values}
        Product.objects.filter(pk=product.pk).update(**values)
        _audit(by, "product.edit", product, before, values)


def add_sku(*, by: User, product_id: int, data: SkuData, on_hand: int = 0) -> int:
    """A new variant with its first stock. Errors: `sku_taken` 409, `amount_invalid`,
    `shares_exceed_price`, `not_found` 404."""
    with transaction.atomic():
        product = Product.objects.filter(pk=product_id).first()
        if product is None:
            raise NotFoundError()
        rights.require(by, "catalogue.edit", merchant_id=product.merchant_id)
        values = _sku_values(data)
        if Sku.objects.filter(product=product, code=values["code"]).exists():
            raise ConflictError("sku_taken", _("This product has such a code."), field="code")
        made = Sku.objects.create(product=product, **values)
        stock.change([StockChange(sku_id=made.pk, on_hand=_units(on_hand))])
        _audit(by, "sku.add", made, {}, {**values, "on_hand": on_hand})
    return made.pk


def edit_sku(*, by: User, sku_id: int, data: SkuData) -> None:
    """State a SKU anew, for orders placed from here on. Errors as `add_sku`."""
    with transaction.atomic():
        sku = _locked_sku(sku_id)
        rights.require(by, "catalogue.edit", merchant_id=sku.product.merchant_id)
        values = _sku_values(data)
        taken = Sku.objects.filter(product_id=sku.product_id, code=values["code"])
        if taken.exclude(pk=sku.pk).exists():
            raise ConflictError("sku_taken", _("This product has such a code."), field="code")
        before = {name: getattr(sku, name) for name in values}
        Sku.objects.filter(pk=sku.pk).update(**values)
        _audit(by, "sku.edit", sku, before, values)


def change_stock(*, by: User, sku_id: int, delta: int, reason: str) -> int:
    """Units came in (positive) or are gone (negative); returns what is on hand then.

    Errors: `out_of_stock` 409 where fewer would be left than are reserved, `qty_invalid`.
    """
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        sku = _locked_sku(sku_id)
        rights.require(by, "stock.change", merchant_id=sku.product.merchant_id)
        _units(abs(delta))
        stock.change([StockChange(sku_id=sku.pk, on_hand=delta)])
        on_hand = sku.on_hand + delta
        _audit(by, "stock.change", sku, {"on_hand": sku.on_hand}, {"on_hand": on_hand}, reason)
    return on_hand


def _locked_sku(sku_id: int) -> Sku:
    found = (
        Sku.objects.select_for_update(of=("self",))
        .select_related("product")
        .filter(pk=sku_id)
        .first()
    )
    if found is None:
        raise NotFoundError()
    return found


def _product_values(values: dict[str, Any]) -> dict[str, Any]:
    checked = dict(values)
    if "title" in checked:
        checked["title"] = checks.text(checked["title"], field="title", longest=120, needed=True)
    if "description" in checked:
        checked["description"] = checks.text(
            checked["description"], field="description", longest=20_000
        )
    if "status" in checked and checked["status"] not in Product.Status.values:
        raise DomainError("status_invalid", _("There is no such status."), field="status")
    if "goods_type" in checked and checked["goods_type"] not in Product.GoodsType.values:
        raise DomainError(
            "goods_type_invalid", _("There is no such type of goods."), field="goods_type"
        )
    category = checked.get("category_id")
    if category is not None and not Category.objects.filter(pk=category).exists():
        raise NotFoundError(field="category_id")
    return checked


def _sku_values(data: SkuData) -> dict[str, Any]:
    price_fen = checks.amount(data.price_fen, field="price_fen")
    shares = {
        "cost_fen": checks.amount(data.cost_fen, field="cost_fen", least=0),
        "distribution_fen": _share(data.distribution_fen, "distribution_fen"),
        "pool_fen": _share(data.pool_fen, "pool_fen"),
    }
    if sum(fen for fen in shares.values() if fen is not None) > price_fen:
        raise DomainError(
            "shares_exceed_price",
            _("Cost, distribution and pool are more than the price."),
            field="price_fen",
        )
    if data.weight_g is not None and not 0 <= data.weight_g <= HEAVIEST_G:
        raise DomainError(
            "weight_invalid", _("From nothing to ten tonnes, in grams."), field="weight_g"
        )
    return {
        **checks.fields({"weight_g": data.weight_g}),
        "code": checks.text(data.code, field="code", longest=40, needed=True),
        "title": checks.text(data.title, field="title", longest=80),
        "price_fen": price_fen,
        **shares,
    }


def _share(fen: int | None, field: str) -> int | None:
    return None if fen is None else checks.amount(fen, field=field, least=0)


def _units(units: int) -> int:
    if not 0 <= units <= 10**9:
        raise DomainError("qty_invalid", _("From none to a billion units."), field="qty")
    return units


def _audit(
    by: User,
    action: str,
    subject: Model,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str = "",
) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"{subject._meta.model_name}:{subject.pk}",
        before=before,
        after=after,
        reason=reason,
    )
