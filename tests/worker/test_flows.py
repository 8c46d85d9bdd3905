"""The flow loop: of the use cases that are meant for it, on and on, whatever fails."""

import ast
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
from django.db import OperationalError

from mingchi.usecases import run_flows
from mingchi.worker import flows


def test_use_cases_called_by_the_loop_are_called() -> None:
    meant = set()
    for node in ast.parse(Path(run_flows.__file__).read_text()).body:
        if isinstance(node, ast.FunctionDef):
            told = " ".join((ast.get_docstring(node) or "").split())
            if told.endswith("Called by the flow loop."):
                meant.add(node.name)
    assert meant == {work.__name__ for work in (*flows.OWN, *flows.OUTSIDE)}


def run_until(loop: flows.Loop, turns: list[int], enough: int) -> None:
    thread = threading.Thread(target=loop.run)
    thread.start()
    deadline = time.monotonic() + 20
    while len(turns) < enough and time.monotonic() < deadline:
        time.sleep(0.01)
    loop.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert len(turns) >= enough


def test_it_goes_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "_RECONNECT_S", 0.01)
    turns: list[int] = []

    def work(*, now: datetime) -> int:
        turns.append(1)
        if len(turns) == 1:
            raise OperationalError("gone")
        if len(turns) == 2:
            raise ValueError("a bug")
        return 0

    run_until(flows.Loop([work]), turns, 4)


def test_it_does_not_rest_while_there_is_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "_REST_S", 3600)
    turns: list[int] = []

    def work(*, now: datetime) -> int:
        assert now.tzinfo is not None
        turns.append(1)
        return 1

    run_until(flows.Loop([work]), turns, 50)


def test_it_rests_where_nothing_is_to_do() -> None:
    turns: list[int] = []

    def work(*, now: datetime) -> int:
        turns.append(1)
        return 0

    began = time.monotonic()
    run_until(flows.Loop([work]), turns, 3)
    assert len(turns) <= 2 + (time.monotonic() - began) / flows._REST_S


def test_both_loops_run_beside_the_tasks_and_end_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own, outside = threading.Event(), threading.Event()

    def one(*, now: datetime) -> int:
        own.set()
        return 0

    def other(*, now: datetime) -> int:
        outside.set()
        return 0

    monkeypatch.setattr(flows, "OWN", (one,))
    monkeypatch.setattr(flows, "OUTSIDE", (other,))
    before = threading.active_count()
    with flows.running():
        assert own.wait(10)
        assert outside.wait(10)
        assert threading.active_count() == before + 2
    assert threading.active_count() == before
