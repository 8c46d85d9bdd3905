"""Starting, telling and stopping instances. Called inside a use case's transaction, always."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.flows import FlowError, NotWaitingError
from mingchi.foundation.errors import ConflictError
from mingchi.fulfilment import calls, choosing, instances, subjects
from mingchi.fulfilment.backoff import MOST_TRIES, backoff
from mingchi.fulfilment.instances import SYSTEM, Locked
from mingchi.fulfilment.models import FlowInstance, Signal

Status = FlowInstance.Status
_ENQUEUE: Final = """
INSERT INTO fulfilment_flowinstance (merchant_id, kind, subject, family, queued_at, next_try_at,
    state, status, end_node, trouble, tries)
VALUES (%s, %s, %s, %s, %s, %s, '{}', 'queued', '', '', 0)
ON CONFLICT (kind, subject) DO NOTHING RETURNING id
"""
_ENQUEUE_ALL: Final = """
INSERT INTO fulfilment_flowinstance (merchant_id, kind, subject, family, queued_at, next_try_at,
    state, status, end_node, trouble, tries)
SELECT m, %(kind)s, s, s, %(now)s, %(now)s, '{}', 'queued', '', '', 0
FROM unnest(%(subjects)s::text[], %(merchants)s::bigint[]) AS new (s, m)
ON CONFLICT (kind, subject) DO NOTHING
"""
_STANDING: Final = "SELECT id FROM fulfilment_flowinstance WHERE kind = %s AND subject = %s"
_STARTED: Final = f"{_STANDING} AND status <> 'queued'"
_SEND: Final = """
INSERT INTO fulfilment_signal (merchant_id, kind, subject, name, dedupe_key, sent_at, status,
    closed_by)
VALUES (%s, %s, %s, %s, %s, %s, 'sent', '')
ON CONFLICT (kind, subject, dedupe_key) DO NOTHING
"""
NOT_STRAY = _("This signal is no stray.")


def enqueue(*, kind: str, subject: str, now: datetime) -> int:
    """Queue the start of a subject's flow; the worker starts it. Nothing here looks at a flow, so
    no flow can make the caller fail. A subject is started once: a second call changes nothing.
    Returns the instance's key."""
    assert connection.in_atomic_block
    answers = subjects.of(kind)
    row = (answers.merchant(subject), kind, subject, answers.family(subject), now, now)
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE, row)
        made = cursor.fetchone()
        if made is None:
            cursor.execute(_STANDING, [kind, subject])
            made = cursor.fetchone()
    assert made is not None
    return int(made[0])


def enqueue_all(*, kind: str, merchants: Mapping[str, int], now: datetime) -> None:
    """The same for subjects of whom nothing has to be asked, as they were just made: each with its
    merchant, and a family of its own."""
    assert connection.in_atomic_block
    values: dict[str, Any] = {
        "kind": kind,
        "now": now,
        "subjects": list(merchants),
        "merchants": list(merchants.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE_ALL, values)


def start(*, kind: str, subject: str, now: datetime) -> FlowInstance:
    """Start a subject's flow here and now. One that runs already is left alone; under a hold it
    stays queued, and the worker starts it once the hold is lifted."""
    instance = instances.lock(enqueue(kind=kind, subject=subject, now=now), now=now)
    begin(instance)
    instance.write()
    return instance.row


def begin(instance: Locked) -> None:
    """Start a queued instance under the best flow that can be started, the platform's at last."""
    row = instance.row
    if row.status != Status.QUEUED or instance.held:
        return
    trouble = ""
    for choice in choosing.choices(
        kind=row.kind, merchant_id=row.merchant_id, values=instance.values
    ):
        row.version_id, row.status = choice.version_id, Status.RUNNING
        row.started_at = instance.writing.now
        row.trouble = "; ".join(filter(None, (choice.trouble, trouble)))
        instance.forget_version()
        try:
            instance.begin()
        except FlowError as error:
            trouble = f"version {choice.version_id} could not be started: {error}"
            row.version_id, row.status, row.started_at = None, Status.QUEUED, None
        else:
            if row.trouble:
                instance.note("fell_back", {"reason": row.trouble})
            return
    postpone(instance, trouble)


def postpone(instance: Locked, trouble: str) -> None:
    """Not even the platform's flow starts: staff see why, and it is tried again, ever more
    rarely."""
    row, now = instance.row, instance.writing.now
    row.trouble, row.tries = trouble, min(row.tries + 1, MOST_TRIES)
    row.next_try_at = now + backoff(row.tries)
    row.save(update_fields=["trouble", "tries", "next_try_at"])


def send(*, kind: str, subject: str, name: str, dedupe_key: str, now: datetime) -> bool:
    """Put a signal on its way: one row, no lock. The worker brings it to the subject's flow.
    Returns whether it is new. Errors: `signal_conflict` 409 where the key was another signal's."""
    assert connection.in_atomic_block
    merchant_id = subjects.of(kind).merchant(subject)
    with connection.cursor() as cursor:
        cursor.execute(_SEND, [merchant_id, kind, subject, name, dedupe_key, now])
        if cursor.rowcount:
            return True
    standing = Signal.objects.get(kind=kind, subject=subject, dedupe_key=dedupe_key)
    if standing.name != name:
        raise ConflictError(
            "signal_conflict",
            _("This key was used for another signal."),
            details={"name": standing.name},
        )
    return False


def signal(*, kind: str, subject: str, name: str, dedupe_key: str, now: datetime) -> bool:
    """Tell a subject's flow something, once a key; returns whether it is new.

    What nothing waits for yet is kept; what nothing will wait for is a stray, which staff see.
    Under a hold, or before the start, it stays on its way. Errors: as `send`.
    """
    if not send(kind=kind, subject=subject, name=name, dedupe_key=dedupe_key, now=now):
        return False
    with connection.cursor() as cursor:
        cursor.execute(_STARTED, [kind, subject])
        found = cursor.fetchone()
    if found is not None:
        instance = instances.lock(found[0], now=now)
        instance.deliver()
        instance.write()
    return True


def give_up(instance: Locked, reason: str) -> None:
    """What is on its way can't be brought, for a reason nobody foresaw: a person sees it."""
    for one in instance.signals:
        if one.status == Signal.Status.SENT:
            instance.writing.mark(one, Signal.Status.DELIVERED)
            instance.stop(calls.signal(name=one.name), reason, actor=SYSTEM)


def cancel(instance: Locked, *, actor: str) -> None:
    """Withdraw all that waits and undo what was done, latest first. Errors: `on_hold` 409,
    `not_waiting` 409 where it has ended or is being cancelled."""
    instance.refuse_held()
    if instance.row.status == Status.QUEUED:
        raise not_waiting(_("It has not been started yet."))
    try:
        instance.advance(calls.cancel(), actor=actor)
    except NotWaitingError:
        raise not_waiting(_("It has ended, or is being cancelled already.")) from None


def close(instance: Locked, *, actor: str) -> None:
    """The subject has come to its end by its domain's own command: whatever waits is withdrawn and
    nothing is undone, also under a hold. Changes nothing where it has ended."""
    row = instance.row
    if row.status == Status.QUEUED:
        row.status, row.ended_at = Status.CANCELLED, instance.writing.now
        row.save(update_fields=["status", "ended_at"])
        instance.note("closed", {}, actor=actor)
    elif row.status == Status.RUNNING:
        instance.advance(calls.close(), actor=actor)


def not_waiting(message: Any) -> ConflictError:
    """409: somebody or something was faster."""
    return ConflictError("not_waiting", message)
