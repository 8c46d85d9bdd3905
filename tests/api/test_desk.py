"""The work desk through the API: what one sees, does, and is refused."""

from datetime import timedelta

import pytest
from django.utils import timezone
from tests import desk_world as desk
from tests.api.clients import Answer, Api, staff
from tests.usecases.shop import sku

from mingchi.foundation.errors import ConflictError
from mingchi.foundation.models import User
from mingchi.fulfilment.models import WorkItem
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order, Shipment
from mingchi.usecases import hold_subject

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def picked(merchant: Merchant) -> Order:
    """An order of two units that waits for the warehouse."""
    desk.publish(merchant, desk.ALLOCATE, desk.PICK, desk.SLIP, names="allocate pick slip")
    return desk.order(sku(merchant), qty=2)


def worker(merchant: Merchant, role: str = "warehouse") -> Api:
    return staff(merchant=merchant, role=role)


def complete(
    api: Api, *items: WorkItem, outcome: str = "", key: str = "new"
) -> list[dict[str, object]]:
    body = {"item_ids": [one.pk for one in items], "outcome": outcome}
    answers: list[dict[str, object]] = api.post("/staff/desk/complete", body, key=key).body[
        "answers"
    ]
    return answers


def account_of(api: Api) -> User:
    return User.objects.get(pk=int(api.client.session["_auth_user_id"]))


def shown(answer: Answer) -> list[int]:
    return [one["id"] for one in answer.body["items"]]


def test_an_item_shows_what_the_order_needs_and_masks_the_buyer(
    merchant: Merchant, picked: Order
) -> None:
    api = worker(merchant)
    (row,) = api.get("/staff/desk").body["items"]
    assert (row["number"], row["buyer"], row["units"]) == (picked.number, "王**", 2)
    assert row["goods"][0]["code"] == "A"
    found = api.get(f"/staff/desk/items/{row['id']}").body
    assert (found["recipient"], found["phone"], found["address"]) == ("王**", "138****1234", "")
    complete(api, desk.item(picked))
    found = api.get(f"/staff/desk/items/{desk.item(picked).pk}").body
    assert found["step"] == "shipment.print_slip"
    assert (found["recipient"], found["phone"]) == ("王小明", "138****1234")
    assert found["address"] == "文三路 1 号"


def test_overdue_comes_first_then_what_is_due_soonest(merchant: Merchant) -> None:
    desk.publish(merchant, desk.PICK, desk.CHECK, names="pick check")
    article = sku(merchant)
    late = [desk.order(article, at=desk.ago(hours=hours)) for hours in (1, 5, 3)]
    numbers = [row["number"] for row in worker(merchant).get("/staff/desk").body["items"]]
    assert numbers == [late[1].number, late[2].number, late[0].number]
    overdue = worker(merchant).get("/staff/desk?overdue=true")
    assert [row["number"] for row in overdue.body["items"]] == [late[1].number, late[2].number]
    assert overdue.body["counts"]["overdue"] == 2


def test_a_claimed_item_leaves_the_groups_queue_and_colleagues_are_told(
    merchant: Merchant, picked: Order
) -> None:
    mine, colleague = worker(merchant), worker(merchant)
    item = desk.item(picked)
    assert mine.post(f"/staff/desk/items/{item.pk}/claim").status == 200
    assert shown(mine.get("/staff/desk?view=mine")) == [item.pk]
    left = colleague.get("/staff/desk")
    assert shown(left) == []
    assert [one["item_id"] for one in left.body["taken"]] == [item.pk]
    refused = colleague.post(f"/staff/desk/items/{item.pk}/claim")
    assert (refused.status, refused.code) == (409, "claimed")
    assert complete(colleague, item)[0]["code"] == "claimed"
    assert mine.post(f"/staff/desk/items/{item.pk}/release").status == 200
    assert shown(colleague.get("/staff/desk")) == [item.pk]


def test_a_queue_that_is_unchanged_is_not_sent_again(merchant: Merchant, picked: Order) -> None:
    api = worker(merchant)
    mark = api.get("/staff/desk").headers["ETag"]
    same = api.get("/staff/desk", **{"If-None-Match": mark})
    assert (same.status, same.body) == (304, b"")
    worker(merchant).post(f"/staff/desk/items/{desk.item(picked).pk}/claim")
    other = api.get("/staff/desk", **{"If-None-Match": mark})
    assert (other.status, shown(other)) == (200, [])


