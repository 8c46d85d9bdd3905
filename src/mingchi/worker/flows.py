"""The flow loop: starts, signals, timers and jobs of flows, again and again, beside the periodic
tasks of `mingchi worker`. Calls to gateways and carriers have a thread of their own, so that a slow
one holds up nobody else. Several workers may run; they leave each other's work alone."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import structlog
from django.db import DatabaseError, connections

from mingchi.foundation import clock, context
from mingchi.usecases import run_flows

Work = Callable[..., int]

_REST_S: Final = 0.2  # nothing was to do; a person waits for a flow's next step no longer
_RECONNECT_S: Final = 1.0
_STOP_WITHIN_S: Final = 8.0
OWN: Final[Sequence[Work]] = run_flows.OWN
OUTSIDE: Final[Sequence[Work]] = run_flows.OUTSIDE

log = structlog.get_logger(__name__)


class Loop:
    """Does its work until it is told to stop; the database may go away and come back."""

    def __init__(self, work: Sequence[Work], *, now: Callable[[], datetime] = clock.now) -> None:
        self._work = work
        self._now = now
        self._stopping = threading.Event()

    def stop(self, _signal: int = 0, _frame: object = None) -> None:
        """Finish what is at hand, then end."""
        self._stopping.set()

    def run(self) -> None:
        """Until stopped."""
        try:
            while not self._stopping.is_set():
                self._turn()
        finally:
            connections.close_all()

    def _turn(self) -> None:
        try:
            with context.bound(request_id=context.new_request_id()):
                done = sum([work(now=self._now()) for work in self._work])
        except DatabaseError as error:
            log.warning("database_unreachable", error=str(error))
            connections.close_all()
            self._stopping.wait(_RECONNECT_S)
        except Exception:
            log.exception("flow_loop_failed")
            self._stopping.wait(_RECONNECT_S)
        else:
            if not done:
                self._stopping.wait(_REST_S)


@contextmanager
def running() -> Iterator[None]:
    """Both loops in threads, ended when the block is left."""
    loops = [Loop(OWN), Loop(OUTSIDE)]
    threads = [
        threading.Thread(target=loop.run, name=f"flows-{place}", daemon=True)
        for place, loop in enumerate(loops)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for loop in loops:
            loop.stop()
        for thread in threads:
            thread.join(_STOP_WITHIN_S)
