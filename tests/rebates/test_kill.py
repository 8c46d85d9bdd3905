"""kill -9 at any moment: a batch is there as a whole or not at all, and nothing is lost."""

import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, connections
from tests.rebates.online import (
    Payload,
    differences,
    found_programme,
    member,
    order,
    record,
    redeem,
    refund,
)
from tests.rebates.processes import fork, until

from mingchi.ledger.models import Entry
from mingchi.rebates.models import Event, Pending, Programme

PLAN = """
[plan]
name = "stream"
currency = "CNY"
[split]
distribution = "30%"
pool = "30%"
[points]
opening_price = "1.00"
grant = "70%"
redeem_fee = "5%"
exit_multiple = "1.1"
[[ranks]]
name = "V1"
rate = "3%"
own_sales = "1000.00"
[[awards]]
kind = "direct"
rate = "5%"
[[awards]]
kind = "differential"
[[awards]]
kind = "peer"
rate = "50%"
target = "2000.00"
[[awards]]
kind = "dividend"
rate = "10%"
"""
MEMBERS = 60
BURST = 80  # events that become visible at once, so that batches are large enough to be cut


def stream(seed: int) -> Iterator[Payload]:
    """Events without an end: who joined first stands above all others."""
    chance = random.Random(seed)
    for number in range(1, MEMBERS + 1):
        yield member(number, number // 3 or None)
    yield {"type": "shareholder", "id": "h1", "member": "m1", "weight": 1}
    number = 1
    while True:
        number += 1
        who, past = chance.randint(1, MEMBERS), chance.randint(max(1, number - 200), number)
        match chance.choice(["order"] * 12 + ["redeem"] * 3 + ["refund"] * 4 + ["close"]):
            case "order":
                yield order(number, who, chance.randint(100, 50_000))
            case "redeem":
                points = chance.choice(["all", chance.randint(1, 10**8)])
                yield redeem(number, who, points)
            case "refund":
                yield refund(number, past, chance.randint(1, 2_000))
            case "close":
                if chance.random() < 0.1:
                    yield {"type": "close", "id": f"c{number}", "period": str(number)}


class Feeder(threading.Thread):
    """Records bursts of events while the settler comes and goes, never far ahead of it."""

    def __init__(self, programme: Programme, seed: int) -> None:
        super().__init__(daemon=True)
        self._programme, self._events = programme, stream(seed)
        self._stop_asked = threading.Event()
        # Verifying takes longer the more there is, so nothing comes in meanwhile.
        self.paused = threading.Event()
        self.recorded = 0

    def run(self) -> None:
        try:
            while not self._stop_asked.is_set():
                if self.paused.is_set() or Pending.objects.count() > 5 * BURST:
                    time.sleep(0.05)
                    continue
                self.recorded += len(
                    record(self._programme, [next(self._events) for _ in range(BURST)])
                )
                time.sleep(0.02)
        finally:
            connections.close_all()

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()


def kill_and_look(kills: int, var: Path, *, say: bool) -> None:
    chance = random.Random(kills)
    programme = found_programme(PLAN)
    feeder = Feeder(programme, seed=kills)
    feeder.start()
    working = fork(var)
    try:
        for number in range(1, kills + 1):
            working.wait_for("settler_working")
            before = Entry.objects.count()
            until(lambda before=before: Entry.objects.count() > before)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.4))
            working.kill()
            feeder.paused.set()
            working = fork(var)  # it settles what is left while we look
            look(programme)
            feeder.paused.clear()
            if say:
                print(
                    f"kill {number} of {kills}: {Entry.objects.count()} of {feeder.recorded} "
                    "events settled, nothing differs",
                    flush=True,
                )
        feeder.stop()
        until(lambda: not Pending.objects.exists(), 60)
        look(programme)
        assert Entry.objects.count() == Event.objects.count() == feeder.recorded
    finally:
        feeder.stop()
        working.kill()


def look(programme: Programme) -> None:
    """Every event has one entry or waits, and everything is as the events say."""
    assert differences(programme) == []
    with connection.cursor() as cursor:
        # One statement, so one moment.
        cursor.execute(
            "SELECT e.key, count(n.id), count(p.event_id) FROM rebates_event e "
            "LEFT JOIN ledger_entry n ON n.event_id = e.id "
            "LEFT JOIN rebates_pending p ON p.event_id = e.id "
            "GROUP BY e.id HAVING count(n.id) + count(p.event_id) <> 1"
        )
        assert cursor.fetchall() == []


def test_killed_again_and_again(transactional_db: None, tmp_path: Path) -> None:
    kill_and_look(int(os.environ.get("MINGCHI_KILLS", "10")), tmp_path, say=False)


@pytest.mark.soak
def test_soak(transactional_db: None, tmp_path: Path) -> None:
    kill_and_look(int(os.environ.get("MINGCHI_KILLS", "200")), tmp_path, say=True)