def test_many_at_once_say_each_what_came_of_it(merchant: Merchant) -> None:
    desk.publish(merchant, desk.PICK, desk.CHECK, names="pick check")
    article = sku(merchant)
    first, held, taken = (desk.order(article) for _ in range(3))
    manager = worker(merchant, "manager")
    subject = f"order:{held.pk}"
    hold = {"by": account_of(manager), "kind": "order", "subject": subject, "now": desk.ago()}
    hold_subject.place_hold(reason="fraud?", **hold)
    items = [desk.item(one) for one in (first, held, taken)]
    worker(merchant).post(f"/staff/desk/items/{items[2].pk}/claim")
    api = worker(merchant)
    answers = complete(api, *items)
    assert [one["code"] for one in answers] == ["", "on_hold", "claimed"]
    assert [one["outcome"] for one in answers] == ["done", None, None]
    assert all(one["message"] for one in answers[1:])
    row = next(one for one in api.get("/staff/desk").body["items"] if one["id"] == items[1].pk)
    assert row["hold"] == "fraud?"


def test_the_same_key_is_done_once_and_answered_alike(merchant: Merchant, picked: Order) -> None:
    api, item = worker(merchant), desk.item(picked)
    answers = [complete(api, item, key="once") for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0][0]["outcome"] == "done"
    assert complete(api, item)[0]["code"] == "work_item_closed"
    other = {"item_ids": [item.pk], "outcome": "short"}
    assert api.post("/staff/desk/complete", other, key="once").code == "idempotency_conflict"


def test_votes_are_counted_and_shown(merchant: Merchant) -> None:
    desk.publish(merchant, desk.REVIEW, desk.PICK, names="review pick")
    item = desk.item(desk.order(sku(merchant)))
    first, second = worker(merchant, "service"), worker(merchant, "service")
    mark = second.get("/staff/desk").headers["ETag"]
    assert complete(first, item)[0] == {
        "item_id": item.pk, "outcome": None, "code": "", "message": "",
    }  # fmt: skip
    other = second.get("/staff/desk", **{"If-None-Match": mark})
    assert other.status == 200, "a colleague's vote is news"
    (row,) = other.body["items"]
    assert row["is_vote"]
    assert [one["is_mine"] for one in row["ballots"]] == [False]
    assert complete(second, item)[0]["outcome"] == "approved"


