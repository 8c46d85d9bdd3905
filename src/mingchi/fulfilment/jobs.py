"""Step jobs: what the worker does for a flow.

A step on our own data runs in one transaction with its advance (`run_own`). A step that reaches
outside is called between two transactions (`prepare`, `call`, `settle`), under a lock that ends
with the process; was it called before, it is asked first what became of that. Whoever holds a
job's lock is alone with it; the instance's row is locked only to write.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from mingchi.flows import REGISTRY, NotWaitingError, OutcomeError, Step, StepContext
from mingchi.fulfilment import calls
from mingchi.fulfilment.backoff import backoff
from mingchi.fulfilment.instances import SYSTEM, Locked
from mingchi.fulfilment.models import FlowInstance, StepJob
from mingchi.fulfilment.subjects import Values
from mingchi.fulfilment.timers import NOT_HELD

Status = StepJob.Status
UNDER_WAY: Final = (Status.QUEUED, Status.WITHDRAWN)
RUN_JOB: Final = "job"
_LONGEST_ERROR: Final = 2_000
# "mj": first half of the advisory locks' names; the settler's is another.
_LOCK_SPACE: Final = 0x6D6A << 48

_READY: Final = """
SELECT j.id, j.instance_id, i.kind, i.subject, j.step, j.status = 'withdrawn' OR j.called
FROM fulfilment_stepjob j JOIN fulfilment_flowinstance i ON i.id = j.instance_id
WHERE j.status IN ('queued', 'withdrawn') AND j.next_try_at <= %s
"""
_NEXT: Final = f"""{_READY} AND {NOT_HELD}
  AND (j.step = ANY (%s::text[])) = %s
ORDER BY j.next_try_at, j.id LIMIT %s
"""
_OF_INSTANCE: Final = f"{_READY} AND j.instance_id = %s ORDER BY j.next_try_at, j.id"


class Ready(NamedTuple):
    """A job that may be run. `asks`: it may have run before, so the outside is asked first."""

    id: int
    instance_id: int
    kind: str
    subject: str
    step: str
    asks: bool


def ready(*, now: datetime, limit: int, outside: bool) -> list[Ready]:
    """Jobs whose time has come, those that reach outside or the others, the oldest first."""
    names = [step.name for step in REGISTRY if step.outside]
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [now, names, outside, limit])
        return [Ready._make(row) for row in cursor.fetchall()]


def ready_of(instance_id: int, *, now: datetime) -> list[Ready]:
    """The jobs of one instance whose time has come, of both sorts, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_INSTANCE, [now, instance_id])
        return [Ready._make(row) for row in cursor.fetchall()]


def reaches_outside(job: Ready) -> bool:
    """Whether its step is called between two transactions."""
    step = REGISTRY.get(job.step)
    return step is not None and step.outside


