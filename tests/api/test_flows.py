"""Flows by the API: drawn, saved by two at once, checked, refused, published, compared; whose they
are; tables and choices."""

import pytest
from tests import desk_world as desk
from tests.api.clients import Api, staff
from tests.usecases.shop import sku

from mingchi.foundation.models import AuditRecord
from mingchi.fulfilment.models import FlowDefinition, FlowInstance, FlowVersion
from mingchi.merchants.models import Merchant
from mingchi.usecases import templates

pytestmark = pytest.mark.django_db(transaction=True)
SOUND = templates.bpmn("standard", language="en").decode()
BROKEN = SOUND.replace("payment.refund", "member.notify")
FOREIGN = SOUND.replace("<bpmn:serviceTask", "<bpmn:scriptTask", 1).replace(
    "</bpmn:serviceTask", "</bpmn:scriptTask", 1
)


@pytest.fixture
def manager(merchant: Merchant) -> Api:
    return staff(merchant=merchant)


@pytest.fixture
def stranger(merchant: Merchant) -> Api:
    return staff(merchant=Merchant.objects.create(name="Elsewhere"))


def drafted(api: Api, merchant: Merchant | None, **more: object) -> int:
    body = {
        "merchant_id": merchant.pk if merchant else None,
        "kind": "order",
        "key": "standard",
        "name": "Ours",
        "template": "standard",
        "language": "en",
        **more,
    }
    made = api.post("/staff/flows", body)
    assert made.status == 201, made.body
    return int(made.body["id"])


def version(api: Api, pk: int) -> dict[str, object]:
    found = api.get(f"/staff/flows/versions/{pk}")
    assert found.status == 200, found.body
    body: dict[str, object] = found.body
    return body


def save(api: Api, pk: int, bpmn: str, revision: object) -> object:
    body = {"bpmn": bpmn, "revision": revision}
    return api.send("PUT", f"/staff/flows/versions/{pk}", body)


def test_drawn_saved_checked_published_and_compared(manager: Api, merchant: Merchant) -> None:
    first = drafted(manager, merchant)
    assert manager.post(f"/staff/flows/versions/{first}/check").body == {"findings": []}
    assert manager.post(f"/staff/flows/versions/{first}/publish").status == 200
    second = drafted(manager, merchant, template=None, version_id=first)
    seen = version(manager, second)
    assert (seen["number"], seen["status"], seen["may_edit"]) == (2, "draft", True)
    other = str(seen["bpmn"]).replace('mingchi:due="P1D"', 'mingchi:due="P2D"')
    assert save(manager, second, other, seen["revision"]).status == 200  # type: ignore[attr-defined]
    found = manager.get(f"/staff/flows/compare?before={first}&after={second}").body
    assert (found["added"], found["removed"]) == ([], [])
    assert {one["element"] for one in found["changed"]} >= {"pick", "pack"}
    assert found["changed"][0]["fields"]["due"] == ["P1D", "P2D"]


def test_two_edit_one_draft_and_nothing_is_lost(manager: Api, merchant: Merchant) -> None:
    other = staff(merchant=merchant)
    pk = drafted(manager, merchant)
    seen = version(manager, pk)["revision"]
    mine = SOUND.replace('name="Pick"', 'name="Pick it"')
    theirs = SOUND.replace('name="Pick"', 'name="Take it"')
    assert save(other, pk, theirs, seen).status == 200  # type: ignore[attr-defined]
    refused = save(manager, pk, mine, seen)
    assert (refused.status, refused.code) == (409, "flow_changed")  # type: ignore[attr-defined]
    details = refused.error["details"]  # type: ignore[attr-defined]
    assert details["bpmn"] == theirs
    assert version(manager, pk)["bpmn"] == theirs
    kept = drafted(manager, merchant, template=None, version_id=pk, bpmn="<mine/>")
    assert version(manager, kept)["bpmn"] == "<mine/>"
    assert save(manager, pk, mine, details["revision"]).status == 200  # type: ignore[attr-defined]
    # Saving the same twice, as a browser does that lost the answer, is no conflict.
    assert save(manager, pk, mine, seen).status == 200  # type: ignore[attr-defined]
    assert AuditRecord.objects.filter(action="flow.edit").count() == 2


