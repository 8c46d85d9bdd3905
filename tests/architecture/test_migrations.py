"""Tables and models agree: no change of a model is without its migration."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import translation


@pytest.fixture(autouse=True)
def _no_translation() -> Iterator[None]:
    """Migrations hold labels as they are written, not in the language of the platform."""
    with translation.override(None):
        translation.deactivate_all()
        yield


def missing(before: ProjectState, after: ProjectState) -> dict[str, list[str]]:
    changes = MigrationAutodetector(before, after)._detect_changes()
    return {
        label: [str(operation) for migration in found for operation in migration.operations]
        for label, found in changes.items()
    }


def test_no_migration_is_missing() -> None:
    loader = MigrationLoader(None)
    assert missing(loader.project_state(), ProjectState.from_apps(apps)) == {}


def test_a_missing_migration_is_found() -> None:
    loader = MigrationLoader(None)
    before = loader.project_state()
    before.remove_field("foundation", "user", "email")
    assert missing(before, ProjectState.from_apps(apps)) != {}


def test_nobody_wrote_the_same_number_twice() -> None:
    assert MigrationLoader(None).detect_conflicts() == {}
