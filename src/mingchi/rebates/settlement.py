"""The settler: the one writer of a programme.

Takes events in batches, numbers them, lets the engine work, and writes everything they change in
one transaction. A crash at any point leaves either the whole batch or none of it.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from mingchi.ledger import sealing
from mingchi.ledger.models import Batch
from mingchi.rebates import loading, queue, writer
from mingchi.rebates.draft import Draft
from mingchi.rebates.journal import Journal
from mingchi.rebates.models import PricePoint, Programme
from mingchi.rebates.queue import PoisonError, Taken
from mingchi.rebates.store import Store

LARGEST_BATCH: Final = 10_000
_LOCK_SPACE: Final = 0x6D63  # "mc": first half of the advisory lock, the programme is the second


class FenceError(Exception):
    """Another settler took the programme over; this one may write nothing more."""


class Settler:
    """Settles one programme. Call `take_over` first; from then on it is the only one."""

    def __init__(self, programme_id: int) -> None:
        self.programme_id = programme_id
        self.last_batch: Batch | None = None
        self._fence = 0
        self._store: Store | None = None
        self._journal = Journal(programme_id)
        # Smaller for a while after a batch that could not be written, to find the event at fault.
        self._most = LARGEST_BATCH

    def take_over(self, *, wait: bool, waiting: Callable[[], None] = lambda: None) -> bool:
        """Become the programme's only settler; False where there is one and `wait` is not set.

        The advisory lock keeps a second settler out; the fence in the programme's row stops a
        first one that lost its lock without noticing.
        """
        lock = [_LOCK_SPACE, self.programme_id]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", lock)
            if not cursor.fetchone()[0]:
                if not wait:
                    return False
                waiting()
                cursor.execute("SELECT pg_advisory_lock(%s, %s)", lock)
        with transaction.atomic():
            programme = self._locked()
            self._fence = programme.fence + 1
            Programme.objects.filter(id=programme.id).update(fence=self._fence)
        self._store = None
        return True

    def release(self) -> None:
        """Let another settler take over."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, self.programme_id])

    def settle(self, *, limit: int = LARGEST_BATCH, now: datetime | None = None) -> int:
        """Settle one batch; returns how many events left the queue, set aside ones included.

        Raises OperationalError where the database is out of reach (nothing is half done), and
        FenceError where another settler took over.
        """
        try:
            with transaction.atomic():
                done = self._batch(min(limit, self._most), now or timezone.now())
        except PoisonError as poison:
            self._store = None
            with transaction.atomic():
                queue.set_aside(self.programme_id, poison.event_id, error=poison.error)
            return 1
        except OperationalError:
            self._store = None
            raise
        except DatabaseError as error:
            self._store = None
            return self._narrow(error)
        except BaseException:
            self._store = None
            raise
        self._most = min(self._most * 2, LARGEST_BATCH)
        return done

    def _narrow(self, error: DatabaseError) -> int:
        """A batch that could not be written is tried again by halves, down to the one event that
        is at fault; its neighbours are settled."""
        taken = queue.take(self.programme_id, limit=self._most)
        if len(taken) > 1:
            self._most = len(taken) // 2
            return 0
        with transaction.atomic():
            queue.set_aside(self.programme_id, taken[0].id, error=str(error))
        return 1

    def _locked(self) -> Programme:
        return Programme.objects.select_for_update(no_key=True).get(id=self.programme_id)

    def _batch(self, limit: int, now: datetime) -> int:
        began = time.perf_counter()
        programme = self._locked()
        if programme.fence != self._fence:
            raise FenceError(f"programme {self.programme_id} was taken over by another settler")
        taken = queue.take(self.programme_id, limit=limit)
        if not taken:
            return 0
        queue.drop(taken)
        kept = self._without_dependants(taken)
        if kept:
            draft = self._work_out(programme, kept)
            self._write(programme, draft, kept, now, began)
        return len(taken)

    def _without_dependants(self, taken: list[Taken]) -> list[Taken]:
        """What speaks of an event that was set aside is set aside with it."""
        shelf = queue.keys_set_aside(self.programme_id)
        if not shelf:
            return taken
        kept = []
        for row, event in zip(taken, queue.parse(taken), strict=True):
            cause = next((key for key in queue.references(event) if key in shelf), None)
            if cause is None:
                kept.append(row)
                continue
            shelf |= {row.key}
            queue.set_aside(
                self.programme_id, row.id, error=f"{cause} was set aside", depends_on=cause
            )
        return kept

    def _work_out(self, programme: Programme, taken: list[Taken]) -> Draft:
        store = self._store
        if store is None or store.is_full or store.last_entry != programme.last_entry:
            store = self._store = Store(programme)
        events = queue.parse(taken)
        loading.load(store, events, programme)
        draft = Draft(
            programme_id=self.programme_id,
            first_entry=programme.last_entry + 1,
            state=store.state,
            journal=self._journal,
        )
        for row, event in zip(taken, events, strict=True):
            try:
                draft.add(row.id, event)
            except Exception as error:
                raise PoisonError(row.id, f"{type(error).__name__}: {error}") from error
        return draft

    def _write(
        self,
        programme: Programme,
        draft: Draft,
        taken: list[Taken],
        now: datetime,
        began: float,
    ) -> None:
        entries = "".join(draft.entries).encode()
        writer.write(draft, entries=entries, period_first_entry=programme.period_first_entry)
        previous = bytes(programme.digest)
        digests = b"".join([bytes(row.digest) for row in taken])
        self.last_batch = Batch.objects.create(
            programme_id=self.programme_id,
            number=programme.last_batch + 1,
            first_entry=draft.first_entry,
            last_entry=draft.last_entry,
            digest=sealing.chain(previous, digests, entries),
            previous_digest=previous,
            elapsed_ms=round((time.perf_counter() - began) * 1000),
        )
        self._advance(programme, draft, self.last_batch, now)

    def _advance(self, programme: Programme, draft: Draft, batch: Batch, now: datetime) -> None:
        state = draft.state
        programme.pool_fen, programme.supply_upt = state.pool_fen, state.supply_upt
        programme.ratio_fen, programme.ratio_upt = state.price_ratio()
        programme.period_platform_fen = state.period_platform_fen
        programme.last_entry, programme.last_batch = draft.last_entry, batch.number
        programme.last_position = state.next_position - 1
        programme.digest = batch.digest
        programme.settler_seen_at = now
        assert self._store is not None
        self._store.last_entry = draft.last_entry
        if draft.is_close:
            programme.period_first_entry = draft.last_entry + 1
            self._store = None  # every member of the programme is in it
        programme.save()
        PricePoint.objects.create(
            programme=programme,
            batch=batch.number,
            pool_fen=state.pool_fen,
            supply_upt=state.supply_upt,
            at=now,
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
        while done := settler.settle(now=now):
            total += done
        sealing.seal_cash()
        return total
    finally:
        settler.release()
