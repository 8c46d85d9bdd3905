"""Compare engine and reference on many histories: ``python -m tests.laws.compare FIRST COUNT``.

Every difference is shrunk to few events and printed with its plan.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.laws.engine_runner import Files, as_lines, differences
from tests.laws.histories import Chance, make_history


def differ(files: Files, plan: str, events: list[dict[str, Any]]) -> list[str]:
    lines = as_lines(events)
    try:
        return differences(files.engine(plan, lines), files.reference(plan, lines))
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def shrink(files: Files, plan: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out every event that is not needed for a difference."""
    size = len(events)
    while size:
        start = 0
        while start < len(events):
            fewer = events[:start] + events[start + size :]
            if differ(files, plan, fewer):
                events = fewer
            else:
                start += size
        size //= 2
    return events


def main(first: int, count: int) -> int:
    found = 0
    with tempfile.TemporaryDirectory() as directory:
        files = Files(Path(directory))
        for seed in range(first, first + count):
            source = Chance(seed)
            steps = source.pick([10, 25, 25, 60, 150])
            plan, events = make_history(source, steps=steps, people=source.pick([7, 9, 5, 3, 1]))
            if differ(files, plan, events):
                found += 1
                few = shrink(files, plan, events)
                print(f"=== seed {seed}", plan, *map(json.dumps, few), sep="\n")
                print(*differ(files, plan, few), sep="\n", flush=True)
            if found >= 20:
                break
            if seed % 1000 == 999:
                print(f"seeds up to {seed}: {found} differences", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
