"""Fixtures of the settler's tests. They commit, as the settler does."""

from pathlib import Path

import pytest
from pytest_django import Settings
from tests.rebates.online import found_programme

from mingchi.rebates.models import Programme


@pytest.fixture(autouse=True)
def _own_var(settings: Settings, tmp_path: Path) -> None:
    """Heads are published where no other test looks."""
    settings.VAR = tmp_path


@pytest.fixture
def programme(transactional_db: None) -> Programme:
    return found_programme()
