"""Why an article can't be bought so, for a cart and for a checkout: a code for programs, words for
members."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import queries as catalogue
from mingchi.catalogue.models import Product, Sku
from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.orders.limits import AT_MOST
from mingchi.pricing import stages
from mingchi.pricing.coupons import Reason
from mingchi.pricing.stages import Fault

NOT_ON_SALE: Final = "not_on_sale"
OUT_OF_STOCK: Final = "out_of_stock"
LIMIT_EXCEEDED: Final = "limit_exceeded"
# What members are told; why shares exceed a price is the shop's business.
_SAYS: Final[Mapping[str, Promise]] = {
    Reason.NOTHING_COVERED: _("It is not good for these articles."),
    Reason.BELOW_MINIMUM: _("The articles do not reach its minimum."),
    Reason.NOTHING_TO_TAKE_OFF: _("There is nothing it could take off."),
    Fault.NOT_DELIVERED: _("This article is not sent to the address."),
    Fault.SPLIT_EXCEEDS_PRICE: _("This article can't be bought now; the shop has to correct it."),
}
_NOT_WITH_THIS: Final = _("This coupon can't be used for this article.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`sku_id` is the article concerned, `coupon_id` the member's coupon; None where it is neither
    of one. `details` are for who is refused because of it."""

    code: str
    message: str | Promise
    sku_id: int | None = None
    coupon_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def refusal(self) -> DomainError:
        """What stands in the way, as an error: 409, but 404 for what is not on sale."""
        if self.code == NOT_ON_SALE:
            assert self.sku_id is not None
            return catalogue.sku_not_found(self.sku_id)
        where = {OUT_OF_STOCK: "qty", LIMIT_EXCEEDED: "qty"}.get(
            self.code, "coupons" if self.coupon_id else "items"
        )
        concerned = {"sku_id": self.sku_id, "coupon_id": self.coupon_id}
        named = {name: key for name, key in concerned.items() if key is not None}
        details = dict(self.details) or named
        return ConflictError(self.code, self.message, field=where, details=details)


def says(problem: stages.Problem) -> Promise:
    """What to tell a member of a problem with a price."""
    if problem.code == Fault.SPLIT_EXCEEDS_PRICE and problem.coupon is not None:
        return _NOT_WITH_THIS
    return _SAYS[problem.code]


def of_price(problem: stages.Problem) -> Problem:
    """A problem with a price, in words."""
    return Problem(
        code=str(problem.code),
        message=says(problem),
        sku_id=problem.sku_id,
        coupon_id=problem.coupon,
    )


def not_on_sale(sku_id: int) -> Problem:
    """It is not sold any more, or for now."""
    return Problem(code=NOT_ON_SALE, message=_("This article is not on sale."), sku_id=sku_id)


def on_shelf(sku: Sku, qty: int, *, is_on_sale: bool) -> Problem | None:
    """Whether so many can be had."""
    if not is_on_sale:
        return not_on_sale(sku.pk)
    if sku.available >= qty:
        return None
    told = catalogue.stock_of(sku.available)
    message: str | Promise = _("There are not enough of them left.")
    if told.state == "sold_out":
        message = _("Sold out.")
    elif told.left is not None:
        message = _("Only %(left)s left.") % {"left": told.left}
    details = {"sku_id": sku.pk, "available": sku.available}
    return Problem(code=OUT_OF_STOCK, message=message, sku_id=sku.pk, details=details)


def limited(
    product: Product, wanted: Mapping[int, int], left: Mapping[int, int], sku_id: int | None = None
) -> Problem | None:
    """Whether the member may buy so many of a product (units wanted and left by product)."""
    still = left.get(product.pk)
    if still is None or wanted[product.pk] <= still:
        return None
    message = AT_MOST % {"limit": product.limit_per_member, "left": still}
    details = {"product_id": product.pk, "left": still}
    return Problem(code=LIMIT_EXCEEDED, message=message, sku_id=sku_id, details=details)


def too_large() -> Problem:
    """More money than one order may move."""
    return Problem(code="amount_too_large", message=_("The order is too large."))
