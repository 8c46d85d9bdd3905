"""Spreading an amount to the fen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingchi.pricing.shares import spread


@pytest.mark.parametrize(
    ("amount_fen", "weights", "parts"),
    [
        (100, {1: 1, 2: 1, 3: 1}, {1: 34, 2: 33, 3: 33}),  # equal remainders: the smallest key
        (101, {1: 1, 2: 1, 3: 1}, {1: 34, 2: 34, 3: 33}),
        (100, {3: 1, 2: 1, 1: 1}, {1: 34, 2: 33, 3: 33}),  # in whatever order they are named
        (10, {1: 1, 2: 2, 3: 4}, {1: 1, 2: 3, 3: 6}),  # 1.43 2.86 5.71: the largest remainders
        (0, {1: 5, 2: 5}, {1: 0, 2: 0}),
        (7, {1: 0, 2: 7}, {1: 0, 2: 7}),
        (7, {5: 0, 4: 0}, {4: 7, 5: 0}),
        (1, {1: 1, 2: 10**12}, {1: 0, 2: 1}),
    ],
)
def test_how_it_is_spread(amount_fen: int, weights: dict[int, int], parts: dict[int, int]) -> None:
    assert spread(amount_fen, weights) == parts


weighed = st.dictionaries(st.integers(1, 99), st.integers(0, 10**12), min_size=1, max_size=12)


@given(st.integers(0, 10**12), weighed)
def test_nothing_is_lost_and_nobody_is_a_fen_off(amount_fen: int, weights: dict[int, int]) -> None:
    parts, total = spread(amount_fen, weights), sum(weights.values())
    assert sum(parts.values()) == amount_fen
    assert min(parts.values()) >= 0
    if total:
        assert all(abs(parts[k] * total - amount_fen * weights[k]) < total for k in weights)
    if amount_fen <= total:
        assert all(parts[key] <= weights[key] for key in weights)
