"""The supervisor's children: started again when they die, never left behind."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from tests.config.processes import mentioning, wait_until

from mingchi.config.children import Child, last_lines, run

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def said() -> list[str]:
    return []


def child(command: list[str], log: Path, **more: float) -> Child:
    made = Child("settler", command, log / "settler.log", **more)
    made.start()
    return made


def test_one_that_dies_is_started_again_with_growing_pauses(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mingchi.config.children.FIRST_PAUSE_S", 0.05)
    made = child([sys.executable, "-c", "print('no'); raise SystemExit(3)"], tmp_path, pause_s=0.05)

    def watched() -> bool:
        made.watch(said.append)
        return len([line for line in said if "ended with status 3" in line]) == 3

    wait_until(watched)
    pauses = [line.split("again in ")[1] for line in said if "again in" in line]
    assert pauses == ["0.05 s", "0.1 s", "0.2 s"]
    assert "no" in last_lines(tmp_path / "settler.log")
    assert f"  see {tmp_path / 'settler.log'}" in said


def test_one_that_was_killed_is_said_so(tmp_path: Path, said: list[str]) -> None:
    made = child(SLEEP, tmp_path)
    assert made.process is not None
    made.process.kill()
    made.process.wait()
    made.watch(said.append)
    assert said[0] == "settler: was killed by SIGKILL; starting again in 1 s"
    made.stop(said.append, lambda: False)


def test_one_that_ignores_the_request_is_killed_with_all_it_started(
    tmp_path: Path, said: list[str]
) -> None:
    deaf = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600) # {tmp_path}']);"
        "print('up', flush=True); time.sleep(600)"
    )
    made = child([sys.executable, "-c", deaf], tmp_path, grace_s=0.2)
    wait_until(lambda: "up" in last_lines(tmp_path / "settler.log"))
    made.stop(said.append, lambda: False)
    assert said == ["settler: did not stop in time and was killed"]
    wait_until(lambda: not mentioning(str(tmp_path)))


def test_a_hurry_ends_the_wait(tmp_path: Path, said: list[str]) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    made = child([sys.executable, "-c", deaf], tmp_path, grace_s=60)
    time.sleep(0.3)
    before = time.monotonic()
    made.stop(said.append, lambda: True)
    assert time.monotonic() - before < 10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux kernel")
def test_children_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from mingchi.config.children import run\n"
        f"run([sys.executable, '-c', 'import time; time.sleep(600) # {tmp_path}'], None)\n"
        "print('up', flush=True); time.sleep(600)"
    )
    parent = run([sys.executable, "-c", code], tmp_path / "parent.log")
    wait_until(lambda: "up" in last_lines(tmp_path / "parent.log"))
    assert len(mentioning(str(tmp_path))) == 2
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not mentioning(str(tmp_path)))


def test_a_log_that_grew_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mingchi.config.children.LOG_LIMIT_BYTES", 3)
    for _ in range(2):
        run([sys.executable, "-c", "print('four')"], tmp_path / "a.log").wait()
    assert (tmp_path / "a.log").read_text() == "four\n"
    assert (tmp_path / "a.log.1").read_text() == "four\n"
