"""The desk's page and the monitor: who gets them, and whose work they show."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests import desk_world as desk
from tests.backoffice.conftest import SignIn
from tests.usecases.shop import Shop, sku, staff

from mingchi.fulfilment.models import FlowInstance, Hold, WorkItem
from mingchi.merchants.models import Merchant, MerchantStaff
from mingchi.orders.models import Order
from mingchi.usecases import flow_roles, hold_subject

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(shop: Shop) -> Order:
    """One that waits for the warehouse since three hours, an hour too long."""
    desk.publish(shop.merchant, desk.ALLOCATE, desk.PICK, desk.SLIP, names="allocate pick slip")
    return desk.order(sku(shop.merchant), at=desk.ago(hours=3))


def instance(order: Order) -> FlowInstance:
    return FlowInstance.objects.get(subject=f"order:{order.pk}")


def text(client: Client, name: str, *args: Any) -> str:
    answer = client.get(reverse(f"admin:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def waiting_at(order: Order) -> tuple[int, str]:
    version = instance(order).version
    assert version is not None
    return version.definition_id, "pick"


@pytest.mark.parametrize("role", MerchantStaff.Role.values)
def test_each_role_of_a_merchant_gets_the_desk_with_its_own_roles(
    role: str, shop: Shop, sign_in: SignIn
) -> None:
    page = text(sign_in(staff(merchant=shop.merchant, role=role)), "desk")
    named = [one for one in MerchantStaff.Role.values if f'data-role="{one}"' in page]
    assert set(named) == flow_roles.OF_MERCHANT[role]


def test_who_may_only_look_is_told_that_there_is_no_work(shop: Shop, sign_in: SignIn) -> None:
    assert "holds no role that does work" in text(sign_in(staff("auditor")), "desk")
    assert sign_in(staff()).get(reverse("admin:desk")).status_code == 403
    assert Client().get(reverse("admin:desk")).status_code == 302


def test_the_desk_needs_no_script_or_style_of_others(shop: Shop, sign_in: SignIn) -> None:
    answer = sign_in(shop.owner).get(reverse("admin:desk"))
    assert "http://" not in answer["Content-Security-Policy"]
    assert (
        "unsafe-inline"
        not in answer["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    )


def test_the_monitor_says_how_many_wait_for_how_long(
    shop: Shop, order: Order, sign_in: SignIn
) -> None:
    desk.order(sku(shop.merchant), at=desk.ago(hours=1))
    page = text(sign_in(shop.owner), "flow_monitor")
    for shown in ("Pick", "2 h 0 min", "3 h 0 min", "2 h 54 min"):  # step, median, oldest, 95 %
        assert shown in page
    behind = text(sign_in(shop.owner), "flow_waiting", *waiting_at(order))
    assert order.number in behind


def test_the_figure_of_overdue_items_leads_to_them(
    shop: Shop, order: Order, sign_in: SignIn
) -> None:
    desk.order(sku(shop.merchant))
    client = sign_in(shop.owner)
    page = text(client, "flow_monitor")
    start = page.index(reverse("admin:fulfilment_workitem_changelist") + "?status__exact")
    address = page[start : page.index('"', start)].replace("&amp;", "&")
    found = client.get(address)
    rows = found.context_data["cl"].result_list  # type: ignore[attr-defined]
    assert [row.subject for row in rows] == [f"order:{order.pk}"]


def test_the_path_says_who_did_what_and_the_order_leads_there(
    shop: Shop, order: Order, sign_in: SignIn
) -> None:
    client = sign_in(shop.owner)
    worker = staff(merchant=shop.merchant, role="warehouse")
    from mingchi.usecases import do_work

    do_work.complete_work(by=worker, item_id=desk.item(order).pk, now=desk.ago())
    address = reverse("admin:fulfilment_flowinstance_change", args=[instance(order).pk])
    assert address in text(client, "orders_order_change", order.pk)
    page = text(client, "fulfilment_flowinstance_change", instance(order).pk)
    assert worker.username in page
    assert "done by a person" in page
    assert "Print slip" in page


def test_a_hold_is_placed_and_lifted_by_those_with_the_right(
    shop: Shop, order: Order, sign_in: SignIn
) -> None:
    address = reverse("admin:fulfilment_flowinstance_do", args=[instance(order).pk, "hold"])
    warehouse = sign_in(staff(merchant=shop.merchant, role="warehouse"))
    assert warehouse.post(address, {"reason": "no"}).status_code == 403
    service = sign_in(staff(merchant=shop.merchant, role="service"))
    assert service.post(address, {"reason": "fraud?"}).status_code == 302
    hold = Hold.objects.get()
    lift = reverse("admin:fulfilment_hold_do", args=[hold.pk, "lift"])
    assert warehouse.post(lift).status_code == 403
    assert service.post(lift).status_code == 302
    hold.refresh_from_db()
    assert hold.lifted_at is not None


def test_another_merchants_subjects_are_not_there(
    shop: Shop, order: Order, sign_in: SignIn
) -> None:
    hold_subject.place_hold(
        by=shop.owner, kind="order", subject=f"order:{order.pk}", reason="x", now=desk.ago()
    )
    other = Merchant.objects.create(name="Other")
    client = sign_in(staff(merchant=other))
    assert order.number not in text(client, "flow_monitor")
    assert "Nothing waits." in text(client, "flow_monitor")
    assert order.number not in text(client, "flow_waiting", *waiting_at(order))
    rows = (
        ("fulfilment_flowinstance", instance(order).pk),
        ("fulfilment_workitem", WorkItem.objects.get().pk),
        ("fulfilment_hold", Hold.objects.get().pk),
    )
    for name, key in rows:
        found = client.get(reverse(f"admin:{name}_changelist"))
        assert list(found.context_data["cl"].result_list) == []  # type: ignore[attr-defined]
        assert client.get(reverse(f"admin:{name}_change", args=[key])).status_code == 302
    for address in (
        reverse("admin:fulfilment_flowinstance_do", args=[instance(order).pk, "hold"]),
        reverse("admin:fulfilment_flowinstance_do", args=[instance(order).pk, "cancel"]),
        reverse("admin:fulfilment_hold_do", args=[Hold.objects.get().pk, "lift"]),
    ):
        assert client.post(address, {"reason": "x"}).status_code == 404


ORDER_PAGE = "orders_order_change"


@pytest.mark.parametrize(("role", "opens"), [("warehouse", False), ("service", True)])
def test_only_those_who_may_open_an_order_are_led_there(
    role: str, opens: bool, shop: Shop, order: Order, sign_in: SignIn
) -> None:
    """Others see on the desk and on its path what their work needs: goods, parcel, who gets it."""
    client = sign_in(staff(merchant=shop.merchant, role=role))
    address = reverse(f"admin:{ORDER_PAGE}", args=[order.pk])
    assert client.get(address).status_code == (200 if opens else 403)
    page = text(client, "fulfilment_flowinstance_change", instance(order).pk)
    assert (f'href="{address}"' in page) is opens
    for shown in (order.number, "王**", "138****1234"):
        assert shown in page
    assert "文三路" not in page
    asked = text(client, "desk")
    assert (reverse(f"admin:{ORDER_PAGE}", args=[0]) in asked) is opens


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?view=repairs", '"view": "repairs"'),
        ("?view=nonsense", '"view": "group"'),
        ("?overdue=1", '"overdue": true'),
    ],
)
def test_a_link_opens_a_view_of_the_desk(
    query: str, shown: str, shop: Shop, sign_in: SignIn
) -> None:
    page = sign_in(shop.owner).get(reverse("admin:desk") + query).content.decode()
    assert shown in page


def test_the_first_page_says_how_much_work_waits(shop: Shop, order: Order, sign_in: SignIn) -> None:
    desk.order(sku(shop.merchant))
    words = {"by": shop.owner, "kind": "order", "subject": f"order:{order.pk}"}
    hold_subject.place_hold(**words, reason="Asked by phone", now=desk.ago())
    worker = sign_in(staff(merchant=shop.merchant, role="warehouse"))
    page = text(worker, "index")
    there = reverse("admin:desk")
    for number, to in ((2, there), (1, f"{there}?overdue=1"), (0, f"{there}?view=repairs")):
        assert f'href="{to}">{number}</a>' in page
    assert '?lifted_at__isempty=1">1</a>' in page
    assert "?overdue=1" not in text(sign_in(staff()), "index")
