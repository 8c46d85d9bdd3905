"""Cases, invoices, messages and other prices through the API, and whose they are."""

import pytest
from django.utils import timezone
from tests.api.clients import Api, joined, staff
from tests.usecases import shop as doing
from tests.usecases.shop import Shop

from mingchi.catalogue.models import Sku
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.orders import papers
from mingchi.orders.models import AfterSalesCase, InvoiceRequest, Order, OrderLine
from mingchi.usecases import run_flows, send_notifications

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def buyer(merchant: Merchant) -> Api:
    return joined()


@pytest.fixture
def order(buyer: Api, merchant: Merchant, article: Sku) -> Order:
    """One that its buyer received a moment ago."""
    shop = Shop(merchant=merchant, owner=doing.staff("owner"), finance=doing.staff("finance"))
    found = doing.received(shop, Member.objects.get(), article)
    Order.objects.update(received_at=timezone.now())
    return found


def wish(order: Order, **more: object) -> dict[str, object]:
    line = OrderLine.objects.get(order=order)
    return {
        "order_id": order.pk,
        "line_id": line.pk,
        "kind": "return",
        "units": 1,
        "amount_fen": 5_000,
        "reason": "broken",
        **more,
    }


def test_a_buyer_opens_a_case_sends_back_and_gives_up(buyer: Api, order: Order) -> None:
    opened = buyer.post("/after-sales/cases", wish(order), key="one")
    assert (opened.status, opened.body["state"]) == (201, "opened")
    assert buyer.post("/after-sales/cases", wish(order), key="one").body == opened.body
    pk = opened.body["case_id"]
    (row,) = buyer.get("/after-sales/cases").body["items"]
    assert row.items() <= buyer.get(f"/after-sales/cases/{pk}").body.items()
    assert (row["units"], row["amount_fen"], row["answer"]) == (1, 5_000, "")
    assert "opened_by" not in row
    AfterSalesCase.objects.update(state="authorised")
    sent = {"carrier": "SF", "tracking_number": "SF1"}
    assert buyer.post(f"/after-sales/cases/{pk}/send-back", sent).status == 200
    assert buyer.get(f"/after-sales/cases/{pk}").body["tracking_number"] == "SF1"
    assert buyer.post(f"/after-sales/cases/{pk}/withdraw").status == 200
    assert buyer.get(f"/after-sales/cases/{pk}").body["state"] == "withdrawn"


def test_another_members_things_are_not_there(buyer: Api, order: Order) -> None:
    pk = buyer.post("/after-sales/cases", wish(order)).body["case_id"]
    other = joined()
    assert other.post("/after-sales/cases", wish(order)).status == 404
    assert other.get("/after-sales/cases").body["items"] == []
    for method, path in (
        ("GET", f"/after-sales/cases/{pk}"),
        ("POST", f"/after-sales/cases/{pk}/withdraw"),
        ("GET", f"/after-sales/invoices/{order.pk}"),
    ):
        assert other.send(method, path, None).status == 404
    own = f"/after-sales/replacements?order_id={order.pk}&line_id={OrderLine.objects.get().pk}"
    assert (buyer.get(own).status, other.get(own).status) == (200, 404)
    asked = {"title": "Tea Ltd"}
    assert other.send("PUT", f"/after-sales/invoices/{order.pk}", asked).status == 404
    assert not InvoiceRequest.objects.exists()
    assert AfterSalesCase.objects.get().state == "opened"


