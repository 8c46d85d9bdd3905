"""From joining to a refund, through the API alone."""

import pytest
from tests.api.clients import Api, joined, staff
from tests.api.journeys import (
    bring_statements_up_to_date,
    completed,
    notify,
    paid,
    place,
    settle,
    settler_at_work,
)

from mingchi.catalogue.models import Sku
from mingchi.ledger.models import CashEntry, Entry
from mingchi.rebates.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def test_buy_settle_redeem_withdraw_refund(article: Sku) -> None:
    operator, finance = staff("operator"), staff("finance")
    sponsor = joined()
    buyer = joined(sponsor.get("/members/me").body["invitation_code"])
    order_id = completed(buyer, operator, article)
    settle()

    # The worked example: 300.00 into the pool, 210 points at 1.00, price 1.428571.
    pool = Api().get("/programme/pool").body
    assert (pool["pool_fen"], pool["supply_upt"], pool["price"]) == (
        30_000,
        210_000_000,
        "1.428571",
    )
    held = buyer.get("/points").body
    assert held["held_upt"] == 210_000_000
    assert held["positions"][0]["spend_fen"] == 100_000
    # The direct award: 10 % of 1000.00 to the sponsor's wallet.
    assert sponsor.get("/wallet").body["available_fen"] == 10_000

    bring_statements_up_to_date()
    assert sponsor.get("/wallet/statement").body["items"][0]["reason"] == "direct"
    award = sponsor.get("/wallet/awards").body["items"][0]
    assert award.pop("at")
    assert award == {
        "entry_number": 3,
        "kind": "direct",
        "order_id": order_id,
        "amount_fen": 10_000,
        "rule": 1,
        "rate_ppm": 100_000,
        "base_fen": 100_000,
        "generation": 1,
    }

    quote = buyer.post("/points/quote", {"points_upt": 105_000_000}).body
    assert (quote["gross_fen"], quote["fee_fen"], quote["net_fen"]) == (15_000, 3_000, 12_000)
    with settler_at_work():
        wish = {"points_upt": 105_000_000, "min_net_fen": quote["net_fen"]}
        redeemed = buyer.post("/points/redeem", wish, key="redeem-half")
    assert (redeemed.status, redeemed.body["net_fen"]) == (200, 12_000), redeemed.body
    assert buyer.post("/points/redeem", wish, key="redeem-half").body == redeemed.body
    assert buyer.get("/wallet").body["balance_fen"] == 12_000
    listed = buyer.get("/points/redemptions").body["items"]
    assert buyer.get(listed[0]["poll"].removeprefix("/api")).body == redeemed.body

    asked = buyer.post("/wallet/withdrawals", {"amount_fen": 5_000})
    assert asked.status == 201
    assert buyer.get("/wallet").body == {
        "balance_fen": 12_000,
        "reserved_fen": 5_000,
        "available_fen": 7_000,
        "is_frozen": False,
        "awarded_fen": 0,
    }
    withdrawal = f"/staff/withdrawals/{asked.body['withdrawal_id']}"
    assert operator.post(f"{withdrawal}/decide", {"approve": True}).code == "forbidden"
    assert finance.post(f"{withdrawal}/decide", {"approve": True}).body == {"state": "approved"}
    assert finance.post(f"{withdrawal}/pay", {}).status == 200
    assert buyer.get("/wallet").body["balance_fen"] == 7_000
    assert buyer.get("/wallet/withdrawals").body["items"][0]["state"] == "paid"

    line = buyer.get(f"/orders/{order_id}").body["lines"][0]
    wish = {"line_id": line["id"], "amount_fen": 100_000, "reason": "broken"}
    refund = buyer.post(f"/orders/{order_id}/refunds", wish)
    assert refund.status == 201, refund.body
    decision = finance.post(f"/staff/refunds/{refund.body['refund_id']}/decide", {"approve": True})
    assert decision.body["before_settlement"] is False, decision.body
    settle()
    # What was redeemed comes back from the wallet, which shows a debt; the sponsor's award too.
    assert buyer.get("/points").body["held_upt"] == 0
    assert buyer.get("/wallet").body["balance_fen"] == 7_000 - 12_000
    assert sponsor.get("/wallet").body["balance_fen"] == 0
    bring_statements_up_to_date()
    awards = sponsor.get("/wallet/awards?limit=1").body
    assert [award["amount_fen"] for award in awards["items"]] == [-10_000]
    more = sponsor.get(f"/wallet/awards?limit=1&before={awards['next']}").body
    assert [award["amount_fen"] for award in more["items"]] == [10_000]
    more = buyer.post("/wallet/withdrawals", {"amount_fen": 1})
    assert (more.status, more.code) == (409, "insufficient_balance")
    assert more.error["details"] == {"available_fen": -5_000}


def test_a_pending_redemption_is_polled(article: Sku) -> None:
    operator, buyer = staff("operator"), joined()
    completed(buyer, operator, article)
    settle()
    # Nobody settles: two seconds later the answer is 202 with where to ask again.
    found = buyer.post("/points/redeem", {"points_upt": "all"})
    assert (found.status, found.body["status"], found.body["net_fen"]) == (202, "pending", None)
    assert found.headers["Location"] == found.body["poll"]
    poll = found.body["poll"].removeprefix("/api")
    assert buyer.get(poll).body["status"] == "pending"
    settle()
    assert buyer.get(poll).body["net_fen"] == 24_000


