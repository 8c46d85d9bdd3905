"""Watching processes from outside, as the tests of the supervisor and the database do."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def mentioning(text: str) -> dict[int, str]:
    """Live processes (but us) with that text in their command line or environment."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            if text.encode() in command + (folder / "environ").read_bytes():
                found[int(folder.name)] = command.replace(b"\0", b" ").decode()
        except OSError:
            continue  # gone meanwhile
    return {pid: command for pid, command in found.items() if command}


def wait_until(condition: Callable[[], object], timeout_s: float = 30) -> None:
    """Wait until it holds; fails where it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
