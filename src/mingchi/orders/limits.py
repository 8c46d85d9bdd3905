"""How many of a product one member may buy, where its merchant limits that."""

from collections.abc import Mapping

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Product
from mingchi.foundation.errors import ConflictError
from mingchi.members.models import Member
from mingchi.orders.models import Order, OrderLine

GIVEN_UP = (Order.State.CANCELLED, Order.State.REFUNDED)


def refuse_excess(*, member_id: int, wanted: Mapping[Product, int]) -> None:
    """`limit_exceeded` 409 where units wanted and units bought pass a product's limit. What was
    given up, and what was put back after a refund, does not count as bought."""
    limited = {each: n for each, n in wanted.items() if each.limit_per_member is not None}
    if not limited:
        return
    # One order of the member at a time: two at once would both find room.
    Member.objects.select_for_update(no_key=True).get(pk=member_id)
    lines = OrderLine.objects.filter(order__member=member_id, sku__product__in=limited)
    kept = lines.exclude(order__state__in=GIVEN_UP).values_list("sku__product")
    bought = dict(kept.annotate(units=Sum(F("qty") - F("restocked"))))
    for product, units in limited.items():
        assert product.limit_per_member is not None
        left = max(product.limit_per_member - bought.get(product.pk, 0), 0)
        if units > left:
            raise ConflictError(
                "limit_exceeded",
                _("At most %(limit)s of this for each member; you may buy %(left)s more.")
                % {"limit": product.limit_per_member, "left": left},
                field="qty",
                details={"product_id": product.pk, "left": left},
            )
