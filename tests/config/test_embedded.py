"""The embedded PostgreSQL lives exactly as long as somebody holds it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from tests.config.processes import mentioning, wait_until

from mingchi.config import embedded

HOLDER = """
import sys
import time
from pathlib import Path
from mingchi.config import embedded
print(embedded.start(Path(sys.argv[1]), {"fsync": "off"}), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "postgres"


def hold(folder: Path) -> "tuple[subprocess.Popen[str], str]":
    """Another process that holds the server; ends when its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def let_go(process: "subprocess.Popen[str]") -> None:
    process.communicate("")
    assert process.returncode == 0


def wait_gone(folder: Path) -> None:
    stopped = embedded.wait_stopped(folder, 30)
    assert stopped, (mentioning(str(folder)), embedded.log_path(folder).read_text()[-2000:])
    wait_until(lambda: not mentioning(str(folder)))


def test_it_stops_with_its_last_holder(folder: Path) -> None:
    first, url = hold(folder)
    second, same = hold(folder)
    assert url == same
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (x int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        let_go(first)
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
    let_go(second)
    wait_gone(folder)
    third, url = hold(folder)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
    let_go(third)


def test_it_stops_when_its_holder_is_killed(folder: Path) -> None:
    process, _ = hold(folder)
    process.kill()
    process.communicate()
    wait_gone(folder)


def test_it_stops_when_its_keeper_is_killed_and_starts_again(folder: Path) -> None:
    process, _ = hold(folder)
    found = mentioning(str(folder)).items()
    [keeper] = [pid for pid, words in found if "-m mingchi.config.embedded" in words]
    os.kill(keeper, signal.SIGKILL)
    assert embedded.wait_stopped(folder, 20)
    other, url = hold(folder)
    with psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
    let_go(other)
    let_go(process)
    wait_gone(folder)


def test_a_stale_number_of_a_crashed_server_does_not_stop_it(folder: Path) -> None:
    let_go(hold(folder)[0])
    wait_gone(folder)
    stale = folder / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{folder}\n1\n5432\n{folder}\n\n0 0\nready\n")
    process, url = hold(folder)
    with psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
    let_go(process)


def test_it_starts_while_the_last_one_stops(folder: Path) -> None:
    for pause_s in (0, 0.05, 0.1, 0.15, 0.2, 0.25):
        process, url = hold(folder)
        with psycopg.connect(url) as connection:
            connection.execute("SELECT 1")
        let_go(process)
        time.sleep(pause_s)


def test_many_start_it_at_once(folder: Path) -> None:
    wait_gone(folder)
    words = [sys.executable, "-c", HOLDER, str(folder)]
    holders = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    urls = {holder.stdout.readline() for holder in holders if holder.stdout}
    assert len(urls) == 1
    # A server's new processes carry its words until they name themselves.
    wait_until(lambda: sum("postgres -D" in w for w in mentioning(str(folder)).values()) == 1)
    for holder in holders:
        let_go(holder)
    wait_gone(folder)


def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 25) / "postgres"
    process, url = hold(folder)
    assert str(folder) not in url
    with psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
    let_go(process)
    assert embedded.wait_stopped(folder, 20)


def test_where_it_cannot_start_it_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with pytest.raises(embedded.EmbeddedError, match="nonsense"):
        embedded.start(folder, {"nonsense": "1"})
    assert not embedded.is_running(folder)
