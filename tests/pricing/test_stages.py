"""Prices stage by stage: worked examples, and the laws that make refunds exact."""

from dataclasses import fields, replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing_baskets import PLAN, REGIONS, baskets, coupon, fee, held, line, template

from mingchi.pricing import coupons, refunds, stages, suggest
from mingchi.pricing.basket import Amounts, Line, total
from mingchi.pricing.coupons import Kind, Scope, Terms
from mingchi.pricing.stages import Problem, quote

SHIPPED = template(1, default=fee((1, 1000), (1, 200), free_from_fen=9_900))


def priced(*lines: Line, chosen: tuple[Terms, ...] = (), region: str | None = None) -> stages.Quote:
    return quote(lines=lines, region=region, chosen=chosen, plan=PLAN)


def test_a_price_without_coupons() -> None:
    found = priced(
        line(1, 3_000, qty=2, list_price_fen=4_000, template=SHIPPED), line(2, 500, merchant_id=2)
    )
    assert found.lines == {
        1: Amounts(list_fen=8_000, sale_fen=6_000, shipping_fen=1_200),
        2: Amounts(list_fen=500, sale_fen=500),
    }
    assert found.merchants == {1: found.lines[1], 2: found.lines[2]}
    assert (found.total.payable_fen, found.problems, found.saved_fen) == (7_700, (), {})


def test_the_worked_example() -> None:
    """The first example of docs/algorithms/pricing.md."""
    off = coupon(1, Kind.THRESHOLD, merchant_id=1, off_fen=1_000, min_spend_fen=9_000)
    platform = coupon(2, Kind.PERCENTAGE, off_ppm=100_000, cap_fen=5_000)
    found = priced(
        line(1, 6_000, template=SHIPPED),
        line(2, 4_000, template=SHIPPED),
        line(3, 5_000, merchant_id=2),
        chosen=(off, platform),
    )
    assert found.lines == {
        1: Amounts(list_fen=6_000, sale_fen=6_000, merchant_off_fen=600, shipping_fen=600,
                   platform_off_fen=540),
        2: Amounts(list_fen=4_000, sale_fen=4_000, merchant_off_fen=400, shipping_fen=600,
                   platform_off_fen=360),
        3: Amounts(list_fen=5_000, sale_fen=5_000, platform_off_fen=500),
    }  # fmt: skip
    whole = found.total
    assert (whole.price_fen, whole.subsidy_fen, whole.payable_fen) == (14_000, 1_400, 13_800)
    assert found.saved_fen == {1: 1_000, 2: 1_400}
    basket = [line(1, 6_000, template=SHIPPED), line(2, 4_000, template=SHIPPED)]
    basket.append(line(3, 5_000, merchant_id=2))
    best = suggest.best(lines=basket, region=None, held=[off, platform], plan=PLAN)
    assert best == (platform,)
    assert priced(*basket, chosen=best).total.payable_fen == 13_500


def test_the_refund_of_the_worked_example() -> None:
    """The fourth example of docs/algorithms/pricing.md."""
    paid = {"paid_fen": 4_860, "subsidy_fen": 540}
    first = refunds.give_back(**paid, before_fen=0, amount_fen=1_000)
    assert (first.price_fen, first.subsidy_fen) == (1_111, 111)
    rest = refunds.give_back(**paid, before_fen=1_000, amount_fen=3_860)
    assert (rest.price_fen, rest.subsidy_fen) == (4_289, 429)


