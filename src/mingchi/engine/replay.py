"""`mingchi replay PLAN.toml EVENTS.jsonl`: runs a file of events and writes the answers.

Exit status 0: every event was applied; 1: some were refused; 2: the plan, a line or an argument
is at fault, which is told on standard error.
"""

import argparse
import contextlib
import gc
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from mingchi.engine import answers
from mingchi.engine.events import EventError, MemberEvent, OrderEvent, parse
from mingchi.engine.exits import ExitQueue
from mingchi.engine.lines import BLANK, NotJson, blocks, values_of
from mingchi.engine.orders import PackedOrders
from mingchi.engine.plan import PlanError, plan_from_toml
from mingchi.engine.programme import Programme
from mingchi.engine.progress import ProgressBar
from mingchi.engine.rules import Plan
from mingchi.engine.state import Refused, State

APPLIED: Final = 0
SOME_REFUSED: Final = 1
AT_FAULT: Final = 2
INTERRUPTED: Final = 130

_OTHER_IDS: Final = (MemberEvent, OrderEvent)
"""Events whose ids members and settled orders keep."""


class ReplayError(Exception):
    """What stops a replay; the message is for standard error."""


class Replay:
    """A whole programme in memory that answers lines; `line` is the number of the last one.

    `source` is what messages call the file.
    """

    __slots__ = ("_orders", "_programme", "_seen", "_source", "errors", "events", "line", "state")

    def __init__(self, plan: Plan, *, source: str) -> None:
        self._source = source
        self._orders = PackedOrders()
        self.state = State(plan=plan, orders=self._orders, exits=ExitQueue())
        self._programme = Programme(self.state)
        self._seen: set[str] = set()
        """Ids other than those of members and settled orders."""
        self.line = 0
        self.events = 0
        self.errors = 0

    def answer_lines(self, block: bytes, out: list[str]) -> None:
        """Adds the answers to a block of whole lines to `out`. Raises ReplayError at a line that is
        no event; the answers to the lines before it are there."""
        try:
            for value in values_of(block):
                self.line += 1
                if value is not BLANK:
                    out.append(self._answer(value))
        except EventError as error:
            raise self._fault(self.line, str(error)) from None
        except NotJson as fault:  # other names: compiled, a name has one type
            raise self._fault(self.line + 1, str(fault)) from None
        except UnicodeDecodeError as broken:
            raise self._fault(self.line + 1, f"not UTF-8: {broken.reason}") from None

    def _fault(self, line: int, message: str) -> ReplayError:
        return ReplayError(f"{self._source}: line {line}: {message}")

    def _answer(self, data: object) -> str:
        event = parse(data)
        event_id = event.id
        if (
            event_id in self.state.members
            or event_id in self._orders.packed
            or event_id in self._seen
        ):
            return answers.duplicate(event_id)
        self.events += 1
        try:
            outcome = self._programme.apply(event)
        except Refused as refused:
            self.errors += 1
            self._seen.add(event_id)
            return answers.refusal(event_id, refused.reason)
        if not isinstance(event, _OTHER_IDS):
            self._seen.add(event_id)
        return answers.answer(event_id, outcome)

    def summary(self) -> str:
        """The summary of all that was replayed."""
        return answers.summary(self.state, events=self.events, errors=self.errors)


def main(argv: Sequence[str]) -> int:
    """Runs `mingchi replay` with the arguments after these words; gives the exit status."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:  # bad arguments are told already; --help is no fault
        return AT_FAULT if stop.code else APPLIED
    try:
        with _collector_at_rest():
            name = "standard input" if arguments.events == "-" else arguments.events
            replay = Replay(_read_plan(arguments.plan), source=name)
            with _open_events(arguments.events) as stream:
                _run(replay, stream, name)
    except ReplayError as error:
        print(f"mingchi replay: {error}", file=sys.stderr)
        return AT_FAULT
    except KeyboardInterrupt:
        return INTERRUPTED
    return SOME_REFUSED if replay.errors else APPLIED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mingchi replay",
        description="Runs a file of events through a plan; one answer a line, then a summary.",
    )
    parser.add_argument("plan", metavar="PLAN.toml", help="the plan")
    parser.add_argument("events", metavar="EVENTS.jsonl", help='events; "-": standard input')
    return parser


@contextlib.contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Members and positions stay to the end, so that looking for garbage among them is in vain."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read_plan(path: str) -> Plan:
    try:
        with open(path, "rb") as file:
            content = file.read()
        return plan_from_toml(content.decode("utf-8-sig"))
    except UnicodeDecodeError as broken:
        line = content.count(b"\n", 0, broken.start) + 1
        raise ReplayError(f"{path}: line {line}: not UTF-8: {broken.reason}") from None
    except PlanError as fault:
        raise ReplayError(f"{path}: {fault}") from None
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        raise ReplayError(_cannot("read", path, error)) from None


@contextlib.contextmanager
def _open_events(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        if sys.stdin is None:
            raise ReplayError("standard input is closed")
        yield sys.stdin.buffer
        return
    try:
        file = open(path, "rb")  # noqa: SIM115 - closed below; only opening is tried here
    except (OSError, ValueError) as error:
        raise ReplayError(_cannot("read", path, error)) from None
    with file:
        yield file


def _run(replay: Replay, stream: BinaryIO, name: str) -> None:
    """Answers every line of the stream, block by block, then writes the summary."""
    bar = _progress_bar(stream)
    done_bytes = 0
    try:
        for block in _blocks(stream, name):
            out: list[str] = []
            try:
                replay.answer_lines(block, out)
            finally:
                _write(out)
            done_bytes += len(block) + 1
            if bar:
                bar.show(done_bytes=done_bytes, events=replay.events)
    finally:
        if bar:
            bar.clear()
    _write([replay.summary()])


def _blocks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        yield from blocks(stream)
    except OSError as error:
        raise ReplayError(_cannot("read", name, error)) from None


def _write(lines: list[str]) -> None:
    if not lines:
        return
    lines.append("")
    try:
        sys.stdout.write("\n".join(lines))
        sys.stdout.flush()
    except OSError as error:
        _abandon_output()
        raise ReplayError(_cannot("write to", "standard output", error)) from None


def _abandon_output() -> None:
    """Lets the interpreter end in peace: what is left in the buffer goes nowhere."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _progress_bar(stream: BinaryIO) -> ProgressBar | None:
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    total_bytes = None
    with contextlib.suppress(OSError):
        status = os.fstat(stream.fileno())
        if stat.S_ISREG(status.st_mode):
            total_bytes = status.st_size
    return ProgressBar(sys.stderr, total_bytes=total_bytes)


def _cannot(what: str, name: str, error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"cannot {what} {name}: {reason}"
