"""A small demo for tests that need a lived-in platform; committed, so that servers see it too."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.core.management import call_command
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from mingchi.usecases import demo
from mingchi.usecases.demo.world import Size

SMALL = Size(members=20, orders=36, redemptions=6, withdrawals=5, days_between_rounds=3, pictures=2)
# Without a manifest: nobody collects static files for a test.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "images": {
        "BACKEND": "django.core.files.storage.InMemoryStorage",
        "OPTIONS": {"base_url": "/media/"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick


@contextmanager
def loaded(blocker: DjangoDbBlocker) -> Iterator[None]:
    """The small demo, and afterwards an empty database."""
    with blocker.unblock(), override_settings(STORAGES=STORAGES, PASSWORD_HASHERS=HASHERS):
        cache.clear()
        try:
            demo.load(size=SMALL)
            yield
        finally:
            call_command("flush", interactive=False, verbosity=0)
