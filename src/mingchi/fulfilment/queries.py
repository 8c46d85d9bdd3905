"""What the work desk and the monitor read. A merchant's rows for a merchant's roles, always."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from mingchi.fulfilment.models import FlowInstance, Hold, Signal, StepLog, WorkItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where somebody works. `roles`: of each merchant. `everywhere`: of any merchant (staff of the
    platform). `repairs`: the merchants whose repairs are theirs, None for all."""

    roles: Mapping[int, frozenset[str]]
    everywhere: frozenset[str] = frozenset()
    repairs: frozenset[int] | None = frozenset()


def group_queue(places: Places) -> QuerySet[WorkItem]:
    """Open work that nobody has claimed, the overdue first, then by due time, then oldest."""
    return in_order(open_work(places).filter(assignee=""))


def my_queue(actor: str, places: Places) -> QuerySet[WorkItem]:
    """What this person has claimed and still may do, in the same order."""
    return in_order(open_work(places).filter(assignee=actor))


def overdue(places: Places, *, now: datetime) -> QuerySet[WorkItem]:
    """Open work past its due time, claimed or not."""
    return in_order(open_work(places).filter(due_at__lte=now))


def open_work(places: Places) -> QuerySet[WorkItem]:
    """All that somebody may do, claimed or not; `is_held` says what a hold keeps from being
    done."""
    mine = Q(role__in=places.everywhere, repair="")
    for merchant_id, roles in places.roles.items():
        mine |= Q(merchant=merchant_id, role__in=roles, repair="")
    repairs = ~Q(repair="")
    if places.repairs is not None:
        repairs &= Q(merchant__in=places.repairs)
    open_items = WorkItem.objects.filter(mine | repairs, status=WorkItem.Status.OPEN)
    held = Hold.objects.filter(
        Q(subject=OuterRef("subject")) | Q(subject=OuterRef("instance__family")),
        lifted_at__isnull=True,
    )
    return open_items.annotate(is_held=Exists(held))


def in_order(items: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
    """The overdue first, then by due time, then the oldest."""
    return items.order_by(F("due_at").asc(nulls_last=True), "id")


def subject_log(subject: str, *, merchant_id: int) -> QuerySet[StepLog]:
    """All that happened to a subject of this merchant and to what is part of it, oldest first."""
    return (
        StepLog.objects.filter(
            Q(instance__subject=subject) | Q(instance__family=subject),
            instance__merchant=merchant_id,
        )
        .select_related("instance")
        .order_by("at", "id")
    )


def left_signals(*, before: datetime) -> QuerySet[Signal]:
    """Signals nobody took: strays, and those that have been on their way since long ago, since
    nothing was ever started for them."""
    sent = Q(status=Signal.Status.SENT, sent_at__lte=before)
    return Signal.objects.filter(Q(status=Signal.Status.STRAY) | sent).order_by("id")


def not_started(*, before: datetime) -> QuerySet[FlowInstance]:
    """Subjects whose flow should have started by then, with the reason where one is known."""
    return FlowInstance.objects.filter(
        status=FlowInstance.Status.QUEUED, queued_at__lte=before
    ).order_by("queued_at")
