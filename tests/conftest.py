"""A real PostgreSQL for the tests, and nothing else that is shared."""

import gc
import os
import shutil
from collections.abc import Iterator

import pytest
from django.db import connections
from django.test import TransactionTestCase, override_settings
from pytest_django import DjangoDbBlocker
from tests import emptying
from tests.places import VAR

# Nothing of what is imported for the tests ever ends: looking through it again and again, while
# there is more and more of it, took 2 s of the 7 until the first test.
gc.disable()
_UNGUARDED = {"fsync": "off", "full_page_writes": "off", "wal_compression": "off"}


def chromium() -> str | None:
    """Debian's Chromium, which browser tests drive; script/test installs it where it may. Its
    headless shell draws the same pages for two thirds of the work."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    return next(filter(None, map(shutil.which, names)), None)


def pytest_collection_finish() -> None:
    """From here on objects end again; those that are there are not looked at any more."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests without a browser: skipped with a reason, but a failure in CI."""
    if chromium():
        return
    browser = [item for item in items if item.get_closest_marker("browser")]
    if browser and os.environ.get("CI"):
        raise pytest.UsageError(
            "browser tests need Chromium; install Debian's chromium-headless-shell"
        )
    for item in browser:
        item.add_marker(pytest.mark.skip(reason="no Chromium: browser tests were not run"))


@pytest.fixture(autouse=True, scope="session")
def _static_files_uncollected() -> Iterator[None]:
    """Pages under test name static files as they are, since none are collected."""
    from django.conf import settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


@pytest.fixture(autouse=True)
def _no_flows_of_tests_before() -> None:
    """Flows are kept compiled by their keys, and tables that are emptied count from 1 again."""
    from mingchi.fulfilment import compiled

    compiled.load.cache_clear()


@pytest.fixture(scope="session")
def database_url() -> str:
    """The embedded PostgreSQL of the tests, started when the first test asks for it.

    Its files are in `var/test`. What guards them against a crash of the machine is off there: a
    test that pulls the plug kills processes only.
    """
    from mingchi.config.database import start_embedded

    named = os.environ.get("DATABASE_URL")
    return named or start_embedded(VAR / "postgres", _UNGUARDED)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest, database_url: str) -> None:
    """Point Django at that server before pytest-django makes the test database."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(database_url)
    connections["default"].settings_dict.update(
        NAME=parts["dbname"], USER=parts.get("user", ""), HOST=parts.get("host", "")
    )
    request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """In place of pytest-django's, which migrates anew for every process of every run."""
    from tests import databases

    of_tests = connections["default"].settings_dict["TEST"]["NAME"] or "test"
    with django_db_blocker.unblock():
        with databases.server() as server:
            databases.copy(server, of_tests, like=databases.migrated(server))
        databases.point_at(of_tests)
    yield
    with django_db_blocker.unblock(), databases.server() as server:
        connections.close_all()
        databases.drop(server, of_tests)


@pytest.fixture(scope="session", autouse=True)
def _emptied_by_us() -> None:
    """`transaction=True` tests leave an empty database behind."""
    TransactionTestCase._fixture_teardown = lambda _self: emptying.empty()  # type: ignore[method-assign,assignment]
