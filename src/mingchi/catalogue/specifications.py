"""Which SKUs a product has by its specifications. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import DomainError

MOST_SPECIFICATIONS: Final = 3
MOST_VALUES: Final = 40
MOST_SKUS: Final = 200

Combination = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """What becomes of a product's SKUs: `kept` get their values in this order, `missing`
    combinations get a new SKU, `retired` are not sold any more."""

    kept: Mapping[int, Combination]
    missing: Sequence[Combination]
    retired: Sequence[int]


def refuse_too_many(counts: Sequence[int]) -> None:
    """`specifications_too_many` for more than 3, with more than 40 values each, or more than 200
    combinations in all. `counts` are the numbers of values."""
    if (
        len(counts) > MOST_SPECIFICATIONS
        or any(not 1 <= count <= MOST_VALUES for count in counts)
        or prod(counts) > MOST_SKUS
    ):
        raise DomainError(
            "specifications_too_many",
            _("At most 3 specifications of 1 to 40 values, and 200 combinations."),
            field="specifications",
        )


def plan(value_ids: Sequence[Sequence[int]], skus: Mapping[int, Sequence[int]]) -> Matrix:
    """`value_ids` are the values of each specification in their order; `skus` the values that each
    SKU combines, retired ones too. A combination is the same in whichever order its values stand.
    """
    wanted = {frozenset(each): each for each in product(*value_ids)}
    kept: dict[int, Combination] = {}
    taken: set[frozenset[int]] = set()
    for sku_id, values in skus.items():
        key = frozenset(values)
        if key in wanted and key not in taken:
            kept[sku_id] = wanted[key]
            taken.add(key)
    return Matrix(
        kept=kept,
        missing=[each for key, each in wanted.items() if key not in taken],
        retired=[sku_id for sku_id in skus if sku_id not in kept],
    )