@contextmanager
def alone(job_id: int) -> Iterator[bool]:
    """Whether nobody else works on this job; while inside, nobody will. Ends with the process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK_SPACE | job_id])
        row = cursor.fetchone()
    assert row is not None
    try:
        yield row[0]
    finally:
        if row[0]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK_SPACE | job_id])


def mine(job_id: int) -> bool:
    """The same for a transaction: until it ends, nobody else works on this job."""
    assert connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK_SPACE | job_id])
        row = cursor.fetchone()
    assert row is not None
    return bool(row[0])


def run_own(instance: Locked, job_id: int) -> bool:
    """Run a step on our own data: effect, job done, advance, in the caller's transaction. Returns
    whether it was still to be run. Whatever the step raises is raised."""
    job = _still(instance, job_id)
    if job is None or instance.held:
        return False
    if job.status == Status.WITHDRAWN:  # it reached outside once, and does no longer
        _finish(instance, job, Status.CANCELLED, "")
        return True
    outcome = _step(job).run(_context(instance, job)) or ""
    done(instance, job, outcome)
    return True


class Calling(NamedTuple):
    """A call to be made outside of any transaction."""

    step: Step
    context: StepContext
    asks: bool
    withdrawn: bool


def prepare(instance: Locked, job_id: int) -> Calling | None:
    """Note that the outside is about to be reached for; None where that is no longer wanted."""
    job = _still(instance, job_id)
    if job is None or instance.held:
        return None
    asks = job.called
    if not asks:
        job.called = True
        job.save(update_fields=["called"])
    context = _context(instance, job)
    return Calling(_step(job), context, asks, job.status == Status.WITHDRAWN)


def call(calling: Calling) -> str | None:
    """Ask what became of an earlier call, then make one if there was none. Returns the outcome;
    None only for a withdrawn job that never arrived."""
    if calling.asks or calling.withdrawn:
        assert calling.step.ask is not None, "the registry refuses such a step without"
        answer = calling.step.ask(calling.context)
        if answer is not None or calling.withdrawn:
            return answer
    return calling.step.run(calling.context) or ""


def settle(instance: Locked, job_id: int, outcome: str | None) -> None:
    """Write down what came of a call, even under a hold, since it has happened. The flow went
    another way meanwhile: what has run is undone by a job beside the flow."""
    job = _still(instance, job_id)
    if job is None:
        return
    if job.status == Status.WITHDRAWN:
        if outcome is not None:
            _undo_beside(instance, job)
        _finish(instance, job, Status.CANCELLED if outcome is None else Status.DONE, outcome or "")
        return
    assert outcome is not None
    done(instance, job, outcome)


def done(instance: Locked, job: StepJob, outcome: str) -> None:
    """The job is done, and the flow goes on."""
    _finish(instance, job, Status.DONE, outcome)
    if job.detached:
        instance.note("undone", {"step": job.step, "token": job.token})
        return
    try:
        instance.advance(calls.job_done(token=job.token, outcome=outcome), actor=SYSTEM)
    except OutcomeError as error:
        # The step says what its drawing does not know: its effect stands, a person goes on.
        _give_up(instance, job, str(error))
    except NotWaitingError:
        assert False, f"a queued job's token waits for it: {job}"  # noqa: B011, PT015


def failed(instance: Locked, job_id: int, *, reason: str) -> None:
    """A try failed: again later, and after the last one a person sees it."""
    job = _still(instance, job_id)
    if job is None:
        return
    now = instance.writing.now
    job.tries += 1
    job.error = reason[:_LONGEST_ERROR]
    if job.tries <= job.retries:
        job.next_try_at = now + backoff(job.tries)
        job.save(update_fields=["tries", "error", "next_try_at"])
        return
    job.save(update_fields=["tries", "error"])
    if job.detached or job.status == Status.WITHDRAWN:
        _look_after(instance, job)
        return
    _give_up(instance, job, reason[:_LONGEST_ERROR])


def _give_up(instance: Locked, job: StepJob, reason: str) -> None:
    _finish(instance, job, Status.FAILED, "")
    instance.advance(calls.job_failed(token=job.token, reason=reason), actor=SYSTEM)


def _look_after(instance: Locked, job: StepJob) -> None:
    """No token waits for it, so it is a repair of its own."""
    job.finished_at = instance.writing.now
    call = {"call": RUN_JOB, "job": job.pk, "status": str(job.status)}
    job.status = Status.FAILED
    job.save(update_fields=["status", "finished_at"])
    instance.note("failed", {"step": job.step, "token": job.token, "reason": job.error})
    instance.writing.repair(
        instance.row, node=job.node, token=job.token, reason=job.error, call=call
    )


def again(instance: Locked, call: Mapping[str, Any]) -> None:
    """Try such a job again, as what it was."""
    now = instance.writing.now
    StepJob.objects.filter(pk=call["job"], instance=instance.row, status=Status.FAILED).update(
        status=call["status"], tries=0, next_try_at=now, finished_at=None
    )


def _undo_beside(instance: Locked, job: StepJob) -> None:
    """What ran though the flow no longer wanted it is taken back."""
    undo = instance.compiled.graph.nodes[job.node].undo
    if job.is_undo or job.detached or undo is None:
        return
    now = instance.writing.now
    StepJob.objects.create(
        instance=instance.row,
        token=job.token,
        node=job.node,
        step=undo,
        is_undo=True,
        detached=True,
        retries=job.retries,
        queued_at=now,
        next_try_at=now,
    )


def _still(instance: Locked, job_id: int) -> StepJob | None:
    """The job, if it is still under way now that the instance is held."""
    found = instance.fetch(StepJob, job_id)
    if found is None or found.status not in UNDER_WAY:
        return None
    assert found.instance_id == instance.row.pk
    return found


def _finish(instance: Locked, job: StepJob, status: StepJob.Status, outcome: str) -> None:
    instance.writing.finish(job, status, outcome)


def _step(job: StepJob) -> Step:
    step = REGISTRY.get(job.step)
    if step is None:
        raise UnknownStepError(job.step)
    return step


class UnknownStepError(LookupError):
    """A step that flows still name and no domain registers any more."""


def _context(instance: Locked, job: StepJob) -> StepContext:
    row: FlowInstance = instance.row
    return StepContext(
        subject=row.subject,
        merchant=row.merchant_id,
        instance=row.pk,
        token=job.token,
        node=job.node,
        step=job.step,
        now=instance.writing.now,
        values=Values(row.kind, row.subject),
    )
