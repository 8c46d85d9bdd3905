"""What moved a flow is forgotten long after its end; what happened is not."""

from datetime import timedelta

import pytest
from tests.fulfilment.world import NOW, World, chain, jobs, later, message, served, task

from mingchi.fulfilment import pruning
from mingchi.fulfilment.models import FlowInstance, Signal, StepJob, StepLog, Subscription, WorkItem

MOVED = chain(served("pick", "test.pick"), message("paid", "paid_message"), names="pick paid")


@pytest.fixture
def ended(world: World) -> FlowInstance:
    """A flow that has run its job, heard its signal, and ended."""
    world.publish(MOVED)
    world.start()
    world.work()
    world.signal("paid", "pay-1")
    instance = FlowInstance.objects.get(subject="order:1")
    assert (instance.status, instance.ended_at) == ("ended", NOW)
    return instance


def test_long_after_the_end_only_what_happened_is_left(ended: FlowInstance) -> None:
    logged = list(StepLog.objects.values_list("event", "node"))
    Subscription.objects.create(instance=ended, token=99, node="paid", signal="paid", since=NOW)
    assert pruning.prune(before=NOW) == 0
    assert pruning.prune(before=later(seconds=1)) == 3
    assert not StepJob.objects.exists()
    assert not Signal.objects.exists()
    assert not Subscription.objects.exists()
    assert list(StepLog.objects.values_list("event", "node")) == logged
    assert FlowInstance.objects.get() == ended


def test_what_still_moves_keeps_all(world: World) -> None:
    review = task("review")
    world.publish(chain(served("pick", "test.pick"), review, names="pick review"))
    world.start()
    world.work()
    assert pruning.prune(before=later(days=400)) == 0
    assert jobs() == [("test.pick", "done")]
    assert Signal.objects.count() == 0


def test_a_stray_waits_for_somebody_to_look_at_it(world: World, ended: FlowInstance) -> None:
    world.signal("paid", "pay-2")
    assert Signal.objects.get(dedupe_key="pay-2").status == "stray"
    pruning.prune(before=later(days=400))
    assert [one.dedupe_key for one in Signal.objects.all()] == ["pay-2"]


def test_an_open_repair_keeps_its_job(ended: FlowInstance) -> None:
    WorkItem.objects.create(
        instance=ended,
        merchant=ended.merchant,
        kind="order",
        subject=ended.subject,
        token=77,
        node="pick",
        title="pick",
        repair="the gateway was away",
        outcomes=[],
        opened_at=NOW,
    )
    assert pruning.prune(before=NOW + timedelta(days=1)) == 1, "the signal only"
    assert StepJob.objects.exists()


def test_many_go_in_pieces(ended: FlowInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    for token in range(90, 95):
        Subscription.objects.create(
            instance=ended, token=token, node="paid", signal="paid", since=NOW
        )
    assert pruning.prune(before=later(seconds=1)) == 7
