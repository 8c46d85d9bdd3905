"""What a member sees of an order on its way: tabs, pictures, parcels."""

import pytest
from tests.api.clients import Api, joined, staff
from tests.api.journeys import paid, place
from tests.usecases.conftest import in_force  # noqa: F401 - a fixture
from tests.usecases.shop import InForce, sku, warehouse

from mingchi.catalogue import stock
from mingchi.catalogue.models import Sku
from mingchi.catalogue.stock import Quantity
from mingchi.foundation import clock
from mingchi.merchants.models import Merchant
from mingchi.orders import shipments
from mingchi.orders.models import Order
from mingchi.usecases import run_flows


@pytest.fixture
def in_two(merchant: Merchant, in_force: InForce) -> tuple[Api, int]:  # noqa: F811
    """A buyer, and an order of two articles that lie in two warehouses."""
    in_force("by_parcel")
    tea, cup = sku(merchant), sku(merchant)
    for article in (tea, cup):
        stock.place([Quantity(article.pk, 10, warehouse(merchant).pk)])
    buyer = joined()
    body = {"items": [{"sku_id": tea.pk, "qty": 2}, {"sku_id": cup.pk, "qty": 1}]}
    order_id = buyer.post("/orders", body).body["order_id"]
    paying = buyer.post(f"/orders/{order_id}/pay", {}).body
    buyer.post("/payments/sandbox/pay", {"out_trade_no": paying["out_trade_no"]})
    run_flows.work_off(now=clock.now())
    return buyer, order_id


def test_tabs_hold_what_comes_next(article: Sku) -> None:
    buyer = joined()
    unpaid = place(buyer, article).body["order_id"]
    to_send = paid(buyer, article)
    seen = {
        tab: [row["id"] for row in buyer.get(f"/orders?tab={tab}").body["items"]]
        for tab in ("all", "to_pay", "to_send", "to_receive", "received")
    }
    assert seen == {
        "all": [to_send, unpaid],
        "to_pay": [unpaid],
        "to_send": [to_send],
        "to_receive": [],
        "received": [],
    }
    assert buyer.get("/orders?tab=other").status == 422
    shown = buyer.get(f"/orders/{unpaid}").body
    assert shown["merchant"] == article.product.merchant.name
    assert shown["lines"][0]["product_id"] == article.product_id


def test_each_parcel_goes_its_own_way(merchant: Merchant, in_two: tuple[Api, int]) -> None:
    buyer, order_id = in_two
    first, second = shipments.of_order(Order.objects.get(pk=order_id))
    tracking = buyer.get(f"/orders/{order_id}/tracking").body
    assert [part["state"] for part in tracking["parcels"]] == ["preparing", "preparing"]
    assert [line["units"] for part in tracking["parcels"] for line in part["lines"]] == [2, 1]
    assert tracking["waiting"] == []
    told = {"carrier": "SF", "tracking_number": "SF1"}
    assert staff("operator").post(f"/staff/orders/{order_id}/ship", told).status == 200
    parcel = buyer.get(f"/orders/{order_id}/tracking").body["parcels"][0]
    assert (parcel["number"], parcel["carrier"], parcel["tracking_number"]) == (
        first.number,
        "SF",
        "SF1",
    )
    assert [step["step"] for step in parcel["steps"]] == ["handed_over", "shipped", "packed"]
    assert second.number != first.number


def test_what_is_in_no_parcel_yet_waits(article: Sku) -> None:
    buyer = joined()
    order_id = place(buyer, article, qty=3).body["order_id"]
    tracking = buyer.get(f"/orders/{order_id}/tracking").body
    assert tracking["parcels"] == []
    assert [(line["units"], line["title"]) for line in tracking["waiting"]] == [
        (3, buyer.get(f"/orders/{order_id}").body["lines"][0]["title"])
    ]
    assert joined().get(f"/orders/{order_id}/tracking").status == 404
