"""Orders of before get the reservations and the one shipment that they would have today."""

from django.db import migrations

RESERVATIONS = """
INSERT INTO orders_reservation (line_id, sku_id, units, released, shipped, expires_at, created_at)
SELECT l.id, l.sku_id, l.qty,
       CASE WHEN o.shipped_at IS NOT NULL THEN l.restocked
            WHEN o.state = 'cancelled' THEN l.qty ELSE l.restocked END,
       CASE WHEN o.shipped_at IS NOT NULL THEN l.qty - l.restocked ELSE 0 END,
       CASE WHEN o.state = 'created' THEN o.pay_by END, now()
FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
"""
SHIPMENTS = """
INSERT INTO orders_shipment (order_id, number, state, carrier, tracking_number, shipped_at,
                             delivered_at, proof, created_at)
SELECT o.id, o.number || '-1', CASE WHEN o.received_at IS NULL THEN 'shipped' ELSE 'delivered' END,
       o.carrier, o.tracking_number, o.shipped_at, o.received_at,
       CASE WHEN o.received_at IS NULL THEN '' ELSE 'confirmed by the buyer' END, now()
FROM orders_order o WHERE o.shipped_at IS NOT NULL
"""
LINES = """
INSERT INTO orders_shipmentline (shipment_id, reservation_id, units, created_at)
SELECT s.id, r.id, r.shipped, now()
FROM orders_shipment s
JOIN orders_orderline l ON l.order_id = s.order_id
JOIN orders_reservation r ON r.line_id = l.id
WHERE r.shipped > 0
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_fulfilment")]

    operations = [
        migrations.RunSQL([RESERVATIONS, SHIPMENTS, LINES], migrations.RunSQL.noop),
    ]
