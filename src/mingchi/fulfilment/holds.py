"""Holds: orthogonal to the flow, they stop every step of a subject and of what is part of it.

What a person completes is refused; jobs, timers and signals wait. What had already begun outside
when the hold came is written down, and the flow stands before its next step. The clock runs on.
"""

from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.fulfilment import instances
from mingchi.fulfilment.models import FlowInstance, Hold


def place(*, merchant_id: int, subject: str, reason: str, actor: str, now: datetime) -> Hold:
    """Hold a subject, started or not. The same reason again is the hold that stands."""
    running = _instances(subject, now)
    hold, made = Hold.objects.get_or_create(
        subject=subject,
        reason=reason,
        lifted_at=None,
        defaults={"merchant_id": merchant_id, "placed_by": actor, "placed_at": now},
    )
    if made:
        _note(running, "held", hold, actor)
    return hold


def find(hold_id: int) -> Hold:
    """A hold; `not_found` 404."""
    hold = Hold.objects.filter(pk=hold_id).first()
    if hold is None:
        raise NotFoundError()
    return hold


def lift(hold: Hold, *, actor: str, now: datetime) -> None:
    """What waited goes on by the worker, if nothing else holds it. Errors: `hold_lifted` 409."""
    running = _instances(hold.subject, now)
    lifted = Hold.objects.filter(pk=hold.pk, lifted_at__isnull=True).update(
        lifted_by=actor, lifted_at=now
    )
    if not lifted:
        raise ConflictError("hold_lifted", _("This hold was lifted before."))
    _note(running, "lifted", hold, actor)


def not_held(found: QuerySet[FlowInstance]) -> QuerySet[FlowInstance]:
    """Those that nothing holds."""
    holds = Hold.objects.filter(
        Q(subject=OuterRef("subject")) | Q(subject=OuterRef("family")), lifted_at__isnull=True
    )
    return found.exclude(Exists(holds))


def _instances(subject: str, now: datetime) -> list[instances.Locked]:
    """Every instance that the subject's hold stops: whoever moves one holds its row, so that
    nothing is under way when the hold stands."""
    assert connection.in_atomic_block
    found = FlowInstance.objects.filter(Q(subject=subject) | Q(family=subject))
    return instances.lock_all(found.values_list("pk", flat=True), now=now)


def _note(running: list[instances.Locked], event: str, hold: Hold, actor: str) -> None:
    for instance in running:
        instance.note(event, {"reason": hold.reason}, actor=actor)
    if running:
        running[0].write()
