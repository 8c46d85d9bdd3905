"""What advances ask for, folded and written at once, however many instances a transaction moves.
The caller holds their rows."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection

from mingchi.flows import (
    REGISTRY,
    CancelJob,
    CancelTimers,
    CloseWork,
    Effect,
    Ended,
    EnqueueJob,
    Graph,
    Listen,
    Log,
    OpenWork,
    SetTimer,
    State,
    StopListening,
)
from mingchi.flows.state import CANCELLED
from mingchi.fulfilment import subjects
from mingchi.fulfilment.models import (
    FlowInstance,
    Signal,
    StepJob,
    StepLog,
    Subscription,
    Timer,
    WorkItem,
)
from mingchi.fulfilment.statements import Statements

Place = tuple[int, int]  # instance and token

_INSTANCES: Final = """
UPDATE fulfilment_flowinstance i
SET state = new.state, status = new.status, ended_at = new.ended_at,
    end_node = new.end_node, version_id = new.version_id, started_at = new.started_at,
    trouble = new.trouble, tries = new.tries
FROM json_to_recordset(%s::json) AS new(
    id bigint, state jsonb, status text, ended_at timestamptz, end_node text, version_id bigint,
    started_at timestamptz, trouble text, tries smallint)
WHERE i.id = new.id
"""
_CLOSE: Final = """
UPDATE fulfilment_workitem w
SET status = CASE WHEN gone.outcome IS NULL THEN 'withdrawn' ELSE 'done' END,
    outcome = coalesce(gone.outcome, ''), closed_at = %s, closed_by = gone.actor
FROM json_to_recordset(%s::json) AS gone(instance bigint, token int, outcome text, actor text)
WHERE w.instance_id = gone.instance AND w.token = gone.token AND w.status = 'open'
  AND w.call IS NULL
"""
# What failed for good may have arrived after all; where the flow then goes another way, it is
# looked after like one that was under way.
_CANCEL_JOBS: Final = """
UPDATE fulfilment_stepjob j
SET status = CASE WHEN j.called THEN 'withdrawn' ELSE 'cancelled' END, next_try_at = %s, tries = 0,
    finished_at = CASE WHEN j.called THEN NULL ELSE %s::timestamptz END
FROM json_to_recordset(%s::json) AS gone(instance bigint, token int)
WHERE j.instance_id = gone.instance AND j.token = gone.token AND NOT j.detached
  AND (j.status = 'queued' OR j.status = 'failed' AND j.called)
"""
_FINISH: Final = """
UPDATE fulfilment_stepjob j
SET status = over.status, outcome = over.outcome, finished_at = %s
FROM json_to_recordset(%s::json) AS over(id bigint, status text, outcome text)
WHERE j.id = over.id
"""
_SIGNALS: Final = """
UPDATE fulfilment_signal s
SET status = told.status,
    closed_at = CASE WHEN told.status = 'kept' THEN NULL ELSE %s::timestamptz END
FROM json_to_recordset(%s::json) AS told(id bigint, status text)
WHERE s.id = told.id
"""
_UNSET: Final = """
DELETE FROM fulfilment_timer t
USING json_to_recordset(%s::json) AS gone(instance bigint, token int)
WHERE t.instance_id = gone.instance AND t.token = gone.token
"""
_TURN_AWAY: Final = """
DELETE FROM fulfilment_subscription s
USING json_to_recordset(%s::json) AS gone(instance bigint, token int)
WHERE s.instance_id = gone.instance AND s.token = gone.token
"""
# A token that is tried again has its job already.
_AGAIN: Final = """
ON CONFLICT (instance_id, token, detached) DO UPDATE
SET status = excluded.status, tries = 0, error = '', next_try_at = excluded.next_try_at,
    finished_at = NULL
