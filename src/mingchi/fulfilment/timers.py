"""Timers that are due. A hold stops them from firing, not the clock: what came due meanwhile fires
once the hold is lifted."""

from datetime import datetime
from typing import Final, NamedTuple

import structlog
from django.db import connection
from django.db.models import QuerySet

from mingchi.flows import NotWaitingError
from mingchi.fulfilment import calls, instances
from mingchi.fulfilment.instances import SYSTEM, Locked
from mingchi.fulfilment.models import Timer

log = structlog.get_logger(__name__)

NOT_HELD: Final = """NOT EXISTS (
    SELECT 1 FROM fulfilment_hold h
    WHERE h.lifted_at IS NULL AND h.subject IN (i.subject, i.family))"""

# Whoever else works on an instance now is not waited for: its timers are still due next time.
_DUE: Final = f"""
SELECT t.id, t.instance_id, t.token, t.node
FROM fulfilment_timer t JOIN fulfilment_flowinstance i ON i.id = t.instance_id
WHERE t.due_at <= %s AND i.status = 'running' AND {NOT_HELD}
ORDER BY t.due_at, t.id LIMIT %s
FOR NO KEY UPDATE OF i SKIP LOCKED
"""  # noqa: S608 - a constant of ours


_FIRST: Final = f"""
SELECT t.instance_id FROM fulfilment_timer t JOIN fulfilment_flowinstance i ON i.id = t.instance_id
WHERE t.due_at <= %s AND i.status = 'running' AND {NOT_HELD}
ORDER BY t.due_at, t.id LIMIT 1
"""  # noqa: S608 - a constant of ours


class Due(NamedTuple):
    """A timer to be fired."""

    id: int
    instance_id: int
    token: int
    node: str


def tick(*, now: datetime, limit: int) -> list[Due]:
    """Fire up to `limit` timers that are due, the oldest first; returns them."""
    assert connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, limit])
        due = [Due._make(row) for row in cursor.fetchall()]
    if not due:
        return []
    locked = {one.row.pk: one for one in instances.lock_all({x.instance_id for x in due}, now=now)}
    fired = []
    for timer in due:
        instance = locked[timer.instance_id]
        if instance.held:
            continue
        fired.append(timer)
        _fire(instance, timer)
    Timer.objects.filter(pk__in=[timer.id for timer in fired]).delete()
    next(iter(locked.values())).write()
    return fired


def due_of(instance_id: int, *, now: datetime) -> QuerySet[Timer]:
    """The timers of one instance that are due, the oldest first, held or not."""
    return Timer.objects.filter(instance=instance_id, due_at__lte=now).order_by("due_at", "id")


def fire_of(instance: Locked) -> int:
    """Fire what is due of one instance; returns how many. The caller writes it."""
    found = [] if instance.held else list(due_of(instance.row.pk, now=instance.writing.now))
    for timer in found:
        _fire(instance, timer)
    Timer.objects.filter(pk__in=[timer.pk for timer in found]).delete()
    return len(found)


def _fire(instance: Locked, timer: Due | Timer) -> None:
    try:
        instance.advance(calls.fire(token=timer.token, node=timer.node), actor=SYSTEM)
    except NotWaitingError:
        log.info("timer_overtaken", instance=instance.row.pk, node=timer.node)


def hasten(instance: Locked) -> None:
    """What the instance waits for until a time (no deadline of something else) is due now."""
    for timer in Timer.objects.filter(instance=instance.row):
        if instance.state.tokens[timer.token].node == timer.node:
            Timer.objects.filter(pk=timer.pk).update(due_at=instance.writing.now)


def first_due(*, now: datetime) -> int | None:
    """The instance whose timer is due first, without locking it."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [now])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def give_up(instance: Locked, reason: str) -> None:
    """The first timer that is due of this instance can't be fired, for a reason nobody foresaw: a
    person sees it, it fires no more. The caller writes the instance."""
    timer = due_of(instance.row.pk, now=instance.writing.now).first()
    if timer is not None:
        timer.delete()
        call = calls.fire(token=timer.token, node=timer.node)
        instance.stop(call, reason, actor=SYSTEM)
