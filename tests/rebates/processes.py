"""`mingchi settle` as a process of its own, on the database of the tests."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from django.db import connection

_numbers = count(1)


def address(**changed: str) -> str:
    """The address of the database that Django's connection is to."""
    about = connection.settings_dict | changed
    return f"postgresql://{about['USER']}:@/{about['NAME']}?host={about['HOST']}"


class Child(Protocol):
    """What both ways to start one have in common."""

    pid: int | None

    def kill(self) -> None: ...


class Settling:
    """A settler that runs; what it says is in a file of its own."""

    def __init__(self, log: Path, child: Child) -> None:
        self._log, self._child = log, child

    @property
    def said(self) -> str:
        return self._log.read_text()

    def has_said(self, event: str) -> bool:
        return event in self.said

    def wait_for(self, event: str, timeout_s: float = 40) -> None:
        until(lambda: self.has_said(event), timeout_s, lambda: f"{event} in {self.said}")

    def kill(self) -> None:
        """Pull the plug."""
        self._child.kill()
        self._wait()

    def stop(self) -> int:
        """End it as the supervisor does; the exit status."""
        self._child.terminate()  # type: ignore[attr-defined]
        return self._wait()

    def _wait(self) -> int:
        if isinstance(self._child, subprocess.Popen):
            return self._child.wait(40)
        self._child.join(40)  # type: ignore[attr-defined]
        return int(self._child.exitcode)  # type: ignore[attr-defined]

    def __enter__(self) -> "Settling":
        return self

    def __exit__(self, *_error: object) -> None:
        with suppress(ProcessLookupError):
            self.kill()


def spawn(var: Path, *, url: str | None = None) -> Settling:
    """`mingchi settle`, as the supervisor starts it."""
    log = var / f"settler{next(_numbers)}.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "mingchi.cli", "settle"],
            env={**os.environ, "DATABASE_URL": url or address(), "MINGCHI_VAR": str(var)},
            cwd=Path(__file__).parents[2],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return Settling(log, child)


def fork(var: Path) -> Settling:
    """The same without the second that its imports take: a child of a process that has them."""
    log = var / f"settler{next(_numbers)}.log"
    log.touch()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.rebates.forked"])
    from tests.rebates.forked import settle

    about = {key: str(connection.settings_dict[key]) for key in ("NAME", "USER", "HOST")}
    child = context.Process(target=settle, args=(about, str(var), str(log)), daemon=True)
    child.start()
    return Settling(log, child)


def until(
    condition: Callable[[], Any], timeout_s: float = 40, why: Callable[[], str] = str
) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {why()}"
        time.sleep(0.02)
