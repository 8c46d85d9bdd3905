"""Moving running orders to another version, and trying a drawing out."""

import pytest
from django.db import transaction
from tests.fulfilment.world import (
    END,
    NOW,
    START,
    World,
    chain,
    file,
    item,
    jobs,
    later,
    message,
    open_nodes,
    served,
    task,
    timer,
    way,
    ways,
)
from tests.usecases.shop import staff

from mingchi.foundation.errors import DomainError
from mingchi.fulfilment.models import FlowInstance, Signal, StepLog, Subscription, Timer
from mingchi.merchants.models import Merchant
from mingchi.usecases import edit_flows, steer_flow, try_flow

BOTH = (
    START
    + '<bpmn:parallelGateway id="fork"/><bpmn:parallelGateway id="join"/>'
    + END
    + ways("start fork")
)
FORKED = file(BOTH + task("left") + task("right") + ways("fork left join end", "fork right join"))
LATE = (
    START
    + task("review")
    + timer("late", "P1D", on="review")
    + task("chase")
    + END
    + ways("start review end", "late chase end")
)


def migrate(world: World, version_id: int, **mapping: str | None) -> list[str]:
    """The problems of the preview; it is migrated where there are none."""
    words = {
        "by": world.manager,
        "instance_id": FlowInstance.objects.get(subject="order:1").pk,
        "version_id": version_id,
        "mapping": mapping,
        "now": NOW,
    }
    problems = list(steer_flow.preview_migration(**words).problems)  # type: ignore[arg-type]
    if problems:
        before = FlowInstance.objects.get(subject="order:1").state
        with pytest.raises(DomainError, match="cannot_migrate") as caught:
            steer_flow.migrate_flow(**words)  # type: ignore[arg-type]
        assert caught.value.details["problems"] == problems
        assert FlowInstance.objects.get(subject="order:1").state == before
    else:
        steer_flow.migrate_flow(**words)  # type: ignore[arg-type]
    return problems


def test_an_order_keeps_its_version_until_it_is_moved(world: World) -> None:
    world.publish(chain(task("review"), served("pick", "test.pick"), names="review pick"))
    world.start()
    new = world.publish(chain(task("review"), served("pack", "test.pack"), names="review pack"))
    assert migrate(world, new.pk) == []
    world.complete("review")
    assert jobs() == [("test.pack", "queued")]
    migrated = StepLog.objects.get(event="migrated")
    assert migrated.values is not None
    assert migrated.values["to"] == new.pk
    assert migrated.actor == f"user:{world.manager.pk}"


def test_by_another_name_with_the_work_item(world: World) -> None:
    world.publish(chain(task("review"), names="review"))
    world.start()
    new = world.publish(chain(task("check", role="finance"), names="check"))
    assert migrate(world, new.pk) == [
        "a token rests on 'review'; the other version has no 'review'"
    ]
    assert migrate(world, new.pk, review="check") == []
    assert item("check").role == "finance"
    with pytest.raises(DomainError, match="not_your_role"):
        world.complete("check")
    assert world.complete("check", by=staff(merchant=world.merchant, role="finance"))


def test_a_half_arrived_join_goes_along(world: World) -> None:
    world.publish(FORKED)
    world.start()
    world.complete("left")
    new = world.publish(
        file(
            BOTH
            + task("left")
            + task("right")
            + task("after")
            + ways("fork left join after end", "fork right join")
        )
    )
    assert migrate(world, new.pk) == []
    world.complete("right")
    assert open_nodes() == ["after"]


def test_a_half_arrived_join_without_its_way_stays(world: World) -> None:
    world.publish(FORKED)
    world.start()
    world.complete("left")
    new = world.publish(
        file(BOTH + task("lone") + task("right") + ways("fork lone join end", "fork right join"))
    )
    assert migrate(world, new.pk) == [
        "a token came to 'join' by 'left-join'; no 'left-join' leads there"
    ]
    assert migrate(world, new.pk, **{"left-join": "lone-join"}) == []
    world.complete("right")
    assert FlowInstance.objects.get().status == "ended"


def test_the_checker_looks_from_where_it_stands(world: World) -> None:
    """Each drawing is sound; from this marking the new one gets stuck."""
    world.publish(chain(task("right"), names="right"))
    world.start()
    new = world.publish(FORKED)
    (problem,) = migrate(world, new.pk)
    assert "deadlock" in problem


def test_timers_keep_their_due_time(world: World) -> None:
    world.publish(file(LATE))
    world.start()
    new = world.publish(file(LATE.replace("P1D", "P9D")))
    assert migrate(world, new.pk) == []
    assert Timer.objects.get().due_at == later(days=1)
    world.work(later(days=1))
    assert open_nodes() == ["chase"]


def test_a_timer_is_dropped_only_where_one_says_so(world: World) -> None:
    world.publish(file(LATE))
    world.start()
    new = world.publish(chain(task("review"), names="review"))
    (problem,) = migrate(world, new.pk)
    assert "the timer 'late' runs" in problem
    assert migrate(world, new.pk, late=None) == []
    assert not Timer.objects.exists()


def test_a_new_timer_is_set_and_a_new_message_listened_for(world: World) -> None:
    world.publish(chain(task("review"), names="review"))
    world.start()
    new = world.publish(
        file(LATE + message("stopped", "stop_message", on="review") + ways("stopped end"))
    )
    assert migrate(world, new.pk) == []
    assert Timer.objects.get().due_at == later(days=1)
    assert Subscription.objects.get().signal == "stop"
    world.signal("stop", "s-1")
    assert FlowInstance.objects.get().status == "ended"