"""


class Writing:
    """What is to be written in this transaction."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._rows: dict[int, FlowInstance] = {}
        self._opened: dict[Place, WorkItem] = {}
        self._repairs: list[WorkItem] = []
        self._closed: dict[Place, tuple[str | None, str]] = {}
        self._timers: dict[Place, list[Timer]] = {}
        self._timers_gone: set[Place] = set()
        self._subscriptions: dict[Place, list[Subscription]] = {}
        self._subscriptions_gone: set[Place] = set()
        self._jobs: dict[Place, StepJob] = {}
        self._jobs_gone: set[Place] = set()
        self._signals: dict[int, dict[str, Any]] = {}
        self._finished: list[dict[str, Any]] = []
        self._log: list[StepLog] = []
        self._ended: list[FlowInstance] = []

    # Taking

    def take(
        self, row: FlowInstance, graph: Graph, state: State, effects: Iterable[Effect], actor: str
    ) -> None:
        """The new state of an instance, and what goes with it, in this order."""
        row.state = state.to_json()
        self._rows[row.pk] = row
        for effect in effects:
            _TAKE[type(effect)](self, row, graph, effect, actor)

    def _open(self, row: FlowInstance, graph: Graph, work: OpenWork, actor: str) -> None:
        self._opened[row.pk, work.token] = _item(row, graph, work, self.now)

    def _close(self, row: FlowInstance, graph: Graph, work: CloseWork, actor: str) -> None:
        self.close(row, token=work.token, outcome=work.outcome, actor=actor)

    def _set(self, row: FlowInstance, graph: Graph, timer: SetTimer, actor: str) -> None:
        self._timers.setdefault((row.pk, timer.token), []).append(
            Timer(
                instance=row,
                token=timer.token,
                node=timer.node,
                due_at=timer.due_at,
                set_at=self.now,
            )
        )

    def _unset(self, row: FlowInstance, graph: Graph, timers: CancelTimers, actor: str) -> None:
        if self._timers.pop((row.pk, timers.token), None) is None:
            self._timers_gone.add((row.pk, timers.token))

    def _listen(self, row: FlowInstance, graph: Graph, wait: Listen, actor: str) -> None:
        self._subscriptions.setdefault((row.pk, wait.token), []).append(
            Subscription(
                instance=row,
                token=wait.token,
                node=wait.node,
                signal=wait.signal,
                since=self.now,
            )
        )

    def _turn_away(self, row: FlowInstance, graph: Graph, wait: StopListening, actor: str) -> None:
        if self._subscriptions.pop((row.pk, wait.token), None) is None:
            self._subscriptions_gone.add((row.pk, wait.token))

    def _enqueue(self, row: FlowInstance, graph: Graph, job: EnqueueJob, actor: str) -> None:
        self._jobs[row.pk, job.token] = _job(row, job, self.now)

    def _drop(self, row: FlowInstance, graph: Graph, job: CancelJob, actor: str) -> None:
        if self._jobs.pop((row.pk, job.token), None) is None:
            self._jobs_gone.add((row.pk, job.token))

    def _note(self, row: FlowInstance, graph: Graph, log: Log, actor: str) -> None:
        self.log(row, log.event, node=log.node, token=log.token, values=log.values, actor=actor)

    def _end(self, row: FlowInstance, graph: Graph, end: Ended, actor: str) -> None:
        cancelled = end.node == CANCELLED
        row.status = FlowInstance.Status.CANCELLED if cancelled else FlowInstance.Status.ENDED
        row.ended_at, row.end_node = self.now, end.node
        self._ended.append(row)

    def log(
        self,
        row: FlowInstance,
        event: str,
        *,
        node: str = "",
        token: int = 0,
        values: Mapping[str, Any] | None = None,
        actor: str,
    ) -> None:
        """One line of the log."""
        self._log.append(
            StepLog(
                instance=row,
                at=self.now,
                event=event,
                node=node,
                token=token,
                actor=actor,
                values=None if values is None else dict(values),
            )
        )

    def repair(
        self, row: FlowInstance, *, node: str, token: int, reason: str, call: Mapping[str, Any]
    ) -> None:
        """A work item for a whole call that could not be made, to make it again."""
        self._repairs.append(
            WorkItem(
                instance=row,
                merchant_id=row.merchant_id,
                kind=row.kind,
                subject=row.subject,
                token=token,
                node=node,
                title=node or row.subject,
                repair=reason,
                call=dict(call),
                opened_at=self.now,
            )
        )

    def close(self, row: FlowInstance, *, token: int, outcome: str | None, actor: str) -> None:
        """Close the work item of a token; None: it is withdrawn, and a failed job with it."""
        if self._opened.pop((row.pk, token), None) is None:
            self._closed[row.pk, token] = (outcome, actor)
            if outcome is None:
                self._jobs_gone.add((row.pk, token))

    def finish(self, job: StepJob, status: StepJob.Status, outcome: str) -> None:
        """A job is over, whatever came of it."""
        job.status, job.outcome = status, outcome
        self._finished.append({"id": job.pk, "status": str(status), "outcome": outcome})

    def mark(self, signal: Signal, status: Signal.Status) -> None:
        """What became of a signal."""
        signal.status = status
        self._signals[signal.pk] = {"id": signal.pk, "status": str(status)}

    # Writing

    def write(self) -> None:
        """All of it: what goes first, then what comes, since a token may be retried in place."""
        assert connection.in_atomic_block
        send = Statements()
        closed = [
            {**_place(place), "outcome": outcome, "actor": actor}
            for place, (outcome, actor) in self._closed.items()
        ]
        send.of_rows(_INSTANCES, map(_columns, self._rows.values()))
        send.of_rows(_FINISH, self._finished, self.now)
        send.of_rows(_CLOSE, closed, self.now)
        send.of_rows(_CANCEL_JOBS, map(_place, self._jobs_gone), self.now, self.now)
        send.of_rows(_SIGNALS, self._signals.values(), self.now)
        send.of_rows(_UNSET, map(_place, self._timers_gone))
        send.of_rows(_TURN_AWAY, map(_place, self._subscriptions_gone))
        send.insert([*self._opened.values(), *self._repairs])
        send.insert([timer for timers in self._timers.values() for timer in timers])
        send.insert([wait for waits in self._subscriptions.values() for wait in waits])
        send.insert([*self._jobs.values()], conflict=_AGAIN)
        send.insert(self._log)
        send.execute()
        for row in self._ended:
            subjects.of(row.kind).ended(row.subject, self.now)


