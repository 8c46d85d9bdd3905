"""Staff and what is on its way: where it waits and for how long, its path so far, holds."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import StringConstraints

from mingchi.api.fields import Done, Id, Input, Limit, Reason
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.foundation.models import User
from mingchi.fulfilment import queries
from mingchi.usecases import hold_subject, steer_flow
from mingchi.usecases.desk import details, watching

router = GuardedRouter(tags=["staff: monitor"])

Subject = Annotated[str, StringConstraints(pattern=r"^(order|shipment|case):[0-9]{1,18}$")]
Seconds = Annotated[float, Field(description="seconds")]


class WaitOut(Schema):
    """`usual_s`: the median of what was done there in the last 30 days, null for nothing."""

    flow_id: int
    flow: str
    node: str
    title: str
    what: str = Field(description="work, job, signal or timer")
    count: int
    median_s: Seconds
    p95_s: Seconds
    oldest_s: Seconds
    usual_s: float | None


class RunningOut(Schema):
    version_id: int
    flow: str
    number: int
    running: int


class MonitorOut(Schema):
    waiting: list[WaitOut]
    running: list[RunningOut]
    overdue: int
    repairs: int
    strays: int
    holds: int
    not_started: int
    as_of: datetime


class BehindOut(Schema):
    subject: str
    what: str
    since: datetime
    due_at: datetime | None


class BehindsOut(Schema):
    items: list[BehindOut]


class LogOut(Schema):
    """What happened: `values` are those that a decision saw."""

    at: datetime
    event: str
    node: str
    actor: str
    values: dict[str, Any] | None


class PathOut(Schema):
    instance_id: int
    status: str
    messages: list[str] = Field(description="what staff may tell it now")
    log: list[LogOut]


class TellIn(Input):
    name: Annotated[str, Field(min_length=1, max_length=80)]


class HoldIn(Input):
    kind: Literal["order", "fulfilment", "return"]
    subject: Subject
    reason: Reason


class HeldOut(Schema):
    id: int


@router.get("", response=MonitorOut, summary="Where orders wait")
def staff_watch_flows(request: HttpRequest) -> MonitorOut:
    """Per flow and step how many wait and for how long, and what should be looked after, of the
    account's merchants."""
    by, now = staff_of(request), clock.now()
    found = watching.attention(by=by, now=now)
    return MonitorOut(
        waiting=_waiting(by, now),
        running=[
            RunningOut(
                version_id=row.version_id, flow=row.flow, number=row.number, running=row.running
            )
            for row in watching.running(by=by)
        ],
        overdue=found.overdue,
        repairs=found.repairs,
        strays=found.strays,
        holds=found.holds,
        not_started=found.not_started,
        as_of=now,
    )


@router.get("/waiting", response=BehindsOut, summary="Who waits at a step")
def staff_list_waiting(
    request: HttpRequest, flow_id: Id, node: Annotated[str, Field(max_length=128)]
) -> BehindsOut:
    """The longest first, 200 at most."""
    rows = watching.behind(by=staff_of(request), definition_id=flow_id, node=node)
    return BehindsOut(
        items=[
            BehindOut(
                subject=row.instance.subject, what=row.what, since=row.since, due_at=row.due_at
            )
            for row in rows
        ]
    )


@router.get("/path", response=PathOut, summary="A subject's path so far")
def staff_get_path(request: HttpRequest, subject: Subject, limit: Limit = 100) -> PathOut:
    """What happened to it and to what is part of it, oldest first."""
    instance = details.flow_of(by=staff_of(request), subject=subject)
    rows = queries.subject_log(subject, merchant_id=instance.merchant_id)[:limit]
    return PathOut(
        instance_id=instance.pk,
        status=instance.status,
        messages=steer_flow.tellable(instance.pk),
        log=[
            LogOut(at=row.at, event=row.event, node=row.node, actor=row.actor, values=row.values)
            for row in rows
        ],
    )


@router.post("/holds", response={201: HeldOut}, summary="Hold a subject")
def staff_hold(request: HttpRequest, data: HoldIn) -> Status[HeldOut]:
    """Nothing of it goes on until the hold is lifted. The same reason again is the same hold."""
    made = hold_subject.place_hold(by=staff_of(request), now=clock.now(), **data.model_dump())
    return Status(201, HeldOut(id=made))


@router.post("/holds/{hold_id}/lift", response=Done, summary="Lift a hold")
def staff_lift_hold(request: HttpRequest, hold_id: Id) -> Done:
    """What waited goes on. A second call is refused (`hold_lifted`)."""
    hold_subject.lift_hold(by=staff_of(request), hold_id=hold_id, now=clock.now())
    return Done()


@router.post("/instances/{instance_id}/tell", response=Done, summary="Tell a flow")
def staff_tell_flow(request: HttpRequest, instance_id: Id, data: TellIn) -> Done:
    """What has happened, of the `messages` that the flow waits for now."""
    steer_flow.tell_flow(
        by=staff_of(request), instance_id=instance_id, name=data.name, now=clock.now()
    )
    return Done()


@router.post("/signals/{signal_id}/dismiss", response=Done, summary="Put a stray signal aside")
def staff_dismiss_signal(request: HttpRequest, signal_id: Id) -> Done:
    """Somebody has looked at it; nothing else happens."""
    steer_flow.dismiss_signal(by=staff_of(request), signal_id=signal_id, now=clock.now())
    return Done()


def _waiting(by: User, now: datetime) -> list[WaitOut]:
    return [
        WaitOut(
            flow_id=row.definition_id,
            flow=row.flow,
            node=row.node,
            title=row.title,
            what=row.what,
            count=row.number,
            median_s=row.median_s,
            p95_s=row.p95_s,
            oldest_s=row.oldest_s,
            usual_s=row.usual_s,
        )
        for row in watching.waiting(by=by, now=now)
    ]
