"""What happened: events, events set aside, the audit log."""

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Schema

from mingchi.api.fields import Before, Done, Id, Input, Limit, Page, Reason
from mingchi.api.keyed import keyed
from mingchi.api.paging import page
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation.models import AuditRecord
from mingchi.rebates import queries
from mingchi.rebates.models import Event, SetAside
from mingchi.usecases import put_back_event as use_put_back

router = GuardedRouter(tags=["staff: what happened"])


class EventOut(Schema):
    id: int
    key: str
    kind: str
    payload: dict[str, Any]
    request_id: str = Field(description="the request that caused it")
    created_at: datetime


class SetAsideOut(Schema):
    event_id: int
    key: str
    error: str
    depends_on: str
    at: datetime


class PutBackIn(Input):
    reason: Reason


class AuditOut(Schema):
    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    request_id: str


@router.get("/events", response=Page[EventOut], summary="Events")
def staff_list_events(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[EventOut]:
    """As they came in, newest first, settled or not."""
    rows = Event.objects.filter(programme=queries.programme())
    return page(rows, _event, limit=limit, before=before)


@router.get("/set-aside", response=Page[SetAsideOut], summary="Events set aside")
def staff_list_set_aside(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[SetAsideOut]:
    """What the engine could not take, with its error."""
    rows = SetAside.objects.filter(programme_id=queries.programme().pk).select_related("event")
    return page(rows, _set_aside, limit=limit, before=before)


@router.post("/set-aside/{event_id}/put-back", response=Done, summary="Try it again")
def staff_put_back_event(request: HttpRequest, event_id: Id, data: PutBackIn) -> Done:
    """Queue an event again, as it came, once what was at fault is repaired."""

    def run() -> dict[str, bool]:
        use_put_back.put_back_event(by=staff_of(request), event_id=event_id, reason=data.reason)
        return {"done": True}

    return Done(**keyed(request, run))


@router.get("/audit", response=Page[AuditOut], summary="Audit log")
def staff_list_audit(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[AuditOut]:
    """What staff did, newest first."""
    return page(AuditRecord.objects.all(), AuditOut.from_orm, limit=limit, before=before)


def _event(event: Event) -> EventOut:
    return EventOut(
        id=event.pk,
        key=event.key,
        kind=event.kind,
        payload=json.loads(event.payload),
        request_id=event.request_id,
        created_at=event.created_at,
    )


def _set_aside(found: SetAside) -> SetAsideOut:
    return SetAsideOut(
        event_id=found.event_id,
        key=found.event.key,
        error=found.error,
        depends_on=found.depends_on,
        at=found.at,
    )