def test_what_fails_the_check_is_not_published(manager: Api, merchant: Merchant) -> None:
    pk = drafted(manager, merchant)
    save(manager, pk, BROKEN, version(manager, pk)["revision"])
    refused = manager.post(f"/staff/flows/versions/{pk}/publish")
    assert (refused.status, refused.code) == (422, "flow_broken")
    findings = refused.error["details"]["findings"]
    assert "not-paid-settled" in {one["code"] for one in findings}
    assert all(one["path"][0] == "start" for one in findings if one["path"])
    assert FlowVersion.objects.get(pk=pk).status == "draft"


def test_a_file_from_elsewhere_is_taken_or_refused_with_element_and_line(
    manager: Api, merchant: Merchant
) -> None:
    assert drafted(manager, merchant, template=None, bpmn=SOUND)
    body = {"merchant_id": merchant.pk, "kind": "order", "key": "x", "name": "x", "bpmn": FOREIGN}
    refused = manager.post("/staff/flows", body)
    assert (refused.status, refused.code) == (422, "flow_refused")
    found = refused.error["details"]["findings"]
    assert found[0]["code"] == "unknown-element"
    assert found[0]["line"] > 1
    assert found[0]["element"]
    assert not FlowDefinition.objects.filter(key="x").exists()


def test_a_file_without_a_drawing_gets_one_and_its_own_is_left_alone(manager: Api) -> None:
    bare = SOUND[: SOUND.index("<bpmndi:")] + SOUND[SOUND.index("</bpmndi:BPMNDiagram>") + 21 :]
    laid = manager.post("/staff/flows/draw", {"bpmn": bare}).body
    assert laid["can_be_read"]
    assert laid["bpmn"].count("<bpmndi:BPMNShape") == SOUND.count("<bpmndi:BPMNShape")
    assert manager.post("/staff/flows/draw", {"bpmn": SOUND}).body["bpmn"] == SOUND
    dangling = manager.post(
        "/staff/flows/draw", {"bpmn": bare.replace('targetRef="pick"', "")}
    ).body
    assert not dangling["can_be_read"]
    assert dangling["findings"]


def test_a_merchants_flows_are_no_business_of_another(
    manager: Api, stranger: Api, merchant: Merchant
) -> None:
    pk = drafted(manager, merchant)
    revision = version(manager, pk)["revision"]
    assert stranger.get(f"/staff/flows/versions/{pk}").status == 404
    assert stranger.get(f"/staff/flows/versions/{pk}/file").status == 404
    assert save(stranger, pk, BROKEN, revision).status == 404  # type: ignore[attr-defined]
    assert stranger.post(f"/staff/flows/versions/{pk}/check").status == 404
    assert stranger.post(f"/staff/flows/versions/{pk}/publish").status == 404
    tried = {"merchant_id": merchant.pk}
    assert stranger.post(f"/staff/flows/versions/{pk}/try", tried).status == 404
    assert stranger.get(f"/staff/flows/compare?before={pk}&after={pk}").status == 404
    mine = [flow["merchant_id"] for flow in stranger.get("/staff/flows").body["flows"]]
    assert merchant.pk not in mine
    assert version(manager, pk)["revision"] == revision


def test_the_platforms_flows_are_seen_by_merchants_and_changed_by_the_platform(
    manager: Api, merchant: Merchant
) -> None:
    operator = staff("operator")
    pk = drafted(operator, None, key="shared")
    seen = version(manager, pk)
    assert (seen["may_edit"], seen["may_publish"]) == (False, False)
    assert save(manager, pk, BROKEN, seen["revision"]).status in (403, 404)  # type: ignore[attr-defined]
    assert manager.post(f"/staff/flows/versions/{pk}/publish").status in (403, 404)
    assert drafted(manager, merchant, template=None, version_id=pk, key="own")
    assert version(operator, pk)["may_edit"] is True


