"""Fixtures of the laws."""

from pathlib import Path

import pytest
from tests.laws.engine_runner import Files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(Path(tmp_path_factory.mktemp("laws")))
