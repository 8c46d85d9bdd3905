from collections.abc import Iterator

import pytest
from tests.fulfilment.world import World, a_world
from tests.usecases.conftest import _quick_passwords  # noqa: F401 - fixture

from mingchi.foundation import roles


@pytest.fixture
def world(db: None) -> Iterator[World]:
    roles.ensure()
    with a_world() as one:
        yield one
