"""The settler: the one writer of a programme.

Takes events in batches, numbers them, lets the engine work, and writes everything they change in
one transaction. A crash at any point leaves either the whole batch or none of it. While a batch
is written, the next is worked out: see docs/algorithms/settlement.md.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from mingchi.engine.events import Event, MemberEvent, OrderEvent, RedeemEvent
from mingchi.ledger import sealing
from mingchi.ledger.models import Batch
from mingchi.rebates import loading, queue, writer
from mingchi.rebates.changes import Changes, changes
from mingchi.rebates.draft import Draft
from mingchi.rebates.journal import Journal
from mingchi.rebates.models import Pending, Programme
from mingchi.rebates.queue import Dependant, PoisonError, Taken
from mingchi.rebates.store import Store

LARGEST_BATCH: Final = 10_000
_LOCK_SPACE: Final = 0x6D63  # "mc": first half of the advisory lock, the programme is the second
# What can be worked out before the batch ahead is written: all they need is in memory by then.
_RUN_AHEAD: Final = (OrderEvent, RedeemEvent, MemberEvent)

Submit = Callable[[Callable[[], None]], "Future[None]"]


_LOCK = """
SELECT fence, last_entry, period_first_entry, digest FROM rebates_programme
WHERE id = %s FOR NO KEY UPDATE
"""


class _Head(NamedTuple):
    """What a batch goes by: the programme's row, locked."""

    fence: int
    last_entry: int
    period_first_entry: int
    digest: bytes


class FenceError(Exception):
    """Another settler took the programme over; this one may write nothing more."""


class BatchError(Exception):
    """A batch that could not be settled as a whole; one of its events must be at fault."""

    def __init__(self, taken: Sequence[Taken], error: str) -> None:
        self.taken = taken
        super().__init__(error)


@contextmanager
def _blaming(taken: Sequence[Taken]) -> Iterator[None]:
    """What goes wrong inside is the fault of these events, but for a database that is out of
    reach, or a settler that was replaced."""
    try:
        yield
    except (OperationalError, FenceError, PoisonError, BatchError):
        raise
    except Exception as error:
        raise BatchError(taken, f"{type(error).__name__}: {error}") from error


@dataclass(slots=True, kw_only=True)
class _Work:
    """A batch that is worked out and waits to be written."""

    taken: Sequence[Taken]
    kept: Sequence[Taken]
    dependants: Sequence[Dependant]
    changes: Changes | None
    number: int
    first_entry: int
    now: datetime
    began: float


def at_once(work: Callable[[], None]) -> "Future[None]":
    """Does the work before it returns: the settler then runs in one thread."""
    done: Future[None] = Future()
    try:
        work()
    except BaseException as error:
        done.set_exception(error)
    else:
        done.set_result(None)
    return done


