"""One order through its flow: work, jobs, timers, signals, holds, undo."""

import pytest
from django.db import transaction
from tests.fulfilment.world import (
    END,
    NOW,
    REVIEW_THEN_PICK,
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
    open_nodes,
    refuse,
    served,
    task,
    timer,
    way,
    ways,
)

from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import holds, instances, services, timers
from mingchi.fulfilment import jobs as step_jobs
from mingchi.fulfilment.models import (
    FlowInstance,
    Signal,
    StepJob,
    Subscription,
    Timer,
    WorkItem,
)
from mingchi.usecases import do_work, run_flows


def status(subject: str = "order:1") -> str:
    return str(FlowInstance.objects.get(subject=subject).status)


def test_review_then_pick(world: World) -> None:
    version = world.publish(REVIEW_THEN_PICK)
    instance = world.start()
    assert instance.version_id == version.pk
    assert open_nodes() == ["review"]
    assert world.complete("review") == "done"
    assert jobs() == [("test.pick", "queued")]
    assert world.did == []  # a service step is only enqueued
    assert world.work() == 1
    assert world.steps_done == ["test.pick"]
    assert jobs() == [("test.pick", "done")]
    assert status() == "ended"
    assert log() == [
        ("started", "start"),
        ("completed", "review"),
        ("done", "pick"),
        ("ended", "end"),
    ]
    assert world.did[0][1].key == f"{instance.pk}:2"
    assert world.work() == 0


@pytest.mark.django_db(transaction=True)
def test_it_asserts_that_a_transaction_is_open() -> None:
    with a_world() as world:
        instance = world.start()
        told = {"kind": "order", "subject": "order:1", "now": NOW}
        for call in (
            lambda: instances.lock(instance.pk, now=NOW),
            lambda: services.enqueue(**told),
            lambda: services.send(**told, name="x", dedupe_key="1"),
            lambda: timers.tick(now=NOW, limit=1),
        ):
            with pytest.raises(AssertionError):
                call()


def test_a_subject_is_started_once(world: World) -> None:
    world.publish(REVIEW_THEN_PICK)
    first, again = world.start(), world.start()
    assert first.pk == again.pk
    assert log() == [("started", "start")]


