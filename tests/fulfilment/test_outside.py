"""Steps that reach outside: called outside of transactions, asked before they are tried again."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection, transaction
from tests.fulfilment.world import (
    END,
    NOW,
    START,
    World,
    a_world,
    chain,
    file,
    item,
    jobs,
    later,
    log,
    message,
    served,
    task,
    ways,
)
from tests.usecases.shop import at_once

from mingchi.flows import StepContext
from mingchi.foundation import roles
from mingchi.fulfilment import holds, instances, services
from mingchi.fulfilment.models import FlowInstance, StepJob, WorkItem
from mingchi.usecases import do_work, run_flows

TAKE = chain(served("take", "test.take"), task("pack"), names="take pack")
STOPPABLE = file(
    START
    + '<bpmn:subProcess id="paying"><bpmn:startEvent id="s"/>'
    + served("take", "test.take")
    + '<bpmn:endEvent id="e"/>'
    + ways("s take e")
    + "</bpmn:subProcess>"
    + message("stopped", "stop_message", on="paying")
    + END
    + ways("start paying end", "stopped end")
)


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    roles.ensure()
    with a_world() as one:
        yield one


class Gateway:
    """Remembers what it was asked, by the key of the call."""

    def __init__(self, world: World) -> None:
        self.taken: list[str] = []
        self.given: list[str] = []
        self.asked = 0
        self.fails = 0
        world.instead["test.take"] = self.take
        world.instead["test.give"] = self.give
        world.instead["ask test.take"] = self.ask
        world.instead["ask test.give"] = lambda context: "done" if self.given else None

    def take(self, context: StepContext) -> str | None:
        assert not connection.in_atomic_block
        if self.fails:
            self.fails -= 1
            raise TimeoutError("no answer")
        self.taken.append(context.key)
        return None

    def give(self, context: StepContext) -> str | None:
        self.given.append(context.key)
        return None

    def ask(self, context: StepContext) -> str | None:
        self.asked += 1
        return "done" if context.key in self.taken else None


def call(at: datetime = NOW) -> int:
    return run_flows.call_due_jobs(now=at)


def test_it_is_called_outside_a_transaction_and_the_flow_goes_on(world: World) -> None:
    gateway = Gateway(world)
    world.publish(TAKE)
    instance = world.start()
    assert run_flows.run_due_jobs(now=NOW) == 0  # not this loop's
    assert call() == 1
    assert gateway.taken == [f"{instance.pk}:1"]
    assert gateway.asked == 0
    assert item("pack")


def test_a_call_that_got_no_answer_is_asked_about_first(world: World) -> None:
    """It had arrived all the same: it is not made again."""
    gateway = Gateway(world)
    world.publish(TAKE)
    instance = world.start()

    def lost(context: StepContext) -> str | None:
        gateway.taken.append(context.key)
        raise TimeoutError("no answer")

    world.instead["test.take"] = lost
    call()
    assert jobs() == [("test.take", "queued")]
    call(later(minutes=1))
    assert gateway.taken == [f"{instance.pk}:1"]
    assert jobs() == [("test.take", "done")]


def test_a_call_that_never_arrived_is_made_again(world: World) -> None:
    gateway = Gateway(world)
    gateway.fails = 1
    world.publish(TAKE)
    instance = world.start()
    call()
    call(later(minutes=1))
    assert gateway.asked == 1
    assert gateway.taken == [f"{instance.pk}:1"]


def test_retries_used_up_are_a_repair_and_a_retry_asks_first(world: World) -> None:
    gateway = Gateway(world)
    gateway.fails = 3
    world.publish(TAKE)
    world.start()
    for hours in range(3):
        call(later(hours=hours))
    assert item("take").repair == "TimeoutError: no answer"
    do_work.retry_work(by=world.manager, item_id=item("take").pk, now=later(hours=4))
    before = gateway.asked
    call(later(hours=4))
    assert gateway.asked == before + 1
    assert len(gateway.taken) == 1
    assert item("pack")


def test_stopped_while_the_call_was_under_way_it_is_undone_beside_the_flow(world: World) -> None:
    gateway = Gateway(world)
    world.publish(STOPPABLE)
    instance = world.start()

    def meanwhile(context: StepContext) -> str | None:
        gateway.taken.append(context.key)
        world.signal("stop", "s-1")
        return None

    world.instead["test.take"] = meanwhile
    call()
    assert FlowInstance.objects.get().status == "ended"
    assert jobs() == [("test.take", "done"), ("test.give", "queued")]
    call(later(seconds=1))
    assert gateway.given == [f"{instance.pk}:{StepJob.objects.first().token}"]  # type: ignore[union-attr]
    assert jobs() == [("test.take", "done"), ("test.give", "done")]
    assert ("undone", "") in log()


def test_stopped_after_a_call_without_answer_that_never_arrived(world: World) -> None:
    gateway = Gateway(world)
    gateway.fails = 1
    world.publish(STOPPABLE)
    world.start()
    call()
    world.signal("stop", "s-1")
    assert jobs() == [("test.take", "withdrawn")]
    call(later(minutes=1))
    assert jobs() == [("test.take", "cancelled")]
    assert gateway.taken == gateway.given == []


def test_stopped_after_it_failed_for_good_it_is_looked_after(world: World) -> None:
    """It failed three times without an answer, and had arrived."""
    gateway = Gateway(world)
    world.publish(STOPPABLE)
    world.start()

    def lost(context: StepContext) -> str | None:
        raise TimeoutError("no answer")

    world.instead["test.take"] = lost
    for hours in range(3):
        call(later(hours=hours))
    assert jobs() == [("test.take", "failed")]
    gateway.taken.append(f"{FlowInstance.objects.get().pk}:{StepJob.objects.get().token}")
    world.signal("stop", "s-1", at=later(hours=3))
    call(later(hours=3))
    call(later(hours=3))
    assert jobs() == [("test.take", "done"), ("test.give", "done")]
    assert len(gateway.given) == 1


def test_an_undo_beside_the_flow_that_fails_for_good_is_a_repair(world: World) -> None:
    gateway = Gateway(world)
    world.publish(STOPPABLE)
    world.start()

    def meanwhile(context: StepContext) -> str | None:
        gateway.taken.append(context.key)
        world.signal("stop", "s-1")
        return None

    def refused(context: StepContext) -> str | None:
        raise TimeoutError("closed")

    world.instead["test.take"] = meanwhile
    world.instead["test.give"] = refused
    for hours in range(5):
        call(later(hours=hours))
    repair = WorkItem.objects.get(status="open")
    assert repair.repair == "TimeoutError: closed"
    world.instead["test.give"] = gateway.give
    do_work.retry_work(by=world.manager, item_id=repair.pk, now=later(hours=6))
    call(later(hours=6))
    assert len(gateway.given) == 1
    assert not WorkItem.objects.filter(status="open").exists()


def test_a_hold_that_comes_during_a_call_does_not_lose_what_happened(world: World) -> None:
    """The call is written down; nothing after it is done."""
    gateway = Gateway(world)
    world.publish(
        chain(served("take", "test.take"), served("pick", "test.pick"), names="take pick")
    )
    instance = world.start()

    def meanwhile(context: StepContext) -> str | None:
        gateway.taken.append(context.key)
        with transaction.atomic():
            holds.place(
                merchant_id=instance.merchant_id,
                subject="order:1",
                reason="fraud",
                actor="user:1",
                now=NOW,
            )
        return None

    world.instead["test.take"] = meanwhile
    call()
    assert jobs() == [("test.take", "done"), ("test.pick", "queued")]
    assert run_flows.run_due_jobs(now=later(days=1)) == 0
    assert world.did == []


def test_two_workers_call_once(world: World) -> None:
    """The second finds the job's lock taken and leaves it."""
    gateway = Gateway(world)
    world.publish(TAKE)
    world.start()
    other = []

    def slow(context: StepContext) -> str | None:
        other.extend(at_once([call]))
        gateway.taken.append(context.key)
        return None

    world.instead["test.take"] = slow
    assert call() == 1
    assert other == [0]
    assert len(gateway.taken) == 1


def test_cancelled_it_undoes_what_reached_outside(world: World) -> None:
    gateway = Gateway(world)
    world.publish(TAKE)
    instance = world.start()
    call()
    with transaction.atomic():
        locked = instances.lock(instance.pk, now=NOW)
        services.cancel(locked, actor="user:1")
        locked.write()
    call()
    assert len(gateway.given) == 1
    assert FlowInstance.objects.get().status == "cancelled"