def test_a_repair_is_tried_again_by_who_may(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_shelf(order: Order) -> None:
        raise ConflictError("no_shelf", "the shelf is gone")

    desk.publish(merchant, desk.ALLOCATE, desk.PICK, names="allocate pick")
    with monkeypatch.context() as patch:
        patch.setattr("mingchi.orders.allocation.allocate", no_shelf)
        order = desk.order(sku(merchant))
        for day in range(1, 12):
            desk.work(timezone.now() + timedelta(days=day))
    item = desk.item(order)
    address = f"/staff/desk/items/{item.pk}/retry"
    assert worker(merchant).get("/staff/desk?view=repairs").body["items"] == []
    assert worker(merchant).post(address).status == 403
    manager = worker(merchant, "manager")
    (row,) = manager.get("/staff/desk?view=repairs").body["items"]
    assert row["repair"] == "the shelf is gone"
    assert manager.post(address).status == 200
    desk.work()
    assert [one.node for one in desk.items(order)] == ["pick"]
    assert manager.post(address).code == "work_item_closed"


@pytest.mark.parametrize("by", ["order", "parcel", "article", "lower case"])
def test_a_code_finds_its_item(merchant: Merchant, picked: Order, by: str) -> None:
    parcel = Shipment.objects.get(order=picked)
    code = {"order": picked.number, "parcel": parcel.number, "article": "A", "lower case": "a"}[by]
    found = worker(merchant).get(f"/staff/desk/find?code={code}%20")
    assert shown(found) == [desk.item(picked).pk]
    assert found.body["is_article"] == (by in ("article", "lower case"))


def test_a_code_that_leads_nowhere_says_why(merchant: Merchant, picked: Order) -> None:
    api, number = worker(merchant), picked.number
    assert api.get("/staff/desk/find?code=nothing").code == "code_unknown"
    assert api.get("/staff/desk/find?code=%20").code == "code_invalid"
    waits = worker(merchant, "finance").get(f"/staff/desk/find?code={number}")
    assert (waits.code, waits.error["details"]) == ("for_others", {"role": "warehouse"})
    colleague = worker(merchant)
    colleague.post(f"/staff/desk/items/{desk.item(picked).pk}/claim")
    assert api.get(f"/staff/desk/find?code={number}").code == "claimed"
    for _step in range(2):
        complete(colleague, desk.item(picked))
    assert api.get(f"/staff/desk/find?code={number}").code == "nothing_to_do"


def test_weight_and_carrier_are_written_down_before_the_parcel_leaves(
    merchant: Merchant, picked: Order
) -> None:
    parcel = Shipment.objects.get(order=picked)
    api = worker(merchant)
    address = f"/staff/desk/parcels/{parcel.pk}"
    assert api.send("PUT", f"{address}/weight", {"weight_g": 1200}).status == 200
    named = {"carrier": "SF", "tracking_number": "SF1"}
    assert api.send("PUT", f"{address}/carrier", named).status == 200
    assert api.send("PUT", f"{address}/weight", {"weight_g": 0}).status == 422
    assert (
        worker(merchant, "finance").send("PUT", f"{address}/weight", {"weight_g": 1}).status == 403
    )
    parcel.refresh_from_db()
    assert (parcel.weight_g, parcel.tracking_number) == (1200, "SF1")


def test_another_merchants_work_is_neither_seen_nor_done(picked: Order) -> None:
    other = worker(Merchant.objects.create(name="Other"), "manager")
    item = desk.item(picked)
    parcel = Shipment.objects.get(order=picked)
    assert shown(other.get("/staff/desk")) == []
    assert other.get("/staff/desk").body["counts"]["group"] == 0
    assert other.get(f"/staff/desk/items/{item.pk}").status == 404
    for code in (picked.number, parcel.number, "A"):
        assert other.get(f"/staff/desk/find?code={code}").code == "code_unknown"
    for act in ("claim", "release", "retry"):
        assert other.post(f"/staff/desk/items/{item.pk}/{act}").status == 404
    assert complete(other, item)[0]["code"] == "not_found"
    assert (
        other.send("PUT", f"/staff/desk/parcels/{parcel.pk}/weight", {"weight_g": 1}).status == 404
    )
    item.refresh_from_db()
    assert (item.status, item.assignee) == ("open", "")


def test_a_queue_is_read_in_as_many_queries_however_long_it_is(
    merchant: Merchant, django_assert_max_num_queries: object
) -> None:
    desk.publish(merchant, desk.ALLOCATE, desk.PICK, desk.SLIP, names="allocate pick slip")
    article = sku(merchant)
    for _number in range(6):
        desk.order(article)
    api = worker(merchant)
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        assert len(api.get("/staff/desk").body["items"]) == 6


def test_the_monitor_counts_what_one_may_see(merchant: Merchant, picked: Order) -> None:
    manager = worker(merchant, "manager")
    found = manager.get("/staff/monitor").body
    (wait,) = found["waiting"]
    assert (wait["node"], wait["title"], wait["count"], wait["what"]) == ("pick", "Pick", 1, "work")
    where = f"/staff/monitor/waiting?flow_id={wait['flow_id']}&node=pick"
    assert [one["subject"] for one in manager.get(where).body["items"]] == [f"order:{picked.pk}"]
    other = worker(Merchant.objects.create(name="Other"), "manager")
    assert other.get("/staff/monitor").body["waiting"] == []
    assert other.get(where).body["items"] == []


def test_a_hold_and_the_path_are_the_merchants_own(merchant: Merchant, picked: Order) -> None:
    manager, subject = worker(merchant, "manager"), f"order:{picked.pk}"
    other = worker(Merchant.objects.create(name="Other"), "manager")
    wish = {"kind": "order", "subject": subject, "reason": "fraud?"}
    path = f"/staff/monitor/path?subject={subject}"
    assert (other.post("/staff/monitor/holds", wish).status, other.get(path).status) == (404, 404)
    held = manager.post("/staff/monitor/holds", wish)
    assert held.status == 201
    lift = f"/staff/monitor/holds/{held.body['id']}/lift"
    assert other.post(lift).status == 404
    assert manager.get("/staff/monitor").body["holds"] == 1
    assert manager.post(lift).status == 200
    assert manager.post(lift).code == "hold_lifted"
    events = [one["event"] for one in manager.get(path).body["log"]]
    assert (events[0], events[-2:]) == ("started", ["held", "lifted"])
