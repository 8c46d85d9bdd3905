"""The processes under a supervisor: started, watched, started again, stopped in order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mingchi.config.processes import signal_when_parent_dies

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
STEADY_AFTER_S: Final = 60.0  # who ran that long before it died starts with a short pause again
LOG_LIMIT_BYTES: Final = 10_000_000

Say = Callable[[str], None]


@dataclass
class Child:
    """A process that is wanted for as long as the platform runs."""

    name: str
    command: list[str]
    log: Path | None  # None: says what it says on our own standard error
    grace_s: float = 10.0
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    start_again_at: float | None = None

    def start(self) -> None:
        """Start it in a session of its own, so that a terminal's signals reach only us."""
        self.start_again_at = None
        self.started_at = time.monotonic()
        self.process = run(self.command, self.log)

    def watch(self, say: Say) -> None:
        """Start it again where it has died, with growing pauses."""
        now = time.monotonic()
        if self.start_again_at is not None:
            if now >= self.start_again_at:
                self.start()
                say(f"{self.name}: started again")
            return
        if self.process is None or self.process.poll() is None:
            return
        self.kill_rest()
        if now - self.started_at > STEADY_AFTER_S:
            self.pause_s = FIRST_PAUSE_S
        say(f"{self.name}: {ending(self.process)}; starting again in {self.pause_s:g} s")
        if self.log is not None:
            say(f"  see {self.log}")
        self.start_again_at = now + self.pause_s
        self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)

    def stop(self, say: Say, hurry: Callable[[], bool]) -> None:
        """Ask it to end, wait for its grace (less when in a hurry), then end it and its own."""
        if self.process is None:
            return
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.terminate()
            deadline = time.monotonic() + self.grace_s
            while self.process.poll() is None and time.monotonic() < deadline and not hurry():
                time.sleep(0.02)
            if self.process.poll() is None:
                say(f"{self.name}: did not stop in time and was killed")
        self.kill_rest()
        self.process.wait()
        self.process = None

    def kill_rest(self) -> None:
        """End by force what is left of it and of the processes it has started."""
        assert self.process is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def run(command: list[str], log: Path | None) -> "subprocess.Popen[bytes]":
    """Start a process that ends when we do, however we end."""
    if log is None:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=signal_when_parent_dies,
        )
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=signal_when_parent_dies,
        )


def ending(process: "subprocess.Popen[bytes]") -> str:
    """How it ended, for a person."""
    status = process.returncode
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def last_lines(log: Path | None, count: int = 15) -> str:
    """The end of a log, for a person who must know why."""
    if log is None or not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
