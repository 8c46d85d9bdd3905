"""Who may do a step, how many it takes, and what happens when four do it at once."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from tests.fulfilment.world import (
    NOW,
    REVIEW_THEN_PICK,
    World,
    a_world,
    chain,
    item,
    jobs,
    log,
    open_nodes,
    refuse,
    task,
)
from tests.usecases.shop import at_once, staff

from mingchi.flows import StepContext
from mingchi.foundation import roles
from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import instances, queries, work
from mingchi.fulfilment.models import FlowInstance, StepLog, Vote, WorkItem
from mingchi.fulfilment.work import Actor
from mingchi.merchants.models import Merchant
from mingchi.usecases import do_work, flow_roles

APPROVE = chain(task("approve", step="test.approve"), names="approve")


class TestRoles:
    # role of the step → accounts that may do it, by platform role or role at the merchant
    TABLE = (
        ("clerk", {"owner", "operator", "manager", "clerk"}),
        ("manager", {"owner", "operator", "manager"}),
        ("finance", {"owner", "operator", "finance_group", "manager", "finance"}),
        ("service", {"owner", "operator", "service_group", "manager", "service"}),
        ("warehouse", {"owner", "operator", "manager", "clerk", "warehouse"}),
        ("buyer", set[str]()),
    )

    def test_who_may_do_a_step(self, world: World) -> None:
        here = {"manager", "clerk", "finance", "warehouse", "service"}
        people = {role: staff(merchant=world.merchant, role=role) for role in here}
        people |= {name: staff(name) for name in ("owner", "operator", "auditor", "compliance")}
        people |= {f"{name}_group": staff(name) for name in ("finance", "service")}
        read_only = staff("owner")
        read_only.is_read_only = True
        people["read_only"] = read_only
        for role, allowed in self.TABLE:
            acting = {
                name
                for name, user in people.items()
                if role in flow_roles.acting(user, world.merchant.pk).roles
            }
            assert acting == allowed, role

    def test_transitions_without_a_role_guard_shopware_13355(self, world: World) -> None:
        """Each thing one can do to a work item asks for its role, and refuses without a trace."""
        world.publish(chain(task("pay", role="finance"), names="pay"))
        world.start()
        pk = item("pay").pk
        calls = (
            lambda by: do_work.claim_work(by=by, item_id=pk, now=NOW),
            lambda by: do_work.release_work(by=by, item_id=pk),
            lambda by: do_work.complete_work(by=by, item_id=pk, now=NOW),
            lambda by: do_work.retry_work(by=by, item_id=pk, now=NOW),
        )
        for call in calls:
            with pytest.raises(DomainError) as caught:
                call(world.clerk)
            assert caught.value.code == "not_your_role"
            assert caught.value.status == 403
        assert [done.code for done in self.many(world, pk)] == ["not_your_role"]
        assert log() == [("started", "start")]
        assert open_nodes() == ["pay"]

    def test_nor_past_the_use_case(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        instance = world.start()
        nobody = Actor(name="user:1", roles=frozenset({"finance"}))
        pk = item("review").pk
        with transaction.atomic(), pytest.raises(DomainError, match="not_your_role"):
            work.complete(instances.lock(instance.pk, now=NOW), pk, outcome="", actor=nobody)

    def many(self, world: World, pk: int) -> list[do_work.Done]:
        return do_work.complete_many(by=world.clerk, item_ids=[pk], now=NOW)

    def test_another_merchants_work_does_not_exist(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        world.start()
        other = Merchant.objects.create(name="Another")
        pk = item("review").pk
        for role in ("manager", "clerk"):
            stranger = staff(merchant=other, role=role)
            with pytest.raises(DomainError, match="not_found") as caught:
                do_work.complete_work(by=stranger, item_id=pk, now=NOW)
            assert caught.value.status == 404
            places = flow_roles.places(stranger)
            assert not queries.group_queue(places).exists()
        assert open_nodes() == ["review"]

    def test_the_buyers_step_is_the_buyers(self, world: World) -> None:
        world.publish(chain(task("receive", role="buyer"), names="receive"))
        world.start(member=7)
        pk = item("receive").pk
        for user in (world.manager, world.clerk, staff("owner")):
            with pytest.raises(DomainError, match="not_your_role"):
                do_work.complete_work(by=user, item_id=pk, now=NOW)
        with pytest.raises(DomainError, match="not_found"):
            do_work.complete_as_buyer(member_id=8, item_id=pk, now=NOW)
        assert do_work.complete_as_buyer(member_id=7, item_id=pk, now=NOW) == "done"
        assert StepLog.objects.get(event="completed").actor == "member:7"

    def test_a_buyer_does_no_step_of_staff(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        world.start(member=7)
        with pytest.raises(DomainError, match="not_your_role"):
            do_work.complete_as_buyer(member_id=7, item_id=item("review").pk, now=NOW)


class TestClaiming:
    def test_claimed_it_is_in_ones_own_queue(self, world: World) -> None:
        world.publish(REVIEW_THEN_PICK)
        world.start()
        mate = staff(merchant=world.merchant, role="clerk")
        pk = item("review").pk
        do_work.claim_work(by=world.clerk, item_id=pk, now=NOW)
        me, places = f"user:{world.clerk.pk}", flow_roles.places(world.clerk)
        assert [one.pk for one in queries.my_queue(me, places)] == [pk]
        assert not queries.group_queue(places).exists()
        with pytest.raises(DomainError, match="claimed") as caught:
            do_work.claim_work(by=mate, item_id=pk, now=NOW)
        assert caught.value.details == {"assignee": me}
        with pytest.raises(DomainError, match="claimed"):
            do_work.complete_work(by=mate, item_id=pk, now=NOW)
        with pytest.raises(DomainError, match="claimed"):
            do_work.release_work(by=mate, item_id=pk)
        do_work.release_work(by=world.manager, item_id=pk)
        assert do_work.complete_work(by=mate, item_id=pk, now=NOW) == "done"

    def test_overdue_first(self, world: World) -> None:
        world.publish(chain(task("review", due="P1D"), names="review"), key="due")
        world.publish(REVIEW_THEN_PICK)
        for number, days in enumerate((5, 1, 3), 1):
            world.start(f"order:{number}")
            due = NOW.replace(day=days)
            WorkItem.objects.filter(subject=f"order:{number}").update(due_at=due)
        world.start("order:4")
        found = queries.group_queue(flow_roles.places(world.clerk))
        assert [one.subject for one in found] == ["order:2", "order:3", "order:1", "order:4"]
        overdue = queries.overdue(flow_roles.places(world.clerk), now=NOW.replace(day=2))
        assert [one.subject for one in overdue] == ["order:2"]

    def test_due_from_the_drawing(self, world: World) -> None:
        world.publish(chain(task("review", due="P1D"), names="review"))
        world.start()
        assert item("review").due_at == NOW.replace(day=2)


class TestQuorum:
    def two(self, world: World, quorum: str) -> None:
        approve = task("approve", step="test.approve", quorum=quorum)
        world.publish(chain(approve, names="approve"))
        world.start()

    def test_a_number_of_people(self, world: World) -> None:
        self.two(world, "2")
        assert world.complete("approve") is None
        assert world.complete("approve") is None  # the same person again counts once
        assert world.did == []
        assert world.complete("approve", by=world.manager) == "yes"
        assert world.steps_done == ["test.approve"]
        assert Vote.objects.count() == 2

    def test_a_number_is_not_lowered_where_there_are_fewer_people(self, world: World) -> None:
        self.two(world, "3")
        world.complete("approve")
        assert world.complete("approve", by=world.manager) is None
        assert open_nodes() == ["approve"]

    def test_no_by_one_decides(self, world: World) -> None:
        self.two(world, "2")
        assert world.complete("approve", outcome="no") == "no"
        assert world.did[0][1].outcome == "no"

    def test_one_does_not_say_two_things(self, world: World) -> None:
        self.two(world, "2")
        world.complete("approve")
        with pytest.raises(DomainError, match="already_voted"):
            world.complete("approve", outcome="no")

    def test_all_who_hold_the_role(self, world: World) -> None:
        self.two(world, "all")
        mate = staff(merchant=world.merchant, role="clerk")
        staff(merchant=Merchant.objects.create(name="Another"), role="clerk")
        assert world.complete("approve") is None
        assert world.complete("approve", by=mate) == "yes"

    def test_all_counts_who_is_there_now(self, world: World) -> None:
        self.two(world, "all")
        mate = staff(merchant=world.merchant, role="clerk")
        gone = staff(merchant=world.merchant, role="clerk")
        assert world.complete("approve", by=gone) is None
        gone.is_active = False
        gone.save()
        assert world.complete("approve") is None  # who has left does not stand for who is there
        assert world.complete("approve", by=mate) == "yes"

    def test_several_decide_and_nobody_claims(self, world: World) -> None:
        self.two(world, "2")
        with pytest.raises(DomainError, match="for_several"):
            do_work.claim_work(by=world.clerk, item_id=item("approve").pk, now=NOW)


class TestCompleting:
    def test_the_steps_command_runs_in_the_same_transaction(self, world: World) -> None:
        world.publish(APPROVE)
        world.start()
        world.instead["test.approve"] = refuse("stock_gone")
        with pytest.raises(DomainError, match="stock_gone"):
            world.complete("approve")
        assert open_nodes() == ["approve"]
        assert log() == [("started", "start")]
        del world.instead["test.approve"]
        assert world.complete("approve") == "yes"
        context = world.did[0][1]
        assert (context.outcome, context.actor) == ("yes", f"user:{world.clerk.pk}")
        assert context.values["amount_fen"] == 10_000
        assert (context.subject, context.merchant) == ("order:1", world.merchant.pk)

    def test_silent_failure_of_an_invalid_transition_shopware_8337(self, world: World) -> None:
        """It is refused aloud, and nothing has changed."""
        world.publish(APPROVE)
        world.start()
        before = FlowInstance.objects.get().state
        with pytest.raises(DomainError, match="unknown_outcome") as caught:
            world.complete("approve", outcome="maybe")
        assert "yes, no" in caught.value.message
        assert FlowInstance.objects.get().state == before
        assert world.did == []
        assert not Vote.objects.exists()
        world.complete("approve")
        with pytest.raises(DomainError, match="work_item_closed") as caught:
            do_work.complete_work(by=world.clerk, item_id=WorkItem.objects.get().pk, now=NOW)
        assert caught.value.details["outcome"] == "yes"

    def test_a_forced_status_that_skips_the_next_flow_shopware_4866(self, world: World) -> None:
        """What a person does by hand goes on along the drawing: the step after it is done."""
        from tests.fulfilment.world import later, served

        world.publish(
            chain(served("pick", "test.pick"), served("pack", "test.pack"), names="pick pack")
        )
        world.start()
        world.instead["test.pick"] = refuse("no_stock")
        for hours in range(4):
            world.work(later(hours=hours))
        do_work.complete_work(by=world.manager, item_id=item("pick").pk, now=NOW)
        assert jobs()[-1] == ("test.pack", "queued")
        world.work(later(hours=5))
        assert world.steps_done == ["test.pack"]

    def test_many_at_once_each_by_itself(self, world: World) -> None:
        world.publish(APPROVE)
        for number in range(1, 4):
            world.start(f"order:{number}")

        def no_second(context: StepContext) -> str | None:
            if context.subject == "order:2":
                refuse("stock_gone")(context)
            return None

        world.instead["test.approve"] = no_second
        keys = list(WorkItem.objects.order_by("id").values_list("pk", flat=True))
        done = do_work.complete_many(by=world.clerk, item_ids=[*keys, keys[0]], now=NOW)
        assert [(one.outcome, one.code) for one in done] == [
            ("yes", ""),
            (None, "stock_gone"),
            ("yes", ""),
        ]
        assert open_nodes("order:2") == ["approve"]


@pytest.fixture
def committed(transactional_db: None) -> Iterator[World]:
    roles.ensure()
    with a_world() as one:
        yield one


def test_four_threads_complete_the_same_work_item_once(committed: World) -> None:
    committed.publish(
        chain(task("approve", step="test.approve"), task("next"), names="approve next")
    )
    for number in range(1, 6):
        subject = f"order:{number}"
        committed.start(subject)
        committed.did.clear()
        people = [staff(merchant=committed.merchant, role="clerk") for _ in range(4)]
        pk = item("approve", subject).pk
        answers = at_once(
            [
                lambda user=user, pk=pk: do_work.complete_work(by=user, item_id=pk, now=NOW)  # type: ignore[misc]
                for user in people
            ]
        )
        refused = [one for one in answers if isinstance(one, DomainError)]
        assert [one.code for one in refused] == ["work_item_closed"] * 3
        assert committed.steps_done == ["test.approve"]
        assert open_nodes(subject) == ["next"]
        assert log(subject).count(("completed", "approve")) == 1


def test_four_threads_vote_and_two_are_enough(committed: World) -> None:
    approve = task("approve", step="test.approve", quorum="2")
    committed.publish(chain(approve, names="approve"))
    committed.start()
    people = [staff(merchant=committed.merchant, role="clerk") for _ in range(4)]
    pk = item("approve").pk
    answers = at_once(
        [
            lambda user=user: do_work.complete_work(by=user, item_id=pk, now=NOW)  # type: ignore[misc]
            for user in people
        ]
    )
    refused = [one for one in answers if isinstance(one, DomainError)]
    assert sorted(str(one) for one in answers if not isinstance(one, DomainError)) == [
        "None",
        "yes",
    ]
    assert len(refused) == 2
    assert committed.steps_done == ["test.approve"]
