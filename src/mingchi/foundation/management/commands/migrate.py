"""`migrate` with our executor: Django's command takes the one of its module."""

from django.core.management.commands import migrate

from mingchi.foundation.migrating import Executor

migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]


class Command(migrate.Command):
    """Django's own."""
