"""A small demo for tests that need a lived-in platform; committed, so that servers see it too.

Loading it takes a quarter of a minute. So it is loaded once a run into a database of its own, of
which whoever needs it gets a copy.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from django.core.cache import cache
from django.db import connection, connections
from django.test import override_settings
from psycopg.sql import SQL, Identifier
from pytest_django import DjangoDbBlocker
from tests import emptying
from tests.places import VAR

from mingchi.usecases import demo
from mingchi.usecases.demo.world import Size

SMALL = Size(members=20, orders=36, redemptions=6, withdrawals=5, days_between_rounds=3, pictures=2)
# The same for all processes of a run.
_RUN: Final = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"alone{os.getpid()}"
_LOADED: Final = f"demo_{_RUN}"
_LOCK: Final = 0x64656D6F
# Without a manifest: nobody collects static files for a test.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "images": {
        "BACKEND": "django.core.files.storage.InMemoryStorage",
        "OPTIONS": {"base_url": "/media/"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
_IN_FILES: Final = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": VAR / "pictures", "base_url": "/media/"},
}
HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick


@contextmanager
def loaded(blocker: DjangoDbBlocker) -> Iterator[None]:
    """The small demo, in a database that is gone afterwards."""
    storages = {**STORAGES, "images": _IN_FILES}
    with blocker.unblock(), override_settings(STORAGES=storages, PASSWORD_HASHERS=HASHERS):
        cache.clear()
        empty = str(connection.settings_dict["NAME"])
        copy = f"{empty}_demo"
        with _server() as server:
            server.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            _load_once(server, empty)
            _make(server, copy, like=_LOADED)
        with _connected_to(copy):
            yield
        with _server() as server:
            _drop(server, copy)


def _load_once(server: psycopg.Connection, empty: str) -> None:
    found = server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'demo\\_%'")
    names = {name for (name,) in found}
    if _LOADED in names:
        return
    for of_another_run in names:
        _drop(server, of_another_run)
    shutil.rmtree(VAR / "pictures", ignore_errors=True)
    loading = f"{empty}_loading"
    _make(server, loading, like=empty)
    with _connected_to(loading):
        emptying.empty(keys_from_1=True)
        demo.load(size=SMALL)
    server.execute(
        SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(loading), Identifier(_LOADED))
    )


def _make(server: psycopg.Connection, name: str, *, like: str) -> None:
    """A copy of a database. Nobody may be connected to it meanwhile, not even a thread whose test
    is over."""
    connections.close_all()
    _drop(server, name)
    server.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [like]
    )
    server.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(like)))


def _drop(server: psycopg.Connection, name: str) -> None:
    server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    """Django, in all threads, on another database of the server."""
    settings = connection.settings_dict
    before = settings["NAME"]
    connections.close_all()
    settings["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        settings["NAME"] = before


def _server() -> psycopg.Connection:
    """The server itself, by a database that no test uses."""
    settings = connection.settings_dict
    found = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"]}
    given = {name: value for name, value in found.items() if value}
    password = settings["PASSWORD"] or None
    return psycopg.connect(dbname="postgres", password=password, autocommit=True, **given)
