"""kill -9 of the worker at any moment: no step is lost, none is done twice."""

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from django.db import connection, connections, transaction
from tests.fulfilment import forked
from tests.fulfilment.world import END, START, file, message, served, timer, ways
from tests.rebates.processes import until

from mingchi.flows import REGISTRY
from mingchi.foundation import clock
from mingchi.fulfilment import authoring, services, subjects
from mingchi.fulfilment.models import FlowInstance, StepJob, StepLog, WorkItem
from mingchi.merchants.models import Merchant

FLOW = file(
    START
    + served("reserve", "kill.own")
    + served("take", "kill.outside")
    + timer("rest", "PT1S")
    + message("paid", "paid_message")
    + served("ship", "kill.own")
    + END
    + ways("start reserve take rest paid ship end")
)
NODES = ("reserve", "take", "rest", "paid", "ship")
_numbers = count(1)


# So many orders on their way keep every kind of step under the knife; more would only have to be
# worked off at the end.
MOST_ON_THEIR_WAY = 100


class Feeder(threading.Thread):
    """Places orders and pays them while workers come and go."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._stop_asked = threading.Event()
        self.placed = 0

    def run(self) -> None:
        try:
            while not self._stop_asked.wait(0.05):
                waiting = FlowInstance.objects.exclude(status=FlowInstance.Status.ENDED)
                if waiting.count() >= MOST_ON_THEIR_WAY:
                    continue
                self.placed += 1
                words = {"kind": "order", "subject": f"order:{self.placed}", "now": clock.now()}
                with transaction.atomic():
                    services.enqueue(**words)  # type: ignore[arg-type]
                    services.send(**words, name="paid", dedupe_key="pay")  # type: ignore[arg-type]
        finally:
            connections.close_all()

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()


@contextmanager
def a_flow() -> Iterator[Merchant]:
    merchant = Merchant.objects.create(name="Tea house")
    kept, steps = dict(subjects._kinds), dict(REGISTRY._steps)
    forked.register(merchant.pk)
    with connection.cursor() as cursor:
        for table in forked.TABLES:
            cursor.execute(table)
    with transaction.atomic():
        drawn = authoring.define(merchant_id=merchant.pk, kind="order", key="standard", name="kill")
        version = authoring.draft(definition=drawn, bpmn=FLOW, by="user:1")
        authoring.publish(version, by="user:1", now=clock.now())
    try:
        yield merchant
    finally:
        subjects._kinds.clear()
        subjects._kinds.update(kept)
        REGISTRY._steps.clear()
        REGISTRY._steps.update(steps)
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE test_effect, test_gateway")


class Worker:
    def __init__(self, merchant_id: int, var: Path) -> None:
        self.log = var / f"worker{next(_numbers)}.log"
        self.log.touch()
        about = {key: str(connection.settings_dict[key]) for key in ("NAME", "USER", "HOST")}
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.fulfilment.forked"])
        self.child = context.Process(
            target=forked.work, args=(about, merchant_id, str(self.log)), daemon=True
        )
        self.child.start()

    def wait_until_it_works(self) -> None:
        until(lambda: "working" in self.log.read_text(), why=self.log.read_text)

    def kill(self) -> None:
        self.child.kill()
        self.child.join(40)


def steps_done() -> int:
    return StepJob.objects.filter(status="done").count()


def kill_and_look(kills: int, var: Path, *, say: bool = False) -> None:
    chance = random.Random(kills)
    with a_flow() as merchant:
        feeder = Feeder()
        feeder.start()
        worker = Worker(merchant.pk, var)
        try:
            for number in range(kills):
                worker.wait_until_it_works()
                before = steps_done()
                until(lambda before=before: steps_done() > before, why=worker.log.read_text)  # type: ignore[misc]
                time.sleep(chance.uniform(0, 0.5))
                worker.kill()
                worker = Worker(merchant.pk, var)
                if say:
                    print(f"kill {number + 1} of {kills}: {steps_done()} steps done", flush=True)
            feeder.stop()
            ended = FlowInstance.objects.filter(status="ended")
            until(lambda: ended.count() == feeder.placed, 90, worker.log.read_text)
        finally:
            feeder.stop()
            worker.kill()
        look(feeder.placed)


def look(placed: int) -> None:
    """Every step of every order once: in the log, at the gateway, in our tables."""
    assert placed > 10
    assert not WorkItem.objects.exists()
    with connection.cursor() as cursor:
        for table, steps in (("test_effect", 2), ("test_gateway", 1)):
            cursor.execute(f"SELECT count(*), count(DISTINCT key) FROM {table}")  # noqa: S608
            assert cursor.fetchone() == (placed * steps, placed * steps), table
    done = StepLog.objects.filter(event__in=["done", "fired", "received"])
    for node in NODES:
        assert done.filter(node=node).count() == placed, node
        assert done.filter(node=node).values("instance").distinct().count() == placed, node
    assert StepJob.objects.filter(status="done").count() == placed * 3


def test_killed_again_and_again(transactional_db: None, tmp_path: Path) -> None:
    kill_and_look(int(os.environ.get("MINGCHI_KILLS", "5")), tmp_path)


@pytest.mark.soak
def test_soak(transactional_db: None, tmp_path: Path) -> None:
    kill_and_look(int(os.environ.get("MINGCHI_KILLS", "100")), tmp_path, say=True)
