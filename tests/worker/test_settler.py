"""`mingchi settle` as a process: one works, others stand by, and the database may go away."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction
from tests.rebates.online import differences, found_programme, member, order, record
from tests.rebates.processes import address, fork, spawn, until

from mingchi.config import embedded
from mingchi.ledger import accounts, cash, statements
from mingchi.ledger.models import CashSeal, Entry
from mingchi.rebates.models import Pending, Programme, SetAside


@pytest.fixture
def programme(transactional_db: None) -> Programme:
    return found_programme()


def settled() -> int:
    return Entry.objects.count()


def test_it_settles_seals_publishes_and_ends_when_told(
    programme: Programme, tmp_path: Path
) -> None:
    record(programme, [member(1), member(2, 1), order(1, 2)])
    with transaction.atomic():
        postings = [(accounts.wallet(1), -500), (accounts.withdrawal_pending(), 500)]
        cash.post(key="w1", kind="withdrawal_approved", postings=postings)
    with spawn(tmp_path) as one:
        heads = tmp_path / "heads" / "main.jsonl"
        until(
            lambda: settled() == 3 and CashSeal.objects.exists() and heads.exists(),
            why=lambda: one.said,
        )
        wallet = accounts.wallet(1)
        until(lambda: len(statements.statement(wallet).lines) == 2, why=lambda: one.said)
        programme.refresh_from_db()
        assert programme.settler_seen_at is not None
        assert one.stop() == 0
        assert one.has_said("settler_stopped")
    assert json.loads(heads.read_text())["last_entry"] == 3
    assert differences(programme) == []


def test_two_programmes_side_by_side(programme: Programme, tmp_path: Path) -> None:
    """One process settles both; wallets and merchants are common, and each can be verified."""
    second = found_programme(code="second")
    for each in (programme, second):
        record(each, [member(1), member(2, 1), order(1, 2), order(2, 1)])
    with spawn(tmp_path) as one:
        until(lambda: settled() == 8, why=lambda: one.said)
        assert one.stop() == 0
    assert differences(programme) == differences(second) == []


def test_one_works_and_the_other_takes_over_when_it_is_killed(
    programme: Programme, tmp_path: Path
) -> None:
    with fork(tmp_path) as first:
        first.wait_for("settler_working")
        with fork(tmp_path) as second:
            second.wait_for("settler_waiting")
            record(programme, [member(1), member(2, 1)])
            until(lambda: settled() == 2)
            assert not second.has_said("settler_working")
            assert not second.has_said("batch_settled")
            first.kill()
            record(programme, [order(1, 2)])
            second.wait_for("settler_working")
            until(lambda: settled() == 3)
            assert second.stop() == 0
    assert differences(programme) == []


def test_one_that_stands_by_ends_when_told(programme: Programme, tmp_path: Path) -> None:
    with fork(tmp_path) as first, fork(tmp_path) as second:
        until(lambda: first.has_said("settler_waiting") or second.has_said("settler_waiting"))
        waiting = first if first.has_said("settler_waiting") else second
        assert waiting.stop() == 0


def test_one_that_was_replaced_says_so_and_ends(programme: Programme, tmp_path: Path) -> None:
    with fork(tmp_path) as one:
        one.wait_for("settler_working")
        Programme.objects.filter(pk=programme.pk).update(fence=1_000)
        record(programme, [member(1)])
        one.wait_for("settler_replaced")
        assert one._wait() == 1
    assert settled() == 0
    assert Pending.objects.count() == 1


def test_a_connection_that_is_cut(programme: Programme, tmp_path: Path) -> None:
    """The server lives, our connections do not: of the writer's thread, too."""
    with fork(tmp_path) as one:
        one.wait_for("settler_working")
        record(programme, [member(1)])
        until(lambda: settled() == 1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        record(programme, [member(2, 1), order(1, 2)])
        until(lambda: settled() == 3, why=lambda: one.said)
        assert one.has_said("database_unreachable")
        assert one.said.count("settler_working") == 2
        assert one.stop() == 0
    assert differences(programme) == []


def test_an_event_that_cannot_be_written_stops_nobody(programme: Programme, tmp_path: Path) -> None:
    """Whoever waits for the batch on its way, the loop or the next batch."""
    too_much = order(5, 1, 10**15, qty=10**6, cost=0)
    with fork(tmp_path) as one:
        one.wait_for("settler_working")
        record(programme, [member(1), order(4, 1), too_much, order(6, 1)])
        until(lambda: not Pending.objects.exists(), why=lambda: one.said)
        record(programme, [order(7, 1)])
        until(lambda: settled() == 4, why=lambda: one.said)
        assert SetAside.objects.get().event.key == "o5"
        assert not one.has_said("database_unreachable")
        assert one.stop() == 0
    assert differences(programme) == []


# --- a database of our own that stops and starts again -------------------------------------------


class Server:
    """An embedded PostgreSQL with a copy of the empty tables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = embedded.start(folder, {"fsync": "off"})

    def copy_tables(self) -> None:
        programs = embedded.programs()
        dump = subprocess.run(
            [programs / "pg_dump", "--schema-only", address()], check=True, capture_output=True
        )
        subprocess.run(
            [programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", self.url],
            check=True,
            input=dump.stdout,
            stdout=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        """As a machine that is shut down: at once, in the middle of whatever is going on."""
        pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        embedded.release(self.folder)
        assert embedded.wait_stopped(self.folder)

    def start(self) -> None:
        assert embedded.start(self.folder, {"fsync": "off"}) == self.url


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[Server]:
    one = Server(tmp_path / "postgres")
    one.copy_tables()
    kept = connection.settings_dict.copy()
    connection.close()
    connection.settings_dict.update(
        NAME="postgres", USER="postgres", HOST=one.url.partition("host=")[2]
    )
    yield one
    connection.close()
    connection.settings_dict.update(kept)
    embedded.release(one.folder)


def test_the_database_stops_and_comes_back(server: Server, tmp_path: Path) -> None:
    programme = found_programme()
    with spawn(tmp_path) as one:
        one.wait_for("settler_working")
        record(programme, [member(1), *(order(n, 1) for n in range(1, 400))])
        until(settled)
        server.stop()
        connection.close()
        one.wait_for("database_unreachable")
        time.sleep(1.5)  # it goes on trying
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url).close()
        server.start()
        until(lambda: settled() == 400, why=lambda: one.said)
        record(programme, [order(n, 1) for n in range(400, 500)])
        until(lambda: settled() == 500, why=lambda: one.said)
        assert one.said.count("settler_working") == 2
        assert one.stop() == 0
    assert differences(programme) == []
