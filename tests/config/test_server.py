"""`mingchi server` as an operator meets it: start, Ctrl-C, start again, two at once, killed."""

import fcntl
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.config.processes import mentioning, wait_until

from mingchi.config import embedded
from mingchi.config.server import CannotStart, free_port

RUNNING = "Running. Ctrl-C stops all of it."


def environment(var: Path) -> dict[str, str]:
    """Ours, for a platform with its data there."""
    ours = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {**ours, "MINGCHI_VAR": str(var), "MINGCHI_MODE": "sandbox"}


class Server:
    """A server process with its own folder of data, read like a terminal."""

    def __init__(self, var: Path, *words: str) -> None:
        self.var = var
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mingchi.cli", "server", "--port", "0", *words],
            env=environment(var),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_running(self) -> str:
        """Its address."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if RUNNING in line:
                break
        found = re.search(r"http://127.0.0.1:(\d+)/admin/", self.output)
        assert found, self.output
        return f"127.0.0.1:{found.group(1)}"

    def stop(self, number: int = signal.SIGINT) -> int:
        """Its exit status."""
        self.process.send_signal(number)
        self.output += self.process.communicate(timeout=60)[0]
        return self.process.returncode


def status(address: str, path: str) -> int:
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", path)
    return connection.getresponse().status


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("server")
    yield folder
    assert mentioning(str(folder)) == {}


@pytest.mark.slow
def test_it_starts_stops_and_keeps_its_data(var: Path) -> None:
    server = Server(var, "--no-demo")
    address = server.wait_running()
    for path in ("/admin/login/", "/api/docs"):
        assert status(address, path) == 200, path
    wait_until(lambda: status(address, "/healthz") == 200)
    for name in ("settle", "worker", "granian", "bin/postgres"):
        assert [words for words in mentioning(str(var)).values() if name in words], name

    second = Server(var, "--no-demo")
    told, _ = second.process.communicate(timeout=30)
    assert second.process.returncode == 2
    assert f"another server (process {server.process.pid}) runs on {var}" in told

    psql = [sys.executable, "-m", "mingchi.cli", "pg", "psql", "-Atc"]
    made = subprocess.run(
        [*psql, "CREATE TABLE kept (x int); SELECT 17"],
        env=environment(var),
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == "CREATE TABLE\n17\n"
    assert server.stop() == 0
    assert "Stopping" in server.output
    assert "did not stop in time" not in server.output
    assert mentioning(str(var)) == {}


@pytest.mark.slow
def test_it_recovers_after_being_killed(var: Path) -> None:
    first = Server(var, "--no-demo")
    first.wait_running()
    first.process.kill()
    first.process.communicate()
    wait_until(lambda: not mentioning(str(var)))

    again = Server(var, "--no-demo")
    address = again.wait_running()
    assert status(address, "/admin/login/") == 200
    url = f"postgresql://postgres:@/postgres?host={var}/postgres"
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    assert again.stop(signal.SIGHUP) == 0


@pytest.mark.slow
def test_what_dies_is_started_again(var: Path) -> None:
    server = Server(var, "--no-demo")
    address = server.wait_running()
    [settler] = [pid for pid, words in mentioning(str(var)).items() if words.endswith("settle ")]
    database = int((var / "postgres/postmaster.pid").read_text().split()[0])
    os.kill(settler, signal.SIGKILL)
    os.kill(database, signal.SIGKILL)

    def healed() -> bool:
        try:
            alive = [w for w in mentioning(str(var)).values() if w.endswith("settle ")]
            return bool(alive) and status(address, "/healthz") == 200
        except OSError:
            return False

    wait_until(healed, 60)
    assert server.stop(signal.SIGTERM) == 0
    assert "settler: was killed by SIGKILL; starting again in 1 s" in server.output
    assert "database: has ended; starting it again" in server.output


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port}: Address already in use.*--port"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1", 0) > 0
    with pytest.raises(CannotStart, match=r"nowhere\.invalid"):
        free_port("nowhere.invalid", 0)


def test_a_refused_start_leaves_nothing(tmp_path: Path) -> None:
    tmp_path.joinpath("server.lock").touch()
    handle = os.open(tmp_path / "server.lock", os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX)
    server = Server(tmp_path)
    told, _ = server.process.communicate(timeout=30)
    os.close(handle)
    assert server.process.returncode == 2
    assert "Traceback" not in told
    assert not embedded.is_running(tmp_path / "postgres")
    assert not (tmp_path / "postgres").exists()
