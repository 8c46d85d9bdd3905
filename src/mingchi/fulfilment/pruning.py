"""What is forgotten of flows that ended long ago: what only served to move them. The log, votes,
work items, holds and the instances themselves stay; they are what happened."""

from datetime import datetime
from typing import Final

from django.db import connection

# So many rows a statement, each with a commit of its own: nobody waits for the night.
AT_ONCE: Final = 10_000

# Jobs of an instance with an open repair stay: somebody may still try one again.
_JOBS: Final = """
SELECT j.id FROM fulfilment_stepjob j JOIN fulfilment_flowinstance i ON i.id = j.instance_id
WHERE i.status IN ('ended', 'cancelled') AND i.ended_at < %(before)s AND j.finished_at < %(before)s
  AND j.status NOT IN ('queued', 'withdrawn') AND NOT EXISTS (
      SELECT FROM fulfilment_workitem w WHERE w.instance_id = i.id AND w.status = 'open')
LIMIT %(limit)s
"""
# A key is remembered as long as its subject moves, so that a signal is told once.
_SIGNALS: Final = """
SELECT s.id FROM fulfilment_signal s
JOIN fulfilment_flowinstance i ON i.kind = s.kind AND i.subject = s.subject
WHERE s.status IN ('delivered', 'dismissed') AND s.closed_at < %(before)s
  AND i.status IN ('ended', 'cancelled') AND i.ended_at < %(before)s
LIMIT %(limit)s
"""
_SUBSCRIPTIONS: Final = """
SELECT s.id FROM fulfilment_subscription s JOIN fulfilment_flowinstance i ON i.id = s.instance_id
WHERE i.status IN ('ended', 'cancelled') AND i.ended_at < %(before)s
LIMIT %(limit)s
"""
_FORGOTTEN: Final = (
    ("fulfilment_stepjob", _JOBS),
    ("fulfilment_signal", _SIGNALS),
    ("fulfilment_subscription", _SUBSCRIPTIONS),
)


def prune(*, before: datetime) -> int:
    """Forget finished jobs, signals that arrived or were put aside, and subscriptions of instances
    that ended before this moment. Returns how many rows went."""
    return sum(_all_of(table, found, before) for table, found in _FORGOTTEN)


def _all_of(table: str, found: str, before: datetime) -> int:
    gone = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table} WHERE id IN ({found})",  # noqa: S608 - constants of ours
                {"before": before, "limit": AT_ONCE},
            )
            now = int(cursor.rowcount)
        gone += now
        if now < AT_ONCE:
            return gone
