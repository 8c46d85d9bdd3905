from pathlib import Path

import pytest
from pytest_django import Settings
from tests.usecases.conftest import _quick_passwords, shop  # noqa: F401 - fixtures


@pytest.fixture
def media(tmp_path: Path, settings: Settings) -> Path:
    """A folder of this test's own for pictures."""
    options = {"location": tmp_path, "base_url": "/media/", "allow_overwrite": True}
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "images": kept}
    return tmp_path
