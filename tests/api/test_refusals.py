"""What the API refuses, and that nothing came of it."""

import threading
from typing import Any

import pytest
from django.db import connection
from tests.api.clients import Api, joined, staff
from tests.api.journeys import completed, notify, paid, place, settle
from tests.usecases.shop import sku

from mingchi.catalogue.models import Sku
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order, Refund
from mingchi.payments.models import GatewayNotice, Payment
from mingchi.payouts.models import Redemption, Withdrawal

pytestmark = pytest.mark.django_db

HUGE = 10**30
BAD_AMOUNTS = [0, -1, 10**12 + 1, HUGE, 1.5, "100", True, None, [], "x"]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=repr)
def test_bad_amounts_of_a_withdrawal(merchant: Merchant, amount: Any) -> None:
    found = joined().post("/wallet/withdrawals", {"amount_fen": amount})
    assert (found.status, found.code, found.error["field"]) == (422, "invalid_input", "amount_fen")
    assert not Withdrawal.objects.exists()


@pytest.mark.parametrize("qty", [0, -1, 10**6 + 1, HUGE, 1.5, "1", True, None], ids=repr)
def test_bad_quantities(article: Sku, qty: Any) -> None:
    found = place(joined(), article, qty=qty)
    assert (found.status, found.code, found.error["field"]) == (422, "invalid_input", "items.0.qty")
    article.refresh_from_db()
    assert (Order.objects.count(), article.reserved) == (0, 0)


@pytest.mark.parametrize("points", [0, -1, HUGE, 1.5, "some", True, None], ids=repr)
def test_bad_points(merchant: Merchant, points: Any) -> None:
    for path in ("/points/quote", "/points/redeem"):
        found = joined().post(path, {"points_upt": points})
        assert (found.status, found.code) == (422, "invalid_input")
        assert found.error["field"].startswith("points_upt")
    assert not Redemption.objects.exists()


@pytest.mark.parametrize("amount", [0, -5, HUGE, "1"], ids=repr)
def test_bad_amounts_of_a_refund(article: Sku, amount: Any) -> None:
    buyer = joined()
    order_id = paid(buyer, article)
    line_id = buyer.get(f"/orders/{order_id}").body["lines"][0]["id"]
    found = buyer.post(f"/orders/{order_id}/refunds", {"line_id": line_id, "amount_fen": amount})
    assert (found.status, found.error["field"]) == (422, "amount_fen")
    assert not Refund.objects.exists()


def test_a_refund_exceeds_its_line(article: Sku) -> None:
    buyer = joined()
    order_id = paid(buyer, article)
    line_id = buyer.get(f"/orders/{order_id}").body["lines"][0]["id"]
    path = f"/orders/{order_id}/refunds"
    assert buyer.post(path, {"line_id": line_id, "amount_fen": 60_000}).status == 201
    more = buyer.post(path, {"line_id": line_id, "amount_fen": 40_001})
    assert (more.status, more.code) == (409, "refund_exceeds_line")
    assert more.error["details"] == {"refundable_fen": 40_000}


def test_redeeming_more_than_is_held(article: Sku) -> None:
    operator, buyer = staff("operator"), joined()
    nothing = buyer.post("/points/redeem", {"points_upt": "all"})
    assert (nothing.status, nothing.error["details"]) == (409, {"held_upt": 0})
    completed(buyer, operator, article)
    settle()
    found = buyer.post("/points/redeem", {"points_upt": 210_000_001})
    assert (found.status, found.code) == (409, "insufficient_points")
    assert found.error["details"] == {"held_upt": 210_000_000}
    assert not Redemption.objects.exists()


