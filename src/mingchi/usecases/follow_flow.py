"""The flow of one order or case, for the use cases through which people move it.

A door first brings the flow forward, so that it stands where it would stand anyway a moment later.
In its own transaction, with the order's row held, it does what the flow waits for, or tells it what
has happened. So an order moves in one way, whoever moves it.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.fulfilment import instances, jobs, services, timers, work
from mingchi.fulfilment.holds import not_held
from mingchi.fulfilment.instances import Locked
from mingchi.fulfilment.models import (
    FlowInstance,
    Kind,
    Signal,
    StepJob,
    Subscription,
    Timer,
    WorkItem,
)
from mingchi.fulfilment.work import Actor
from mingchi.orders import shipments
from mingchi.orders.models import Order
from mingchi.orders.subjects import CASE, ORDER
from mingchi.usecases import run_flows

# What flows are told by whoever moves an order or a case.
PAID: Final = "paid"
CANCEL: Final = "cancel"
WITHDRAWN: Final = "withdrawn"
SUPPLIED: Final = "supplied"
APPEALED: Final = "appealed"
PARCELS_CLOSED: Final = "parcels_closed"

Place = tuple[int, str]  # instance and node
_TURNS: Final = 40
_TURN_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What runs for a subject."""

    kind: str
    subject: str

    @property
    def instances(self) -> QuerySet[FlowInstance]:
        """One at most."""
        return FlowInstance.objects.filter(kind=self.kind, subject=self.subject)

    @property
    def instance_id(self) -> int | None:
        return self.instances.values_list("pk", flat=True).first()


class _Round(NamedTuple):
    """How much was done, and whether somebody else has a step in hand."""

    done: int
    is_busy: bool


def order_flow(order_id: int) -> Flow:
    """The flow that an order moves on."""
    return Flow(kind=Kind.ORDER.value, subject=f"{ORDER}:{order_id}")


def case_flow(case_id: int) -> Flow:
    """The flow that an after-sales case moves on."""
    return Flow(kind=Kind.RETURN.value, subject=f"{CASE}:{case_id}")


def bring_forward(flow: Flow, *, now: datetime) -> None:
    """Do at once what the worker would do next for this flow and those of its parcels: starts,
    signals, timers that are due, steps. What the worker is just at is waited for, two seconds at
    most. Called outside of transactions, since steps may call a gateway."""
    turns = 0
    while turns < _TURNS:
        rounds = [_brought(one, now) for one in (flow, *_parts(flow))]
        if any(each.done for each in rounds):
            continue
        if not any(each.is_busy for each in rounds):
            return
        turns += 1
        time.sleep(_TURN_S)


def carry_on(flow: Flow, *, now: datetime) -> None:
    """In the caller's transaction: timers that are due and steps on our own data, until the flow
    waits for something else. What a step refuses is raised, and nothing has happened."""
    assert connection.in_atomic_block
    instance_id = flow.instance_id
    if instance_id is not None:
        _carry_on(instance_id, now)


def hasten(flow: Flow, *, now: datetime) -> None:
    """What the flow waits for until a time is due now; `carry_on` goes on from there."""
    instance_id = flow.instance_id
    if instance_id is not None:
        timers.hasten(instances.lock(instance_id, now=now))


def do_steps(flow: Flow, steps: Collection[str], *, actor: Actor, now: datetime) -> None:
    """Do the work items of these steps, one after the other as the flow opens them, each node once.

    Stops where something else is waited for. Errors: those of `work.complete` and of the steps.
    """
    seen: set[Place] = set()
    while (item := _open_item(flow, steps, seen)) is not None:
        seen.add((item.instance_id, item.node))
        complete(item, actor=actor, now=now)
        _carry_on(item.instance_id, now)


def complete(item: WorkItem, *, actor: Actor, now: datetime, outcome: str = "") -> None:
    """Do one work item, with its first outcome where none is named. Errors: those of
    `work.complete`."""
    instance = instances.lock(item.instance_id, now=now, also=(WorkItem, item.pk))
    work.complete(instance, item.pk, outcome=outcome, actor=actor)
    instance.write()


def open_items(flow: Flow) -> list[WorkItem]:
    """What people are to do for it and its parcels, and what stands to be repaired; the oldest
    first."""
    its = Q(instance__in=flow.instances) | Q(instance__in=_parcels(flow))
    items = WorkItem.objects.filter(its, status=WorkItem.Status.OPEN)
    return list(items.order_by("id"))


def waits_for(flow: Flow, name: str) -> bool:
    """Whether it runs and waits for this signal, or is still to be started."""
    queued = flow.instances.filter(status=FlowInstance.Status.QUEUED)
    return queued.exists() or _subscriptions(flow, name).exists()


def waits_until(flow: Flow, name: str) -> datetime | None:
    """Until when it waits for this signal; None where it does not, or sets no time."""
    waiting = _subscriptions(flow, name).values("token")
    found = Timer.objects.filter(instance__in=flow.instances, token__in=waiting)
    return found.order_by("due_at").values_list("due_at", flat=True).first()


