"""Numbers in a plan."""

import pytest

from mingchi.engine.units import read_decimal, read_rate_ppm


@pytest.mark.parametrize(
    ("text", "rate_ppm"),
    [
        ("30%", 300_000),
        ("0.3", 300_000),
        ("0%", 0),
        ("0", 0),
        ("100%", 1_000_000),
        ("1", 1_000_000),
        ("0.0001%", 1),
        ("0.000001", 1),
        ("30.00010%", 300_001),
        ("30.000100000%", 300_001),
        ("0.3000000", 300_000),
        ("007.5%", 75_000),
    ],
)
def test_rate(text: str, rate_ppm: int) -> None:
    assert read_rate_ppm(text) == rate_ppm


@pytest.mark.parametrize(
    "text",
    ["", "%", "30 %", " 30%", "30%\n", "-1%", "+1%", ".3", "3.", "1e-2", "٣%", "30%%", "100.0001%",
     "1.000001", "0.00001%", "0.0000001", "9" * 2000 + "%", "nan", "0x1"],
)  # fmt: skip
def test_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        read_rate_ppm(text)


def test_decimal() -> None:
    assert read_decimal("12.5", places=2) == 1250
    assert read_decimal("12", places=0) == 12
    assert read_decimal("9" * 31, places=2) == int("9" * 31) * 100


@pytest.mark.parametrize("text", ["1.234", "1.000", "-1", "", "1,5", "1_000", "１２"])
def test_no_decimal(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        read_decimal(text, places=2)
