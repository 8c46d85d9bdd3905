"""Staff and flows: drawn, saved, checked, tried out, published, compared. What the editors of the
back office call; other programs may too."""

from collections import Counter
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema, Status
from pydantic import StringConstraints

from mingchi.api.fields import PRINTABLE, Done, Id, Input, Limit, Made
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.flows.xml import MOST_BYTES
from mingchi.foundation import clock
from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import checking
from mingchi.fulfilment.models import FlowDefinition, FlowVersion
from mingchi.usecases import draw_flows, edit_flows, rights, templates, try_flow

router = GuardedRouter(tags=["staff: flows"])

FlowKind = Literal["order", "fulfilment", "return"]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=PRINTABLE)
]
Bpmn = Annotated[
    str,
    Field(
        max_length=MOST_BYTES,
        pattern=r"^[^\x00]*$",
        description="BPMN 2.0, in UTF-8, 256 KB at most",
    ),
]
Revision = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
NodeId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=PRINTABLE)]


class BpmnIn(Input):
    bpmn: Bpmn


class SaveIn(BpmnIn):
    revision: Revision = Field(description="of the version as it was read")


class DraftIn(Input):
    """One of `template`, `version_id` and `bpmn` says what to begin with; with `version_id` and
    `bpmn`, a version that somebody has changed is kept beside it, whatever its faults."""

    merchant_id: Id | None = Field(None, description="null: a flow of the platform")
    kind: FlowKind
    key: Key
    name: Title
    template: Key | None = None
    language: Literal["zh", "en"] = "zh"
    version_id: Id | None = None
    bpmn: Bpmn | None = None


class TryIn(Input):
    merchant_id: Id
    count: Annotated[int, Field(ge=1, le=try_flow.MOST_SUBJECTS)] = 100


class FindingOut(Schema):
    code: str
    message: str
    element: str | None
    line: int | None
    path: list[str]


class FindingsOut(Schema):
    findings: list[FindingOut]


class DrawnOut(FindingsOut):
    bpmn: str
    can_be_read: bool


class VersionRefOut(Schema):
    id: int
    number: int
    status: str
    created_by: str
    created_at: datetime
    edited_at: datetime
    published_by: str
    published_at: datetime | None


class FlowOut(Schema):
    id: int
    merchant_id: int | None
    kind: str
    key: str
    name: str
    versions: list[VersionRefOut]


class FlowsOut(Schema):
    flows: list[FlowOut]


class FlowVersionOut(VersionRefOut):
    flow: FlowOut
    bpmn: str
    revision: str
    findings: list[FindingOut] | None = Field(description="null: not checked since it was changed")
    may_edit: bool
    may_publish: bool


class SavedOut(Schema):
    revision: str


class FlowTakenOut(Schema):
    """A path that some took."""

    nodes: list[str]
    ended: str | None
    trouble: str
    count: int
    subjects: list[str] = Field(description="some of them")


class TriedOut(Schema):
    total: int
    passed: dict[str, int] = Field(description="how many passed each node")
    paths: list[FlowTakenOut]


class ChangeOut(Schema):
    element: str
    fields: dict[str, list[Any]] = Field(description="name: before, after")


class FlowDifferenceOut(Schema):
    added: list[str]
    removed: list[str]
    changed: list[ChangeOut]


@router.get("", response=FlowsOut, summary="Flows")
def staff_list_flows(
    request: HttpRequest, merchant_id: Id | None = None, limit: Limit = 100
) -> FlowsOut:
    """The account's merchants' and the platform's, each with its versions."""
    rows = draw_flows.flows(staff_of(request)).prefetch_related("versions").order_by("-pk")
    if merchant_id is not None:
        rows = rows.filter(merchant=merchant_id)
    return FlowsOut(flows=[_flow(row) for row in rows[:limit]])


@router.post("", response={201: Made}, summary="Begin a draft")
def staff_draft_flow(request: HttpRequest, data: DraftIn) -> Status[Made]:
    """From a template, from another version, or from a file. A file that holds what is not of the
    subset is refused (422 `flow_refused`) with id and line of each element."""
    by = staff_of(request)
    common = data.model_dump(include={"merchant_id", "kind", "key", "name"})
    if data.template is not None:
        if data.template not in templates.ALL or templates.ALL[data.template].kind != data.kind:
            raise DomainError("template_unknown", draw_flows.NO_TEMPLATE, field="template")
        bpmn = templates.bpmn(data.template, language=data.language)
        made = edit_flows.draft_flow(by=by, bpmn=bpmn, **common)
    elif data.version_id is not None:
        seen = draw_flows.seen(by, data.version_id)
        bpmn = bytes(seen.bpmn_xml) if data.bpmn is None else data.bpmn.encode()
        made = edit_flows.draft_flow(by=by, bpmn=bpmn, **common)
    else:
        made = draw_flows.import_flow(by=by, bpmn=(data.bpmn or "").encode(), **common)
    return Status(201, Made(id=made))


@router.post("/draw", response=DrawnOut, summary="Lay a file out")
def staff_draw_flow(request: HttpRequest, data: BpmnIn) -> DrawnOut:
    """The file with a drawing where it has none, and what stands in the way of reading it. Changes
    nothing."""
    bpmn, reading = draw_flows.draw(data.bpmn.encode())
    return DrawnOut(
        bpmn=bpmn.decode(errors="replace"),
        can_be_read=reading.graph is not None,
        findings=_findings(checking.to_json(reading.findings)),
    )


