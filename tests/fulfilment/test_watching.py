"""Queues, log, where orders wait and for how long, figures; many timers at once."""

from django.db import transaction
from tests.fulfilment.world import (
    END,
    NOW,
    REVIEW_THEN_PICK,
    START,
    World,
    chain,
    file,
    item,
    later,
    message,
    refuse,
    served,
    task,
    timer,
    ways,
)
from tests.usecases.shop import staff

from mingchi.fulfilment import holds, monitor, queries
from mingchi.fulfilment.models import FlowInstance, Timer
from mingchi.fulfilment.monitor import Wait
from mingchi.merchants.models import Merchant
from mingchi.usecases import flow_roles, run_flows

EVERY_WAIT = file(
    START
    + '<bpmn:parallelGateway id="fork"/>'
    + task("review")
    + served("pick", "test.pick")
    + timer("rest", "P1D")
    + message("paid", "paid_message")
    + '<bpmn:parallelGateway id="join"/>'
    + END
    + ways("start fork review join end", "fork pick join", "fork rest join", "fork paid join")
)

MANY = 2 * run_flows.BATCH + 50
EACH = (("paid", "signal"), ("pick", "job"), ("rest", "timer"), ("review", "work"))


def test_where_orders_wait_and_for_how_long(world: World) -> None:
    world.publish(EVERY_WAIT)
    for number, hours in enumerate((0, 1, 2), 1):
        world.start(f"order:{number}", now=later(hours=hours))
    found = monitor.waiting(merchant_ids=[world.merchant.pk], now=later(hours=3))
    definition = found[0].definition_id
    assert [one._replace(p95_s=round(one.p95_s)) for one in found] == [
        Wait(definition, node, what, 3, 7200.0, 10440, 10800.0)
        for node, what in (
            ("paid", "signal"),
            ("pick", "job"),
            ("rest", "timer"),
            ("review", "work"),
        )
    ]
    other = Merchant.objects.create(name="Another")
    assert monitor.waiting(merchant_ids=[other.pk], now=NOW) == []


def test_an_event_gateway_is_one_wait(world: World) -> None:
    world.publish(
        file(
            START
            + '<bpmn:eventBasedGateway id="pay"/>'
            + message("paid", "paid_message")
            + timer("unpaid", "PT30M")
            + END
            + ways("start pay paid end", "pay unpaid end")
        )
    )
    world.start()
    (found,) = monitor.waiting(merchant_ids=[world.merchant.pk], now=NOW)
    assert found.number == 1


def test_how_long_it_took(world: World) -> None:
    world.publish(REVIEW_THEN_PICK)
    world.start(now=later(hours=-2))
    world.complete("review")
    world.work(later(minutes=1))
    found = monitor.waited(merchant_ids=[world.merchant.pk], now=later(minutes=1))
    assert {one.node: (one.what, one.number, one.median_s) for one in found} == {
        "review": ("work", 1, 7200.0),
        "pick": ("job", 1, 60.0),
    }


def test_figures(world: World) -> None:
    world.publish(EVERY_WAIT)
    world.start("order:1")
    world.start("order:2")
    world.instead["test.pick"] = refuse("no_stock")
    for hours in range(3):
        world.work(later(hours=hours))
    world.signal("stop", "s-1")
    now = later(days=2)
    found = monitor.figures(now=now)
    assert (found.due_timers, found.timer_lag_s) == (2, 86_400)
    assert (found.repairs, found.strays, found.jobs, found.not_started) == (2, 1, 0, 0)
    assert monitor.figures(now=now, merchant_ids=[world.merchant.pk]) == found
    other = Merchant.objects.create(name="Another")
    assert set(monitor.figures(now=now, merchant_ids=[other.pk])) == {0}
    with transaction.atomic():
        holds.place(
            merchant_id=world.merchant.pk, subject="order:1", reason="x", actor="u", now=NOW
        )
    found = monitor.figures(now=now)
    assert (found.due_timers, found.holds) == (1, 1)


def test_queues_show_what_is_held(world: World) -> None:
    world.publish(REVIEW_THEN_PICK)
    world.start("order:1")
    world.start("order:2", family="order:1")
    world.start("order:3")
    with transaction.atomic():
        holds.place(
            merchant_id=world.merchant.pk, subject="order:1", reason="x", actor="u", now=NOW
        )
    found = queries.group_queue(flow_roles.places(world.clerk))
    assert [(one.subject, one.is_held) for one in found] == [  # type: ignore[attr-defined]
        ("order:1", True),
        ("order:2", True),
        ("order:3", False),
    ]


def test_repairs_are_for_who_may_repair(world: World) -> None:
    world.publish(chain(served("pick", "test.pick"), names="pick"))
    world.instead["test.pick"] = refuse("no_stock")
    world.start()
    for hours in range(3):
        world.work(later(hours=hours))
    repair = item("pick").pk
    seen = {
        name: [one.pk for one in queries.group_queue(flow_roles.places(user))]
        for name, user in {
            "manager": world.manager,
            "clerk": world.clerk,
            "operator": staff("operator"),
            "stranger": staff(merchant=Merchant.objects.create(name="Another")),
            "nobody": staff(),
        }.items()
    }
    assert seen == {
        "manager": [repair],
        "clerk": [],
        "operator": [repair],
        "stranger": [],
        "nobody": [],
    }


def test_the_log_of_a_subject(world: World) -> None:
    world.publish(REVIEW_THEN_PICK)
    world.start("order:1")
    world.start("order:2", family="order:1", now=later(minutes=1))
    mine = queries.subject_log("order:1", merchant_id=world.merchant.pk)
    assert [entry.instance.subject for entry in mine] == ["order:1", "order:2"]
    other = Merchant.objects.create(name="Another")
    assert not queries.subject_log("order:1", merchant_id=other.pk).exists()


def test_what_each_decision_saw(world: World) -> None:
    from tests.fulfilment.world import way

    from mingchi.fulfilment.models import StepLog

    world.publish(
        file(
            START
            + '<bpmn:exclusiveGateway id="size" default="size-end"/>'
            + task("review")
            + END
            + ways("start size", "review end")
            + way("size", "review", "amount_fen &gt; 5000")
            + way("size", "end")
        )
    )
    world.start()
    decided = StepLog.objects.get(event="decided")
    assert decided.values == {"way": "size-review", "amount_fen": 10_000}


def test_due_timers_fire_batch_after_batch(world: World) -> None:
    """How long ten thousand take: `script/bench flows`."""
    world.publish(chain(timer("wait", "PT1H"), task("review"), names="wait review"))
    first = world.start("order:1")
    rows = [
        FlowInstance(
            merchant=world.merchant,
            kind="order",
            subject=f"order:{number}",
            family=f"order:{number}",
            version_id=first.version_id,
            state=first.state,
            status="running",
            queued_at=NOW,
            started_at=NOW,
        )
        for number in range(2, MANY + 1)
    ]
    FlowInstance.objects.bulk_create(rows)
    Timer.objects.bulk_create(
        [
            Timer(instance=row, token=1, node="wait", due_at=later(hours=1), set_at=NOW)
            for row in rows
        ],
    )
    fired = []
    while done := run_flows.fire_due_timers(now=later(hours=1)):
        fired.append(done)
    assert fired == [run_flows.BATCH, run_flows.BATCH, MANY - 2 * run_flows.BATCH]
    assert not Timer.objects.exists()
    assert FlowInstance.objects.filter(work_items__node="review").count() == MANY