class TestAnothersThings:
    """Another member's order, refund, wallet or redemption is not there."""

    def test_orders(self, article: Sku) -> None:
        buyer, thief = joined(), joined()
        order_id = place(buyer, article).body["order_id"]
        for method, path, body in (
            ("GET", f"/orders/{order_id}", None),
            ("GET", f"/orders/{order_id}/refunds", None),
            ("POST", f"/orders/{order_id}/pay", {}),
            ("POST", f"/orders/{order_id}/cancel", None),
            ("POST", f"/orders/{order_id}/receive", None),
            ("POST", f"/orders/{order_id}/refunds", {"line_id": 1, "amount_fen": 1}),
        ):
            found = thief.send(method, path, body, **{"Idempotency-Key": path})
            assert (found.status, found.code) == (404, "not_found"), path
        assert thief.get("/orders").body["items"] == []
        assert not Payment.objects.exists()
        assert Order.objects.get().state == "created"

    def test_paying_anothers_attempt(self, article: Sku) -> None:
        buyer, thief = joined(), joined()
        order_id = place(buyer, article).body["order_id"]
        number = buyer.post(f"/orders/{order_id}/pay", {}).body["out_trade_no"]
        assert thief.post("/payments/sandbox/pay", {"out_trade_no": number}).status == 404
        assert buyer.post("/payments/sandbox/pay", {"out_trade_no": number}).status == 200

    def test_refunds(self, article: Sku) -> None:
        buyer, thief = joined(), joined()
        order_id = paid(buyer, article)
        line_id = buyer.get(f"/orders/{order_id}").body["lines"][0]["id"]
        asked = buyer.post(
            f"/orders/{order_id}/refunds", {"line_id": line_id, "amount_fen": 1}
        ).body["refund_id"]
        assert buyer.get(f"/orders/{order_id}/refunds/{asked}").status == 200
        assert thief.get(f"/orders/{order_id}/refunds/{asked}").status == 404
        # Nor through an order of one's own.
        own = paid(thief, article)
        assert thief.get(f"/orders/{own}/refunds/{asked}").status == 404
        found = thief.post(f"/orders/{own}/refunds", {"line_id": line_id, "amount_fen": 1})
        assert found.status == 404

    def test_wallet(self, article: Sku) -> None:
        operator, buyer = staff("operator"), joined()
        friend = joined(buyer.get("/members/me").body["invitation_code"])
        completed(friend, operator, article)
        settle()
        asked = buyer.post("/wallet/withdrawals", {"amount_fen": 100}).body["withdrawal_id"]
        thief = joined()
        assert thief.get(f"/wallet/withdrawals/{asked}").status == 404
        assert thief.get("/wallet/withdrawals").body["items"] == []
        assert thief.get("/wallet").body["balance_fen"] == 0
        assert thief.get("/wallet/statement").body["items"] == []

    def test_another_merchants(self, article: Sku, merchant: Merchant) -> None:
        other = Merchant.objects.create(name="Other")
        clerk = staff(merchant=other, role="manager")
        order_id = paid(joined(), article)
        product_id = article.product_id
        for method, path, body in (
            ("GET", f"/staff/orders/{order_id}", None),
            ("POST", f"/staff/orders/{order_id}/ship", {}),
            ("POST", f"/staff/orders/{order_id}/cancel", None),
            ("PATCH", f"/staff/products/{product_id}", {"title": "mine"}),
            ("POST", f"/staff/skus/{article.pk}/stock", {"delta": -1, "reason": "gone"}),
        ):
            found = clerk.send(method, path, body, **{"Idempotency-Key": path})
            assert found.status == 404, path
        for path in ("/staff/orders", "/staff/products", "/staff/refunds"):
            assert clerk.get(path).body["items"] == []
        assert [m["id"] for m in clerk.get("/staff/merchants").body["items"]] == [other.pk]
        # One's own can be worked.
        own = staff(merchant=merchant, role="clerk")
        assert own.get(f"/staff/orders/{order_id}").status == 200
        assert own.post(f"/staff/orders/{order_id}/ship", {}).status == 200


