"""Staff and what flows are made with: registered steps, variables, templates; decision tables and
the tables that choose a flow."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Field, Schema, Status

from mingchi.api.fields import Id, Input
from mingchi.api.principals import staff_of
from mingchi.api.routers.staff_flows import FlowKind
from mingchi.api.routing import GuardedRouter
from mingchi.flows import REGISTRY, Step
from mingchi.flows.context import Variable
from mingchi.fulfilment import roles, subjects
from mingchi.fulfilment.models import DecisionTableVersion, FlowSelector, FlowVersion
from mingchi.merchants import scope
from mingchi.usecases import draw_flows, edit_flows, templates

router = GuardedRouter(tags=["staff: flows"])

# What whoever moves orders sends; a flow may wait for other names too.
SIGNALS = {
    "order": ("paid", "cancel", "arrived", "refused"),
    "fulfilment": ("cancel", "refused"),
    "return": ("withdrawn",),
}


class StepOut(Schema):
    name: str
    title: str
    doing: str
    actors: list[str]
    outcomes: list[str]
    requires: str
    provides: list[str]
    undo: str | None
    is_outside: bool


class VariableOut(Schema):
    name: str
    type: str
    title: str
    values: list[str]


class FlowTemplateOut(Schema):
    key: str
    name: str
    about: str


class VocabularyOut(Schema):
    steps: list[StepOut]
    roles: list[str]
    variables: list[VariableOut]
    signals: list[str]
    templates: list[FlowTemplateOut]


class TableIn(Input):
    merchant_id: Id | None = Field(None, description="null: the platform's")
    kind: FlowKind
    table: dict[str, Any]


class SelectorIn(Input):
    merchant_id: Id
    kind: FlowKind
    table: dict[str, Any]


class NumberOut(Schema):
    number: int


class TableOut(Schema):
    name: str
    merchant_id: int | None
    number: int
    table: dict[str, Any]


class TablesOut(Schema):
    tables: list[TableOut]


class SelectorOut(Schema):
    number: int = Field(description="0: there is none; every order gets the standard flow")
    table: dict[str, Any] | None
    flows: list[str] = Field(description="keys that it may give: published flows")


@router.get("/vocabulary", response=VocabularyOut, summary="What flows are made of")
def staff_flow_vocabulary(request: HttpRequest, kind: FlowKind) -> VocabularyOut:
    """Registered steps, roles, variables of conditions, signals and templates of a kind, in the
    reader's language."""
    second = int(not (get_language() or "").startswith("zh"))
    context = subjects.of(kind).context
    return VocabularyOut(
        steps=[_step(one, second) for one in REGISTRY if one.fits(kind) and not one.retired],
        roles=sorted(roles.ROLES),
        variables=[_variable(one, second) for one in context.values()],
        signals=list(SIGNALS[kind]),
        templates=[
            FlowTemplateOut(key=one.key, name=one.name[second], about=one.about[second])
            for one in templates.ALL.values()
            if one.kind == kind
        ],
    )


@router.get("/tables", response=TablesOut, summary="Decision tables")
def staff_list_flow_tables(request: HttpRequest, merchant_id: Id | None = None) -> TablesOut:
    """The latest version of each, the merchant's and the platform's."""
    seen = draw_flows.tables(staff_of(request))
    if merchant_id is not None:
        seen = seen.filter(merchant=merchant_id) | seen.filter(merchant__isnull=True)
    rows = DecisionTableVersion.objects.filter(table__in=seen).select_related("table")
    latest = {row.table_id: row for row in rows.order_by("number")}
    return TablesOut(
        tables=[
            TableOut(
                name=row.table.name,
                merchant_id=row.table.merchant_id,
                number=row.number,
                table=row.data,
            )
            for row in latest.values()
        ]
    )


@router.post("/tables", response={201: NumberOut}, summary="Save a decision table")
def staff_set_flow_table(request: HttpRequest, data: TableIn) -> Status[NumberOut]:
    """A new version, for the flows that are published from now on."""
    number = edit_flows.set_table(
        by=staff_of(request), merchant_id=data.merchant_id, kind=data.kind, data=data.table
    )
    return Status(201, NumberOut(number=number))


@router.get("/selector", response=SelectorOut, summary="Which order gets which flow")
def staff_get_flow_selector(request: HttpRequest, merchant_id: Id, kind: FlowKind) -> SelectorOut:
    """The table in force, and the flows that it may give."""
    by = staff_of(request)
    own = scope.for_user(FlowSelector.objects.filter(merchant=merchant_id, kind=kind), by)
    row = own.order_by("-number").first()
    usable = draw_flows.flows(by).filter(kind=kind, versions__status=FlowVersion.Status.PUBLISHED)
    keys = usable.filter(merchant=merchant_id) | usable.filter(merchant__isnull=True)
    return SelectorOut(
        number=row.number if row else 0,
        table=row.data if row else None,
        flows=sorted(set(keys.values_list("key", flat=True))),
    )


@router.post("/selector", response={201: NumberOut}, summary="Choose flows by a table")
def staff_set_flow_selector(request: HttpRequest, data: SelectorIn) -> Status[NumberOut]:
    """From now on this table decides which flow a new order gets."""
    number = edit_flows.set_selector(
        by=staff_of(request), merchant_id=data.merchant_id, kind=data.kind, data=data.table
    )
    return Status(201, NumberOut(number=number))


def _step(step: Step, second: int) -> StepOut:
    return StepOut(
        name=step.name,
        title=step.title[second],
        doing=step.doing.value,
        actors=sorted(step.actors),
        outcomes=list(step.outcomes),
        requires=str(step.requires.text) if step.requires else "",
        provides=sorted(step.provides),
        undo=step.undo,
        is_outside=step.outside,
    )


def _variable(one: Variable, second: int) -> VariableOut:
    return VariableOut(
        name=one.name, type=one.type.value, title=one.title[second], values=list(one.values)
    )
