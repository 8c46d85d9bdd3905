"""Merchants say what sending costs, and which goods go by which template."""

from dataclasses import replace
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from tests.pricing_baskets import fee
from tests.pricing_shop import template
from tests.usecases.shop import Shop, sku, staff

from mingchi.foundation.errors import DomainError
from mingchi.merchants.models import Merchant
from mingchi.pricing import templates
from mingchi.pricing.models import ShippingRule, ShippingTemplate
from mingchi.pricing.shipping import Rule, Template, Unit
from mingchi.usecases.edit_shipping import (
    TemplateData,
    assign_template,
    edit_template,
    remove_template,
)

EAST = Rule(prefixes=("33", "3101"), fee=fee((1, 600), free_from_fen=9_900, free_from_pieces=3))
NOT_THERE = Rule(prefixes=("54",), fee=None)


def read(key: int) -> Template:
    return templates.of(ShippingTemplate.objects.get(pk=key))


def test_it_is_read_as_it_was_written(shop: Shop) -> None:
    east = replace(EAST, prefixes=("33", "310115"))
    key = template(shop, shop.merchant, name="Usual", unit="weight", rules=[east, NOT_THERE])
    expected = Template(
        id=key, name="Usual", unit=Unit.WEIGHT, default=fee(), rules=(east, NOT_THERE)
    )
    assert read(key) == expected
    data = TemplateData(name="Usual", unit="piece", default=None, rules=[east])
    edit_template(by=shop.owner, template_id=key, data=data)
    assert read(key) == replace(expected, unit=Unit.PIECE, default=None, rules=(east,))
    assert ShippingRule.objects.count() == 2


@pytest.mark.parametrize(
    ("more", "field", "says"),
    [
        ({"name": ""}, "name", ""),
        ({"unit": "volume"}, "unit", ""),
        ({"default": None}, "rules", "Nothing would be sent"),
        ({"default": None, "rules": [NOT_THERE]}, "rules", "Nothing would be sent"),
        ({"rules": [Rule(prefixes=(), fee=fee())]}, "rules", "Rule 1 names no region"),
        ({"rules": [EAST]}, "rules", "Rule 1: there is no region 3101"),  # Shanghai has no cities
        ({"rules": [NOT_THERE, Rule(prefixes=("330103",), fee=None)]}, "rules", "Rule 2"),
        ({"rules": [Rule(prefixes=("330000",), fee=None)]}, "rules", "330000"),
        ({"rules": [NOT_THERE, NOT_THERE]}, "rules", "Rule 2: 西藏自治区 is in another"),
        ({"rules": [NOT_THERE] * 61}, "rules", "60"),
        ({"default": fee((0, 1))}, "rules", "Units"),
        ({"default": fee((1, -1))}, "rules", ""),
        ({"default": fee(free_from_pieces=0)}, "rules", "Pieces"),
        ({"default": fee(free_from_fen=0)}, "rules", ""),
    ],
)
def test_what_is_refused(shop: Shop, more: dict[str, object], field: str, says: str) -> None:
    with translation.override("en"):
        with pytest.raises(DomainError) as caught:
            template(shop, shop.merchant, **more)
        assert says in caught.value.message
    assert caught.value.field == field
    assert not ShippingTemplate.objects.exists()


def test_one_default_a_merchant(shop: Shop) -> None:
    first, second = template(shop, shop.merchant), template(shop, shop.merchant)

    def default() -> int:
        return ShippingTemplate.objects.get(merchant=shop.merchant, is_default=True).pk

    assert default() == first
    data = TemplateData(name="Second", unit="piece", default=fee(), is_default=True)
    edit_template(by=shop.owner, template_id=second, data=data)
    assert default() == second
    edit_template(by=shop.owner, template_id=second, data=replace(data, is_default=False))
    assert default() == second  # until another one is
    with pytest.raises(IntegrityError), transaction.atomic():
        ShippingTemplate.objects.update(is_default=True)


def test_a_products_own_template_before_the_merchants_default(shop: Shop) -> None:
    other = Merchant.objects.create(name="Other")
    usual, bulky = template(shop, shop.merchant), template(shop, shop.merchant)
    goods = [sku(shop.merchant).product for _ in range(2)] + [sku(other).product]
    assign_template(
        by=shop.owner,
        merchant_id=shop.merchant.pk,
        template_id=bulky,
        product_ids=[goods[0].pk],
    )

    def found() -> list[int | None]:
        by_product = templates.of_products({p.pk: p.merchant_id for p in goods})
        return [by_product[p.pk].id if p.pk in by_product else None for p in goods]

    assert found() == [bulky, usual, None]
    with CaptureQueriesContext(connection) as queries:
        found()
    assert len(queries) == 1
    assign = partial(assign_template, by=shop.owner, merchant_id=shop.merchant.pk)
    assign(template_id=usual, product_ids=[goods[0].pk, goods[1].pk])
    assert found() == [usual, usual, None]
    assign(template_id=None, product_ids=[goods[0].pk])
    assert found() == [usual, usual, None]


def test_what_belongs_to_another_is_not_there(shop: Shop) -> None:
    other = Merchant.objects.create(name="Other")
    own, foreign = template(shop, shop.merchant), template(shop, other)
    manager = staff(merchant=shop.merchant)
    goods, theirs = sku(shop.merchant).product, sku(other).product
    data = TemplateData(name="Mine", unit="piece", default=fee())
    assign = partial(assign_template, by=manager, merchant_id=shop.merchant.pk)
    for run in (
        partial(edit_template, by=manager, template_id=foreign, data=data),
        partial(remove_template, by=manager, template_id=foreign),
        partial(assign, template_id=foreign, product_ids=[goods.pk]),
        partial(assign, template_id=own, product_ids=[theirs.pk]),
        partial(
            assign_template, by=shop.owner, merchant_id=shop.merchant.pk, template_id=foreign,
            product_ids=[goods.pk],
        ),
    ):  # fmt: skip
        with pytest.raises(DomainError) as caught:
            run()
        assert caught.value.status == 404
    assign(template_id=own, product_ids=[goods.pk])


def test_what_is_in_use_is_not_deleted(shop: Shop) -> None:
    usual, bulky = template(shop, shop.merchant), template(shop, shop.merchant)
    goods = sku(shop.merchant).product
    assign = partial(assign_template, by=shop.owner, merchant_id=shop.merchant.pk)
    assign(template_id=bulky, product_ids=[goods.pk])
    for key in (usual, bulky):
        with pytest.raises(DomainError, match="template_in_use"):
            remove_template(by=shop.owner, template_id=key)
    assign(template_id=None, product_ids=[goods.pk])
    remove_template(by=shop.owner, template_id=bulky)
    remove_template(by=shop.owner, template_id=usual)
    assert not ShippingRule.objects.exists()
