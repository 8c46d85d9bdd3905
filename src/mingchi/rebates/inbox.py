"""Where events come in: an immutable row and its place in the queue, no lock on the pool."""

import json
from hashlib import sha256
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.engine import events
from mingchi.foundation import context
from mingchi.foundation.errors import ConflictError
from mingchi.rebates import ids
from mingchi.rebates.models import Event, Pending

# A redemption needs nothing of the events queued before it (its points are settled) and a person
# waits for it, so it overtakes a backlog. See docs/algorithms/settlement.md.
_LANES = {"redeem": 0}
_ORDINARY = 1

# One round trip: the event, and its place in the queue unless the key was there before.
INSERT: Final = """
WITH added AS (
    INSERT INTO rebates_event (programme_id, key, kind, payload, digest, request_id, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())
    ON CONFLICT (programme_id, key) DO NOTHING
    RETURNING id, programme_id, created_at)
INSERT INTO rebates_pending (event_id, programme_id, lane)
SELECT id, programme_id, %s FROM added
RETURNING event_id, (SELECT created_at FROM added)
"""


def record(*, programme_id: int, key: str, payload: dict[str, Any]) -> Event:
    """Accept an event of the replay format in the caller's transaction.

    The same key and payload again returns the event that stands; another payload raises
    `event_conflict` (409). An event that the engine could not read, or that names somebody
    otherwise than by a key of ours (see `ids`), is a fault of the caller and raises
    `events.EventError` here rather than in the settler.
    """
    assert connection.in_atomic_block, "an event belongs to the transaction of its cause"
    assert payload["id"] == key
    row = columns(programme_id, payload)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, row)
        added = cursor.fetchone()
    if added is None:
        return _standing(row)
    names = ("programme_id", "key", "kind", "payload", "digest", "request_id")
    values = dict(zip(names, row[:-1], strict=True))
    return Event(id=added[0], created_at=added[1], **values)


def columns(programme_id: int, payload: dict[str, Any]) -> tuple[Any, ...]:
    """What INSERT takes for an event; raises `events.EventError` for what is none."""
    _refuse_unknown_names(events.parse(payload), payload["type"])
    text = canonical(payload)
    try:
        digest = sha256(text.encode()).digest()
    except UnicodeEncodeError:
        raise events.EventError("", "holds half a character, which is no text") from None
    kind = payload["type"]
    lane = _LANES.get(kind, _ORDINARY)
    return programme_id, payload["id"], kind, text, digest, context.request_id(), lane


def _standing(row: tuple[Any, ...]) -> Event:
    """The event of that key that stands; a conflict where it says something else."""
    programme_id, key, _kind, _text, digest, *_rest = row
    event = Event.objects.get(programme_id=programme_id, key=key)
    if bytes(event.digest) != digest:
        raise ConflictError(
            "event_conflict",
            _("This event was recorded before with other content."),
            details={"key": key},
        )
    return event


def _refuse_unknown_names(event: events.Event, kind: str) -> None:
    """The settler makes account numbers and rows of COPY from these ids as they stand."""
    if not ids.is_key(kind, event.id):
        raise events.EventError("id", f"must be a key of ours like {ids.key(kind, 1)}")
    named = {"member": "member", "sponsor": "member", "order": "order"}
    for field, other in named.items():
        name = getattr(event, field, None)
        if name is not None and not ids.is_key(other, name):
            raise events.EventError(field, f"must be a key of ours like {ids.key(other, 1)}")
    for place, line in enumerate(getattr(event, "lines", ())):
        if not ids.is_number(line.merchant):
            raise events.EventError(
                f"lines[{place}].merchant", "must be the number of a merchant of ours"
            )


def canonical(payload: dict[str, Any]) -> str:
    """The one text of a payload, so that equal events have equal hashes."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def put_back(event: Event) -> None:
    """Queue an event again that had been set aside, once what stopped it is mended."""
    event.setaside.delete()
    Pending.objects.create(
        event=event, programme_id=event.programme_id, lane=_LANES.get(event.kind, _ORDINARY)
    )
