"""The best coupons: exact, and quick whatever is held."""

import time
from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing_baskets import PLAN, REGIONS, baskets, coupon, fee, held, line, template

from mingchi.pricing import stages, suggest
from mingchi.pricing.basket import Line
from mingchi.pricing.coupons import Kind, Terms


def cost(lines: Sequence[Line], region: str | None, chosen: Sequence[Terms]) -> int | None:
    """What is payable; None where a coupon makes shares exceed a price."""
    found = stages.quote(lines=lines, region=region, chosen=chosen, plan=PLAN)
    if any(p.code == "split_exceeds_price" and p.coupon is not None for p in found.problems):
        return None
    return found.total.payable_fen


def every_way(coupons: Sequence[Terms]) -> Iterator[list[Terms]]:
    payers = {terms.merchant_id for terms in coupons}
    by_payer = [[None, *(t for t in coupons if t.merchant_id == payer)] for payer in payers]
    for ways in product(*by_payer):
        yield [terms for terms in ways if terms is not None]


@settings(max_examples=100, deadline=None)
@given(baskets(), held(most=7), st.sampled_from(REGIONS))
def test_nothing_else_saves_more(
    lines: list[Line], coupons: list[Terms], region: str | None
) -> None:
    costs = [cost(lines, region, chosen) for chosen in every_way(coupons)]
    least = min(fen for fen in costs if fen is not None)
    chosen = suggest.best(lines=lines, region=region, held=coupons, plan=PLAN)
    assert cost(lines, region, chosen) == least
    found = stages.quote(lines=lines, region=region, chosen=chosen, plan=PLAN)
    assert all(found.saved_fen.values()), "no coupon is spent for nothing"


def test_the_dearer_coupon_may_not_be_the_better_one() -> None:
    """The merchant's larger coupon takes the goods below the platform's minimum."""
    small = coupon(1, merchant_id=1, off_fen=500)
    large = coupon(2, merchant_id=1, off_fen=1_500)
    platform = coupon(3, Kind.THRESHOLD, off_fen=3_000, min_spend_fen=9_000)
    found = suggest.best(
        lines=[line(1, 10_000)], region=None, held=iter((small, large, platform)), plan=PLAN
    )
    assert found == (small, platform)


def test_a_coupon_that_would_cost_the_free_shipping_is_left() -> None:
    free = template(1, default=fee((1, 1_000), (1, 200), free_from_fen=9_900))
    terms = coupon(1, merchant_id=1, off_fen=200)
    one = line(1, 10_000, template=free)
    assert suggest.best(lines=[one], region=None, held=[terms], plan=PLAN) == ()


def test_a_coupon_that_shares_do_not_allow_is_left() -> None:
    tight = line(1, 10_000, cost_fen=5_000, pool_fen=4_000)
    large, small = coupon(1, merchant_id=1, off_fen=6_001), coupon(2, merchant_id=1, off_fen=5_900)
    assert suggest.best(lines=[tight], region=None, held=[large, small], plan=PLAN) == (small,)


def test_of_equals_it_is_always_the_same() -> None:
    twins = [coupon(key, off_fen=500) for key in (3, 1, 2)]
    lines = [line(2, 400), line(1, 501)]
    for found in (twins, twins[::-1]):
        assert suggest.best(lines=lines, region=None, held=found, plan=PLAN) == (twins[1],)


@pytest.mark.slow
def test_a_full_wallet_is_searched_in_no_time() -> None:
    """Ten merchants, ten coupons of each and twenty of the platform: 20 * 11^10 ways."""
    shipped = template(1, default=fee((1, 1_000), (1, 200), free_from_fen=9_900))
    lines = [
        line(sku, 2_000 + 37 * sku, merchant_id=sku % 10 + 1, template=shipped)
        for sku in range(1, 101)
    ]
    coupons = [
        coupon(10 * merchant + n, merchant_id=merchant, off_fen=97 * n + 13 * merchant)
        for merchant in range(1, 11)
        for n in range(10)
    ]
    coupons += [
        coupon(1_000 + n, Kind.THRESHOLD, off_fen=1_000 * n + 1, min_spend_fen=20_000 * n + 2_000)
        for n in range(20)
    ]
    started = time.perf_counter()
    suggest.best(lines=lines, region="330106", held=coupons, plan=PLAN)
    assert time.perf_counter() - started < 5
