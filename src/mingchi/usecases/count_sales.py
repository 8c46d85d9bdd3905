"""How many units of each product were sold: counted from the orders, not kept along with them, so
that placing an order touches no row that all buyers share."""

from django.db import transaction
from django.db.models import Sum

from mingchi.catalogue import listing
from mingchi.orders.models import Order, OrderLine

SOLD = (Order.State.PAID, Order.State.SHIPPED, Order.State.RECEIVED, Order.State.COMPLETED)


def count_sales() -> int:
    """Bring the listings up to date, those of products from before there were listings too; how
    many changed. Called by the worker."""
    paid = OrderLine.objects.filter(order__state__in=SOLD, order__paid_at__isnull=False)
    rows = paid.values_list("sku__product_id").annotate(units=Sum("qty")).order_by()
    with transaction.atomic():
        stated = listing.refresh_missing()
        units = {**dict.fromkeys(listing.sold(), 0), **dict(rows)}
        return stated + listing.set_sold(units)
