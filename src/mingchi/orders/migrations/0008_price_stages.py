from django.db import migrations, models
from django.db.models import F, Q

# Of orders of before nobody wrote down the price struck through, nor what a shop's coupon took off
# the shipping: they have the price that was asked, and the freight that was charged. Coupons that
# were given back since are not known any more. What is checked at the end of the transaction is
# checked now, before tables change.
OLD_ORDERS = (
    """
    UPDATE orders_orderline l
    SET lowered_fen = coalesce(c.fen, 0), list_fen = l.qty * l.price_fen + coalesce(c.fen, 0),
        charge_fen = l.freight_fen
    FROM orders_orderline o LEFT JOIN (
        SELECT p.line_id, sum(x.qty * (p.from_fen - p.to_fen)) AS fen
        FROM orders_pricechange p JOIN orders_orderline x ON x.id = p.line_id
        WHERE p.state = 'approved' GROUP BY p.line_id
    ) c ON c.line_id = o.id
    WHERE o.id = l.id
    """,
    """
    UPDATE orders_order o SET merchant_coupon = c.name
    FROM pricing_membercoupon h JOIN pricing_coupon c ON c.id = h.coupon_id
    WHERE h.locked_for = 'checkout:' || o.checkout_id AND c.merchant_id = o.merchant_id
    """,
    """
    UPDATE orders_order o SET platform_coupon = c.name
    FROM pricing_membercoupon h JOIN pricing_coupon c ON c.id = h.coupon_id
    WHERE h.locked_for = 'checkout:' || o.checkout_id AND c.merchant_id IS NULL
        AND o.subsidy_fen > 0
    """,
    "SET CONSTRAINTS ALL IMMEDIATE",
    "SET CONSTRAINTS ALL DEFERRED",
)


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_checkouts"), ("pricing", "0001_tables")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="merchant_coupon",
            field=models.CharField(blank=True, max_length=60, verbose_name="shop's coupon"),
        ),
        migrations.AddField(
            model_name="order",
            name="platform_coupon",
            field=models.CharField(blank=True, max_length=60, verbose_name="platform's coupon"),
        ),
        migrations.AddField(
            model_name="orderline",
            name="charge_fen",
            field=models.BigIntegerField(default=0, verbose_name="shipping before coupons (fen)"),
        ),
        migrations.AddField(
            model_name="orderline",
            name="list_fen",
            field=models.BigIntegerField(null=True, verbose_name="list price of all units (fen)"),
        ),
        migrations.AddField(
            model_name="orderline",
            name="lowered_fen",
            field=models.BigIntegerField(default=0, verbose_name="lowered by the shop (fen)"),
        ),
        migrations.RunSQL(OLD_ORDERS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="orderline",
            name="list_fen",
            field=models.BigIntegerField(verbose_name="list price of all units (fen)"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=Q(lowered_fen__gte=0, charge_fen__gte=F("freight_fen"))
                & Q(list_fen__gte=F("qty") * F("price_fen") + F("lowered_fen")),
                name="order_line_price_came_down",
            ),
        ),
    ]