class TestIdempotencyKeys:
    def test_missing(self, article: Sku) -> None:
        found = place(joined(), article, key=None)
        assert (found.status, found.code) == (400, "idempotency_key_required")
        assert not Order.objects.exists()

    def test_the_same_again(self, article: Sku) -> None:
        buyer = joined()
        first = place(buyer, article, key="order-1")
        again = place(buyer, article, key="order-1")
        assert (first.status, again.body) == (201, first.body)
        assert Order.objects.count() == 1

    def test_another_body(self, article: Sku) -> None:
        buyer = joined()
        place(buyer, article, key="order-1")
        found = place(buyer, article, qty=2, key="order-1")
        assert (found.status, found.code) == (409, "idempotency_conflict")
        assert Order.objects.count() == 1

    def test_somebody_elses_key_is_his_own(self, article: Sku) -> None:
        assert place(joined(), article, key="order-1").status == 201
        assert place(joined(), article, key="order-1").status == 201

    @pytest.mark.parametrize("key", ["x" * 201, "Schlüssel"])
    def test_bad_keys(self, article: Sku, key: str) -> None:
        found = place(joined(), article, key=key)
        assert (found.status, found.code) == (400, "idempotency_key_invalid")

    def test_staff_routes(self, merchant: Merchant) -> None:
        api = staff("operator")
        body = {"amount_fen": 100, "reason": "spring"}
        first = api.post("/staff/subsidies", body, key="s-1")
        assert api.post("/staff/subsidies", body, key="s-1").body == first.body
        changed = api.post("/staff/subsidies", {**body, "amount_fen": 101}, key="s-1")
        assert (changed.status, changed.code) == (409, "idempotency_conflict")
        assert len(api.get("/staff/proposals").body["items"]) == 1


class TestNotices:
    def paying(self, article: Sku) -> dict[str, Any]:
        buyer = joined()
        order_id = place(buyer, article).body["order_id"]
        body: dict[str, Any] = buyer.post(f"/orders/{order_id}/pay", {}).body
        return body

    def test_tampered_or_late(self, article: Sku) -> None:
        paying = self.paying(article)
        for change, age_s in ((b" ", 0), (b"", 301), (b"", -301)):
            found = notify(paying, change=change, age_s=age_s)
            assert (found.status, found.code) == (401, "notice_refused")
        assert Order.objects.get().state == "created"
        # All are kept as they came.
        assert GatewayNotice.objects.filter(outcome="refused").count() == 3

    def test_the_wrong_amount(self, article: Sku) -> None:
        found = notify({**self.paying(article), "amount_fen": 1})
        assert (found.status, found.error["details"]) == (400, {"reason": "wrong_amount"})
        assert Order.objects.get().state == "created"

    def test_twice(self, article: Sku) -> None:
        paying = self.paying(article)
        assert notify(paying).body["outcome"] == "applied"
        assert notify(paying).body["outcome"] == "duplicate"

    def test_an_unknown_gateway(self, merchant: Merchant) -> None:
        assert Api().post("/gateways/nobody/notice", {}).code == "unknown_gateway"


class TestFourEyes:
    def test_who_asks_does_not_decide(self, merchant: Merchant) -> None:
        finance = staff("finance")
        asked = finance.post("/staff/subsidies", {"amount_fen": 100, "reason": "spring"}).body
        path = f"/staff/subsidies/{asked['proposal_id']}/decide"
        found = finance.post(path, {"approve": True})
        assert (found.status, found.code) == (403, "own_proposal")

    def test_plans_and_closes(self, merchant: Merchant) -> None:
        owner = staff("owner")
        plan = Api().get("/programme/plan").body["toml"].replace('"20%"', '"15%"')
        version = owner.post("/staff/plans", {"toml": plan}).body["id"]
        from mingchi.foundation import clock

        proposed = owner.post(
            f"/staff/plans/{version}/propose", {"active_from": clock.now().isoformat()}
        )
        assert proposed.status == 201, proposed.body
        path = f"/staff/plans/proposals/{proposed.body['proposal_id']}/decide"
        assert owner.post(path, {"approve": True}).code == "own_proposal"
        assert staff("compliance").post(path, {"approve": True}).status == 200
        edited = owner.send("PUT", f"/staff/plans/{version}", {"toml": plan})
        assert edited.code == "plan_not_draft"
        close = owner.post("/staff/closes", {"period": "2026-11"}).body["proposal_id"]
        path = f"/staff/closes/{close}/decide"
        assert owner.post(path, {"approve": True}).code == "own_proposal"
        assert staff("finance").post(path, {"approve": True}).body == {"state": "approved"}


