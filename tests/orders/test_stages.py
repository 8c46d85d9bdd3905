"""The stages of a placed order: what the preview named, by line and whole, to the fen."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from mingchi.orders import stages
from mingchi.orders.models import Order, OrderLine

FEN = st.integers(0, 10**6)


@st.composite
def bought(draw: st.DrawFn) -> OrderLine:
    """A line as the table allows it."""
    qty, price_fen = draw(st.integers(1, 9)), draw(st.integers(1, 10**6))
    lowered_fen = qty * draw(FEN)
    amount_fen = draw(st.integers(0, qty * price_fen))
    charge_fen = draw(FEN)
    freight_fen = draw(st.integers(0, charge_fen))
    return OrderLine(
        qty=qty,
        price_fen=price_fen,
        list_fen=qty * price_fen + lowered_fen + draw(FEN),
        lowered_fen=lowered_fen,
        amount_fen=amount_fen,
        goods_fen=draw(st.integers(0, amount_fen)),
        charge_fen=charge_fen,
        freight_fen=freight_fen,
        delivery_fen=draw(st.integers(0, freight_fen)),
    )


@given(st.lists(bought(), min_size=1, max_size=4))
def test_they_sum_to_what_is_paid_of_a_line_and_of_all(lines: list[OrderLine]) -> None:
    order = Order()
    whole = {stage.code: stage.amount_fen for stage in stages.of_order(order, lines)}
    by_line = [stages.of_line(order, line) for line in lines]
    for line, own in zip(lines, by_line, strict=True):
        assert sum(stage.amount_fen for stage in own) == line.paid_fen
    assert sum(whole.values()) == sum(line.paid_fen for line in lines)
    for code in stages.LABELS:
        of_lines = sum(stage.amount_fen for own in by_line for stage in own if stage.code == code)
        assert whole.get(code, 0) == of_lines
        if code not in (stages.GOODS, stages.SHIPPING):
            assert of_lines <= 0


@pytest.mark.parametrize(
    ("code", "fen", "label"),
    [
        ("goods", 1_000, "Goods"),
        ("price_cut", -200, "Price cut"),
        ("merchant_coupon", -130, "五元"),
        ("shipping", 90, "Shipping"),
        ("platform_coupon", -60, "Platform's coupon"),
        ("price_change", -100, "Lowered by the shop"),
    ],
)
def test_each_is_named(code: str, fen: int, label: str) -> None:
    order = Order(merchant_coupon="五元")
    line = OrderLine(
        qty=2, price_fen=350, list_fen=1_000, lowered_fen=100, amount_fen=600, goods_fen=560,
        charge_fen=90, freight_fen=60, delivery_fen=40,
    )  # fmt: skip
    (stage,) = [one for one in stages.of_line(order, line) if one.code == code]
    with translation.override("en"):
        assert (stage.amount_fen, str(stage.label)) == (fen, label)


def test_what_is_nothing_is_left_out_but_for_the_goods() -> None:
    line = OrderLine(
        qty=1, price_fen=5, list_fen=5, lowered_fen=0, amount_fen=5, goods_fen=5,
        charge_fen=0, freight_fen=0, delivery_fen=0,
    )  # fmt: skip
    assert [stage.code for stage in stages.of_line(Order(), line)] == ["goods"]
