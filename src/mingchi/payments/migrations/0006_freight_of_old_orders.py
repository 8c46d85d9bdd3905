from django.db import migrations

# Freight of completed orders, and of those of which nothing but their delivery was left, stood on
# `shipping` (account 6) for good: it is the merchant's (account `merchant * 100 + 10`). What refunds
# took back from there, as far as they are booked, is the buyer's again.
FREIGHT = """
WITH left_over AS (
    SELECT o.id, o.number, o.merchant_id,
        (SELECT coalesce(sum(l.freight_fen), 0) FROM orders_orderline l WHERE l.order_id = o.id)
        - (SELECT coalesce(sum(r.freight_fen), 0) FROM orders_refund r
           JOIN ledger_cashentry e ON e.key = 'refunded:' || r.id
           WHERE r.order_id = o.id) AS fen
    FROM orders_order o
    WHERE o.state = 'completed' OR o.state = 'refunded'
), posted AS (
    INSERT INTO ledger_cashentry (key, kind, accounts, amounts, memo, request_id, created_at)
    SELECT 'freight:' || id, 'freight', ARRAY[6, merchant_id * 100 + 10], ARRAY[-fen, fen], number,
        '', statement_timestamp()
    FROM left_over WHERE fen > 0 ORDER BY id
    RETURNING id, accounts, amounts
), unsealed AS (
    INSERT INTO ledger_unsealedcash (entry_id) SELECT id FROM posted
)
INSERT INTO ledger_accountbalance AS b (account, balance_fen, reserved_fen)
SELECT accounts[2], sum(amounts[2]), 0 FROM posted GROUP BY accounts[2]
ON CONFLICT (account) DO UPDATE SET balance_fen = b.balance_fen + EXCLUDED.balance_fen
"""


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0005_created_by_the_clock"),
        ("orders", "0008_price_stages"),
        ("ledger", "0002_guards"),
    ]

    operations = [
        migrations.RunSQL(
            [FREIGHT, "SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"],
            migrations.RunSQL.noop,
        )
    ]
