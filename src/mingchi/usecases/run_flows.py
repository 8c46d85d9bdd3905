"""What moves flows when no person does: starts, signals, timers, jobs. The worker's loop calls
these again and again; each does up to `limit` and returns how many it did."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog
from django.db import OperationalError, transaction
from django.db.models import Q

from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import instances, jobs, services, subjects, timers
from mingchi.fulfilment.holds import not_held
from mingchi.fulfilment.instances import Locked
from mingchi.fulfilment.jobs import Ready
from mingchi.fulfilment.models import FlowInstance, Signal, StepJob, Timer

BATCH: Final = 100
log = structlog.get_logger(__name__)


def start_queued_flows(*, now: datetime, limit: int = BATCH) -> int:
    """Start the flows that were queued. Called by the flow loop."""
    queued = not_held(FlowInstance.objects.filter(status=FlowInstance.Status.QUEUED))
    due = queued.filter(next_try_at__lte=now).order_by("next_try_at", "id")
    keys = list(due.values_list("pk", flat=True)[:limit])
    return start(keys, now=now)


def deliver_signals(*, now: datetime, limit: int = BATCH) -> int:
    """Bring signals to the flows of their subjects. Called by the flow loop."""
    sent = Signal.objects.filter(status=Signal.Status.SENT).order_by("id")
    places = list(sent.values_list("kind", "subject")[: limit * 10])
    if not places:
        return 0
    named = Q(subject__in={subject for _kind, subject in places})
    started = not_held(FlowInstance.objects.filter(named)).exclude(
        status=FlowInstance.Status.QUEUED
    )
    rows = started.values_list("pk", "kind", "subject")
    found = {(kind, subject): pk for pk, kind, subject in rows}
    keys = dict.fromkeys(found[place] for place in places if place in found)
    return deliver(list(keys)[:limit], now=now)


def start(instance_ids: Sequence[int], *, now: datetime) -> int:
    """Start these instances, each in a transaction of its own; returns how many were tried."""
    return _each(instance_ids, _start, services.postpone, now)


def deliver(instance_ids: Sequence[int], *, now: datetime) -> int:
    """Bring these instances what is on its way to them, likewise."""
    return _each(instance_ids, _deliver, services.give_up, now)


def fire(instance_ids: Sequence[int], *, now: datetime) -> int:
    """Fire what is due of these instances, likewise."""
    due = Timer.objects.filter(instance__in=instance_ids, due_at__lte=now)
    keys = list(due.values_list("instance", flat=True).distinct())
    return _each(keys, fire_in, timers.give_up, now)


def fire_in(instance_id: int, now: datetime) -> int:
    """Fire what is due of one instance in the caller's transaction; returns how many."""
    if not timers.due_of(instance_id, now=now).exists():
        return 0
    instance = instances.lock(instance_id, now=now)
    fired = timers.fire_of(instance)
    instance.write()
    return fired


def _start(instance_id: int, now: datetime) -> None:
    kind, subject = FlowInstance.objects.values_list("kind", "subject").get(pk=instance_id)
    answers = subjects.of(kind)
    answers.lock(subject)
    instance = instances.lock(instance_id, now=now)
    services.begin(instance)
    instance.write()
    answers.started(subject, now)


def _deliver(instance_id: int, now: datetime) -> None:
    instance = instances.lock(instance_id, now=now)
    instance.deliver()
    instance.write()


def fire_due_timers(*, now: datetime, limit: int = BATCH) -> int:
    """Fire timers, a batch a transaction. Where one fails they are fired one by one, so that it
    holds up nobody and becomes a repair. Called by the flow loop."""
    try:
        with transaction.atomic():
            return len(timers.tick(now=now, limit=limit))
    except OperationalError:
        raise
    except Exception:
        log.exception("timers_failed")
    return _fire_singly(now, limit)


def _fire_singly(now: datetime, limit: int) -> int:
    done = 0
    while done < limit:
        try:
            with transaction.atomic():
                fired = timers.tick(now=now, limit=1)
        except OperationalError:
            raise
        except Exception as error:
            log.exception("timer_failed")
            first = timers.first_due(now=now)
            if first is not None:
                with transaction.atomic():
                    instance = instances.lock(first, now=now)
                    timers.give_up(instance, _said(error))
                    instance.write()
        else:
            if not fired:
                break
        done += 1
    return done


def run_due_jobs(*, now: datetime, limit: int = BATCH) -> int:
    """Run steps on our own data, each in one transaction: effect, job done, advance. Called by the
    flow loop."""
    return sum(run_job(job, now=now) for job in jobs.ready(now=now, limit=limit, outside=False))


def call_due_jobs(*, now: datetime, limit: int = BATCH) -> int:
    """Make the calls to gateways and carriers, each between two transactions. Called by the flow
    loop."""
    return sum(run_job(job, now=now) for job in jobs.ready(now=now, limit=limit, outside=True))


def run_job(job: Ready, *, now: datetime) -> bool:
    """Run one job as its step asks for, unless somebody else is at it; what fails is tried again
    later. Returns whether it was run."""
    return _call(job, now) if jobs.reaches_outside(job) else _run_own(job, now)


def work_off(*, now: datetime) -> None:
    """All that is to do at this moment, round after round until nothing is left."""
    while sum(work(now=now) for work in (*OWN, *OUTSIDE)):
        pass


def _run_own(job: Ready, now: datetime) -> bool:
    try:
        with transaction.atomic():
            if not jobs.mine(job.id):
                return False
            instance = _locked(job, now)
            ran = jobs.run_own(instance, job.id)
            instance.write()
            return ran
    except OperationalError:
        raise
    except Exception as error:
        _failed(job, error, now)
        return True


def _call(job: Ready, now: datetime) -> bool:
    with jobs.alone(job.id) as alone:
        if not alone:
            return False
        try:
            # Durable: committed before the call, never part of a transaction around it.
            with transaction.atomic(durable=True):
                calling = jobs.prepare(instances.lock(job.instance_id, now=now), job.id)
            if calling is None:
                return False
            outcome = jobs.call(calling)
            with transaction.atomic():
                instance = _locked(job, now)
                jobs.settle(instance, job.id, outcome)
                instance.write()
        except OperationalError:
            raise
        except Exception as error:
            _failed(job, error, now)
        return True


def _locked(job: Ready, now: datetime) -> Locked:
    """The order's rows first, then the instance."""
    subjects.of(job.kind).lock(job.subject)
    return instances.lock(job.instance_id, now=now, also=(StepJob, job.id))


def _failed(job: Ready, error: Exception, now: datetime) -> None:
    said = _said(error)
    log.warning("step_failed", step=job.step, subject=job.subject, error=said)
    with transaction.atomic():
        instance = _locked(job, now)
        jobs.failed(instance, job.id, reason=said)
        instance.write()


def _said(error: Exception) -> str:
    return error.message if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"


def _each(
    keys: Sequence[int],
    work: Callable[[int, datetime], object],
    give_up: Callable[[Locked, str], None],
    now: datetime,
) -> int:
    """One transaction each; what fails for a reason nobody foresaw is put where staff see it."""
    for key in keys:
        try:
            with transaction.atomic():
                work(key, now)
        except OperationalError:
            raise
        except Exception as error:
            log.exception("flow_failed", instance=key)
            with transaction.atomic():
                instance = instances.lock(key, now=now)
                give_up(instance, _said(error))
                instance.write()
    return len(keys)


# A round of the flow loop, what reaches outside apart.
OWN: Final = (start_queued_flows, deliver_signals, fire_due_timers, run_due_jobs)
OUTSIDE: Final = (call_due_jobs,)
