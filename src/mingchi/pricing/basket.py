"""What is priced: lines, and the amounts of each stage of a price. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from mingchi.pricing.shipping import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many of a SKU. Prices, cost and shares are fen a unit; `distribution_fen` and `pool_fen`
    None: by the plan's rate. `category_path` holds the category and all above it. `template` None:
    sent for nothing, or not carried at all.

    The SKU is the line's key: a basket has each once, and of equals the smaller comes first.
    """

    sku_id: int
    product_id: int
    merchant_id: int
    qty: int
    price_fen: int
    list_price_fen: int | None = None
    cost_fen: int = 0
    distribution_fen: int | None = None
    pool_fen: int | None = None
    category_path: frozenset[int] = frozenset()
    weight_g: int = 0
    template: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """The stages of a price in fen, of a line, a merchant or the whole: what stands in each is the
    sum of what stands in its parts.

    `list_fen` is never less than `sale_fen`. What coupons take off stands beside what they take it
    off from, by who pays for them.
    """

    list_fen: int = 0
    sale_fen: int = 0
    merchant_off_fen: int = 0
    platform_off_fen: int = 0
    shipping_fen: int = 0
    merchant_shipping_off_fen: int = 0
    platform_shipping_off_fen: int = 0

    @property
    def price_fen(self) -> int:
        """The goods after the merchant's coupon: what the merchant sells them for, and `price` of
        the line in settlement. What the platform takes off is its own subsidy."""
        return self.sale_fen - self.merchant_off_fen

    @property
    def goods_fen(self) -> int:
        """What the member pays for the goods."""
        return self.price_fen - self.platform_off_fen

    @property
    def freight_fen(self) -> int:
        """Shipping after the merchant's coupon: what the merchant gets for it."""
        return self.shipping_fen - self.merchant_shipping_off_fen

    @property
    def delivery_fen(self) -> int:
        """What the member pays for shipping."""
        return self.freight_fen - self.platform_shipping_off_fen

    @property
    def payable_fen(self) -> int:
        """What the member pays."""
        return self.goods_fen + self.delivery_fen

    @property
    def subsidy_fen(self) -> int:
        """What the platform pays in the member's place."""
        return self.platform_off_fen + self.platform_shipping_off_fen

    @property
    def saved_fen(self) -> int:
        """What coupons take off, whoever pays for them."""
        return self.merchant_off_fen + self.merchant_shipping_off_fen + self.subsidy_fen


_STAGES = tuple(field.name for field in fields(Amounts))


def total(parts: Iterable[Amounts]) -> Amounts:
    """Stage by stage, the sum."""
    found = list(parts)
    return Amounts(**{name: sum(getattr(part, name) for part in found) for name in _STAGES})
