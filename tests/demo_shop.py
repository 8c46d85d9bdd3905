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
from django.test import override_settings
from pytest_django import DjangoDbBlocker
from tests import databases
from tests.places import VAR

from mingchi.usecases import demo
from mingchi.usecases.demo.world import Size

SMALL = Size(members=20, orders=36, redemptions=6, withdrawals=5, days_between_rounds=3, pictures=2)
# The same for all processes of a run.
_RUN: Final = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"alone{os.getpid()}"
_LOADED: Final = f"demo_{_RUN}"
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
        with databases.server() as server:
            _load_once(server)
        with databases.copied(_LOADED):
            yield


def _load_once(server: psycopg.Connection) -> None:
    standing = databases.names(server, "demo_")
    if _LOADED in standing:
        return
    for of_another_run in standing:
        databases.drop(server, of_another_run)
    shutil.rmtree(VAR / "pictures", ignore_errors=True)
    loading = "demo_loading"
    databases.copy(server, loading, like=databases.migrated(server))
    with databases.connected_to(loading):
        demo.load(size=SMALL)
    databases.rename(server, loading, to=_LOADED)
