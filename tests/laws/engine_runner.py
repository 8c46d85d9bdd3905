"""Runs the engine and the reference on the same files, as a shell would."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.laws import reference

from mingchi.engine import replay


@dataclass(frozen=True)
class Result:
    """What a replay came to."""

    status: int
    output: bytes
    message: str

    def answers(self) -> list[dict[str, Any]]:
        """The answers as objects, lists and objects that are empty dropped."""
        return [
            {key: value for key, value in json.loads(line).items() if value not in ([], {})}
            for line in self.output.splitlines()
        ]


def run(main: Callable[[list[str]], int | None], arguments: list[str], stdin: bytes) -> Result:
    """Call a program's ``main`` with its three streams caught."""
    output = io.BytesIO()
    out = io.TextIOWrapper(output, encoding="utf-8", newline="", write_through=True)
    err = io.StringIO()
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(arguments)
            except SystemExit as stop:
                status = stop.code  # type: ignore[assignment]
        out.flush()
        return Result(status or 0, output.getvalue(), err.getvalue())
    finally:
        sys.stdin = before


class Files:
    """A plan and an event file in one directory, written anew for every run."""

    def __init__(self, directory: Path) -> None:
        self.plan = directory / "plan.toml"
        self.events = directory / "events.jsonl"

    def write(self, plan: str | bytes, events: bytes) -> list[str]:
        self.plan.write_bytes(plan if isinstance(plan, bytes) else plan.encode("utf-8"))
        self.events.write_bytes(events)
        return [str(self.plan), str(self.events)]

    def engine(self, plan: str | bytes, events: bytes) -> Result:
        return run(replay.main, self.write(plan, events), b"")

    def reference(self, plan: str | bytes, events: bytes) -> Result:
        return run(reference.main, self.write(plan, events), b"")


def as_lines(events: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(event) + "\n" for event in events).encode("utf-8")


def as_text(value: Any) -> str:
    """For comparing: ``1``, ``1.0`` and ``true`` are three things."""
    return json.dumps(value, sort_keys=True)


def differences(engine: Result, expected: Result) -> list[str]:
    """What the two say differently, in words; empty when they agree."""
    found = []
    if engine.status != expected.status:
        found.append(f"exit status {engine.status}, reference {expected.status}")
    mine, theirs = engine.answers(), expected.answers()
    if len(mine) != len(theirs):
        found.append(f"{len(mine)} answers, reference {len(theirs)}")
    for number, (one, other) in enumerate(zip(mine, theirs, strict=False), start=1):
        if as_text(one) != as_text(other):
            keys = [k for k in {**one, **other} if as_text(one.get(k)) != as_text(other.get(k))]
            found += [
                f"answer {number} ({one.get('id', 'summary')}) {key}: "
                f"{one.get(key)!r}, reference {other.get(key)!r}"
                for key in keys
            ]
    return found
