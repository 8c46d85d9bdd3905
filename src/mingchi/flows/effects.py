"""What an advance asks of the runtime, in the order in which it is to be written.

Every effect names the token; instance and token together are the key of a work item, of the timers
and subscriptions of a waiting place, and of a job (its idempotency key).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from mingchi.flows.state import State


class OpenWork(NamedTuple):
    """Write a work item. `repair` says why an automatic step stands still: then a person with the
    right to repair either tries again (`retry`) or completes it by hand (`complete`)."""

    token: int
    node: str
    step: str | None
    role: str | None
    quorum: str
    due_at: datetime | None
    outcomes: tuple[str, ...]
    repair: str | None = None


class CloseWork(NamedTuple):
    """Close the work item: with its outcome, or withdrawn (None)."""

    token: int
    outcome: str | None


class SetTimer(NamedTuple):
    """Call `fire(token, node)` at `due_at` or later, once."""

    token: int
    node: str
    due_at: datetime


class CancelTimers(NamedTuple):
    """Delete all timers of the token."""

    token: int


class Listen(NamedTuple):
    """The token waits for this signal. A kept one that fits is delivered after this advance."""

    token: int
    node: str
    signal: str


class StopListening(NamedTuple):
    """Delete all subscriptions of the token."""

    token: int


class EnqueueJob(NamedTuple):
    """Write a step job with the key instance + token; it answers by `job_done` or `job_failed`.
    `undo`: it takes back what `node` once did."""

    token: int
    node: str
    step: str
    retries: int
    undo: bool = False


class CancelJob(NamedTuple):
    """Drop the job if it has not run. If it turns out to have run, run `undo` (where there is one)
    by a job of your own: the flow no longer knows of it."""

    token: int
    step: str
    undo: str | None


class Ended(NamedTuple):
    """The instance is over, at this end node or at `state.CANCELLED`."""

    node: str


class Log(NamedTuple):
    """Append to the log. `event`: started, completed, decided, fired, received, done, failed,
    retried, stopped, undone, left (a sub-process), interrupted, cancelled, ended. `values`: what a
    decision saw and what it chose."""

    event: str
    node: str
    token: int
    values: Mapping[str, object] | None = None


Effect = (
    OpenWork
    | CloseWork
    | SetTimer
    | CancelTimers
    | Listen
    | StopListening
    | EnqueueJob
    | CancelJob
    | Ended
    | Log
)


class Advance(NamedTuple):
    """What a call of the interpreter returns: the new state and what is to be written with it."""

    state: State
    effects: list[Effect]