def test_the_file_comes_as_it_was_saved(manager: Api, merchant: Merchant) -> None:
    pk = drafted(manager, merchant)
    answer = manager.get(f"/staff/flows/versions/{pk}/file")
    assert answer.body == bytes(FlowVersion.objects.get(pk=pk).bpmn_xml)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="standard-v1.bpmn"'


def test_what_is_offered_is_in_the_readers_language(manager: Api) -> None:
    words = manager.get("/staff/flows/vocabulary?kind=order").body
    names = {one["name"] for one in words["steps"]}
    assert "order.review" in names
    assert not any(name.startswith("case.") for name in names)
    assert {one["key"] for one in words["templates"]} >= {"standard", "pick_up"}
    manager.headers["Accept-Language"] = "zh-Hans"
    chinese = manager.get("/staff/flows/vocabulary?kind=return").body
    assert {one["name"]: one["title"] for one in chinese["steps"]}["case.inspect"] == "退货质检"


def test_a_table_chooses_among_published_flows(manager: Api, merchant: Merchant) -> None:
    table = {
        "name": "flow",
        "inputs": [{"name": "amount_fen"}],
        "rows": [{"when": {"amount_fen": {"from": 100_000}}, "then": "careful"}],
        "default": "standard",
    }
    body = {"merchant_id": merchant.pk, "kind": "order", "table": table}
    refused = manager.post("/staff/flows/selector", body)
    assert (refused.status, refused.code) == (422, "flow_unknown")
    for key in ("careful", "standard"):
        pk = drafted(manager, merchant, key=key)
        assert manager.post(f"/staff/flows/versions/{pk}/publish").status == 200
    assert manager.post("/staff/flows/selector", body).body == {"number": 1}
    found = manager.get(f"/staff/flows/selector?merchant_id={merchant.pk}&kind=order").body
    assert (found["number"], found["table"]) == (1, table)
    assert set(found["flows"]) >= {"careful", "standard"}


def test_decision_tables_have_versions_and_owners(
    manager: Api, stranger: Api, merchant: Merchant
) -> None:
    table = {"name": "limit", "inputs": [{"name": "quantity"}], "output": {"type": "duration"},
             "rows": [], "default": "P3D"}  # fmt: skip
    body = {"merchant_id": merchant.pk, "kind": "order", "table": table}
    assert manager.post("/staff/flows/tables", body).body == {"number": 1}
    assert manager.post("/staff/flows/tables", body).body == {"number": 2}
    assert stranger.post("/staff/flows/tables", body).status == 404
    assert stranger.get(f"/staff/flows/tables?merchant_id={merchant.pk}").body["tables"] == []
    wrong = manager.post("/staff/flows/tables", {**body, "table": {**table, "default": "soon"}})
    assert (wrong.status, wrong.code) == (422, "bad_table")
    assert len(manager.get("/staff/flows/tables").body["tables"]) == 1


def test_a_running_order_moves_to_another_version_by_a_mapping(
    manager: Api, stranger: Api, merchant: Merchant
) -> None:
    old = desk.publish(merchant, desk.ALLOCATE, desk.PICK, names="allocate pick")
    order = desk.order(sku(merchant))
    new = desk.publish(merchant, desk.ALLOCATE, desk.FETCH, names="allocate fetch", key="other")
    found = FlowInstance.objects.get(subject=f"order:{order.pk}")
    running = f"/staff/flows/running/{found.pk}"
    body: dict[str, object] = {"version_id": new.pk, "mapping": {}}
    seen = manager.post(f"{running}/preview", body).body
    pick = next(one for one in seen["places"] if one["element"] == "pick")
    assert pick["choices"] == ["fetch"]
    assert "no 'pick'" in seen["problems"][0]
    refused = manager.post(f"{running}/migrate", body)
    assert (refused.status, refused.code) == (409, "cannot_migrate")
    body["mapping"] = {"pick": "fetch"}
    assert stranger.post(f"{running}/migrate", body).status == 404
    assert FlowInstance.objects.get(pk=found.pk).version_id == old.pk
    assert manager.post(f"{running}/migrate", body).body["problems"] == []
    assert FlowInstance.objects.get(pk=found.pk).version_id == new.pk
