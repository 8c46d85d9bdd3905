"""Fixtures of the ledger's tests."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from mingchi.foundation.errors import DomainError

AtOnce = Callable[[Sequence[Callable[[], Any]]], list[Any]]


@pytest.fixture
def at_once() -> AtOnce:
    """Runs calls in threads of their own, all starting together; a refusal is its code."""

    def run_all(calls: Sequence[Callable[[], Any]]) -> list[Any]:
        barrier = Barrier(len(calls))

        def run(call: Callable[[], Any]) -> Any:
            try:
                barrier.wait()
                return call()
            except DomainError as error:
                return error.code
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(run, calls))

    return run_all
