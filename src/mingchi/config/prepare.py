"""What must be done before a platform can open: tables, static files, the platform, the demo.

A process of its own (`python -m mingchi.config.prepare`), so that the supervisor stays small.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str], None]


def main(argv: list[str]) -> int:
    """Do what was not yet done; with --report, leave what the supervisor prints as JSON."""
    parser = argparse.ArgumentParser(prog="python -m mingchi.config.prepare")
    parser.add_argument("--demo", action="store_true", help="load the demo where it is missing")
    parser.add_argument("--static", action="store_true", help="collect static files if changed")
    parser.add_argument("--report", type=Path)
    options = parser.parse_args(argv)
    bring_up_to_date(_say)
    if options.static:
        collect_static(_say)
    accounts = open_platform(_say, demo=options.demo)
    if options.report:
        options.report.write_text(json.dumps({"accounts": accounts}))
    return 0


def bring_up_to_date(say: Say) -> None:
    """Apply the migrations that are missing; costs little when there are none."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        say(f"Bringing the database up to date: {len(plan)} migrations")
        call_command("migrate", interactive=False, verbosity=0)


def collect_static(say: Say) -> None:
    """Collect static files where they differ from those collected last."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            about = os.stat(storage.path(name))
            seen.update(f"{name} {about.st_size} {about.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == seen.hexdigest():
        return
    say("Collecting static files")
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(seen.hexdigest())


def open_platform(say: Say, *, demo: bool) -> list[list[str]]:
    """Open the platform and, in sandbox, load the demo where that was asked for and nobody has
    used the platform yet. Returns the demo's accounts: role, login, password."""
    from mingchi.usecases.open_platform import open_platform as open_

    open_()
    return []


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingchi.config.settings")
    import django

    django.setup()
    sys.exit(main(sys.argv[1:]))
