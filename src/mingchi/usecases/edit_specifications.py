"""Staff state the specifications of a product; the SKUs follow from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import specifications as matrix
from mingchi.catalogue import stock
from mingchi.catalogue.models import Image, Product, Sku, Specification, SpecificationValue
from mingchi.catalogue.stock import StockChange
from mingchi.foundation import audit
from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.usecases import checks, edit_catalogue, rights, versions
from mingchi.usecases.edit_catalogue import SkuData

LONGEST_VALUE = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueData:
    """A value; `id` where it is an old one (under a new name, perhaps)."""

    name: str
    id: int | None = None
    image_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecificationData:
    """A specification with its values in their order; `id` as with values."""

    name: str
    values: Sequence[ValueData]
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuRow:
    """A SKU stated anew, and units that came in (positive) or are gone."""

    sku_id: int
    data: SkuData
    stock_change: int = 0


def set_specifications(
    *,
    by: User,
    product_id: int,
    specifications: Sequence[SpecificationData],
    price_fen: int | None = None,
    cost_fen: int | None = None,
    version: int | None = None,
    now: datetime,
) -> int:
    """State all specifications of a product; the version then.

    SKUs whose combination is still there stay as they are, with price and stock; the others are
    retired, never deleted, and come back with their combination. New combinations cost what is
    given here, else what the product's first SKU costs, and none is on hand of them.

    Errors: `specifications_too_many`, `specifications_repeat`, `price_needed`, `text_invalid`,
    `not_found` 404, `changed_meanwhile` 409.
    """
    with transaction.atomic():
        product = edit_catalogue.locked_product(by, product_id)
        following = versions.claim(product, version=version)
        matrix.refuse_too_many([len(each.values) for each in specifications])
        before = _told(product)
        values = _write_specifications(product, specifications)
        skus = list(Sku.objects.select_for_update().filter(product=product).order_by("pk"))
        _adopt(skus, values)
        pattern = _pricing(skus, price_fen, cost_fen)
        _write_skus(product, skus, values, pattern, now)
        Product.objects.filter(pk=product.pk).update(version=following)
        edit_catalogue.shown_anew(product.pk, now=now)
        _audit(by, product, "product.specifications", before, _told(product), following)
    return following


def edit_skus(
    *,
    by: User,
    product_id: int,
    rows: Sequence[SkuRow],
    version: int | None = None,
    now: datetime,
) -> int:
    """State several SKUs of a product at once, all or none; the version then. Errors as
    `edit_catalogue.edit_sku` and `change_stock`, `changed_meanwhile` 409."""
    with transaction.atomic():
        product = edit_catalogue.locked_product(by, product_id)
        following = versions.claim(product, version=version)
        found = Sku.objects.select_for_update().filter(product=product).order_by("pk")
        skus = {sku.pk: sku for sku in found}
        _free_codes(skus, rows)
        for row in rows:
            if row.sku_id not in skus:
                raise NotFoundError(field=f"skus.{row.sku_id}")
            edit_catalogue.state_sku(by, skus[row.sku_id], row.data, now=now)
        changed = [row for row in rows if row.stock_change]
        if changed:
            rights.require(by, "stock.change", merchant_id=product.merchant_id)
            stock.change(StockChange(sku_id=r.sku_id, on_hand=r.stock_change) for r in changed)
        Product.objects.filter(pk=product.pk).update(version=following)
        edit_catalogue.shown_anew(product.pk, now=now)
        units = {str(row.sku_id): row.stock_change for row in changed}
        _audit(by, product, "product.skus", {}, {"stock_changes": units}, following)
    return following


def _free_codes(skus: dict[int, Sku], rows: Sequence[SkuRow]) -> None:
    """Codes may change places: those that change are set aside first."""
    moving = [
        row.sku_id
        for row in rows
        if row.sku_id in skus and row.data.code.strip() != skus[row.sku_id].code
    ]
    for sku_id in moving:
        Sku.objects.filter(pk=sku_id).update(code=f"~{sku_id}")


def _write_specifications(
    product: Product, stated: Sequence[SpecificationData]
) -> list[list[SpecificationValue]]:
    """The rows of what is stated, and the others retired; the values of each in their order."""
    old = {row.pk: row for row in Specification.objects.filter(product=product)}
    names = [checks.text(x.name, field="specifications", longest=20, needed=True) for x in stated]
    rows = _matched(old, [(x.id, name) for x, name in zip(stated, names, strict=True)])
    Specification.objects.filter(product=product).exclude(
        pk__in=[row.pk for row in rows if row]
    ).update(is_retired=True)
    written = []
    for place, (each, name) in enumerate(zip(stated, names, strict=True)):
        row = rows[place] or Specification(product=product)
        row.name, row.position, row.is_retired = name, place, False
        row.save()
        written.append(_write_values(product, row, each.values))
    return written


def _write_values(
    product: Product, specification: Specification, stated: Sequence[ValueData]
) -> list[SpecificationValue]:
    old = {row.pk: row for row in specification.values.all()}
    names = [
        checks.text(x.name, field="specifications", longest=LONGEST_VALUE, needed=True)
        for x in stated
    ]
    rows = _matched(old, [(x.id, name) for x, name in zip(stated, names, strict=True)])
    specification.values.exclude(pk__in=[row.pk for row in rows if row]).update(is_retired=True)
    written = []
    for place, (each, name) in enumerate(zip(stated, names, strict=True)):
        row = rows[place] or SpecificationValue(specification=specification)
        row.name, row.position, row.is_retired = name, place, False
        row.image_id = _own_image(product, each.image_id)
        row.save()
        written.append(row)
    return written


def _matched(old: dict[int, Any], stated: Sequence[tuple[int | None, str]]) -> list[Any]:
    """The old row of each: by its id, else by its name; None for a new one."""
    names = [name for _id, name in stated]
    if len(set(names)) != len(names):
        raise DomainError(
            "specifications_repeat",
            _("Each specification, and each of its values, once."),
            field="specifications",
        )
    by_name = {row.name: row for row in old.values()}
    found = []
    for pk, name in stated:
        if pk is not None and pk not in old:
            raise NotFoundError(field="specifications")
        found.append(old[pk] if pk is not None else by_name.get(name))
    claimed = [row.pk for row in found if row is not None]
    renamed_onto_another = any(
        row is not None and by_name.get(name, row) is not row
        for row, (_pk, name) in zip(found, stated, strict=True)
    )
    if len(set(claimed)) != len(claimed) or renamed_onto_another:
        raise DomainError(
            "specifications_repeat",
            _("Each specification, and each of its values, once."),
            field="specifications",
        )
    return found


def _own_image(product: Product, image_id: int | None) -> int | None:
    if image_id is not None:
        own = Image.objects.filter(pk=image_id, merchant_id=product.merchant_id)
        if not own.exists():
            raise NotFoundError(field="image_id")
    return image_id


def _adopt(skus: Sequence[Sku], values: Sequence[Sequence[SpecificationValue]]) -> None:
    """SKUs from before there were specifications, whose title is a value of the only one."""
    if len(values) != 1:
        return
    taken = {sku.value_ids[0] for sku in skus if len(sku.value_ids) == 1}
    by_title = {value.name: value.pk for value in values[0] if value.pk not in taken}
    for sku in skus:
        if not sku.value_ids and sku.title in by_title:
            sku.value_ids = [by_title.pop(sku.title)]


def _pricing(skus: Sequence[Sku], price_fen: int | None, cost_fen: int | None) -> dict[str, Any]:
    """What a new SKU costs."""
    first = next((sku for sku in skus if sku.retired_at is None), skus[0] if skus else None)
    if first is not None and price_fen is None and cost_fen is None:
        return {
            "price_fen": first.price_fen,
            "cost_fen": first.cost_fen,
            "distribution_fen": first.distribution_fen,
            "pool_fen": first.pool_fen,
            "weight_g": first.weight_g,
        }
    if price_fen is None:
        raise DomainError("price_needed", _("Say what new SKUs cost."), field="price_fen")
    cost_fen = checks.amount(cost_fen or 0, field="cost_fen", least=0)
    checks.amount(price_fen, field="price_fen", least=max(1, cost_fen))
    return {"price_fen": price_fen, "cost_fen": cost_fen}


def _write_skus(
    product: Product,
    skus: Sequence[Sku],
    values: Sequence[Sequence[SpecificationValue]],
    pattern: dict[str, Any],
    now: datetime,
) -> None:
    names = {value.pk: value.name for each in values for value in each}
    plain = [sku for sku in skus if not sku.value_ids]
    # Without specifications SKUs go by their titles alone: those on sale stay.
    several = [] if values else [sku for sku in plain if sku.retired_at is None]
    decided = matrix.plan(
        [[value.pk for value in each] for each in values],
        {sku.pk: sku.value_ids for sku in skus if sku not in several[1:]},
    )
    for sku in skus:
        if sku.pk in decided.kept:
            sku.value_ids = list(decided.kept[sku.pk])
            sku.retired_at = None
        elif sku not in several:
            sku.retired_at = sku.retired_at or now
        if sku.value_ids and sku.pk in decided.kept:
            sku.title = " ".join(names[pk] for pk in sku.value_ids)
        sku.save(update_fields=["value_ids", "retired_at", "title"])
    numbers = iter(range(1, len(skus) + len(decided.missing) + 1))
    codes = {sku.code for sku in skus}
    for combination in decided.missing:
        code = next(f"{product.pk}-{n}" for n in numbers if f"{product.pk}-{n}" not in codes)
        Sku.objects.create(
            product=product,
            code=code,
            title=" ".join(names[pk] for pk in combination),
            value_ids=list(combination),
            **pattern,
        )


def _told(product: Product) -> dict[str, Any]:
    rows = Specification.objects.filter(product=product, is_retired=False)
    return {
        "specifications": {
            row.name: [value.name for value in row.values.filter(is_retired=False)] for row in rows
        }
    }


def _audit(
    by: User,
    product: Product,
    action: str,
    before: dict[str, Any],
    after: dict[str, Any],
    version: int,
) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=versions.subject(product),
        before=before,
        after={**after, "version": version},
    )