@router.get("/compare", response=FlowDifferenceOut, summary="Compare two versions")
def staff_compare_flows(request: HttpRequest, before: Id, after: Id) -> FlowDifferenceOut:
    """Ids of nodes and ways that were added, removed and changed."""
    found = draw_flows.compare(by=staff_of(request), before_id=before, after_id=after)
    changed = [
        ChangeOut(
            element=one.element,
            fields={name: [_plain(x) for x in pair] for name, pair in one.fields.items()},
        )
        for one in found.changed
    ]
    return FlowDifferenceOut(added=list(found.added), removed=list(found.removed), changed=changed)


@router.get("/versions/{version_id}", response=FlowVersionOut, summary="A version of a flow")
def staff_get_flow(request: HttpRequest, version_id: Id) -> FlowVersionOut:
    """With its file, and what the checks found in exactly this file."""
    by = staff_of(request)
    version = draw_flows.seen(by, version_id)
    bpmn, merchant_id = bytes(version.bpmn_xml), version.definition.merchant_id
    is_draft = version.status == FlowVersion.Status.DRAFT
    return FlowVersionOut(
        **_version(version).model_dump(),
        flow=_flow(version.definition),
        bpmn=bpmn.decode(errors="replace"),
        revision=draw_flows.revision(bpmn),
        findings=None if version.findings is None else _findings(version.findings),
        may_edit=is_draft and rights.may(by, "flow.draft", merchant_id=merchant_id),
        may_publish=rights.may(by, "flow.publish", merchant_id=merchant_id),
    )


@router.get("/versions/{version_id}/file", summary="The file of a version")
def staff_get_flow_file(request: HttpRequest, version_id: Id) -> HttpResponse:
    """The BPMN file as it was saved."""
    version = draw_flows.seen(staff_of(request), version_id)
    answer = HttpResponse(bytes(version.bpmn_xml), content_type="application/xml")
    name = f"{version.definition.key}-v{version.number}.bpmn"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@router.put("/versions/{version_id}", response=SavedOut, summary="Save a draft")
def staff_save_flow(request: HttpRequest, version_id: Id, data: SaveIn) -> SavedOut:
    """Refused (409 `flow_changed`, with the file that stands there) where somebody else has saved
    since `revision` was read."""
    saved = draw_flows.save_drawing(
        by=staff_of(request),
        version_id=version_id,
        bpmn=data.bpmn.encode(),
        revision_seen=data.revision,
    )
    return SavedOut(revision=saved)


@router.post("/versions/{version_id}/check", response=FindingsOut, summary="Check a version")
def staff_check_flow(request: HttpRequest, version_id: Id) -> FindingsOut:
    """What is wrong with it: element, line, and the path on which it happens. None: sound."""
    found = edit_flows.check_flow(by=staff_of(request), version_id=version_id)
    return FindingsOut(findings=_findings(checking.to_json(found)))


@router.post("/versions/{version_id}/try", response=TriedOut, summary="Try a version out")
def staff_try_flow(request: HttpRequest, version_id: Id, data: TryIn) -> TriedOut:
    """Which path the last orders of a merchant would have taken; changes nothing."""
    tried = try_flow.try_flow(
        by=staff_of(request),
        version_id=version_id,
        merchant_id=data.merchant_id,
        now=clock.now(),
        count=data.count,
    )
    passed: Counter[str] = Counter()
    paths: dict[Any, list[str]] = {}
    for one in tried:
        nodes = tuple(dict.fromkeys(one.path.nodes))
        passed.update(nodes)
        paths.setdefault((nodes, one.path.ended, one.path.trouble), []).append(one.subject)
    taken = [
        FlowTakenOut(
            nodes=list(nodes), ended=ended, trouble=trouble, count=len(found), subjects=found[:5]
        )
        for (nodes, ended, trouble), found in paths.items()
    ]
    taken.sort(key=lambda path: -path.count)
    return TriedOut(total=len(tried), passed=dict(passed), paths=taken)


@router.post("/versions/{version_id}/publish", response=Done, summary="Publish a version")
def staff_publish_flow(request: HttpRequest, version_id: Id) -> Done:
    """New orders get it from now on. Refused (422 `flow_broken`) with the findings."""
    edit_flows.publish_flow(by=staff_of(request), version_id=version_id, now=clock.now())
    return Done()


@router.post("/versions/{version_id}/restore", response=Done, summary="Go back to a version")
def staff_restore_flow(request: HttpRequest, version_id: Id) -> Done:
    """A version that was in force before, checked anew."""
    edit_flows.restore_flow(by=staff_of(request), version_id=version_id, now=clock.now())
    return Done()


@router.post("/{flow_id}/retire", response=Done, summary="Retire a flow")
def staff_retire_flow(request: HttpRequest, flow_id: Id) -> Done:
    """No new order gets it; what runs goes on."""
    edit_flows.retire_flow(by=staff_of(request), definition_id=flow_id)
    return Done()


def _flow(row: FlowDefinition) -> FlowOut:
    return FlowOut(
        id=row.pk,
        merchant_id=row.merchant_id,
        kind=row.kind,
        key=row.key,
        name=row.name,
        versions=[_version(one) for one in row.versions.all()],
    )


def _version(row: FlowVersion) -> VersionRefOut:
    return VersionRefOut(
        id=row.pk,
        number=row.number,
        status=row.status,
        created_by=row.created_by,
        created_at=row.created_at,
        edited_at=row.edited_at,
        published_by=row.published_by,
        published_at=row.published_at,
    )


def _findings(found: list[dict[str, Any]]) -> list[FindingOut]:
    return [FindingOut(**one) for one in found]


def _plain(value: object) -> Any:
    return list(value) if isinstance(value, tuple) else value
