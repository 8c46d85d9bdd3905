"""What became of an event: its answer, or that it is still on its way."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from mingchi.ledger.keys import SPAN
from mingchi.rebates import records

_LOOK = """
SELECT v.id, e.id, e.record, s.error, v.key
FROM unnest(%s::bigint[]) AS asked (event_id)
JOIN rebates_event v ON v.id = asked.event_id
LEFT JOIN ledger_entry e ON e.event_id = asked.event_id
LEFT JOIN rebates_setaside s ON s.event_id = asked.event_id
"""
# A redemption waits for a batch of a few hundred milliseconds at most; asking more often than
# this would only take time from the settler.
_ASK_EVERY_S = 0.015


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An event's end: `settled`, `refused` (with the engine's reason) or `set_aside`."""

    status: str
    number: int | None
    answer: dict[str, Any]
    error: str | None


def result(event_id: int) -> Result | None:
    """The result, or None while the event waits."""
    return results([event_id]).get(event_id)


def results(event_ids: Sequence[int]) -> dict[int, Result]:
    """The results of events by their keys; those that wait are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [list(event_ids)])
        rows = cursor.fetchall()
    found = {event_id: _result(*row) for event_id, *row in rows}
    return {event_id: one for event_id, one in found.items() if one is not None}


def _result(entry_id: int | None, record: str | None, error: str | None, key: str) -> Result | None:
    if entry_id is None or record is None:
        if error is None:
            return None
        return Result(status="set_aside", number=None, answer={}, error=error)
    answer = records.public_answer(key, record)
    refusal = answer.get("error")
    return Result(
        status="refused" if refusal else "settled",
        number=entry_id % SPAN,
        answer=answer,
        error=refusal,
    )


def wait(event_id: int, *, timeout_s: float = 2.0) -> Result | None:
    """The result, waiting for it at most `timeout_s`; never inside a transaction, which would
    wait for what it does not let others see."""
    assert not connection.in_atomic_block
    until = time.monotonic() + timeout_s
    while (found := result(event_id)) is None and time.monotonic() < until:
        time.sleep(_ASK_EVERY_S)
    return found