_TAKE: Final[Mapping[type[Effect], Any]] = {
    OpenWork: Writing._open,
    CloseWork: Writing._close,
    SetTimer: Writing._set,
    CancelTimers: Writing._unset,
    Listen: Writing._listen,
    StopListening: Writing._turn_away,
    EnqueueJob: Writing._enqueue,
    CancelJob: Writing._drop,
    Ended: Writing._end,
    Log: Writing._note,
}


def _item(row: FlowInstance, graph: Graph, work: OpenWork, now: datetime) -> WorkItem:
    return WorkItem(
        instance=row,
        merchant_id=row.merchant_id,
        kind=row.kind,
        subject=row.subject,
        token=work.token,
        node=work.node,
        title=_title(graph, work),
        step=work.step or "",
        role=work.role or "",
        quorum=work.quorum,
        outcomes=list(work.outcomes),
        repair=work.repair or "",
        opened_at=now,
        due_at=work.due_at,
    )


def _title(graph: Graph, work: OpenWork) -> str:
    """What the merchant called it, else what the step is called."""
    node = graph.nodes.get(work.node)
    step = REGISTRY.get(work.step or "")
    named = node.name if node is not None else ""
    return (named or (step.title[0] if step else "") or work.node)[:200]


def _job(row: FlowInstance, job: EnqueueJob, now: datetime) -> StepJob:
    return StepJob(
        instance=row,
        token=job.token,
        node=job.node,
        step=job.step,
        is_undo=job.undo,
        retries=job.retries,
        queued_at=now,
        next_try_at=now,
    )


def _columns(row: FlowInstance) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _MOVING}


_MOVING: Final = (
    "id", "state", "status", "ended_at", "end_node", "version_id", "started_at", "trouble", "tries",
)  # fmt: skip


def _place(place: Place) -> dict[str, int]:
    instance, token = place
    return {"instance": instance, "token": token}
