"""Whether the set-up that was done last still holds, told without loading anything."""

import hashlib
import json
import os
import sysconfig
from pathlib import Path
from typing import Any


def fingerprint(database: Path, *options: str) -> str:
    """Of our files, the installed packages, the database's folder and what was asked for."""
    seen = hashlib.sha256()
    top = Path(__file__).parents[1]
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(set(folders) - {"__pycache__"})
        for name in sorted(files):
            about = os.stat(os.path.join(folder, name))
            seen.update(f"{folder} {name} {about.st_size} {about.st_mtime_ns}\n".encode())
    # A package that comes or goes changes its folder's time; a database made anew has another
    # number on disk.
    packages = os.stat(sysconfig.get_path("purelib")).st_mtime_ns
    seen.update(f"{packages} {os.stat(database).st_ino} {options}".encode())
    return seen.hexdigest()


def kept(path: Path, now: str) -> dict[str, Any] | None:
    """What the set-up with that fingerprint left; None where it must be done."""
    try:
        report: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return report if report.get("fingerprint") == now else None


def keep(path: Path, now: str, report: dict[str, Any]) -> None:
    """Leave it for the next start."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({**report, "fingerprint": now}))
    draft.replace(path)
