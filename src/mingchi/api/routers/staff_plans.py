"""Staff and plans: drawn up, proposed for a date, approved by somebody else."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Schema, Status

from mingchi.api.fields import (
    Before,
    DecisionIn,
    Done,
    Id,
    Input,
    Limit,
    Line,
    Made,
    Page,
    ProposedOut,
    StateOut,
    When,
)
from mingchi.api.paging import page
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError
from mingchi.rebates import plans, queries
from mingchi.rebates.models import PlanVersion
from mingchi.usecases import publish_plan as use_plan

router = GuardedRouter(tags=["staff: plans"])
_TOML = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


class TomlIn(Input):
    toml: str = Field(max_length=60_000, pattern=_TOML)


class ProposeIn(Input):
    active_from: When
    reason: Line = ""


class FaultsOut(Schema):
    faults: list[str]


class PlanVersionOut(Schema):
    id: int
    number: int
    name: str
    state: str
    active_from: datetime | None
    created_at: datetime


class VersionDetailOut(PlanVersionOut):
    toml: str
    faults: list[str]


@router.get("", response=Page[PlanVersionOut], summary="Plan versions")
def staff_list_plans(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[PlanVersionOut]:
    """Newest first."""
    rows = PlanVersion.objects.filter(programme=queries.programme())
    return page(rows, PlanVersionOut.from_orm, limit=limit, before=before)


@router.post("/check", response=FaultsOut, summary="Check a plan")
def staff_check_plan(request: HttpRequest, data: TomlIn) -> FaultsOut:
    """What is wrong with a plan, by key; changes nothing."""
    return FaultsOut(faults=plans.check(data.toml))


@router.get("/{version_id}", response=VersionDetailOut, summary="A plan version")
def staff_get_plan(request: HttpRequest, version_id: Id) -> VersionDetailOut:
    """With its text, and its faults while it is a draft."""
    found = PlanVersion.objects.filter(pk=version_id, programme=queries.programme()).first()
    if found is None:
        raise NotFoundError()
    return VersionDetailOut(
        id=found.pk,
        number=found.number,
        name=found.name,
        state=found.state,
        active_from=found.active_from,
        created_at=found.created_at,
        toml=found.toml,
        faults=plans.check(found.toml),
    )


@router.post("", response={201: Made}, summary="Draw up a plan")
def staff_draft_plan(request: HttpRequest, data: TomlIn) -> Status[Made]:
    """A draft, which may still have faults."""
    return Status(201, Made(id=use_plan.draft_plan(by=staff_of(request), toml=data.toml)))


@router.put("/{version_id}", response=Done, summary="Edit a draft")
def staff_edit_plan(request: HttpRequest, version_id: Id, data: TomlIn) -> Done:
    """Only a draft; what was proposed is never edited (409)."""
    use_plan.edit_plan(by=staff_of(request), version_id=version_id, toml=data.toml)
    return Done()


@router.post("/{version_id}/propose", response={201: ProposedOut}, summary="Propose a plan")
def staff_ask_plan(request: HttpRequest, version_id: Id, data: ProposeIn) -> Status[ProposedOut]:
    """For a date; somebody else decides."""
    asked = use_plan.ask_plan(
        by=staff_of(request),
        version_id=version_id,
        active_from=data.active_from,
        now=clock.now(),
        reason=data.reason,
    )
    return Status(201, ProposedOut(proposal_id=asked))


@router.post("/proposals/{proposal_id}/decide", response=StateOut, summary="Decide a plan")
def staff_decide_plan(request: HttpRequest, proposal_id: Id, data: DecisionIn) -> StateOut:
    """Approve or refuse; an approved plan governs from its date."""
    state = use_plan.decide_plan(
        by=staff_of(request),
        proposal_id=proposal_id,
        approve=data.approve,
        now=clock.now(),
        reason=data.reason,
    )
    return StateOut(state=state)
