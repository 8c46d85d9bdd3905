"""Staff and single running flows: another version, looked at first."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Schema

from mingchi.api.fields import Id, Input
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.fulfilment.migrating import Preview
from mingchi.usecases import steer_flow

router = GuardedRouter(tags=["staff: flows"])
Element = Annotated[str, Field(max_length=128)]


class MigrationIn(Input):
    version_id: Id
    mapping: dict[Element, Element | None] = Field(
        default_factory=dict,
        max_length=500,
        description="node, or way into a join, to what it is there; a timer to null: dropped",
    )


class PlaceOut(Schema):
    element: str
    choices: list[str] = Field(description="what it may become there")
    may_go: bool = Field(description="a timer, which may be dropped")


class MoveOut(Schema):
    node: str
    to: str


class MigrationOut(Schema):
    places: list[PlaceOut]
    moves: list[MoveOut]
    problems: list[str] = Field(description="none: it can move")


@router.post("/running/{instance_id}/preview", response=MigrationOut, summary="Look at a move")
def staff_preview_migration(
    request: HttpRequest, instance_id: Id, data: MigrationIn
) -> MigrationOut:
    """What would become of a running flow under another version, and what stands in the way."""
    seen = steer_flow.preview_migration(
        by=staff_of(request), instance_id=instance_id, now=clock.now(), **data.model_dump()
    )
    return _out(seen)


@router.post("/running/{instance_id}/migrate", response=MigrationOut, summary="Move to a version")
def staff_migrate_flow(request: HttpRequest, instance_id: Id, data: MigrationIn) -> MigrationOut:
    """All or nothing: `cannot_migrate` with the problems, and then nothing has changed."""
    done = steer_flow.migrate_flow(
        by=staff_of(request), instance_id=instance_id, now=clock.now(), **data.model_dump()
    )
    return _out(done)


def _out(seen: Preview) -> MigrationOut:
    return MigrationOut(
        places=[
            PlaceOut(element=one.element, choices=list(one.choices), may_go=one.may_go)
            for one in seen.places
        ],
        moves=[MoveOut(node=node, to=to) for _token, node, to in seen.moves],
        problems=list(seen.problems),
    )
