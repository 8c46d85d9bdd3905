"""Shipping: by piece or weight, by region, free over something, several templates at once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pricing_baskets import CHARGED, REGIONS, fee, template, templates

from mingchi.pricing.shipping import Parcel, Rule, Template, Unit, shipping_fen, undeliverable

EAST = Rule(prefixes=("33", "31"), fee=fee((1, 600), (1, 100)))
HANGZHOU = Rule(prefixes=("3301",), fee=fee((2, 300), (1, 50)))
XIHU = Rule(prefixes=("330106",), fee=fee((1, 0), (1, 0)))
NOT_THERE = Rule(prefixes=("54", "330127"), fee=None)
RULES = template(1, EAST, HANGZHOU, XIHU, NOT_THERE)


def parcel(
    key: int = 1,
    of: Template = RULES,
    pieces: int = 1,
    weight_g: int = 0,
    goods_fen: int = 10_000,
) -> Parcel:
    return Parcel(key=key, template=of, pieces=pieces, weight_g=weight_g, goods_fen=goods_fen)


@pytest.mark.parametrize(
    ("region", "fen"),
    [
        ("310115", 600),  # a province
        ("330203", 600),
        ("330102", 300),  # a city in it
        ("330106", 0),  # a district in that
        ("440305", 1000),  # nowhere named: the default
        (None, 1000),  # not known yet
        ("540102", 0),  # not sent there, and nothing charged
    ],
)
def test_the_longest_code_wins(region: str | None, fen: int) -> None:
    assert shipping_fen([parcel()], region=region) == {1: fen}


def test_where_nothing_is_sent() -> None:
    parcels = [parcel(1), parcel(2, template(2))]
    assert undeliverable(parcels, region="540102") == [1]
    assert undeliverable(parcels, region="330127") == [1]  # a district of a city that is served
    assert undeliverable(parcels, region="330106") == []
    nowhere = Template(id=3, name="here only", unit=Unit.PIECE, default=None, rules=(EAST,))
    assert undeliverable([parcel(1, nowhere)], region="440305") == [1]
    assert undeliverable([parcel(1, nowhere)], region="330106") == []


@pytest.mark.parametrize(
    ("pieces", "fen"), [(1, 1000), (2, 1000), (3, 1200), (5, 1400), (6, 1400), (7, 1600)]
)
def test_by_piece_each_begun_group_counts(pieces: int, fen: int) -> None:
    one = template(1, default=fee((2, 1000), (2, 200)))
    if pieces in (5, 7):
        assert shipping_fen([parcel(1, one, pieces)], region=None) == {1: fen}
    assert sum(shipping_fen([parcel(1, one, pieces)], region=None).values()) == fen


@pytest.mark.parametrize(
    ("weight_g", "fen"),
    [(0, 800), (1, 800), (1000, 800), (1001, 1050), (1500, 1050), (1501, 1300), (10**7, 5_000_300)],
)
def test_by_weight(weight_g: int, fen: int) -> None:
    heavy = template(1, default=fee((1000, 800), (500, 250)), unit=Unit.WEIGHT)
    assert shipping_fen([parcel(1, heavy, weight_g=weight_g)], region=None) == {1: fen}


@pytest.mark.parametrize(
    ("goods_fen", "pieces", "fen"),
    [(9_899, 1, 1000), (9_900, 1, 0), (9_899, 2, 1200), (1, 3, 0)],
)
def test_free_over_an_amount_or_a_number(goods_fen: int, pieces: int, fen: int) -> None:
    free = template(1, default=fee(free_from_fen=9_900, free_from_pieces=3))
    found = shipping_fen([parcel(1, free, pieces, goods_fen=goods_fen)], region=None)
    assert found == {1: fen}


def test_goods_of_one_template_are_counted_together() -> None:
    one = template(1, default=fee((1, 1000), (1, 200), free_from_fen=30_000))
    assert shipping_fen([parcel(1, one, 2), parcel(2, one, 1)], region=None) == {1: 933, 2: 467}
    rich = [parcel(1, one, 2, goods_fen=20_000), parcel(2, one, 1)]
    assert shipping_fen(rich, region=None) == {1: 0, 2: 0}


def test_several_templates_share_one_first_price() -> None:
    """As in one parcel: the dearest first price is paid, the rest at their additional price."""
    dear = template(1, default=fee((1, 1200), (1, 300)))
    cheap = template(2, default=fee((1, 1000), (1, 200)))
    both = [parcel(1, dear, 2), parcel(2, cheap, 3)]
    assert shipping_fen(both, region=None) == {1: 1500, 2: 600}
    free = template(1, default=fee((1, 1200), (1, 300), free_from_pieces=2))
    assert shipping_fen([parcel(1, free, 2), parcel(2, cheap, 3)], region=None) == {1: 0, 2: 1400}
    equal = template(2, default=fee((1, 1200), (1, 500)))
    assert shipping_fen([parcel(9, equal), parcel(8, dear)], region=None) == {8: 1200, 9: 500}


def test_what_weighs_nothing_shares_by_piece() -> None:
    heavy = template(1, default=fee((1000, 900), (500, 250)), unit=Unit.WEIGHT)
    light = [parcel(1, heavy, 2), parcel(2, heavy, 1)]
    assert shipping_fen(light, region=None) == {1: 600, 2: 300}


@st.composite
def sent(draw: st.DrawFn) -> tuple[list[Parcel], str | None]:
    offered = draw(templates())
    parcels = [
        Parcel(
            key=key,
            template=draw(st.sampled_from(offered)),
            pieces=draw(st.integers(1, 9)),
            weight_g=draw(st.integers(0, 20_000)),
            goods_fen=draw(st.integers(0, 40_000)),
        )
        for key in range(1, draw(st.integers(1, 6)) + 1)
    ]
    return parcels, draw(st.sampled_from(REGIONS))


def never_free(of: Template) -> Template:
    """The template without its ways to go free."""
    none = dict.fromkeys(CHARGED)
    return replace(
        of,
        default=of.default and replace(of.default, **none),
        rules=tuple(replace(rule, fee=rule.fee and replace(rule.fee, **none)) for rule in of.rules),
    )


@given(sent())
def test_never_negative_and_no_more_for_nothing(given_: tuple[list[Parcel], str | None]) -> None:
    parcels, region = given_
    costs = shipping_fen(parcels, region=region)
    assert set(costs) == {found.key for found in parcels}
    assert all(type(fen) is int and fen >= 0 for fen in costs.values())
    assert all(costs[key] == 0 for key in undeliverable(parcels, region=region))
    assert shipping_fen(parcels[::-1], region=region) == costs


@given(sent(), st.integers(0, 5), st.integers(0, 5_000), st.integers(0, 5))
def test_more_goods_never_cost_less(
    given_: tuple[list[Parcel], str | None], place: int, more_g: int, more_pieces: int
) -> None:
    """Unless more of them go free."""
    parcels, region = given_
    parcels = [replace(found, template=never_free(found.template)) for found in parcels]
    grown = list(parcels)
    one = grown[place % len(grown)]
    grown[place % len(grown)] = replace(
        one, weight_g=one.weight_g + more_g, pieces=one.pieces + more_pieces
    )
    fewer = parcels[: place % len(parcels)]

    def cost(of: list[Parcel]) -> int:
        return sum(shipping_fen(of, region=region).values())

    assert cost(fewer) <= cost(parcels) <= cost(grown)


@given(sent())
def test_free_is_nothing(given_: tuple[list[Parcel], str | None]) -> None:
    parcels, region = given_
    rich = [replace(found, goods_fen=30_000) for found in parcels]
    costs = shipping_fen(rich, region=region)
    for found in rich:
        rule = found.template.fee(region)
        if rule is not None and rule.free_from_fen is not None:
            assert costs[found.key] == 0
