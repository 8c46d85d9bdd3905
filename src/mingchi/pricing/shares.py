"""An amount spread over parts to the fen. Pure."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def spread(amount_fen: int, weights: Mapping[K, int]) -> dict[K, int]:
    """Parts of `amount_fen` in proportion to whole weights from 0, by largest remainder.

    Each part is first rounded down; what is left goes, a fen each, to the parts whose remainders
    are largest, of equal ones to that with the smallest key, so that the order in which the parts
    are named makes no difference. The parts sum to the amount, and none is larger than its weight
    where the amount is no larger than all weights together. Where all weights are 0 the smallest
    key gets everything.
    """
    assert amount_fen >= 0
    assert weights, "somebody has to have it"
    keys = sorted(weights)  # type: ignore[type-var]
    total = sum(weights.values())
    if not total:
        return {key: amount_fen if key == keys[0] else 0 for key in keys}
    parts = {key: amount_fen * weights[key] // total for key in keys}
    by_remainder = sorted(keys, key=lambda key: -(amount_fen * weights[key] % total))
    for key in by_remainder[: amount_fen - sum(parts.values())]:
        parts[key] += 1
    return parts
