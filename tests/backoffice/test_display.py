import pytest
from django.forms import ValidationError

from mingchi.backoffice import display
from mingchi.backoffice.fields import PointsField, YuanField


@pytest.mark.parametrize(
    ("fen", "shown"),
    [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123456, "1,234.56"), (-100, "-1.00"), (None, "–")],
)
def test_yuan(fen: int | None, shown: str) -> None:
    assert display.yuan(fen) == shown


@pytest.mark.parametrize(
    ("upt", "shown"),
    [(0, "0"), (1, "0.000001"), (1_500_000, "1.5"), (-2_000_000, "-2"), (10**12, "1,000,000")],
)
def test_points(upt: int, shown: str) -> None:
    assert display.points(upt) == shown


@pytest.mark.parametrize(
    ("fen", "upt", "shown"),
    [(30_000, 210_000_000, "1.428571"), (90_000, 481_950_000, "1.867413"), (0, 0, "–")],
)
def test_a_price_is_rounded_down_to_six_decimals(fen: int, upt: int, shown: str) -> None:
    assert display.price(fen, upt) == shown


@pytest.mark.parametrize(
    ("ppm", "shown"), [(0, "0%"), (125_000, "12.5%"), (1, "0.0001%"), (10**6, "100%")]
)
def test_rates(ppm: int, shown: str) -> None:
    assert display.percent(ppm) == shown


@pytest.mark.parametrize(
    ("typed", "fen"), [("1", 100), ("0.05", 5), ("1,234.56", 123456), (" 2.5 ", 250)]
)
def test_yuan_are_typed(typed: str, fen: int) -> None:
    assert YuanField().clean(typed) == fen


@pytest.mark.parametrize(
    "typed", ["", "1.005", "-1", "1e9", "NaN", "Infinity", "一", "1" * 40, "0x10", "٣"]
)
def test_what_is_no_money_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        YuanField().clean(typed)


def test_points_are_typed() -> None:
    assert PointsField().clean("0.000001") == 1
    with pytest.raises(ValidationError):
        PointsField().clean("0.0000001")


def test_what_stood_in_a_field_is_shown_in_yuan() -> None:
    assert YuanField().prepare_value(123456) == "1234.56"
    assert YuanField().prepare_value("12,3") == "12,3"