def test_an_invoice_is_asked_for_and_issued(buyer: Api, order: Order, merchant: Merchant) -> None:
    address = f"/after-sales/invoices/{order.pk}"
    assert buyer.get(address).body["state"] == "none"
    company = {"title": "Tea Ltd", "tax_number": "91330106MA27XY712R", "email": "li@tea.example"}
    wrong = {"tax_number": "91330106MA27XY712K", "email": "li", "title": "\u00a0"}
    for field, value in wrong.items():
        wrongly = {**company, field: value}
        refused = buyer.send("PUT", address, wrongly)
        assert (refused.status, refused.body["error"]["field"]) == (400, field)
    assert buyer.get(address).body["state"] == "none"
    assert buyer.send("PUT", address, company).status == 200
    found = buyer.get(address).body
    assert (found["state"], found["number"], found["email"]) == ("asked", "", "li@tea.example")
    path, body = f"/staff/orders/{order.pk}/invoice", {"number": "F-1"}
    finance = staff(merchant=merchant, role="finance")
    elsewhere = staff(merchant=Merchant.objects.create(name="Elsewhere"), role="finance")
    assert staff(merchant=merchant, role="clerk").send("PUT", path, body).status == 403
    assert elsewhere.send("PUT", path, body).status == 404
    assert finance.send("PUT", path, body).status == 200
    found = buyer.get(address).body
    assert (found["state"], found["number"]) == ("issued", "F-1")
    late = buyer.send("PUT", address, {"title": "Other"})
    assert (late.status, late.code) == (409, "invoice_issued")


def test_messages_are_seen_once_they_are_sent(buyer: Api, order: Order) -> None:
    papers.notify(order, text="On its way.", key="k")
    before = len(buyer.get("/after-sales/messages").body["items"])
    send_notifications.send_notifications(now=timezone.now())
    texts = [one["text"] for one in buyer.get("/after-sales/messages").body["items"]]
    assert (len(texts) > before, "On its way." in texts) == (True, True)
    assert joined().get("/after-sales/messages").body["items"] == []


def test_another_price_is_asked_and_decided_by_two(
    buyer: Api, article: Sku, merchant: Merchant
) -> None:
    order = Order.objects.get(pk=doing.place(Member.objects.get(), article).order_id)
    line = OrderLine.objects.get(order=order)
    clerk, manager = (staff(merchant=merchant, role=role) for role in ("clerk", "manager"))
    body = {"line_id": line.pk, "to_fen": 95_000, "reason": "regular"}
    made = clerk.post(f"/staff/orders/{order.pk}/prices", body)
    assert made.status == 201, made.body
    (row,) = manager.get("/staff/prices?state=asked").body["items"]
    assert (row["id"], row["from_fen"], row["to_fen"]) == (made.body["id"], 100_000, 95_000)
    decide = f"/staff/prices/{row['id']}/decide"
    assert clerk.post(decide, {"approve": True}).status == 403
    stranger = staff(merchant=Merchant.objects.create(name="Elsewhere"))
    assert stranger.post(decide, {"approve": True}).status == 404
    assert stranger.get("/staff/prices").body["items"] == []
    assert manager.post(decide, {"approve": True}).status == 200
    order.refresh_from_db()
    assert order.goods_fen == 95_000


def test_staff_open_a_case_for_a_buyer_of_theirs(order: Order, merchant: Merchant) -> None:
    service = staff(merchant=merchant, role="service")
    stranger = staff(merchant=Merchant.objects.create(name="Elsewhere"), role="service")
    assert stranger.post("/staff/cases", wish(order)).status == 404
    opened = service.post("/staff/cases", wish(order, kind="refund_only"))
    assert opened.status == 201, opened.body
    (row,) = service.get("/staff/cases?state=opened").body["items"]
    assert (row["kind"], row["opened_by"][:5]) == ("refund_only", "user:")
    assert stranger.get("/staff/cases").body["items"] == []


