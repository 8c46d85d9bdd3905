"""What went wrong elsewhere, each by the name of its report. Those of roles, outcomes, checkouts
and versions stand beside what they are about: test_work, test_drawing."""

from datetime import timedelta

import pytest
from tests.fulfilment.world import (
    END,
    NOW,
    START,
    World,
    chain,
    file,
    later,
    log,
    message,
    open_nodes,
    served,
    task,
    timer,
    ways,
)
from tests.usecases.shop import staff

from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import queries
from mingchi.fulfilment.models import FlowInstance, Signal, Timer
from mingchi.usecases import run_flows, steer_flow
from mingchi.worker import flows

PREPAID = file(
    START
    + '<bpmn:eventBasedGateway id="pay"/>'
    + message("paid", "paid_message")
    + timer("unpaid", "PT30M")
    + served("pick", "test.pick")
    + '<bpmn:endEvent id="gone"/>'
    + END
    + ways("start pay paid pick end", "pay unpaid gone")
)


class TestDelayedStepsThatNeverFireShopware4510And11971:
    """A timer is a row, so neither a restart, a backlog nor a late worker loses it."""

    def test_due_long_ago(self, world: World) -> None:
        world.publish(chain(timer("wait", "PT1H"), task("review"), names="wait review"))
        world.start()
        world.work(later(days=400))
        assert open_nodes() == ["review"]

    def test_more_are_due_than_one_batch_takes(self, world: World) -> None:
        world.publish(chain(timer("wait", "PT1H"), names="wait"))
        for number in range(25):
            world.start(f"order:{number}")
        assert run_flows.fire_due_timers(now=later(hours=1), limit=10) == 10
        world.work(later(hours=1))
        assert FlowInstance.objects.filter(status="ended").count() == 25
        assert not Timer.objects.exists()

    def test_several_of_one_order_at_once(self, world: World) -> None:
        fork = '<bpmn:parallelGateway id="fork"/><bpmn:parallelGateway id="join"/>'
        world.publish(
            file(
                START
                + fork
                + timer("one", "PT1H")
                + timer("two", "PT2H")
                + END
                + ways("start fork one join end", "fork two join")
            )
        )
        world.start()
        world.work(later(hours=5))
        assert FlowInstance.objects.get().status == "ended"

    def test_a_chain_of_them_in_one_go(self, world: World) -> None:
        """The second is set from when the first fired, not from when it should have."""
        world.publish(chain(timer("one", "PT1H"), timer("two", "PT1H"), names="one two"))
        world.start()
        world.work(later(hours=3))
        assert Timer.objects.get().due_at == later(hours=4)
        world.work(later(hours=4))
        assert FlowInstance.objects.get().status == "ended"

    def test_the_loop_fires_them(self, world: World) -> None:
        world.publish(chain(timer("wait", "PT1H"), names="wait"))
        world.start()
        loop = flows.Loop(flows.OWN, now=lambda: later(hours=1))
        loop._turn()
        assert FlowInstance.objects.get().status == "ended"


class TestLatePaymentCallbackLitemall271:
    """Paid after the order was given up, or twice: never a second way through the flow, and never
    lost either."""

    def test_on_an_order_that_was_given_up(self, world: World) -> None:
        world.publish(PREPAID)
        world.start()
        world.work(later(minutes=30))
        assert FlowInstance.objects.get().end_node == "gone"
        world.signal("paid", "notice-1", at=later(minutes=31))
        world.work(later(minutes=31))
        assert world.did == []
        assert FlowInstance.objects.get().end_node == "gone"
        (stray,) = queries.left_signals(before=NOW)
        assert (stray.name, stray.status, stray.merchant_id) == (
            "paid",
            "stray",
            world.merchant.pk,
        )
        assert log()[-1] == ("stray", "")

    def test_on_an_order_that_was_shipped(self, world: World) -> None:
        world.publish(PREPAID)
        world.start()
        world.signal("paid", "notice-1")
        world.work()
        assert world.steps_done == ["test.pick"]
        world.signal("paid", "notice-2")
        world.work(later(hours=1))
        assert world.steps_done == ["test.pick"]
        assert [one.dedupe_key for one in queries.left_signals(before=NOW)] == ["notice-2"]

    def test_on_an_order_that_staff_cancelled(self, world: World) -> None:
        world.publish(PREPAID)
        instance = world.start()
        steer_flow.cancel_flow(by=world.manager, instance_id=instance.pk, now=NOW)
        world.signal("paid", "notice-1")
        assert Signal.objects.get().status == "stray"

    def test_staff_look_at_it_and_put_it_aside(self, world: World) -> None:
        world.publish(PREPAID)
        world.start()
        world.work(later(minutes=30))
        world.signal("paid", "notice-1")
        stray = Signal.objects.get()
        with pytest.raises(DomainError, match="not_allowed"):
            steer_flow.dismiss_signal(by=world.clerk, signal_id=stray.pk, now=NOW)
        service = staff(merchant=world.merchant, role="service")
        steer_flow.dismiss_signal(by=service, signal_id=stray.pk, now=NOW)
        assert not queries.left_signals(before=NOW).exists()
        with pytest.raises(DomainError, match="not_a_stray"):
            steer_flow.dismiss_signal(by=service, signal_id=stray.pk, now=NOW)

    def test_sent_to_what_never_started_it_is_seen_after_a_day(self, world: World) -> None:
        world.owners["order:1"] = world.merchant.pk
        world.signal("paid", "notice-1")
        world.work()
        assert not queries.left_signals(before=NOW - timedelta(days=1)).exists()
        assert queries.left_signals(before=NOW).exists()