@pytest.mark.parametrize(
    ("terms", "saved_fen", "payable_fen"),
    [
        (coupon(off_fen=300), 300, 3_700),
        (coupon(off_fen=9_999), 2_999, 1_001),  # a fen of the goods is left
        (coupon(merchant_id=1, off_fen=300), 300, 3_700),
        (coupon(merchant_id=1, off_fen=9_999), 2_999, 1_001),
        (coupon(1, Kind.PERCENTAGE, off_ppm=333_333, cap_fen=9_999), 999, 3_001),  # rounded down
        (coupon(1, Kind.PERCENTAGE, off_ppm=333_333, cap_fen=500), 500, 3_500),
        (coupon(1, Kind.THRESHOLD, off_fen=300, min_spend_fen=3_000), 300, 3_700),
        (coupon(1, Kind.FREE_SHIPPING, cap_fen=9_999), 1_000, 3_000),
        (coupon(1, Kind.FREE_SHIPPING, cap_fen=400), 400, 3_600),
        (coupon(1, Kind.FREE_SHIPPING, merchant_id=1, cap_fen=400), 400, 3_600),
        (coupon(scope=Scope.CATEGORY, targets=frozenset({7}), off_fen=300), 300, 3_700),
        (coupon(scope=Scope.PRODUCT, targets=frozenset({1}), off_fen=300), 300, 3_700),
        (coupon(scope=Scope.MERCHANT, targets=frozenset({1, 2}), off_fen=300), 300, 3_700),
    ],
)
def test_what_a_coupon_takes_off(terms: Terms, saved_fen: int, payable_fen: int) -> None:
    one = line(1, 3_000, template=SHIPPED, category_path=frozenset({5, 7}))
    found = priced(one, chosen=(terms,))
    assert (found.saved_fen[1], found.total.payable_fen) == (saved_fen, payable_fen)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("terms", "code", "missing_fen"),
    [
        (coupon(1, Kind.THRESHOLD, off_fen=300, min_spend_fen=3_001), "below_minimum", 1),
        (coupon(scope=Scope.CATEGORY, targets=frozenset({8}), off_fen=1), "nothing_covered", 0),
        (coupon(scope=Scope.PRODUCT, targets=frozenset({2}), off_fen=1), "nothing_covered", 0),
        (coupon(scope=Scope.MERCHANT, targets=frozenset({2}), off_fen=1), "nothing_covered", 0),
        (coupon(merchant_id=2, off_fen=1), "nothing_covered", 0),
        (coupon(1, Kind.FREE_SHIPPING, cap_fen=9_999), "nothing_to_take_off", 0),
    ],
)
def test_why_a_coupon_takes_nothing_off(terms: Terms, code: str, missing_fen: int) -> None:
    one = line(1, 3_000, category_path=frozenset({5, 7}))
    found = priced(one, chosen=(terms,))
    assert found.problems == (Problem(code=code, coupon=1, missing_fen=missing_fen),)
    assert (found.saved_fen[1], found.total.payable_fen) == (0, 3_000)


def test_no_more_is_taken_off_than_what_is_covered_costs() -> None:
    terms = coupon(1, off_fen=1_000, scope=Scope.PRODUCT, targets=frozenset({1}))
    found = priced(line(1, 300), line(2, 9_000), chosen=(terms,))
    assert (found.lines[1].goods_fen, found.lines[2].goods_fen) == (0, 9_000)
    assert found.saved_fen == {1: 300}


def test_a_minimum_is_asked_of_what_the_coupon_covers() -> None:
    terms = coupon(
        1, Kind.THRESHOLD, off_fen=300, min_spend_fen=3_000, scope=Scope.PRODUCT,
        targets=frozenset({1}),
    )  # fmt: skip
    found = priced(line(1, 2_000), line(2, 9_000), chosen=(terms,))
    assert found.problems == (Problem(code="below_minimum", coupon=1, missing_fen=1_000),)


def test_the_platforms_minimum_is_asked_after_the_merchants_coupon() -> None:
    merchant = coupon(1, merchant_id=1, off_fen=1_000)
    platform = coupon(2, Kind.THRESHOLD, off_fen=500, min_spend_fen=10_000)
    assert priced(line(1, 10_000), chosen=(platform,)).saved_fen == {2: 500}
    both = priced(line(1, 10_000), chosen=(merchant, platform))
    assert both.saved_fen == {1: 1_000, 2: 0}
    assert both.problems == (Problem(code="below_minimum", coupon=2, missing_fen=1_000),)


def test_a_merchants_coupon_may_cost_the_free_shipping() -> None:
    terms = coupon(1, merchant_id=1, off_fen=200)
    found = priced(line(1, 10_000, template=SHIPPED), chosen=(terms,))
    assert (found.total.price_fen, found.total.shipping_fen) == (9_800, 1_000)
    platform = priced(line(1, 10_000, template=SHIPPED), chosen=(coupon(off_fen=200),))
    assert platform.total.shipping_fen == 0  # the platform's leaves the price alone


