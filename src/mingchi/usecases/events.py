"""Events of the programme, as use cases record them."""

from collections.abc import Sequence
from typing import Any

from mingchi.rebates import ids, inbox, queries
from mingchi.rebates.models import Event


def record(kind: str, primary_key: int, **fields: Any) -> Event:
    """Record the public event of a database row in the caller's transaction.

    `kind` is the event's type; ids in `fields` are keys of events (`m7`).
    """
    key = ids.key(kind, primary_key)
    return inbox.record(
        programme_id=queries.programme().pk,
        key=key,
        payload={"type": kind, "id": key, **fields},
    )


def member_key(member_id: int | None) -> str | None:
    """A member's id in events."""
    return None if member_id is None else ids.key("member", member_id)


def find(kind: str, primary_key: int) -> Event | None:
    """The event of a database row, None where none was recorded."""
    return Event.objects.filter(
        programme_id=queries.programme().pk, key=ids.key(kind, primary_key)
    ).first()


def find_all(kind: str, primary_keys: Sequence[int]) -> dict[int, Event]:
    """The events of database rows by the rows' keys; a row that recorded none is left out."""
    found = Event.objects.filter(
        programme_id=queries.programme().pk, key__in=[ids.key(kind, pk) for pk in primary_keys]
    )
    return {ids.primary_key(event.key): event for event in found}
