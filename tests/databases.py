"""Databases of the tests' server, copied from one another: that takes a second, where migrations
take a quarter of a minute."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

import psycopg
from django.conf import settings
from django.db import connection, connections
from psycopg.sql import SQL, Identifier

from mingchi.config.environment import ROOT

_LOCK: Final = 0x74657374
_MIGRATED: Final = "migrated_"


@contextmanager
def server() -> Iterator[psycopg.Connection]:
    """The server itself, by a database that no test uses; one process at a time."""
    given = connection.settings_dict
    found = {name.lower(): given[name] for name in ("HOST", "PORT", "USER", "PASSWORD")}
    known: dict[str, Any] = {name: value for name, value in found.items() if value}
    with psycopg.connect(dbname="postgres", autocommit=True, **known) as opened:
        opened.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        yield opened


def names(opened: psycopg.Connection, prefix: str) -> set[str]:
    """The databases whose names begin so."""
    found = opened.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
    )
    return {name for (name,) in found}


def copy(opened: psycopg.Connection, name: str, *, like: str) -> None:
    """A copy of a database that no test is ever connected to, in place of any of that name.

    A database of tests can't be copied: a connection that was opened before Playwright's loop ran
    in this thread is none of those that Django closes while it runs.
    """
    drop(opened, name)
    # By files: the default way writes each page to the log too, for three times the work.
    wanted = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    opened.execute(wanted.format(Identifier(name), Identifier(like)))


def rename(opened: psycopg.Connection, name: str, *, to: str) -> None:
    """What is whole gets its name last."""
    connections.close_all()
    opened.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(name), Identifier(to)))


def drop(opened: psycopg.Connection, name: str) -> None:
    """Drop a database, if it is there, whoever is connected."""
    opened.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def copied(like: str | None = None) -> Iterator[None]:
    """Django, in all threads, on a copy of a database (None: of an empty one), which is gone
    afterwards."""
    name = f"{connection.settings_dict['NAME']}_copy"
    with server() as opened:
        copy(opened, name, like=like or migrated(opened))
    try:
        with connected_to(name):
            yield
    finally:
        with server() as opened:
            drop(opened, name)


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Django, in all threads, on another database of the server."""
    before = connection.settings_dict["NAME"]
    point_at(name)
    try:
        yield
    finally:
        point_at(before)


def point_at(name: str) -> None:
    """From here on Django, in all threads, is on this database."""
    connections.close_all()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name


def migrated(opened: psycopg.Connection) -> str:
    """A database with all migrations and nothing else, kept as long as they stay as they are."""
    wanted = _MIGRATED + _checksum()
    standing = names(opened, _MIGRATED)
    if wanted not in standing:
        for stale in standing:
            drop(opened, stale)
        test = connection.settings_dict["TEST"]
        asked, test["NAME"] = test["NAME"], f"{_MIGRATED}making"
        before = connection.settings_dict["NAME"]
        made = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        test["NAME"] = asked
        point_at(before)
        rename(opened, made, to=wanted)
    return wanted


def _checksum() -> str:
    """Of all that migrations come from: ours, and the packages that have some."""
    read = sha256((ROOT / "requirements" / "dev.lock").read_bytes())
    for path in sorted((ROOT / "src" / "mingchi").glob("*/migrations/*.py")):
        read.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return read.hexdigest()[:16]