@pytest.mark.django_db(transaction=True)
def test_the_last_unit_is_sold_once(merchant: Merchant) -> None:
    last = sku(merchant, on_hand=1)
    buyers = [joined() for _ in range(6)]
    statuses: list[int] = []
    start = threading.Barrier(len(buyers))

    def buy(buyer: Api) -> None:
        start.wait()
        try:
            statuses.append(place(buyer, last).status)
        finally:
            connection.close()

    threads = [threading.Thread(target=buy, args=(buyer,)) for buyer in buyers]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(statuses) == [201] + [409] * 5


MALFORMED = [
    (b"{", 400, "bad_request"),
    (b"\xff\xfe", 400, "bad_request"),
    (b"[]", 422, "invalid_input"),
    (b"null", 422, "invalid_input"),
    (b'{"amount_fen": NaN}', 422, "invalid_input"),
    (b'{"amount_fen": 1e400}', 422, "invalid_input"),
    (b'{"amount_fen": ' + b"9" * 5000 + b"}", 400, "bad_request"),
    (b"[" * 100_000, 400, "bad_request"),
    (b"{" + b" " * 2_000_000 + b"}", 413, "too_large"),
]


@pytest.mark.parametrize(("body", "status", "code"), MALFORMED, ids=lambda v: repr(v)[:24])
def test_malformed_bodies(merchant: Merchant, body: bytes, status: int, code: str) -> None:
    found = joined().post("/wallet/withdrawals", body)
    assert (found.status, found.code) == (status, code)


def test_addresses_that_are_none(merchant: Merchant) -> None:
    assert Api().get("/nothing").code == "not_found"
    assert Api().send("DELETE", "/shop/products", None).code == "method_not_allowed"
    assert joined().get(f"/orders/{HUGE}").code == "invalid_input"
    assert joined().get("/orders/0").status == 422
    assert joined().get("/orders/9223372036854775807").status == 404
    assert Api().get("/shop/products?limit=101").status == 422
    assert Api().get("/shop/products?after=*").status == 422
    assert Api().get("/shop/products?search=%00").status == 422


def test_pages(merchant: Merchant) -> None:
    for _ in range(5):
        sku(merchant)
    seen, path = [], "/shop/products?limit=2"
    while True:
        found = Api().get(path).body
        seen += [item["id"] for item in found["items"]]
        if found["next"] is None:
            break
        path = f"/shop/products?limit=2&after={found['next']}"
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 5


def test_phones_are_masked_in_lists(article: Sku) -> None:
    buyer = joined()
    place(buyer, article)
    shown = [
        buyer.get("/orders"),
        staff("operator").get("/staff/orders"),
        staff("service").get("/staff/members"),
    ]
    for found in shown:
        assert found.body["items"]
        assert "13912345678" not in str(found.body)
        assert "****" in str(found.body)
    assert buyer.get("/orders").body["items"][0]["recipient_phone"] == "139****5678"


def test_an_account_that_may_only_look(article: Sku) -> None:
    from mingchi.foundation.models import User
    from mingchi.members.models import Member

    api, buyer = staff("owner"), joined()
    User.objects.update(is_read_only=True)
    Member.objects.update(is_read_only=True)
    assert api.get("/staff/orders").status == 200
    assert api.post("/staff/merchants", {"name": "New"}).code == "read_only"
    assert buyer.get("/orders").status == 200
    assert place(buyer, article).code == "read_only"
    assert Merchant.objects.count() == 1
    assert not Order.objects.exists()
