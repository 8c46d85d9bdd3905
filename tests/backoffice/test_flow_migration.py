"""Staff say what each place at which an order stands becomes in the version in force."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests import desk_world as desk
from tests.backoffice.conftest import SignIn
from tests.fulfilment.world import END, START, file, ways
from tests.usecases.shop import Shop, sku, staff

from mingchi.fulfilment import authoring
from mingchi.fulfilment.models import FlowInstance, FlowVersion, WorkItem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def older(shop: Shop) -> FlowVersion:
    """An order waits for `pick`; in the version in force the work is called `fetch`."""
    standing = desk.publish(shop.merchant, desk.ALLOCATE, desk.PICK, names="allocate pick")
    desk.order(sku(shop.merchant))
    process = START + desk.ALLOCATE + desk.FETCH + desk.CHECK + desk.RELEASE + END
    drawn = file(process + ways("start allocate fetch check release end"))
    with transaction.atomic():
        version = authoring.draft(definition=standing.definition, bpmn=drawn, by="user:1")
        authoring.publish(version, by="user:1", now=timezone.now())
    return standing


def send(client: Client, older: FlowVersion, **values: str) -> Any:
    address = reverse("admin:fulfilment_flowdefinition_do", args=[older.definition_id, "migrate"])
    if not values:
        return client.get(address)
    return client.post(address, values, follow=True)


def test_only_what_may_stand_there_is_offered(
    shop: Shop, older: FlowVersion, sign_in: SignIn
) -> None:
    answer = send(sign_in(shop.owner), older)
    field = answer.context_data["form"].fields[f"v{older.pk}-pick"]
    assert [value for value, _label in field.choices] == ["pick", "fetch", "check"]
    assert "the other version has no &#x27;pick&#x27;" in answer.content.decode()


def test_a_preview_says_what_would_become_of_them_and_moves_nothing(
    shop: Shop, older: FlowVersion, sign_in: SignIn
) -> None:
    chosen = {f"v{older.pk}-pick": "fetch", "_preview": "1"}
    page = send(sign_in(shop.owner), older, **chosen).content.decode()
    assert "pick → fetch" in page
    assert "nothing: it can move" in page
    assert FlowInstance.objects.get().version_id == older.pk


def test_what_is_chosen_is_where_they_go(shop: Shop, older: FlowVersion, sign_in: SignIn) -> None:
    client = sign_in(staff(merchant=shop.merchant, role="manager"))
    assert "0 moved, 1 stay" in send(client, older, unused="1").content.decode()
    chosen = {f"v{older.pk}-pick": "fetch"}
    assert "1 moved, 0 stay" in send(client, older, **chosen).content.decode()
    assert WorkItem.objects.get(status="open").node == "fetch"
    assert FlowInstance.objects.get().version_id != older.pk


def test_what_is_not_offered_is_refused(shop: Shop, older: FlowVersion, sign_in: SignIn) -> None:
    answer = send(sign_in(shop.owner), older, **{f"v{older.pk}-pick": "allocate"})
    assert answer.context_data["form"].errors
    assert FlowInstance.objects.get().version_id == older.pk
