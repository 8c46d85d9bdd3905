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
from mingchi.ledger.arrays import array_text
from mingchi.rebates.models import Pending, SetAside

_TAKE = """
SELECT e.id, e.key, e.payload, e.digest
FROM rebates_pending p JOIN rebates_event e ON e.id = p.event_id
WHERE p.programme_id = %s AND p.event_id <> ALL (%s::bigint[])
ORDER BY p.lane, p.event_id LIMIT %s
"""
_SHELF = """
SELECT e.key FROM rebates_setaside s JOIN rebates_event e ON e.id = s.event_id
WHERE s.programme_id = %s
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


class Dependant(NamedTuple):
    """An event that speaks of one that was set aside."""

    id: int
    cause: str


def take(programme_id: int, *, limit: int, beyond: Sequence[Taken] = ()) -> list[Taken]:
    """The next events in the order in which they will be numbered: that of their ids.

    Leaves out those of `beyond`, which are on their way. A close comes alone, since the engine
    needs every member for it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [programme_id, array_text(row.id for row in beyond), limit])
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


def without_dependants(
    programme_id: int, taken: Sequence[Taken], parsed: Sequence[events.Event]
) -> tuple[list[tuple[Taken, events.Event]], list[Dependant]]:
    """The events to be settled; and those to be set aside, since they speak of one that was."""
    with connection.cursor() as cursor:
        cursor.execute(_SHELF, [programme_id])
        shelf = {key for (key,) in cursor.fetchall()}
    kept = list(zip(taken, parsed, strict=True))
    if not shelf:
        return kept, []
    dependants = []
    for row, event in kept:
        cause = next((key for key in references(event) if key in shelf), None)
        if cause is not None:
            shelf.add(row.key)
            dependants.append(Dependant(row.id, cause))
    gone = {dependant.id for dependant in dependants}
    return [(row, event) for row, event in kept if row.id not in gone], dependants


def set_aside(programme_id: int, event_id: int, *, error: str, depends_on: str = "") -> None:
    """Move an event from the queue to the shelf that staff look at."""
    Pending.objects.filter(event_id=event_id).delete()
    SetAside.objects.create(
        event_id=event_id, programme_id=programme_id, error=error, depends_on=depends_on
    )