def test_a_case_is_argued_and_decided(buyer: Api, order: Order, merchant: Merchant) -> None:
    asked = wish(order, kind="refund_only", cause="quality")
    pk = buyer.post("/after-sales/cases", asked).body["case_id"]
    run_flows.work_off(now=timezone.now())
    own = f"/after-sales/cases/{pk}"
    detail = buyer.get(own).body
    assert (detail["turn"], detail["may"]) == ("merchant", ["say", "withdraw"])
    assert detail["due_at"] is not None
    service, operator = staff(merchant=merchant, role="service"), staff("operator")
    answer, ruling = f"/staff/cases/{pk}/answer", f"/staff/cases/{pk}/arbitrate"
    no = {"outcome": "declined", "words": "It was used.", "note": "third time"}
    assert service.post(answer, {"outcome": "declined"}).code == "text_invalid"
    assert service.post(answer, no).status == 200
    detail = buyer.get(own).body
    assert (detail["state"], detail["may"]) == ("declined", ["say", "withdraw", "appeal"])
    assert "third time" not in str(detail)
    assert buyer.post(f"{own}/appeal", {"words": "It was not."}).status == 200
    assert service.post(ruling, {"for_member": False, "words": "x"}).status == 403
    stranger = staff(merchant=Merchant.objects.create(name="Elsewhere"), role="service")
    assert stranger.get(f"/staff/cases/{pk}").status == 404
    assert stranger.post(answer, no).status == 404
    decided = operator.post(ruling, {"for_member": True, "words": "The pictures show it."})
    assert decided.status == 200, decided.body
    run_flows.work_off(now=timezone.now())
    detail = buyer.get(own).body
    assert (detail["state"], detail["turn"], detail["may"]) == ("closed", "nobody", [])
    assert [row["act"] for row in detail["history"]] == [
        "opened", "declined", "appealed", "for_member", "refunded", "closed",
    ]  # fmt: skip
    assert detail["ruling"] == "The pictures show it."
    told = operator.get(f"/staff/cases/{pk}").body
    assert "third time" in [row["note"] for row in told["history"]]


def test_all_of_an_order_and_why(buyer: Api, order: Order) -> None:
    kinds = {row["kind"]: row["causes"] for row in buyer.get("/after-sales/causes").body}
    assert {"code": "no_reason", "name": "seven days' return without a reason"} in kinds["return"]
    assert "no_reason" not in {row["code"] for row in kinds["exchange"]}
    all_of_it = {"order_id": order.pk, "kind": "return", "cause": "no_reason"}
    made = buyer.post("/after-sales/cases/whole", all_of_it)
    assert (made.status, len(made.body["case_ids"])) == (201, 1)
    (row,) = buyer.get(f"/after-sales/cases?order_id={order.pk}").body["items"]
    assert (row["amount_fen"], row["cause"]) == (100_000, "no_reason")
    assert joined().post("/after-sales/cases/whole", all_of_it).status == 404


def test_exchanged_for_another_variant(
    buyer: Api, order: Order, article: Sku, merchant: Merchant
) -> None:
    more = {"product": article.product, "cost_fen": 1, "price_fen": article.price_fen}
    green = Sku.objects.create(code="G", title="Green", on_hand=1, **more)
    dear = Sku.objects.create(code="D", title="Dear", on_hand=9, **more | {"price_fen": 10**7})
    line = OrderLine.objects.get()
    path = f"/after-sales/replacements?order_id={order.pk}&line_id={line.pk}"
    rows = buyer.get(path).body
    assert [(row["sku_id"], row["is_bought"], row["left"]) for row in rows] == [
        (article.pk, True, None),
        (green.pk, False, 1),
    ]
    asked = wish(order, kind="exchange", amount_fen=0, replacement_id=green.pk)
    refused = buyer.post("/after-sales/cases", asked | {"replacement_id": dear.pk})
    assert (refused.status, refused.code) == (409, "replacement_price_differs")
    other = doing.sku(Merchant.objects.create(name="Another"))
    assert buyer.post("/after-sales/cases", asked | {"replacement_id": other.pk}).status == 404
    pk = buyer.post("/after-sales/cases", asked).body["case_id"]
    assert buyer.get(path).body[1]["stock"] == "sold_out"
    detail = buyer.get(f"/after-sales/cases/{pk}").body
    assert detail["replacement"] == green.article
    assert [row["act"] for row in detail["history"]] == ["opened", "chose"]
    run_flows.work_off(now=timezone.now())
    service = staff(merchant=merchant, role="service")
    assert service.get(f"/staff/cases/{pk}").body["replacement"] == green.article
    (item,) = service.get("/staff/desk").body["items"]
    seen = service.get(f"/staff/desk/items/{item['id']}").body
    assert seen["case"]["replacement"] == green.article
