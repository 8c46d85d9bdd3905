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

from mingchi.config import environment, pooling

Say = Callable[[str], None]


def main(argv: list[str]) -> int:
    """Do what was not yet done; with --report, leave what the supervisor prints as JSON."""
    parser = argparse.ArgumentParser(prog="python -m mingchi.config.prepare")
    parser.add_argument("--demo", action="store_true", help="load the demo where it is missing")
    parser.add_argument("--static", action="store_true", help="collect static files if changed")
    parser.add_argument("--report", type=Path)
    options = parser.parse_args(argv)
    pooling.refuse_shared()
    if options.demo:
        clear_unfinished_demo(_say)
    bring_up_to_date(_say)
    if options.static:
        collect_static(_say)
    open_platform()
    accounts = load_demo(_say) if options.demo else []
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


def open_platform() -> None:
    """Roles, programme, plan, merchant and standard flows, where they are missing."""
    from mingchi.usecases import open_platform as use_case
    from mingchi.usecases.standard_flows import publish_standard_flows

    use_case.open_platform()
    publish_standard_flows()


def load_demo(say: Say) -> list[list[str]]:
    """Load the demo where nobody has used the platform yet; in sandbox only. Returns the demo's
    accounts (role, login, password), none where the platform is not the demo's."""
    from mingchi.members.models import Member
    from mingchi.usecases import demo

    if not demo.is_loaded():
        if Member.objects.exists():
            return []
        say("Loading the demo shop, once")
        marker = _unfinished()
        marker.write_text(_database())
        demo.load(progress=_progress(say))
        marker.unlink()
    return demo.accounts()


def clear_unfinished_demo(say: Say) -> None:
    """Empty a database in which loading the demo was broken off: nothing else is in there. Only
    the embedded one: we don't empty a server that others may use."""
    from django.db import connection

    marker = _unfinished()
    if not marker.exists() or marker.read_text() != _database():
        return
    if str(environment.var_dir() / "postgres") not in _database():
        say("Loading the demo was broken off; empty the database, or start with --no-demo")
        sys.exit(1)
    say("Loading the demo was broken off; beginning anew")
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    marker.unlink()


def _unfinished() -> Path:
    return environment.var_dir() / "demo.unfinished"


def _database() -> str:
    return os.environ["DATABASE_URL"]


def _progress(say: Say) -> Callable[[int], None]:
    """On a terminal one line that changes, else a line each tenth."""
    seen = -1

    def heard(percent: int) -> None:
        nonlocal seen
        if sys.stdout.isatty():
            if percent != seen:
                print(f"\r  {percent:3d} %", end="\n" if percent == 100 else "", flush=True)
        elif percent // 10 != seen // 10:
            say(f"  {percent} %")
        seen = percent

    return heard


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingchi.config.settings")
    import django

    django.setup()
    sys.exit(main(sys.argv[1:]))