def test_a_refund_before_settlement_goes_back_at_once(article: Sku) -> None:
    finance, buyer = staff("finance"), joined()
    order_id = paid(buyer, article)
    line_id = buyer.get(f"/orders/{order_id}").body["lines"][0]["id"]
    wish = {"line_id": line_id, "amount_fen": 100_000}
    refund_id = buyer.post(f"/orders/{order_id}/refunds", wish).body["refund_id"]
    path, body = f"/staff/refunds/{refund_id}/decide", {"approve": True, "reason": "fine"}
    first = finance.post(path, body, key="decide-1")
    assert (first.status, first.body["state"]) == (200, "paid"), first.body
    assert finance.post(path, body, key="decide-1").body == first.body
    assert finance.post(path, {"approve": False}, key="decide-1").code == "idempotency_conflict"
    assert finance.post(path, body).code == "refund_decided"
    assert buyer.get(f"/orders/{order_id}").body["state"] == "refunded"
    assert buyer.get(f"/orders/{order_id}/refunds/{refund_id}").body["state"] == "paid"
    assert not Event.objects.filter(kind__in=["order", "refund"]).exists()


def test_the_request_id_reaches_event_and_cash_entry(article: Sku) -> None:
    operator, buyer = staff("operator"), joined()
    order_id = place(buyer, article).body["order_id"]
    paying = buyer.post(f"/orders/{order_id}/pay", {}).body
    told = notify(paying)
    assert CashEntry.objects.get(kind="payment").request_id == told.headers["X-Request-ID"]
    operator.post(f"/staff/orders/{order_id}/ship", {})
    buyer.post(f"/orders/{order_id}/receive")
    path = f"/staff/orders/{order_id}/complete"
    named = {"X-Request-ID": "my-own-request-7"}
    done = operator.post(path, {"skip_window": True}, **named)
    assert done.headers["X-Request-ID"] == "my-own-request-7"
    settle()
    event = Event.objects.get(kind="order")
    assert event.request_id == "my-own-request-7"
    assert Entry.objects.filter(event_id=event.pk).exists()
    audit = staff("auditor").get("/staff/audit").body["items"]
    assert [r["request_id"] for r in audit if r["action"] == "order.complete"] == [
        "my-own-request-7"
    ]


def test_every_award_kind_is_explained(article: Sku) -> None:
    owner, finance = staff("owner"), staff("finance")
    top = joined()
    upper = joined(top.get("/members/me").body["invitation_code"])
    buyer = joined(upper.get("/members/me").body["invitation_code"])
    ids = [api.get("/members/me").body["id"] for api in (top, upper)]
    for member_id in ids:
        ranked = owner.post(f"/staff/members/{member_id}/rank", {"rank": "V2"})
        assert ranked.status == 200, ranked.body
    agent = owner.post(f"/staff/members/{ids[0]}/agent", {"region": "440305"})
    shareholder = owner.post(f"/staff/members/{ids[0]}/shareholder", {"weight": 1})
    assert (agent.status, shareholder.status) == (200, 200)
    order_id = completed(buyer, owner, article)
    settle()
    preview = owner.get("/staff/closes/preview").body["preview"]
    asked = owner.post("/staff/closes", {"period": "2026-11", "reason": "month"})
    close = f"/staff/closes/{asked.body['proposal_id']}/decide"
    assert finance.post(close, {"approve": True}).body == {"state": "approved"}
    settle()
    bring_statements_up_to_date()

    def paid_to(api: Api) -> dict[str, tuple[int | None, int | None, int | None, int]]:
        return {
            line["kind"]: (
                line["order_id"],
                line["generation"],
                line["rate_ppm"],
                line["amount_fen"],
            )
            for line in api.get("/wallet/awards").body["items"]
        }

    assert paid_to(upper) == {
        "direct": (order_id, 1, 100_000, 10_000),
        "differential": (order_id, 1, 40_000, 4_000),
    }
    dividend_fen = preview["awards"][0]["amount"]
    assert dividend_fen > 0
    assert paid_to(top) == {
        "indirect": (order_id, 2, 50_000, 5_000),
        "peer": (order_id, 2, 100_000, 400),
        "region": (order_id, None, 20_000, 2_000),
        "dividend": (None, None, 50_000, dividend_fen),
    }
    audit = staff("auditor").get("/staff/audit").body["items"]
    assert {"member.rank", "member.appoint_agent", "close.approve"} <= {r["action"] for r in audit}


def test_anybody_can_recompute(article: Sku) -> None:
    operator, buyer = staff("operator"), joined()
    completed(buyer, operator, article)
    settle()
    exported = Api().get("/programme/events.jsonl")
    assert exported.headers["Content-Type"] == "application/x-ndjson"
    lines = exported.body.decode().splitlines()
    assert [line.split('"type":"')[1].split('"')[0] for line in lines] == ["member", "order"]
    assert Api().get("/programme/events.jsonl?after=1").body.decode().splitlines() == lines[1:]
    plan = Api().get("/programme/plan").body
    assert 'name = "baseline"' in plan["opening_toml"]
    heads = Api().get("/programme/batches").body["items"]
    assert len(heads[0]["digest"]) == 64
    assert Api().get("/programme/prices").body[0]["price"] == "1.428571"
