"""Run a benchmark; print one JSON object a line."""

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import mingchi.bench

KEYS: Final = ("bench", "case", "value", "unit", "against", "against_value", "ratio")


def main(argv: list[str]) -> int:
    """Exit status 0, or 2 where the call is wrong."""
    names = [found.name for found in pkgutil.iter_modules(mingchi.bench.__path__)]
    names = sorted(name for name in names if not name.startswith("_"))
    parser = argparse.ArgumentParser(
        prog="script/bench", epilog="Benchmarks: " + ", ".join(names) + "."
    )
    parser.add_argument("name", choices=names, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="less work: under 60 s, less exact")
    options = parser.parse_args(argv)
    bench = importlib.import_module(f"mingchi.bench.{options.name}")
    for line in lines(bench.run(options.quick)):
        print(line, flush=True)
    return 0


def lines(results: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Each result with the machine and the time; what it doesn't say is null."""
    where = machine()
    for result in results:
        unknown = result.keys() - set(KEYS)
        assert not unknown, f"a result has no key {unknown}"
        known = {key: result.get(key) for key in KEYS}
        at = datetime.now(UTC).isoformat(timespec="seconds")
        yield json.dumps({**known, "machine": where, "at": at}, ensure_ascii=False)


def machine() -> str:
    """What it ran on, as far as it decides the figures."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores, {_memory_gib()} GiB, Python {platform.python_version()}"


def _processor() -> str:
    for line in _read("/proc/cpuinfo"):
        if line.startswith("model name"):
            return " ".join(line.split(":", 1)[1].split())
    return platform.processor() or platform.machine()


def _memory_gib() -> int:
    for line in _read("/proc/meminfo"):
        if line.startswith("MemTotal"):
            return round(int(line.split()[1]) / 1024**2)
    return 0


def _read(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
