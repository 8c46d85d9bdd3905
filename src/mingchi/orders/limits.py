"""How many of a product one member may buy, where its merchant limits that."""

from collections.abc import Iterable, Mapping

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Product
from mingchi.foundation.errors import ConflictError
from mingchi.members import services as members
from mingchi.orders.models import Order, OrderLine

GIVEN_UP = (Order.State.CANCELLED, Order.State.REFUNDED)
AT_MOST = _("At most %(limit)s of this for each member; you may buy %(left)s more.")


def left(*, member_id: int, products: Iterable[Product]) -> dict[int, int]:
    """How many units of each limited product (by key) the member may still buy. What was given up,
    and what was put back after a refund, does not count as bought."""
    limits = {
        each.pk: each.limit_per_member for each in products if each.limit_per_member is not None
    }
    if not limits:
        return {}
    lines = OrderLine.objects.filter(order__member=member_id, sku__product__in=limits)
    kept = lines.exclude(order__state__in=GIVEN_UP).values_list("sku__product")
    bought = dict(kept.annotate(units=Sum(F("qty") - F("restocked"))))
    return {key: max(limit - bought.get(key, 0), 0) for key, limit in limits.items()}


def refuse_excess(*, member_id: int, wanted: Mapping[Product, int]) -> None:
    """`limit_exceeded` 409 where units wanted and units bought pass a product's limit."""
    if all(each.limit_per_member is None for each in wanted):
        return
    # Two orders at once would both find room.
    members.hold(member_id)
    still = left(member_id=member_id, products=wanted)
    for product, units in wanted.items():
        if units > still.get(product.pk, units):
            raise ConflictError(
                "limit_exceeded",
                AT_MOST % {"limit": product.limit_per_member, "left": still[product.pk]},
                field="qty",
                details={"product_id": product.pk, "left": still[product.pk]},
            )
