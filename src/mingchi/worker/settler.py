"""`mingchi settle`: the process that settles. Several may be started; one works a programme."""

import gc
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import FrameType
from typing import Final

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from mingchi.ledger import sealing, statements
from mingchi.ledger.models import Batch
from mingchi.rebates import heads
from mingchi.rebates.models import Programme
from mingchi.rebates.settlement import LARGEST_BATCH, FenceError, Settler

log = structlog.get_logger(__name__)

# How long to let events gather when there was nothing to do: a redemption that comes alone is
# taken within this time, and a thousand orders a second make batches of ten or more.
_REST_S: Final = 0.01
_IDLE_REST_S: Final = 0.03
_FIRST_BATCH: Final = 1_000
_SMALLEST_BATCH: Final = 250
_HEARTBEAT_S: Final = 2.0
_WORD_EVERY_S: Final = 0.5
# While events come, so many times as long as a chore took is left to them before the next.
_CHORES_SPARE: Final = 2
# A redemption waits for two or three batches, so one should not take long; a small one is dear.
_SHORT_BATCH_S, _LONG_BATCH_S = 0.2, 0.5
_RECONNECT_S: Final = 1.0


class Loop:
    """Settles programme after programme until it is told to stop."""

    def __init__(self) -> None:
        self._stopping = False
        # One thread writes a batch while the next is worked out.
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._settlers: dict[int, Settler] = {}
        self._chores: list[Callable[[], int]] = []
        self._next_chore = self._next_word = 0.0
        self._limit = _FIRST_BATCH

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Finish the batch at hand, then end."""
        self._stopping = True

    def run(self) -> int:
        """Work until stopped; the database may go away and come back. Returns the exit status."""
        log.info("settler_started")
        while not self._stopping:
            try:
                self._take_over()
                while not self._stopping:
                    self._turn()
                for settler in self._settlers.values():
                    settler.drain()
            except FenceError as error:
                log.error("settler_replaced", error=str(error))
                return 1
            except DatabaseError as error:
                log.warning("database_unreachable", error=str(error))
                self._start_afresh()
        log.info("settler_stopped")
        return 0

    def _take_over(self) -> None:
        for programme in Programme.objects.order_by("id"):
            if programme.id not in self._settlers:
                settler = Settler(programme.id, submit=self._writer.submit)
                while not settler.take_over(wait=False):
                    log.info("settler_waiting", programme=programme.code, why="another works")
                    self._rest(1.0)
                    if self._stopping:
                        return
                self._settlers[programme.id] = settler
                log.info("settler_working", programme=programme.code)

    def _turn(self) -> None:
        """One batch of each programme, chores if there is time, and a rest if all was quiet."""
        most, backlog = 0, False
        for settler in self._settlers.values():
            began = time.monotonic()
            done = settler.settle(limit=self._limit)
            most = max(most, done)
            if done == self._limit:
                backlog = True
                self._pace(time.monotonic() - began)
            if done:
                _report(settler, done)
        if backlog:
            return
        worked = 0
        if not most or time.monotonic() >= self._next_chore:
            began = time.monotonic()
            worked = self._chore()
            ended = time.monotonic()
            self._next_chore = ended + _CHORES_SPARE * (ended - began)
        if most or not worked:
            self._rest(_REST_S if most else _IDLE_REST_S)

    def _pace(self, elapsed_s: float) -> None:
        """Larger batches under a backlog, as far as the machine is quick enough for them."""
        if elapsed_s < _SHORT_BATCH_S:
            self._limit = min(self._limit * 2, LARGEST_BATCH)
        elif elapsed_s > _LONG_BATCH_S:
            self._limit = max(self._limit // 2, _SMALLEST_BATCH)

    def _chore(self) -> int:
        """The next of the small jobs that may wait while events do not; how much was done."""
        for settler in self._settlers.values():
            settler.drain()
        if not self._chores:
            self._chores = self._round_of_chores()
        return self._chores.pop()()

    def _round_of_chores(self) -> list[Callable[[], int]]:
        """Seal cash, be heard from, publish heads, bring each statement a step further."""
        journals = [Batch.CASH, *self._settlers]
        steps = [partial(statements.bring_up_to_date, journal=journal) for journal in journals]
        return [*steps, self._be_heard, sealing.seal_cash]

    def _be_heard(self) -> int:
        if time.monotonic() < self._next_word:
            return 0
        self._next_word = time.monotonic() + _WORD_EVERY_S
        # What came since the last time, not all that lives: that would take a third of our time.
        gc.collect(1)
        for programme in Programme.objects.filter(id__in=self._settlers):
            heads.publish(programme)
            seen_at, now = programme.settler_seen_at, timezone.now()
            if seen_at is None or (now - seen_at).total_seconds() > _HEARTBEAT_S:
                Programme.objects.filter(id=programme.id).update(settler_seen_at=now)
        if Programme.objects.count() > len(self._settlers):
            self._take_over()
        return 0

    def _rest(self, seconds: float) -> None:
        time.sleep(seconds)

    def _start_afresh(self) -> None:
        """The locks went with the connection; take over again when the database is back."""
        self._settlers.clear()
        connection.close()
        self._writer.submit(lambda: connection.close()).result()
        self._rest(_RECONNECT_S)


def _report(settler: Settler, done: int) -> None:
    batch = settler.last_batch
    if batch is not None:
        log.info(
            "batch_settled",
            programme=settler.programme_id,
            batch=batch.number,
            events=done,
            elapsed_ms=batch.elapsed_ms,
        )


def run() -> int:
    """Run until SIGTERM or SIGINT."""
    gc.disable()  # members and positions live for long and make no cycles; see `_be_heard`
    loop = Loop()
    signal.signal(signal.SIGTERM, loop.stop)
    signal.signal(signal.SIGINT, loop.stop)
    return loop.run()
