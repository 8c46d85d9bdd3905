"""The command line: `mingchi COMMAND`. Each command imports what it needs when it is called, so
that `mingchi replay` starts without Django and every `--help` is quick."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mingchi.flows.command import Platform

Command = Callable[[list[str]], int]


def server(argv: list[str]) -> int:
    """Start the whole platform: database, web server, settler, worker."""
    from mingchi.config import server

    return server.main(argv)


def settle(argv: list[str]) -> int:
    """Run the settler: one writer per programme."""
    _no_arguments("settle", argv)
    _wire()
    from mingchi.worker import settler

    return settler.run()


def worker(argv: list[str]) -> int:
    """Run due and queued tasks: complete orders, cancel unpaid ones, pay refunds."""
    _no_arguments("worker", argv)
    _wire()
    from mingchi.worker import tasks

    return tasks.run()


def replay(argv: list[str]) -> int:
    """Recompute a file of events without a database."""
    from mingchi.engine import replay

    return replay.main(argv)


def flow(argv: list[str]) -> int:
    """Check a fulfilment flow, or step it in memory: `mingchi flow check FILE.bpmn`."""
    from mingchi.flows import command

    return command.main(argv, platform=_flow_platform)


def reconcile(argv: list[str]) -> int:
    """Compare gateways' bills of a day with our books: `mingchi reconcile --day 2026-11-22`."""
    from datetime import date

    parser = argparse.ArgumentParser(prog="mingchi reconcile", description=reconcile.__doc__)
    parser.add_argument("--day", type=date.fromisoformat, required=True, help="YYYY-MM-DD")
    parser.add_argument("--gateway", help="one only; all where none is named")
    options = parser.parse_args(argv)
    _wire()
    from mingchi.usecases import reconcile as use_case

    return use_case.main(day=options.day, gateway=options.gateway)


def verify(argv: list[str]) -> int:
    """Recompute everything from the events; name the first difference."""
    _wire()
    from mingchi.rebates import verify

    return verify.main(argv)


def demo(argv: list[str]) -> int:
    """Load the demo shop into an empty sandbox platform."""
    _wire()
    from mingchi.usecases import demo

    return demo.main(argv)


def migrate(argv: list[str]) -> int:
    """Bring the database's tables up to date and open the platform."""
    _no_arguments("migrate", argv)
    _wire()
    from mingchi.config import prepare

    return prepare.main([])


def check_deploy(argv: list[str]) -> int:
    """Check the settings as for a live platform; any warning fails."""
    _no_arguments("check-deploy", argv)
    return _django(["check", "--deploy", "--fail-level", "WARNING"])


def manage(argv: list[str]) -> int:
    """Run a command of Django's: `mingchi manage createsuperuser`."""
    _wire()
    return _django(argv)


def pg(argv: list[str]) -> int:
    """Run a program of PostgreSQL's on the platform's database: `mingchi pg psql`."""
    import subprocess

    from mingchi.config import database, embedded

    offered = sorted(path.name for path in embedded.programs().iterdir())
    parser = argparse.ArgumentParser(prog="mingchi pg", description=pg.__doc__)
    parser.add_argument("program", choices=offered, metavar="PROGRAM", help=", ".join(offered))
    program: str = parser.parse_args(argv[:1]).program
    _find_database()
    # Run, not replaced by it: an embedded database lives as long as we hold it.
    environment = {**os.environ, **database.libpq_environment()}
    command = [str(embedded.programs() / program), *argv[1:]]
    return subprocess.run(command, env=environment, check=False).returncode


COMMANDS: dict[str, Command] = {
    "server": server,
    "settle": settle,
    "worker": worker,
    "replay": replay,
    "flow": flow,
    "verify": verify,
    "reconcile": reconcile,
    "demo": demo,
    "migrate": migrate,
    "check-deploy": check_deploy,
    "manage": manage,
    "pg": pg,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 found or failed, 2 called wrongly."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="mingchi",
        description="Mingchi 明池: a commerce platform with a pool of points anyone can recompute.",
        epilog="\n".join(f"  {name:<13} {run.__doc__}" for name, run in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    # Only the first word is ours; a command reads the rest itself.
    command: str = parser.parse_args(words[:1]).command
    try:
        return COMMANDS[command](words[1:])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, say) has seen enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _no_arguments(command: str, argv: list[str]) -> None:
    """Answer --help, refuse anything else."""
    argparse.ArgumentParser(
        prog=f"mingchi {command}", description=COMMANDS[command].__doc__
    ).parse_args(argv)


def _flow_platform() -> "Platform":
    """What a drawing may speak of; needs no database."""
    _django_setup()
    from mingchi.flows import REGISTRY
    from mingchi.flows.command import KindOfFlow, Platform
    from mingchi.usecases.flow_subjects import STARTS_WITH
    from mingchi.usecases.flow_values import CONTEXTS

    kinds = {name: KindOfFlow(CONTEXTS[name], frozenset(STARTS_WITH[name])) for name in CONTEXTS}
    return Platform(REGISTRY, kinds)


def _wire() -> None:
    _find_database()
    _django_setup()


def _find_database() -> None:
    """The one in DATABASE_URL, else the embedded one, started where nobody runs it."""
    from mingchi.config import database, embedded, environment

    try:
        database.ensure_database(environment.var_dir() / "postgres")
    except embedded.EmbeddedError as problem:
        print(f"mingchi: {problem}", file=sys.stderr)
        sys.exit(2)


def _django_setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingchi.config.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as problem:
        print(f"mingchi: {problem}", file=sys.stderr)
        sys.exit(2)


def _django(argv: list[str]) -> int:
    _django_setup()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["mingchi manage", *argv])
    return 0


if __name__ == "__main__":
    sys.exit(main())