class TestTrouble:
    def test_a_step_that_fails_is_retried_with_back_off_then_is_a_work_item(
        self, world: World
    ) -> None:
        world.publish(REVIEW_THEN_PICK)
        world.start()
        world.complete("review")
        world.instead["test.pick"] = refuse("no_stock")
        world.work()
        assert StepJob.objects.get().tries == 1
        world.work(later(seconds=4))
        assert StepJob.objects.get().tries == 1
        world.work(later(seconds=5))
        assert StepJob.objects.get().tries == 2
        assert open_nodes() == []
        world.work(later(hours=1))
        repair = item("pick")
        assert repair.repair == "no_stock"
        assert jobs() == [("test.pick", "failed")]
        with pytest.raises(DomainError, match="not_your_role"):
            world.complete("pick")
        del world.instead["test.pick"]
        do_work.retry_work(by=world.manager, item_id=repair.pk, now=NOW)
        assert jobs() == [("test.pick", "queued")]
        world.work(later(hours=2))
        assert world.steps_done == ["test.pick"]
        assert status() == "ended"

    def test_what_a_failed_step_wrote_is_gone(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        world.start()
        world.complete("review")

        def half(context: object) -> None:
            world.merchant.name = "half done"
            world.merchant.save()
            raise RuntimeError("died")

        world.instead["test.pick"] = half  # type: ignore[assignment]
        world.work()
        world.merchant.refresh_from_db()
        assert world.merchant.name == "Tea house"
        assert StepJob.objects.get().error == "RuntimeError: died"

    def test_an_outcome_the_drawing_does_not_know_is_a_repair(self, world: World) -> None:
        world.publish(chain(served("pack", "test.pack"), names="pack"))
        world.instead["test.pack"] = lambda context: "exploded"
        world.start()
        world.work()
        assert "exploded" in item("pack").repair
        assert item("pack").outcomes == ["done", "short"]
        do_work.complete_work(by=world.manager, item_id=item("pack").pk, outcome="short", now=NOW)
        assert status() == "ended"

    def test_a_decision_without_an_answer_waits_for_a_person(self, world: World) -> None:
        """The provider fails, nobody's call does."""
        choice = (
            START
            + '<bpmn:exclusiveGateway id="choice" default="choice-end"/>'
            + task("review")
            + END
            + ways("start choice", "review end")
            + way("choice", "review", "amount_fen &gt; 5000")
            + way("choice", "end")
        )
        world.publish(file(choice))
        world.values_of = lambda subject: 1 / 0  # type: ignore[method-assign, assignment, return-value]
        from tests.fulfilment.world import _answers

        from mingchi.fulfilment import subjects

        subjects.register("order", _answers(world))
        world.start()
        repair = item("choice")
        assert "could not be read" in repair.repair
        do_work.complete_work(by=world.manager, item_id=repair.pk, outcome="choice-review", now=NOW)
        assert open_nodes() == ["review"]

    def test_over_100_automatic_steps_are_a_repair_not_an_exception(self, world: World) -> None:
        """The checker refuses such drawings, so the limit is lowered here."""
        from mingchi.flows import moving

        rules = "".join(f'<bpmn:exclusiveGateway id="g{n}"/>' for n in range(6))
        path = " ".join(f"g{n}" for n in range(6))
        world.publish(file(START + task("review") + rules + END + ways(f"start review {path} end")))
        world.start()
        kept = moving.MOST_AUTOMATIC_STEPS
        moving.MOST_AUTOMATIC_STEPS = 3  # type: ignore[misc]
        try:
            assert world.complete("review") == "done"
            repair = WorkItem.objects.get(status="open")
            assert "more than 3 automatic steps" in repair.repair
            assert WorkItem.objects.get(node="review", status="done")
            with pytest.raises(DomainError, match="retry_only"):
                do_work.complete_work(by=world.manager, item_id=repair.pk, now=NOW)
            do_work.retry_work(by=world.manager, item_id=repair.pk, now=NOW)
            assert WorkItem.objects.filter(status="open").count() == 1  # still in trouble
        finally:
            moving.MOST_AUTOMATIC_STEPS = kept  # type: ignore[misc]
        do_work.retry_work(
            by=world.manager, item_id=WorkItem.objects.get(status="open").pk, now=NOW
        )
        assert status() == "ended"


class TestTimers:
    WAIT = chain(timer("wait", "PT1H"), task("review"), names="wait review")

    def test_a_timer_fires_when_it_is_due_once(self, world: World) -> None:
        world.publish(self.WAIT)
        world.start()
        assert Timer.objects.get().due_at == later(hours=1)
        assert world.work(later(minutes=59)) == 0
        assert world.work(later(hours=1)) == 1
        assert open_nodes() == ["review"]
        assert not Timer.objects.exists()
        assert world.work(later(hours=9)) == 0

    def test_an_interrupting_timer_withdraws_the_work(self, world: World) -> None:
        flow = START + task("review") + timer("late", "P1D", on="review") + task("chase") + END
        world.publish(file(flow + ways("start review end", "late chase end")))
        world.start()
        world.work(later(days=1))
        assert open_nodes() == ["chase"]
        assert WorkItem.objects.get(node="review").status == "withdrawn"

    def test_a_timer_is_gone_with_its_work(self, world: World) -> None:
        flow = START + task("review") + timer("late", "P1D", on="review") + task("chase") + END
        world.publish(file(flow + ways("start review end", "late chase end")))
        world.start()
        world.complete("review")
        assert not Timer.objects.exists()

    def test_a_poisoned_timer_becomes_a_repair_and_holds_up_nobody(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.publish(self.WAIT)
        bad = world.start("order:1")
        world.start("order:2", now=later(seconds=1))
        real = instances.Locked.advance

        def advance(self: instances.Locked, call: object, *, actor: str) -> None:
            if self.row.pk == bad.pk:
                raise RuntimeError("a bug")
            real(self, call, actor=actor)  # type: ignore[arg-type]

        monkeypatch.setattr(instances.Locked, "advance", advance)
        run_flows.fire_due_timers(now=later(hours=2))
        assert open_nodes("order:2") == ["review"]
        assert item("wait", "order:1").repair == "RuntimeError: a bug"
        assert not Timer.objects.exists()
        monkeypatch.undo()
        do_work.retry_work(by=world.manager, item_id=item("wait", "order:1").pk, now=NOW)
        assert open_nodes("order:1") == ["review"]


class TestSignals:
    FLOW = chain(task("review"), message("wait", "paid_message"), names="review wait")

    def test_before_its_step_it_is_kept_and_delivered(self, world: World) -> None:
        world.publish(self.FLOW)
        world.start()
        assert world.signal("paid", "pay-1")
        assert Signal.objects.get().status == "kept"
        world.complete("review")
        assert Signal.objects.get().status == "delivered"
        assert status() == "ended"

    def test_before_the_start_it_is_brought_later(self, world: World) -> None:
        world.publish(self.FLOW)
        world.owners["order:1"] = world.merchant.pk
        assert world.signal("paid", "pay-1")
        assert world.work() == 0
        world.start()
        world.work()
        world.complete("review")
        assert status() == "ended"

    def test_while_its_step_waits(self, world: World) -> None:
        world.publish(self.FLOW)
        world.start()
        world.complete("review")
        assert Subscription.objects.get().signal == "paid"
        world.signal("paid", "pay-1")
        assert status() == "ended"
        assert not Subscription.objects.exists()

    def test_after_its_step_it_is_a_stray(self, world: World) -> None:
        world.publish(self.FLOW)
        world.start()
        world.complete("review")
        world.signal("paid", "pay-1")
        assert world.signal("paid", "pay-2")
        assert list(Signal.objects.order_by("id").values_list("status", flat=True)) == [
            "delivered",
            "stray",
        ]
        assert log()[-1] == ("stray", "")

    def test_twice_counts_once(self, world: World) -> None:
        again = START + message("one", "paid_message") + message("two", "paid_message") + END
        world.publish(file(again + ways("start one two end")))
        world.start()
        assert world.signal("paid", "pay-1")
        assert not world.signal("paid", "pay-1")
        assert status() == "running"
        with transaction.atomic(), pytest.raises(DomainError, match="signal_conflict"):
            world.signal("stop", "pay-1")
        assert world.signal("paid", "pay-2")
        assert status() == "ended"

    def test_two_kept_ones_are_taken_one_by_one(self, world: World) -> None:
        again = (
            START
            + task("review")
            + message("one", "paid_message")
            + message("two", "paid_message")
            + END
        )
        world.publish(file(again + ways("start review one two end")))
        world.start()
        world.signal("paid", "pay-1")
        world.signal("paid", "pay-2")
        world.complete("review")
        assert status() == "ended"
        assert set(Signal.objects.values_list("status", flat=True)) == {"delivered"}

    def test_one_that_nothing_ahead_waits_for_is_a_stray_at_once(self, world: World) -> None:
        world.publish(self.FLOW)
        world.start()
        world.signal("stop", "s-1")
        assert Signal.objects.get().status == "stray"

    def test_sent_it_takes_no_lock_and_the_worker_brings_it(self, world: World) -> None:
        world.publish(self.FLOW)
        world.start()
        world.complete("review")
        with transaction.atomic():
            services.send(kind="order", subject="order:1", name="paid", dedupe_key="1", now=NOW)
        assert status() == "running"
        assert world.work() == 1
        assert status() == "ended"


class TestHolds:
    def hold(self, subject: str = "order:1", reason: str = "fraud") -> holds.Hold:
        with transaction.atomic():
            return holds.place(
                merchant_id=FlowInstance.objects.get(subject="order:1").merchant_id,
                subject=subject,
                reason=reason,
                actor="user:1",
                now=NOW,
            )

    def lift(self, hold: holds.Hold) -> None:
        with transaction.atomic():
            holds.lift(hold, actor="user:1", now=NOW)

    def test_work_is_refused_until_every_hold_is_lifted(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        world.start()
        fraud, address = self.hold(), self.hold(reason="address")
        self.lift(fraud)
        with pytest.raises(DomainError, match="on_hold") as caught:
            world.complete("review")
        assert caught.value.details == {"reasons": ["address"]}
        self.lift(address)
        assert world.complete("review") == "done"

    def test_jobs_wait(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        world.start()
        world.complete("review")
        hold = self.hold()
        assert world.work(later(days=1)) == 0
        assert world.did == []
        self.lift(hold)
        world.work()
        assert world.steps_done == ["test.pick"]

    def test_the_clock_runs_on_but_no_timer_fires(self, world: World) -> None:
        world.publish(TestTimers.WAIT)
        world.start()
        hold = self.hold()
        assert world.work(later(days=3)) == 0
        assert Timer.objects.get().due_at == later(hours=1)
        self.lift(hold)
        assert world.work(later(days=3)) == 1
        assert open_nodes() == ["review"]

    def test_a_job_that_was_chosen_before_the_hold_came_is_left(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        instance = world.start()
        world.complete("review")
        (chosen,) = step_jobs.ready(now=NOW, limit=9, outside=False)
        self.hold()
        with transaction.atomic():
            assert not step_jobs.run_own(instances.lock(instance.pk, now=NOW), chosen.id)
        assert world.did == []

    def test_what_is_held_does_not_stand_in_the_way_of_others(self, world: World) -> None:
        """Batches hold what may go on, not what came first."""
        both = START + timer("wait", "PT1H") + served("pick", "test.pick") + END
        world.publish(file(both + ways("start wait pick end")))
        world.start("order:1")
        world.start("order:2", now=later(minutes=1))
        hold = self.hold()
        assert run_flows.fire_due_timers(now=later(hours=2), limit=1) == 1
        self.lift(hold)
        assert run_flows.fire_due_timers(now=later(hours=2), limit=1) == 1
        self.hold(reason="again")
        assert run_flows.run_due_jobs(now=later(hours=2), limit=1) == 1
        assert world.did[0][1].subject == "order:2"

    def test_signals_stay_on_their_way(self, world: World) -> None:
        world.publish(TestSignals.FLOW)
        world.start()
        world.complete("review")
        hold = self.hold()
        world.signal("paid", "pay-1")
        world.work()
        assert Signal.objects.get().status == "sent"
        assert status() == "running"
        self.lift(hold)
        world.work()
        assert status() == "ended"

    def test_a_start_waits_too(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        world.start("order:1")
        world.owners["order:2"] = world.merchant.pk
        hold = self.hold("order:2")
        world.start("order:2")
        world.work()
        assert status("order:2") == "queued"
        self.lift(hold)
        world.work()
        assert status("order:2") == "running"

    def test_a_hold_of_an_order_holds_its_parcels(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        world.start("order:1")
        world.start("order:2", family="order:1")
        self.hold("order:1")
        with pytest.raises(DomainError, match="on_hold"):
            world.complete("review", subject="order:2")

    def test_cancelling_and_retrying_are_refused(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        instance = world.start()
        self.hold()
        with transaction.atomic(), pytest.raises(DomainError, match="on_hold"):
            services.cancel(instances.lock(instance.pk, now=NOW), actor="user:1")

    def test_claiming_is_no_step(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        world.start()
        self.hold()
        do_work.claim_work(by=world.clerk, item_id=item("review").pk, now=NOW)
        assert item("review").assignee == f"user:{world.clerk.pk}"


class TestCancelling:
    def test_what_was_done_is_undone_latest_first(self, world: World) -> None:
        world.publish(
            chain(
                served("pick", "test.pick"),
                served("pick_again", "test.pick"),
                task("review"),
                names="pick pick_again review",
            )
        )
        instance = world.start()
        world.work()
        with transaction.atomic():
            locked = instances.lock(instance.pk, now=NOW)
            services.cancel(locked, actor="user:1")
            locked.write()
        world.work()
        assert world.steps_done == ["test.pick", "test.pick", "test.unpick", "test.unpick"]
        assert [context.node for _step, context in world.did[2:]] == ["pick_again", "pick"]
        assert status() == "cancelled"
        assert open_nodes() == []

    def test_a_job_that_has_not_run_is_dropped(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        instance = world.start()
        world.complete("review")
        with transaction.atomic():
            locked = instances.lock(instance.pk, now=NOW)
            services.cancel(locked, actor="user:1")
            locked.write()
        world.work()
        assert world.did == []
        assert jobs() == [("test.pick", "cancelled")]
        assert status() == "cancelled"
