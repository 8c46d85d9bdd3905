"""Exact readings of rates, money and multiples as they stand in a plan."""

import re
from typing import Final

PPM: Final = 1_000_000
"""Parts per million: a rate of 100 %."""

LONGEST_NUMBER: Final = 1_000
"""Characters a number in a plan may have; none that means anything has more."""

_DECIMAL: Final = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
_RATE: Final = re.compile(r"([0-9]+)(?:\.([0-9]+?)0*)?(%?)")  # zeros at the end add nothing


def read_decimal(text: str, *, places: int) -> int:
    """The number written in `text`, times 10 to the power of `places`.

    Raises ValueError, saying what is asked for, where it is no plain decimal number or has more
    decimals than `places`.
    """
    match = _DECIMAL.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    if match is None:
        raise ValueError('must be a plain number such as "12.50"')
    whole, decimals = match[1], match[2] or ""
    if len(decimals) > places:
        raise ValueError(f"must have at most {places} decimals")
    return int(whole + decimals.ljust(places, "0"))


def read_rate_ppm(text: str) -> int:
    """The rate written as "30%" or "0.3", in parts per million.

    Raises ValueError where it is no rate, is finer than one part per million, or is above 100 %.
    """
    match = _RATE.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    if match is None:
        raise ValueError('must be a rate such as "30%" or "0.3"')
    whole, decimals, percent = match[1], match[2] or "", match[3]
    places = 4 if percent else 6
    if len(decimals) > places:
        raise ValueError("must be exact to one part per million")
    rate_ppm = int(whole + decimals.ljust(places, "0"))
    if rate_ppm > PPM:
        raise ValueError("must lie between 0% and 100%")
    return rate_ppm