def deadlines(kind: str, subjects: Collection[str]) -> dict[str, datetime]:
    """Until when each of these waits for whoever is next, by subject; those that set no time are
    left out."""
    of_these = Timer.objects.filter(instance__kind=kind, instance__subject__in=subjects)
    rows = of_these.values_list("instance__subject").annotate(first=Min("due_at")).order_by()
    return dict(rows)


def _subscriptions(flow: Flow, name: str) -> QuerySet[Subscription]:
    return Subscription.objects.filter(instance__in=flow.instances, signal=name)


def tell(flow: Flow, name: str, *, key: str, now: datetime) -> bool:
    """Tell the flow at once what it waits to be told; False, and nothing is sent, where it does not
    wait for it now. Errors: `on_hold` 409."""
    instance = _locked(flow, now)
    if instance is None or not instance.listens(name):
        return False
    instance.refuse_held(to_buyer=True)
    return services.signal(kind=flow.kind, subject=flow.subject, name=name, dedupe_key=key, now=now)


def is_over(flow: Flow, *, told: str, actor: str, now: datetime) -> None:
    """The subject has come to its end by its domain's own command: a flow that waits to be told so
    goes its way, any other is closed with those of its parcels, since nothing is left to do."""
    instance = _locked(flow, now)
    if instance is None:
        return
    if instance.listens(told) and not instance.held:
        key = f"{told}:{now.isoformat()}"
        services.signal(kind=flow.kind, subject=flow.subject, name=told, dedupe_key=key, now=now)
        return
    services.close(instance, actor=actor)
    instance.write()
    close_parcels(flow, actor=actor, now=now)


def close_parcels(flow: Flow, *, actor: str, now: datetime) -> None:
    """Nothing of an order's parcels goes on by itself any more."""
    keys = _parcels(flow).filter(ended_at=None).values_list("pk", flat=True)
    for instance in instances.lock_all(keys, now=now):
        services.close(instance, actor=actor)
        instance.write()


def end_if_refunded(order: Order, *, actor: str, now: datetime) -> None:
    """Nothing is left of an order that was refunded in full by hand or by cases. What is on its
    way is not called back, so nobody's second thoughts are played through then."""
    if Order.objects.filter(pk=order.pk, state=Order.State.REFUNDED).exists():
        told = "" if shipments.under_way(order) else CANCEL
        is_over(order_flow(order.pk), told=told, actor=actor, now=now)


def waits(flow: Flow) -> ConflictError:
    """409 for staff: the flow waits for something else, and for whom."""
    waiting = [{"title": item.title, "role": item.role} for item in open_items(flow)]
    return ConflictError(
        "flow_waits",
        _("The flow of this order waits for something else: %(what)s")
        % {"what": ", ".join(each["title"] for each in waiting) or _("a time or a message")},
        details={"waiting": waiting},
    )


def _parts(flow: Flow) -> list[Flow]:
    """The flows of an order's parcels that have not ended."""
    found = _parcels(flow).filter(ended_at=None).order_by("id")
    return [Flow(kind=one.kind, subject=one.subject) for one in found]


def _parcels(flow: Flow) -> QuerySet[FlowInstance]:
    return FlowInstance.objects.filter(kind=Kind.FULFILMENT, family=flow.subject)


def _brought(flow: Flow, now: datetime) -> _Round:
    """One round; nothing under a hold."""
    signals = Signal.objects.filter(kind=flow.kind, subject=flow.subject)
    due = Timer.objects.filter(instance=OuterRef("pk"), due_at__lte=now)
    row = (
        not_held(flow.instances.filter(ended_at=None))
        .annotate(is_told=Exists(signals.filter(status=Signal.Status.SENT)), is_due=Exists(due))
        .values_list("pk", "status", "next_try_at", "is_told", "is_due")
        .first()
    )
    if row is None:
        return _Round(0, False)
    instance_id, status, next_try_at, is_told, is_due = row
    keys = [instance_id]
    done = 0
    if status == FlowInstance.Status.QUEUED and (next_try_at or now) <= now:
        done += run_flows.start(keys, now=now)
    if is_told:
        run_flows.deliver(keys, now=now)
    if is_due or is_told or done:  # either may have set a time that is over
        run_flows.fire(keys, now=now)
    ready = jobs.ready_of(instance_id, now=now)
    ran = sum([run_flows.run_job(job, now=now) for job in ready])
    return _Round(done + ran, ran < len(ready))


def _open_item(flow: Flow, steps: Collection[str], seen: Collection[Place]) -> WorkItem | None:
    for item in open_items(flow):
        place = (item.instance_id, item.node)
        if item.step in steps and place not in seen and not item.repair:
            return item
    return None


def _locked(flow: Flow, now: datetime) -> Locked | None:
    instance_id = flow.instance_id
    return None if instance_id is None else instances.lock(instance_id, now=now)


def _carry_on(instance_id: int, now: datetime) -> None:
    while run_flows.fire_in(instance_id, now) or _ran(instance_id, now):
        pass


def _ran(instance_id: int, now: datetime) -> bool:
    """Run the next step on our own data. The instance is held, so nobody else can be at it."""
    for job in jobs.ready_of(instance_id, now=now):
        if not jobs.reaches_outside(job):
            instance = instances.lock(instance_id, now=now, also=(StepJob, job.id))
            ran = jobs.run_own(instance, job.id)
            instance.write()
            return ran
    return False
