"""Merchants say what sending costs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Product
from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.members import areas
from mingchi.merchants.models import Merchant
from mingchi.pricing import templates
from mingchi.pricing.models import ShippingTemplate
from mingchi.pricing.shipping import Fee, Rule
from mingchi.usecases import checks, rights

MAX_RULES = 60
MAX_UNITS = 10**7
MAX_PIECES = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateData:
    """What is stated of a template. `default` None: nothing is sent where no rule says so."""

    name: str
    unit: str
    default: Fee | None
    rules: Sequence[Rule] = ()
    is_default: bool = False


def add_template(*, by: User, merchant_id: int, data: TemplateData) -> int:
    """A new template; a merchant's first is its default. Errors: `template_taken` 409,
    `rules_invalid` with the place at fault, `region_invalid`, `amount_invalid`, `not_found` 404."""
    rights.require(by, "shipping.edit", merchant_id=merchant_id)
    with transaction.atomic():
        if not Merchant.objects.filter(pk=merchant_id).exists():
            raise NotFoundError(field="merchant_id")
        first = not ShippingTemplate.objects.filter(merchant=merchant_id).exists()
        row = ShippingTemplate(merchant_id=merchant_id, is_default=data.is_default or first)
        _state(by, row, data)
    return row.pk


def edit_template(*, by: User, template_id: int, data: TemplateData) -> None:
    """State a template anew, for orders placed from here on. A merchant's default stays it until
    another is. Errors as `add_template`."""
    with transaction.atomic():
        row = _found(by, template_id)
        row.is_default = data.is_default or row.is_default
        _state(by, row, data)


def remove_template(*, by: User, template_id: int) -> None:
    """Delete one that no product names. Errors: `template_in_use` 409: a product's, or the
    merchant's default while it has others."""
    with transaction.atomic():
        row = _found(by, template_id)
        others = ShippingTemplate.objects.filter(merchant=row.merchant_id).exclude(pk=row.pk)
        if row.products.exists() or (row.is_default and others.exists()):
            raise ConflictError(
                "template_in_use",
                _("Products go by this template. Give them another first."),
            )
        _audit(by, row, "shipping.remove", {})
        row.delete()


def assign_template(
    *, by: User, merchant_id: int, template_id: int | None, product_ids: Collection[int]
) -> None:
    """Let products of a merchant go by a template of theirs; None: by the merchant's default.
    Errors: `not_found` 404 where the template or a product is another's."""
    rights.require(by, "shipping.edit", merchant_id=merchant_id)
    keys = set(product_ids)
    with transaction.atomic():
        row = None
        if template_id is not None:
            row = _found(by, template_id)
            if row.merchant_id != merchant_id:
                raise NotFoundError(field="template_id")
        if Product.objects.filter(pk__in=keys, merchant=merchant_id).count() != len(keys):
            raise NotFoundError(field="product_ids")
        templates.assign(template=row, products=keys)
        audit.record(
            actor=rights.actor(by),
            action="shipping.assign",
            subject=f"merchant:{merchant_id}",
            before={},
            after={"template_id": template_id, "product_ids": sorted(keys)},
        )


def _state(by: User, row: ShippingTemplate, data: TemplateData) -> None:
    row.name = checks.text(data.name, field="name", longest=60, needed=True)
    if data.unit not in ShippingTemplate.Unit.values:
        raise DomainError("unit_invalid", _("By weight or by piece."), field="unit")
    row.unit = data.unit
    same = ShippingTemplate.objects.filter(merchant=row.merchant_id, name=row.name)
    if same.exclude(pk=row.pk).exists():
        raise ConflictError("template_taken", _("There is such a template."), field="name")
    _refuse_bad_rules(data)
    templates.save(row, default=data.default, rules=data.rules)
    _audit(by, row, "shipping.state", {"name": row.name, "rules": len(data.rules)})


def _refuse_bad_rules(data: TemplateData) -> None:
    if len(data.rules) > MAX_RULES:
        raise _bad_rules(_("At most %(most)s rules.") % {"most": MAX_RULES})
    if data.default is None and not any(rule.fee for rule in data.rules):
        raise _bad_rules(_("Nothing would be sent anywhere."))
    seen: set[str] = set()
    for place, rule in enumerate(data.rules, 1):
        if not rule.prefixes:
            raise _bad_rules(_("Rule %(place)s names no region.") % {"place": place})
        for prefix in rule.prefixes:
            area = areas.by_prefix(prefix)
            if area is None or area.prefix != prefix:
                raise _bad_rules(
                    _("Rule %(place)s: there is no region %(code)s.")
                    % {"place": place, "code": prefix}
                )
            if prefix in seen:
                raise _bad_rules(
                    _("Rule %(place)s: %(area)s is in another rule already.")
                    % {"place": place, "area": areas.full_name(area)}
                )
            seen.add(prefix)
    for fee in (data.default, *(rule.fee for rule in data.rules)):
        if fee is not None:
            _refuse_bad_fee(fee)


def _refuse_bad_fee(fee: Fee) -> None:
    for units in (fee.first_units, fee.additional_units):
        if not 1 <= units <= MAX_UNITS:
            raise _bad_rules(_("Units from 1 to ten million."))
    for fen in (fee.first_fen, fee.additional_fen):
        checks.amount(fen, field="rules", least=0)
    if fee.free_from_fen is not None:
        checks.amount(fee.free_from_fen, field="rules")
    if fee.free_from_pieces is not None and not 1 <= fee.free_from_pieces <= MAX_PIECES:
        raise _bad_rules(_("Pieces from 1 to a million."))


def _bad_rules(message: str | Promise) -> DomainError:
    return DomainError("rules_invalid", message, field="rules")


def _found(by: User, template_id: int) -> ShippingTemplate:
    row = ShippingTemplate.objects.select_for_update().filter(pk=template_id).first()
    if row is None:
        raise NotFoundError()
    rights.require(by, "shipping.edit", merchant_id=row.merchant_id)
    return row


def _audit(by: User, row: ShippingTemplate, action: str, after: dict[str, object]) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"shipping_template:{row.pk}",
        before={},
        after=after,
    )
