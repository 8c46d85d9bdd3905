"""What a coupon is worth in a basket, and why it may be worth nothing. Pure.

Who pays for a coupon decides what it is: a *merchant's* coupon lowers the price of that merchant's
goods; a *platform's* coupon leaves the price alone and the platform pays a part of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mingchi.pricing.basket import Line
from mingchi.pricing.shares import spread

PPM = 1_000_000


class Kind(StrEnum):
    """What it takes off: an amount, an amount from a minimum on, a percentage, the shipping."""

    FIXED = "fixed"
    THRESHOLD = "threshold"
    PERCENTAGE = "percentage"
    FREE_SHIPPING = "free_shipping"


class Scope(StrEnum):
    """Which goods it is good for; `targets` says which categories, products or merchants."""

    ALL = "all"
    CATEGORY = "category"
    PRODUCT = "product"
    MERCHANT = "merchant"


class Reason(StrEnum):
    """Why a coupon takes nothing off a basket."""

    NOTHING_COVERED = "nothing_covered"
    BELOW_MINIMUM = "below_minimum"
    NOTHING_TO_TAKE_OFF = "nothing_to_take_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What stands on a coupon. `merchant_id` is who pays, None: the platform. `off_fen` of kinds
    fixed and threshold; `off_ppm` of a percentage; `cap_fen`, where given, is the most that it
    takes off. `min_spend_fen` is asked of the goods it covers."""

    key: int
    name: str
    kind: Kind
    merchant_id: int | None = None
    off_fen: int = 0
    off_ppm: int = 0
    cap_fen: int | None = None
    min_spend_fen: int = 0
    scope: Scope = Scope.ALL
    targets: frozenset[int] = frozenset()

    @property
    def is_for_shipping(self) -> bool:
        """Whether it takes off shipping, and leaves the goods alone."""
        return self.kind is Kind.FREE_SHIPPING

    def covers(self, line: Line) -> bool:
        """Whether it is good for the line."""
        if self.merchant_id not in (None, line.merchant_id):
            return False
        if self.scope is Scope.CATEGORY:
            return not self.targets.isdisjoint(line.category_path)
        if self.scope is Scope.PRODUCT:
            return line.product_id in self.targets
        return self.scope is Scope.ALL or line.merchant_id in self.targets

    def worth_fen(self, base_fen: int) -> int:
        """What it takes off goods, or shipping, of so much; never more than that."""
        if self.kind is Kind.PERCENTAGE:
            off_fen = base_fen * self.off_ppm // PPM
        else:
            off_fen = base_fen if self.is_for_shipping else self.off_fen
        return min(off_fen, base_fen, base_fen if self.cap_fen is None else self.cap_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a coupon takes off each line (by SKU), or why it takes nothing; `missing_fen` is what
    the goods lack to its minimum."""

    off_fen: Mapping[int, int]
    reason: Reason | None = None
    missing_fen: int = 0


def take(
    terms: Terms,
    lines: Collection[Line],
    *,
    goods_fen: Mapping[int, int],
    shipping_fen: Mapping[int, int],
    most_fen: int | None = None,
) -> Taken:
    """What the coupon takes off these lines. `goods_fen` (asked for the minimum) and `shipping_fen`
    by SKU are as they stand before it; `most_fen` is a further bound on what it takes."""
    covered = [line.sku_id for line in lines if terms.covers(line)]
    if not covered:
        return Taken(off_fen={}, reason=Reason.NOTHING_COVERED)
    spent_fen = sum(goods_fen[key] for key in covered)
    if spent_fen < terms.min_spend_fen:
        missing_fen = terms.min_spend_fen - spent_fen
        return Taken(off_fen={}, reason=Reason.BELOW_MINIMUM, missing_fen=missing_fen)
    from_fen = shipping_fen if terms.is_for_shipping else goods_fen
    base = {key: from_fen[key] for key in covered}
    off_fen = terms.worth_fen(sum(base.values()))
    if most_fen is not None:
        off_fen = min(off_fen, most_fen)
    if off_fen <= 0:
        return Taken(off_fen={}, reason=Reason.NOTHING_TO_TAKE_OFF)
    return Taken(off_fen=spread(off_fen, base))


def clash(chosen: Sequence[Terms]) -> Terms | None:
    """The first coupon that may not go with those before it: one of the platform, and one of each
    merchant, is the most."""
    payers: set[int | None] = set()
    for terms in chosen:
        if terms.merchant_id in payers:
            return terms
        payers.add(terms.merchant_id)
    return None