def test_both_may_pay_for_shipping() -> None:
    merchant = coupon(1, Kind.FREE_SHIPPING, merchant_id=1, cap_fen=600)
    platform = coupon(2, Kind.FREE_SHIPPING, cap_fen=9_999)
    whole = priced(line(1, 3_000, template=SHIPPED), chosen=(merchant, platform)).total
    assert (whole.freight_fen, whole.delivery_fen, whole.subsidy_fen) == (400, 0, 400)


# A line of 100 yuan of which the merchant gets 50 and the shares take 40: 10 are left.
TIGHT = line(7, 10_000, cost_fen=5_000, distribution_fen=2_000, pool_fen=2_000)


@pytest.mark.parametrize(
    ("terms", "problems"),
    [
        (coupon(1, merchant_id=1, off_fen=6_000), ()),
        (
            coupon(1, merchant_id=1, off_fen=6_001),
            (Problem(code="split_exceeds_price", sku_id=7, coupon=1),),
        ),
        (coupon(1, off_fen=7_000), ()),  # the platform's: the merchant gets the price in full
    ],
)
def test_shares_must_fit_into_the_price_that_settles(
    terms: Terms, problems: tuple[Problem, ...]
) -> None:
    assert priced(TIGHT, chosen=(terms,)).problems == problems


def test_shares_that_never_fitted_are_found_too() -> None:
    found = priced(line(9, 10_000, cost_fen=9_000, pool_fen=1_001))
    assert found.problems == (Problem(code="split_exceeds_price", sku_id=9),)


def test_where_nothing_is_sent_the_line_is_named() -> None:
    here = template(1)
    nowhere = replace(template(2), default=None)
    found = priced(line(1, template=here), line(2, template=nowhere), region="330106")
    assert found.problems == (Problem(code="not_delivered", sku_id=2),)


def test_two_coupons_of_one_payer_clash() -> None:
    chosen = [coupon(1), coupon(2, merchant_id=1), coupon(3, merchant_id=2), coupon(4)]
    assert coupons.clash(chosen[:3]) is None
    assert coupons.clash(chosen) == chosen[3]
    with pytest.raises(AssertionError):
        priced(line(), chosen=(coupon(1), coupon(2)))


# Laws.

LAW = settings(max_examples=60, deadline=None)


@st.composite
def purchases(draw: st.DrawFn) -> tuple[list[Line], list[Terms], str | None]:
    chosen: list[Terms] = []
    for terms in draw(held()):
        if coupons.clash([*chosen, terms]) is None:
            chosen.append(terms)
    return draw(baskets()), chosen, draw(st.sampled_from(REGIONS))


Purchase = tuple[list[Line], list[Terms], str | None]


def of(purchase: Purchase) -> stages.Quote:
    lines, chosen, region = purchase
    return quote(lines=lines, region=region, chosen=chosen, plan=PLAN)


@LAW
@given(purchases())
def test_at_each_stage_lines_sum_to_merchants_and_merchants_to_all(purchase: Purchase) -> None:
    found = of(purchase)
    assert total(found.lines.values()) == total(found.merchants.values()) == found.total
    whole = found.total
    assert whole.payable_fen == (
        whole.sale_fen + whole.shipping_fen - sum(found.saved_fen.values())
    )
    assert whole.saved_fen == sum(found.saved_fen.values())
    # Whatever the member pays and the platform adds is what merchants sell and send for.
    assert whole.payable_fen + whole.subsidy_fen == whole.price_fen + whole.freight_fen


@LAW
@given(purchases())
def test_no_line_is_below_nothing_at_any_stage(purchase: Purchase) -> None:
    lines, _chosen, _region = purchase
    found = of(purchase)
    for one in lines:
        amounts = found.lines[one.sku_id]
        assert min(getattr(amounts, field.name) for field in fields(amounts)) >= 0
        assert amounts.list_fen >= amounts.sale_fen == one.price_fen * one.qty
        assert min(amounts.price_fen, amounts.goods_fen, amounts.delivery_fen) >= 0
    assert min(amounts.price_fen for amounts in found.merchants.values()) >= 1
    assert found.total.goods_fen >= 1


