"""Where events come in: an immutable row and its place in the queue, no lock on the pool."""

import json
from hashlib import sha256
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.engine import events
from mingchi.foundation import context
from mingchi.foundation.errors import ConflictError
from mingchi.rebates.models import Event, Pending

# A redemption needs nothing of the events queued before it (its points are settled) and a person
# waits for it, so it overtakes a backlog. See docs/algorithms/settlement.md.
_LANES = {"redeem": 0}
_ORDINARY = 1

# One round trip: the event, and its place in the queue unless the key was there before.
_INSERT = """
WITH added AS (
    INSERT INTO rebates_event (programme_id, key, kind, payload, digest, request_id, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())
    ON CONFLICT (programme_id, key) DO NOTHING
    RETURNING id, programme_id)
INSERT INTO rebates_pending (event_id, programme_id, lane)
SELECT id, programme_id, %s FROM added
RETURNING event_id
"""


def record(*, programme_id: int, key: str, payload: dict[str, Any]) -> Event:
    """Accept an event of the replay format in the caller's transaction.

    The same key and payload again returns the event that stands; another payload raises
    `event_conflict` (409). An event that the engine could not read is a fault of the caller and
    raises `events.EventError` here rather than in the settler.
    """
    assert connection.in_atomic_block, "an event belongs to the transaction of its cause"
    assert payload["id"] == key
    events.parse(payload)
    text = canonical(payload)
    digest = sha256(text.encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                programme_id,
                key,
                payload["type"],
                text,
                digest,
                context.request_id(),
                _LANES.get(payload["type"], _ORDINARY),
            ],
        )
        created = cursor.fetchone() is not None
    event = Event.objects.get(programme_id=programme_id, key=key)
    if not created and bytes(event.digest) != digest:
        raise ConflictError(
            "event_conflict",
            _("This event was recorded before with other content."),
            details={"key": key},
        )
    return event


def canonical(payload: dict[str, Any]) -> str:
    """The one text of a payload, so that equal events have equal hashes."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def put_back(event: Event) -> None:
    """Queue an event again that had been set aside, once what stopped it is mended."""
    event.setaside.delete()
    Pending.objects.create(
        event=event, programme_id=event.programme_id, lane=_LANES.get(event.kind, _ORDINARY)
    )
