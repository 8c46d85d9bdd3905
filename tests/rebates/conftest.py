"""Fixtures of the settler's tests. They commit, as the settler does."""

from pathlib import Path

import pytest
from pytest_django import Settings
from tests.rebates.online import found_programme

from mingchi.rebates.models import Programme


@pytest.fixture(autouse=True)
def _own_place(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """Heads are published where no other test looks, and a command that is called here starts no
    server of its own."""
    settings.VAR = tmp_path
    monkeypatch.setenv("DATABASE_URL", database_url)


@pytest.fixture
def programme(transactional_db: None) -> Programme:
    return found_programme()