@LAW
@given(purchases(), st.randoms())
def test_the_order_of_lines_and_coupons_makes_no_difference(
    purchase: Purchase, chance: Random
) -> None:
    lines, chosen, region = purchase
    mixed = (chance.sample(lines, len(lines)), chance.sample(chosen, len(chosen)), region)
    one, other = of(purchase), of(mixed)
    assert (one.lines, one.total, one.problems) == (other.lines, other.total, other.problems)


@LAW
@given(purchases())
def test_a_coupon_takes_off_what_it_covers_only(purchase: Purchase) -> None:
    lines, chosen, _region = purchase
    found = of(purchase)
    for one in lines:
        amounts = found.lines[one.sku_id]
        by_merchant = amounts.merchant_off_fen + amounts.merchant_shipping_off_fen
        own = [terms for terms in chosen if terms.covers(one)]
        assert not by_merchant or any(terms.merchant_id == one.merchant_id for terms in own)
        assert not amounts.subsidy_fen or any(terms.merchant_id is None for terms in own)
    for terms in chosen:
        assert found.saved_fen[terms.key] <= (terms.cap_fen or 10**12)
        worthless = any(
            problem.coupon == terms.key and problem.sku_id is None for problem in found.problems
        )
        assert worthless == (found.saved_fen[terms.key] == 0)  # fmt: skip


@LAW
@given(purchases(), st.data())
def test_refunds_return_exactly_what_was_paid(purchase: Purchase, data: st.DataObject) -> None:
    """Line by line, in whatever parts; the platform has its subsidy back, settlement the price."""
    found = of(purchase)
    back = {"member": 0, "platform": 0, "settlement": 0}
    for amounts in found.lines.values():
        line = refunds.Paid(
            price_fen=amounts.price_fen,
            goods_fen=amounts.goods_fen,
            freight_fen=amounts.freight_fen,
            delivery_fen=amounts.delivery_fen,
        )
        before_fen = 0
        while True:
            left_fen = line.paid_fen - before_fen
            part = data.draw(st.integers(0, left_fen)) or left_fen
            given_back = refunds.of_line(line, before_fen=before_fen, amount_fen=part)
            goods, delivery = given_back.goods, given_back.delivery
            assert goods.paid_fen + delivery.paid_fen == part
            assert min(goods.subsidy_fen, delivery.subsidy_fen) >= 0
            # Delivery goes back once all of the goods have.
            assert not delivery.paid_fen or before_fen + part > line.goods_fen
            back["member"] += part
            back["platform"] += goods.subsidy_fen + delivery.subsidy_fen
            back["settlement"] += goods.price_fen + delivery.price_fen
            before_fen += part
            if before_fen == line.paid_fen:
                break
    whole = found.total
    assert back == {
        "member": whole.payable_fen,
        "platform": whole.subsidy_fen,
        "settlement": whole.price_fen + whole.freight_fen,
    }


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.data())
def test_partial_refunds_never_exceed(paid_fen: int, subsidy_fen: int, data: st.DataObject) -> None:
    before_fen = data.draw(st.integers(0, paid_fen))
    amount_fen = data.draw(st.integers(0, paid_fen - before_fen))
    done = refunds.give_back(
        paid_fen=paid_fen, subsidy_fen=subsidy_fen, before_fen=0, amount_fen=before_fen
    )
    if paid_fen:
        more = refunds.give_back(
            paid_fen=paid_fen,
            subsidy_fen=subsidy_fen,
            before_fen=before_fen,
            amount_fen=amount_fen,
        )
        assert 0 <= done.subsidy_fen + more.subsidy_fen <= subsidy_fen
    with pytest.raises(AssertionError):
        refunds.give_back(
            paid_fen=paid_fen,
            subsidy_fen=subsidy_fen,
            before_fen=before_fen,
            amount_fen=paid_fen - before_fen + 1,
        )


@settings(max_examples=50)
@given(st.integers(0, 10**9), st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_units_have_together_what_the_line_has(fen: int, parts: list[int]) -> None:
    qty, before, back = sum(parts), 0, 0
    for units in parts:
        back += refunds.of_units(fen, qty=qty, before=before, units=units)
        before += units
    assert back == fen
