"""Shipping templates as they stand, and the one writer of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from django.db import connection

from mingchi.foundation import rows
from mingchi.pricing.models import ProductShipping, ShippingRule, ShippingTemplate
from mingchi.pricing.shipping import Fee, Rule, Template, Unit

# By hand: each preview and checkout asks this.
_OF_PRODUCTS: Final = f"""
WITH named AS (
    SELECT product_id, template_id FROM pricing_productshipping WHERE product_id = ANY (%s)
)
SELECT ARRAY (SELECT product_id FROM named WHERE template_id = t.id),
    {rows.columns(ShippingTemplate, "t")}, {rows.columns(ShippingRule, "r")}
FROM pricing_shippingtemplate t JOIN pricing_shippingrule r ON r.template_id = t.id
WHERE t.id IN (SELECT template_id FROM named) OR t.is_default AND t.merchant_id = ANY (%s)
ORDER BY t.id, r.position
"""  # noqa: S608 - put together of constants


def of_products(products: Mapping[int, int]) -> dict[int, Template]:
    """The template of each product (product → merchant) that has one: its own, or the default of
    its merchant. Goods without one are sent for nothing. One query, whatever the number."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_PRODUCTS, [list(products), list(set(products.values()))])
        found = cursor.fetchall()
    rules_at = rows.width(ShippingTemplate)
    named: dict[int, int] = {}
    defaults: dict[int, int] = {}
    standing: dict[int, tuple[ShippingTemplate, list[ShippingRule]]] = {}
    for own, *columns in found:
        row = rows.read(ShippingTemplate, columns[:rules_at])
        standing.setdefault(row.pk, (row, []))[1].append(
            rows.read(ShippingRule, columns[rules_at:])
        )
        named.update(dict.fromkeys(own, row.pk))
        if row.is_default:
            defaults[row.merchant_id] = row.pk
    read = {key: _read(*its) for key, its in standing.items()}
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
