"""Staff keep the shelves: products, SKUs and their stock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import listing, prices, stock
from mingchi.catalogue.models import Product, Sku
from mingchi.catalogue.stock import StockChange
from mingchi.foundation import audit, clock
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.merchants.models import Merchant
from mingchi.usecases import checks, product_values, rights, versions

HEAVIEST_G = 10**7


class ProductValues(TypedDict, total=False):
    """What a product says of itself; what is not given stays. `detail` is HTML, of which the
    harmless part is kept; `parameters` are name and value, in their order."""

    category_id: int
    brand_id: int | None
    title: str
    subtitle: str
    description: str
    detail: str
    keywords: str
    parameters: list[tuple[str, str]]
    status: str
    goods_type: str
    on_sale_at: datetime | None
    limit_per_member: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuData:
    """What is stated of a SKU; `distribution_fen` and `pool_fen` per unit, None: by the plan.
    `weight_g` None: as it was. `market_price_fen` is to be struck through, None: nothing is."""

    code: str
    title: str = ""
    price_fen: int
    cost_fen: int
    market_price_fen: int | None = None
    distribution_fen: int | None = None
    pool_fen: int | None = None
    weight_g: int | None = None


def add_product(
    *,
    by: User,
    merchant_id: int,
    is_demo: bool = False,
    **values: Unpack[ProductValues],
) -> int:
    """A new product, a draft unless said otherwise. Errors: `not_found` 404, `text_invalid`,
    `goods_type_invalid`, `status_invalid`, `limit_invalid`, `parameters_invalid`."""
    rights.require(by, "catalogue.edit", merchant_id=merchant_id)
    with transaction.atomic():
        if not Merchant.objects.filter(pk=merchant_id).exists():
            raise NotFoundError(field="merchant_id")
        checked = product_values.checked(values)
        made = Product.objects.create(merchant_id=merchant_id, is_demo=is_demo, **checked)
        listing.refresh([made.pk])
        _audit(by, "product.add", made, {}, {**product_values.plain(checked), "version": 1})
    return made.pk


def edit_product(
    *,
    by: User,
    product_id: int,
    version: int | None = None,
    now: datetime | None = None,
    **values: Unpack[ProductValues],
) -> int:
    """Change what is given and leave the rest alone; the version then. Errors as `add_product`,
    `changed_meanwhile` 409 where `version` is not the present one."""
    with transaction.atomic():
        product = locked_product(by, product_id)
        following = versions.claim(product, version=version)
        checked = product_values.checked(values)
        before = {name: getattr(product, name) for name in checked}
        Product.objects.filter(pk=product.pk).update(**checked, version=following)
        shown_anew(product.pk, now=now)
        after = {**product_values.plain(checked), "version": following}
        _audit(by, "product.edit", product, product_values.plain(before), after)
    return following


def locked_product(by: User, product_id: int) -> Product:
    """The product, locked, for somebody who may edit it; else `not_found` 404 or `not_allowed`."""
    product = Product.objects.select_for_update().filter(pk=product_id).first()
    if product is None:
        raise NotFoundError()
    rights.require(by, "catalogue.edit", merchant_id=product.merchant_id)
    return product


def shown_anew(product_id: int, *, now: datetime | None = None) -> None:
    """After any change of a product or its SKUs: lists and the record of prices follow."""
    skus = Sku.objects.filter(product_id=product_id).values_list("pk", flat=True)
    prices.note(list(skus), now=now or clock.now())
    listing.refresh([product_id])


def add_sku(
    *, by: User, product_id: int, data: SkuData, on_hand: int = 0, now: datetime | None = None
) -> int:
    """A new variant with its first stock, of a product without specifications. Errors: `sku_taken`
    409, `has_specifications` 409, `amount_invalid`, `shares_exceed_price`,
    `market_price_unproven`, `not_found` 404."""
    with transaction.atomic():
        product = locked_product(by, product_id)
        if product.specifications.filter(is_retired=False).exists():
            raise ConflictError(
                "has_specifications",
                _("The SKUs of this product follow from its specifications: add a value there."),
            )
        values = sku_values(data, None, now=now or clock.now())
        if Sku.objects.filter(product=product, code=values["code"]).exists():
            raise ConflictError("sku_taken", _("This product has such a code."), field="code")
        made = Sku.objects.create(product=product, **values)
        stock.change([StockChange(sku_id=made.pk, on_hand=_units(on_hand))])
        following = versions.claim(product, version=None)
        Product.objects.filter(pk=product.pk).update(version=following)
        shown_anew(product.pk, now=now)
        _audit(by, "sku.add", made, {}, {**product_values.plain(values), "on_hand": on_hand})
    return made.pk


def edit_sku(*, by: User, sku_id: int, data: SkuData, now: datetime | None = None) -> None:
    """State a SKU anew, for orders placed from here on. Errors as `add_sku`."""
    with transaction.atomic():
        product = locked_product(by, _product_of(sku_id))
        following = versions.claim(product, version=None)
        Product.objects.filter(pk=product.pk).update(version=following)
        state_sku(by, Sku.objects.select_for_update().get(pk=sku_id), data, now=now)
        shown_anew(product.pk, now=now)


def state_sku(by: User, sku: Sku, data: SkuData, *, now: datetime | None = None) -> None:
    """The same within the transaction of more, its product locked and shown anew by the caller.
    A combination of specification values keeps its name."""
    values = sku_values(data, sku, now=now or clock.now())
    taken = Sku.objects.filter(product_id=sku.product_id, code=values["code"])
    if taken.exclude(pk=sku.pk).exists():
        raise ConflictError("sku_taken", _("This product has such a code."), field="code")
    if sku.value_ids:
        del values["title"]
    changed = {name: new for name, new in values.items() if new != getattr(sku, name)}
    if changed:
        before = {name: getattr(sku, name) for name in changed}
        Sku.objects.filter(pk=sku.pk).update(**changed)
        after = product_values.plain(changed)
        _audit(by, "sku.edit", sku, product_values.plain(before), after)


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


def sku_values(data: SkuData, sku: Sku | None, *, now: datetime) -> dict[str, Any]:
    """Columns of what is stated, checked; `sku` as it stands, None for a new one."""
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
        **_market(data.market_price_fen, price_fen, sku, now),
    }


def _market(
    market_fen: int | None, price_fen: int, sku: Sku | None, now: datetime
) -> Mapping[str, Any]:
    """What is struck through, and until when; what was proved before stands until its end."""
    if market_fen is None:
        return {"market_price_fen": None, "market_until": None}
    checks.amount(market_fen, field="market_price_fen")
    if market_fen <= price_fen:
        raise DomainError(
            "market_price_not_higher",
            _("A price struck through is higher than the price."),
            field="market_price_fen",
        )
    if sku is not None and market_fen == sku.market_price_fen and (sku.market_until or now) > now:
        return {"market_price_fen": market_fen, "market_until": sku.market_until}
    stood = [] if sku is None else prices.history(sku.pk, now=now)
    until = prices.struck_until(stood, market_fen, now=now)
    return {"market_price_fen": market_fen, "market_until": until}


def _product_of(sku_id: int) -> int:
    found = Sku.objects.filter(pk=sku_id).values_list("product_id", flat=True).first()
    if found is None:
        raise NotFoundError()
    return found


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