class Settler:
    """Settles one programme. Call `take_over` first; from then on it is the only one.

    `submit` says who writes a batch: by default the caller's own thread; with an executor of one
    thread, the next batch is worked out meanwhile.
    """

    def __init__(self, programme_id: int, *, submit: Submit = at_once) -> None:
        self.programme_id = programme_id
        self.last_batch: Batch | None = None
        self._submit = submit
        self._fence = 0
        self._store: Store | None = None
        self._journal = Journal(programme_id)
        self._writing: Future[None] | None = None
        self._in_flight: Sequence[Taken] = ()
        # Smaller for a while after a batch that could not be written, to find the event at fault.
        self._most = LARGEST_BATCH

    def take_over(self, *, wait: bool) -> bool:
        """Become the programme's only settler; False where there is one and `wait` is not set.

        The advisory lock keeps a second settler out; the fence in the programme's row stops a
        first one that lost its lock without noticing.
        """
        attempt = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {attempt}(%s, %s)", [_LOCK_SPACE, self.programme_id])
            if cursor.fetchone()[0] is False:
                return False
        with transaction.atomic():
            self._fence = self._locked().fence + 1
            Programme.objects.filter(id=self.programme_id).update(fence=self._fence)
        self._forget()
        return True

    def release(self) -> None:
        """Let another settler take over."""
        self.drain()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, self.programme_id])

    def settle(self, *, limit: int = LARGEST_BATCH, now: datetime | None = None) -> int:
        """Settle one batch; returns how many events left the queue, set aside ones included.

        With an executor the batch may still be on its way when this returns; `drain` waits for
        it. Raises OperationalError where the database is out of reach (nothing is half done),
        and FenceError where another settler took over.
        """
        try:
            work = self._work_out(min(limit, self._most), now or timezone.now())
            self._finish()
            if work is None:
                return 0
            self._in_flight = work.taken
            self._writing = self._submit(lambda: self._write(work))
            # What is set aside must be seen by the next batch, which may depend on it.
            if self._writing.done() or work.dependants:
                self._finish()
        except BaseException as error:
            return self._recover(error)
        return len(work.taken)

    def drain(self) -> int:
        """Wait until the batch on its way is written. Where it could not be, it is tried again
        by `settle`; returns how many events were set aside at once. Raises as `settle` does."""
        try:
            self._finish()
        except BaseException as error:
            return self._recover(error)
        return 0

    def _finish(self) -> None:
        """Wait for the batch on its way; raises what went wrong with it."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()
            self._most = min(self._most * 2, LARGEST_BATCH)
        self._in_flight = ()

    def _forget(self) -> None:
        """After a failure the tables are the truth, memory is not."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.exception()
        self._in_flight = ()
        self._store = None

    def _recover(self, error: BaseException) -> int:
        """Set aside what is at fault; what no event is to be blamed for is raised."""
        self._forget()
        if isinstance(error, PoisonError):
            return self._set_aside(error.event_id, error.error)
        if isinstance(error, BatchError):
            return self._narrow(error)
        raise error

    def _narrow(self, failure: BatchError) -> int:
        """A batch that could not be settled is tried again by halves, down to the one event that
        is at fault; its neighbours are settled."""
        if len(failure.taken) > 1:
            self._most = len(failure.taken) // 2
            return 0
        return self._set_aside(failure.taken[0].id, str(failure))

    @transaction.atomic
    def _set_aside(self, event_id: int, error: str) -> int:
        self._own(self._locked())
        queue.set_aside(self.programme_id, event_id, error=error)
        return 1

    def _locked(self) -> _Head:
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [self.programme_id])
            return _Head._make(cursor.fetchone())

    def _own(self, head: _Head) -> None:
        if head.fence != self._fence:
            raise FenceError(f"programme {self.programme_id} was taken over by another settler")

    def _work_out(self, limit: int, now: datetime) -> _Work | None:
        began = time.perf_counter()
        taken = queue.take(self.programme_id, limit=limit, beyond=self._in_flight)
        if not taken:
            return None
        with _blaming(taken):
            return self._worked_out(taken, now=now, began=began)

    def _worked_out(self, taken: Sequence[Taken], *, now: datetime, began: float) -> _Work:
        events = queue.parse(taken)
        if not all(isinstance(event, _RUN_AHEAD) for event in events):
            self._finish()
        store = self._ready_store()
        kept, dependants = queue.without_dependants(self.programme_id, taken, events)
        work = _Work(
            taken=taken,
            kept=[row for row, _event in kept],
            dependants=dependants,
            changes=None,
            number=store.last_batch + 1,
            first_entry=store.last_entry + 1,
            now=now,
            began=began,
        )
        if kept:
            work.changes = self._apply(store, kept)
            store.last_batch += 1
        return work

    def _ready_store(self) -> Store:
        store = self._store
        if store is None or store.is_full:
            self._finish()
            store = self._store = Store(Programme.objects.get(id=self.programme_id))
        return store

    def _apply(self, store: Store, kept: Sequence[tuple[Taken, Event]]) -> Changes:
        loading.load(store, [event for _row, event in kept])
        draft = Draft(
            programme_id=self.programme_id,
            first_entry=store.last_entry + 1,
            state=store.state,
            journal=self._journal,
        )
        for row, event in kept:
            try:
                draft.add(row.id, event)
            except Exception as error:
                self._finish()
                raise PoisonError(row.id, f"{type(error).__name__}: {error}") from error
        store.last_entry = draft.last_entry
        if draft.is_close:
            self._store = None  # every member of the programme is in it
        return changes(draft)

    def _write(self, work: _Work) -> None:
        with _blaming(work.taken), transaction.atomic():
            self._write_all(work)

    def _write_all(self, work: _Work) -> None:
        head = self._locked()
        self._own(head)
        if head.last_entry != work.first_entry - 1:
            raise FenceError(f"programme {self.programme_id} was settled by another")
        queue.drop(work.taken)
        for event_id, cause in work.dependants:
            queue.set_aside(
                self.programme_id, event_id, error=f"{cause} was set aside", depends_on=cause
            )
        if work.changes is not None:
            writer.write(work.changes, period_first_entry=head.period_first_entry)
            self.last_batch = self._batch(bytes(head.digest), work, work.changes)
            writer.advance(work.changes, self.last_batch)

    def _batch(self, previous: bytes, work: _Work, done: Changes) -> Batch:
        digests = b"".join([bytes(row.digest) for row in work.kept])
        return Batch(
            programme_id=self.programme_id,
            number=work.number,
            first_entry=work.first_entry,
            last_entry=done.programme["last_entry"],
            digest=sealing.chain(previous, digests, done.entries),
            previous_digest=previous,
            elapsed_ms=round((time.perf_counter() - work.began) * 1000),
            created_at=work.now,
        )


def settle_pending(programme_id: int, *, now: datetime | None = None) -> int:
    """Settle whatever waits, in this process, waiting for a settler that is at work.

    For tests, the demo and benchmarks; a platform runs `mingchi settle`. Returns how many events
    left the queue.
    """
    settler = Settler(programme_id)
    settler.take_over(wait=True)
    try:
        total = 0
        waiting = Pending.objects.filter(programme_id=programme_id)
        while (done := settler.settle(now=now)) or waiting.exists():
            total += done
        sealing.seal_cash()
        return total
    finally:
        settler.release()
