"""How many of a product one member may buy, where its merchant limits that."""

from collections.abc import Iterable

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Product
from mingchi.orders.checkouts import GIVEN_UP
from mingchi.orders.models import OrderLine

AT_MOST = _("At most %(limit)s of this for each member; you may buy %(left)s more.")


def left(*, member_id: int, products: Iterable[Product]) -> dict[int, int]:
    """How many units of each limited product (by key) the member may still buy.

    What was given up, and what was put back after a refund, does not count as bought. Whoever
    places an order holds the member: two at once would both find room."""
    limits = {
        each.pk: each.limit_per_member for each in products if each.limit_per_member is not None
    }
    if not limits:
        return {}
    lines = OrderLine.objects.filter(order__member=member_id, sku__product__in=limits)
    kept = lines.exclude(order__state__in=GIVEN_UP).values_list("sku__product")
    bought = dict(kept.annotate(units=Sum(F("qty") - F("restocked"))))
    return {key: max(limit - bought.get(key, 0), 0) for key, limit in limits.items()}
