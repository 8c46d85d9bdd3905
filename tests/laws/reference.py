"""The rebate rules a second time: slow, plain, written from the specification alone.

Run as a program it does what ``mingchi replay PLAN.toml EVENTS.jsonl|-`` does.  It must never
import ``mingchi.engine``; the tests in this directory compare the two.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any, BinaryIO, TextIO

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # to run it as a program

from tests.laws.reference_formats import NoEvent, PlanError, read_event, read_plan
from tests.laws.reference_rules import Reference


def load_plan(path: str) -> dict[str, Any]:
    return read_plan(tomllib.loads(Path(path).read_bytes().decode("utf-8-sig")))


def replay(reference: Reference, events: BinaryIO, out: TextIO) -> int:
    """Answer every line; exit status 0, or 1 if an event was refused.  ``NoEvent`` stops."""
    for number, raw in enumerate(events, start=1):
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        try:
            line = raw.decode("utf-8").strip(" \t\r\n")
            if line:
                print(json.dumps(reference.apply(read_event(line))), file=out)
        except (NoEvent, UnicodeDecodeError) as error:
            raise NoEvent(f"line {number}: {error}") from error
    print(json.dumps(reference.summary()), file=out)
    return 1 if reference.errors else 0


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print("usage: reference.py PLAN.toml EVENTS.jsonl|-", file=sys.stderr)
        return 2
    try:
        reference = Reference(load_plan(arguments[0]))
        if arguments[1] == "-":
            return replay(reference, sys.stdin.buffer, sys.stdout)
        with open(arguments[1], "rb") as events:
            return replay(reference, events, sys.stdout)
    except (OSError, ValueError, RecursionError, PlanError) as error:
        print(f"reference: {error}", file=sys.stderr)
    except NoEvent as error:
        print(f"reference: {arguments[1]}, {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
