"""Where goods lie and what is written down about parcels, through the doors of staff."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.usecases.shop import NOW, Shop, member, paid, sku, staff

from mingchi.catalogue import stock
from mingchi.catalogue.models import WarehouseStock
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord
from mingchi.merchants.models import Merchant, Warehouse
from mingchi.orders import shipments
from mingchi.orders.models import Order, Shipment
from mingchi.usecases import edit_warehouses as use
from mingchi.usecases import prepare_parcel
from mingchi.usecases.ship_order import ship_order

# With its flow read for the first time; 146 before steps shared what they had read.
MOST_STATEMENTS = 122


def test_a_merchant_opens_a_warehouse_and_fills_it(shop: Shop) -> None:
    manager = staff(merchant=shop.merchant)
    keeper = staff(merchant=shop.merchant, role="warehouse")
    tea = sku(shop.merchant, on_hand=5)
    at = {"merchant_id": shop.merchant.pk, "code": "A", "name": "Shed"}
    with pytest.raises(DomainError, match="not_allowed"):
        use.add_warehouse(by=keeper, **at)  # type: ignore[arg-type]
    made = use.add_warehouse(by=manager, region="440305", **at)  # type: ignore[arg-type]
    with pytest.raises(DomainError, match="warehouse_taken"):
        use.add_warehouse(by=manager, **at)  # type: ignore[arg-type]

    def put(units: int) -> int:
        return use.place_stock(
            by=keeper, warehouse_id=made, sku_id=tea.pk, units=units, reason="moved"
        )

    assert [put(4), put(-1)] == [4, 3]
    for wrong, code in ((3, "out_of_stock"), (0, "qty_invalid"), (-4, "out_of_stock")):
        with pytest.raises(DomainError, match=code):
            put(wrong)
    assert WarehouseStock.objects.get().on_hand == 3
    assert stock.discrepancies() == []
    use.set_warehouse_status(by=manager, warehouse_id=made, status="closed")
    with pytest.raises(DomainError, match="status_invalid"):
        use.set_warehouse_status(by=manager, warehouse_id=made, status="gone")
    assert Warehouse.objects.get().status == "closed"
    assert AuditRecord.objects.filter(action="stock.place").count() == 2


def test_strangers_see_no_warehouse_and_no_parcel(shop: Shop) -> None:
    manager = staff(merchant=shop.merchant)
    other = Merchant.objects.create(name="Another")
    stranger = staff(merchant=other)
    made = use.add_warehouse(by=manager, merchant_id=shop.merchant.pk, code="A", name="Shed")
    (part,) = shipments.prepare(paid(member(), sku(shop.merchant)))
    calls = [
        lambda: use.set_warehouse_status(by=stranger, warehouse_id=made, status="closed"),
        lambda: use.place_stock(
            by=manager, warehouse_id=made, sku_id=sku(other).pk, units=1, reason="x"
        ),
        lambda: prepare_parcel.record_weight(by=stranger, shipment_id=part.pk, weight_g=1),
        lambda: prepare_parcel.record_delivery(
            by=stranger, shipment_id=part.pk, proof="x", now=NOW
        ),
        lambda: prepare_parcel.name_carrier(
            by=stranger, shipment_id=part.pk, carrier="x", tracking_number="1"
        ),
    ]
    for call in calls:
        with pytest.raises(DomainError) as caught:
            call()
        assert caught.value.status == 404
    assert Shipment.objects.get().weight_g is None


def test_what_is_written_down_about_a_parcel(shop: Shop) -> None:
    keeper = staff(merchant=shop.merchant, role="warehouse")
    (part,) = shipments.prepare(paid(member(), sku(shop.merchant)))
    prepare_parcel.record_weight(by=keeper, shipment_id=part.pk, weight_g=250)
    prepare_parcel.name_carrier(by=keeper, shipment_id=part.pk, carrier="SF", tracking_number="SF1")
    part.refresh_from_db()
    shipments.ship(part, now=NOW)
    prepare_parcel.record_delivery(by=keeper, shipment_id=part.pk, proof="signed by Li", now=NOW)
    part.refresh_from_db()
    assert (part.weight_g, part.tracking_number, part.state, part.proof) == (
        250,
        "SF1",
        "delivered",
        "signed by Li",
    )
    assert AuditRecord.objects.filter(subject=f"shipment:{part.pk}").count() == 3


def test_sending_an_order_takes_few_statements(shop: Shop) -> None:
    """From the shelf to the carrier: eleven steps of its flow."""
    order = paid(member(), sku(shop.merchant))
    with CaptureQueriesContext(connection) as queries:
        ship_order(by=shop.owner, order_id=order.pk, now=NOW)
    assert Order.objects.get(pk=order.pk).state == "shipped"
    asked = [query for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= MOST_STATEMENTS
