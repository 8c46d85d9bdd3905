"""Shipping templates as they stand, and the one writer of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import connection
from django.db.models import Q

from mingchi.pricing.models import ProductShipping, ShippingRule, ShippingTemplate
from mingchi.pricing.shipping import Fee, Rule, Template, Unit


def of_products(products: Mapping[int, int]) -> dict[int, Template]:
    """The template of each product (product → merchant) that has one: its own, or the default of
    its merchant. Goods without one are sent for nothing. Two queries, whatever the number."""
    named = dict(
        ProductShipping.objects.filter(product__in=products).values_list("product", "template")
    )
    rows = ShippingRule.objects.select_related("template").filter(
        Q(template__in=set(named.values()))
        | Q(template__merchant__in=set(products.values()), template__is_default=True)
    )
    rules: dict[ShippingTemplate, list[ShippingRule]] = {}
    for rule in rows:
        rules.setdefault(rule.template, []).append(rule)
    defaults = {row.merchant_id: row.pk for row in rules if row.is_default}
    read = {row.pk: _read(row, its) for row, its in rules.items()}
    chosen = {
        product: named.get(product, defaults.get(merchant))
        for product, merchant in products.items()
    }
    return {product: read[key] for product, key in chosen.items() if key is not None}


def of(row: ShippingTemplate) -> Template:
    """The template with its rules, as the arithmetic takes it."""
    return _read(row, list(row.rules.all()))


def _read(row: ShippingTemplate, rules: Sequence[ShippingRule]) -> Template:
    """A template always has a rule: its default."""
    return Template(
        id=row.pk,
        name=row.name,
        unit=Unit(row.unit),
        default=next((_fee(rule) for rule in rules if not rule.regions), None),
        rules=tuple(
            Rule(prefixes=tuple(rule.regions), fee=_fee(rule)) for rule in rules if rule.regions
        ),
    )


def save(row: ShippingTemplate, *, default: Fee | None, rules: Sequence[Rule]) -> None:
    """Write a template down with these rules in place of those it had. A merchant's default is
    taken from another template where this one is to be it. Callers hold a transaction."""
    assert connection.in_atomic_block
    if row.is_default:
        others = ShippingTemplate.objects.filter(merchant=row.merchant_id, is_default=True)
        others.exclude(pk=row.pk).update(is_default=False)
    row.save()
    ShippingRule.objects.filter(template=row).delete()
    whole = [Rule(prefixes=(), fee=default), *rules]
    ShippingRule.objects.bulk_create(_row(row, place, rule) for place, rule in enumerate(whole))


def assign(*, template: ShippingTemplate | None, products: Collection[int]) -> None:
    """Let the products go by the template; None: by their merchant's default."""
    if template is None:
        ProductShipping.objects.filter(product__in=products).delete()
        return
    ProductShipping.objects.bulk_create(
        (ProductShipping(product_id=product, template=template) for product in sorted(products)),
        update_conflicts=True,
        unique_fields=["product"],
        update_fields=["template"],
    )


def prefixes(rules: Iterable[Rule]) -> list[str]:
    """All region codes that the rules name."""
    return [prefix for rule in rules for prefix in rule.prefixes]


def _fee(rule: ShippingRule) -> Fee | None:
    if not rule.is_delivered:
        return None
    return Fee(
        first_units=rule.first_units,
        first_fen=rule.first_fen,
        additional_units=rule.additional_units,
        additional_fen=rule.additional_fen,
        free_from_fen=rule.free_from_fen,
        free_from_pieces=rule.free_from_pieces,
    )


def _row(template: ShippingTemplate, position: int, rule: Rule) -> ShippingRule:
    row = ShippingRule(
        template=template,
        position=position,
        regions=list(rule.prefixes),
        is_delivered=rule.fee is not None,
    )
    if rule.fee is not None:
        row.first_units, row.first_fen = rule.fee.first_units, rule.fee.first_fen
        row.additional_units, row.additional_fen = (
            rule.fee.additional_units,
            rule.fee.additional_fen,
        )
        row.free_from_fen, row.free_from_pieces = rule.fee.free_from_fen, rule.fee.free_from_pieces
    return row
