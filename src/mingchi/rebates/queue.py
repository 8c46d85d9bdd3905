"""Events that wait for the settler, and those it had to set aside."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from mingchi.engine import events
from mingchi.engine.events import (
    AgentEvent,
    MemberEvent,
    OrderEvent,
    RankEvent,
    RedeemEvent,
    RefundEvent,
    ShareholderEvent,
    SponsorEvent,
)
from mingchi.ledger.sealing import array_text
from mingchi.rebates.models import Pending, SetAside

_TAKE = """
SELECT e.id, e.key, e.payload, e.digest
FROM rebates_pending p JOIN rebates_event e ON e.id = p.event_id
WHERE p.programme_id = %s
ORDER BY p.lane, p.event_id LIMIT %s
"""


class Taken(NamedTuple):
    """An event in the settler's hands."""

    id: int
    key: str
    payload: str
    digest: bytes


class PoisonError(Exception):
    """An event that cannot be taken. The batch is undone; the event is to be set aside."""

    def __init__(self, event_id: int, error: str) -> None:
        self.event_id = event_id
        self.error = error
        super().__init__(error)


def take(programme_id: int, *, limit: int) -> list[Taken]:
    """The next events in the order in which they will be numbered: that of their ids.

    A close comes alone, since the engine needs every member for it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [programme_id, limit])
        rows = sorted(map(Taken._make, cursor.fetchall()))
    for place, row in enumerate(rows):
        if row.key.startswith("c"):
            return rows[: max(place, 1)]
    return rows


def drop(taken: Sequence[Taken]) -> None:
    """Take the events out of the queue, in the batch's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM rebates_pending WHERE event_id = ANY(%s::bigint[])",
            [array_text(row.id for row in taken)],
        )


def parse(taken: Sequence[Taken]) -> list[events.Event]:
    """The events as the engine reads them. Raises PoisonError for one that it cannot read."""
    try:
        # One call for all: reading thousands of small texts one by one takes twice as long.
        objects = json.loads("[" + ",".join([row.payload for row in taken]) + "]")
        return [events.parse(data) for data in objects]
    except (ValueError, RecursionError):
        return [_parse_alone(row) for row in taken]


def _parse_alone(row: Taken) -> events.Event:
    try:
        return events.parse(json.loads(row.payload))
    except (ValueError, RecursionError) as error:
        raise PoisonError(row.id, f"not readable: {error}") from error


def references(event: events.Event) -> tuple[str, ...]:
    """The keys of earlier events that this one speaks of."""
    match event:
        case MemberEvent(sponsor=sponsor):
            return (sponsor,) if sponsor else ()
        case SponsorEvent(member=member, sponsor=sponsor):
            return (member, sponsor) if sponsor else (member,)
        case RefundEvent(order=order):
            return (order,)
        case OrderEvent() | RedeemEvent() | RankEvent() | AgentEvent() | ShareholderEvent():
            return (event.member,)
        case _:
            return ()


def keys_set_aside(programme_id: int) -> frozenset[str]:
    """The keys of events that were set aside; what speaks of them is set aside too."""
    found = SetAside.objects.filter(programme_id=programme_id)
    return frozenset(found.values_list("event__key", flat=True))


def set_aside(programme_id: int, event_id: int, *, error: str, depends_on: str = "") -> None:
    """Move an event from the queue to the shelf that staff look at."""
    Pending.objects.filter(event_id=event_id).delete()
    SetAside.objects.create(
        event_id=event_id, programme_id=programme_id, error=error, depends_on=depends_on
    )