def test_a_stray_stays_a_stray_but_what_is_kept_is_delivered(world: World) -> None:
    kept = chain(task("review"), message("wait", "paid_message"), names="review wait")
    world.publish(kept)
    world.start()
    world.signal("paid", "p-1")
    new = world.publish(
        file(
            START
            + task("review")
            + message("paid", "paid_message", on="review")
            + task("thank")
            + END
            + ways("start review end", "paid thank end")
        )
    )
    assert migrate(world, new.pk) == []
    assert Signal.objects.get().status == "delivered"
    assert open_nodes() == ["thank"]


def test_a_job_under_way_needs_the_same_step(world: World) -> None:
    world.publish(chain(served("pick", "test.pick"), names="pick"))
    world.start()
    other = world.publish(chain(served("pick", "test.pack"), names="pick"))
    (problem,) = migrate(world, other.pk)
    assert "'test.pick' is under way" in problem
    same = world.publish(chain(served("get", "test.pick"), task("next"), names="get next"))
    assert migrate(world, same.pk, pick="get") == []
    world.work()
    assert open_nodes() == ["next"]


def test_what_was_done_must_be_undoable_there(world: World) -> None:
    world.publish(chain(served("pick", "test.pick"), task("review"), names="pick review"))
    world.start()
    world.work()
    new = world.publish(chain(task("review"), names="review"))
    (problem,) = migrate(world, new.pk)
    assert "'pick' was done and could not be undone" in problem


def test_another_merchants_version_and_drafts_are_not_there(world: World) -> None:
    world.publish(chain(task("review"), names="review"))
    instance = world.start()
    other = Merchant.objects.create(name="Another")
    theirs = world.publish(chain(task("review"), names="review"), merchant=other)
    draft = edit_flows.draft_flow(
        by=world.manager,
        merchant_id=world.merchant.pk,
        kind="order",
        key="new",
        name="New",
        bpmn=chain(task("review"), names="review"),
    )
    parcel = world.publish(chain(task("review"), names="review"), kind="fulfilment")
    for pk in (theirs.pk, draft, parcel.pk):
        with pytest.raises(DomainError, match="not_found"):
            steer_flow.migrate_flow(
                by=world.manager, instance_id=instance.pk, version_id=pk, mapping={}, now=NOW
            )
    for user, code in ((staff(merchant=other), "not_found"), (world.clerk, "not_allowed")):
        with pytest.raises(DomainError, match=code):
            steer_flow.migrate_flow(
                by=user, instance_id=instance.pk, version_id=theirs.pk, mapping={}, now=NOW
            )


CHOICE = file(
    START
    + task("approve", step="test.approve")
    + '<bpmn:exclusiveGateway id="size" default="size-small"/>'
    + task("large")
    + task("small")
    + message("paid", "paid_message")
    + timer("rest", "P1D")
    + END
    + ways("start approve size", "large paid", "small paid rest end")
    + way("size", "large", "amount_fen &gt;= 100000 &amp;&amp; outcome == &quot;yes&quot;")
    + way("size", "small")
)


class TestTryingOut:
    def test_which_path_each_would_have_taken(self, world: World) -> None:
        world.publish(chain(task("any", step="test.approve"), names="any"))
        world.start("order:1", amount_fen=100_000)
        world.start("order:2", amount_fen=100_000)
        world.start("order:3")
        world.complete("any", outcome="no", subject="order:2")
        drawn = edit_flows.draft_flow(
            by=world.manager,
            merchant_id=world.merchant.pk,
            kind="order",
            key="new",
            name="New",
            bpmn=CHOICE,
        )
        before = StepLog.objects.count()
        tried = try_flow.try_flow(
            by=world.manager, version_id=drawn, merchant_id=world.merchant.pk, now=NOW
        )
        assert [one.subject for one in tried] == ["order:3", "order:2", "order:1"]
        ways_gone = {one.subject: one.path.nodes[3] for one in tried}
        assert ways_gone == {"order:1": "large", "order:2": "small", "order:3": "small"}
        assert {one.path.ended for one in tried} == {"end"}
        assert tried[0].path.nodes == (
            "start", "approve", "size", "small", "paid", "rest", "end",
        )  # fmt: skip
        assert StepLog.objects.count() == before
        assert world.steps_done == ["test.approve"]

    def test_where_it_gets_no_further_it_says_why(self, world: World) -> None:
        world.start("order:1", amount_fen=None)
        drawn = edit_flows.draft_flow(
            by=world.manager,
            merchant_id=world.merchant.pk,
            kind="order",
            key="new",
            name="New",
            bpmn=CHOICE,
        )
        (tried,) = try_flow.try_flow(
            by=world.manager, version_id=drawn, merchant_id=world.merchant.pk, now=NOW
        )
        assert tried.path.ended is None
        assert tried.path.trouble == "no answer at size"

    def test_on_ones_own_orders_only(self, world: World) -> None:
        other = Merchant.objects.create(name="Another")
        drawn = edit_flows.draft_flow(
            by=world.manager,
            merchant_id=world.merchant.pk,
            kind="order",
            key="new",
            name="New",
            bpmn=CHOICE,
        )
        with pytest.raises(DomainError, match="not_found"):
            try_flow.try_flow(by=world.manager, version_id=drawn, merchant_id=other.pk, now=NOW)
        with transaction.atomic(), pytest.raises(DomainError, match="not_found"):
            try_flow.try_flow(
                by=staff(merchant=other), version_id=drawn, merchant_id=other.pk, now=NOW
            )
