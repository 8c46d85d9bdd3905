"""Steps of flows in PostgreSQL, by the runtime's own use cases, with every table written: state,
work items, jobs, timers, subscriptions and log; one transaction and one commit a step."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final

from mingchi.bench import _settle_world

_NOW: Final = datetime(2026, 3, 1, 8, tzinfo=UTC)
_TARGET_MS: Final = 5
_VALUES: Final = {"amount_fen": 19_900, "payment_method": "card", "channel": "app"}
_HEAD: Final = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:m="urn:mingchi:flow:1" targetNamespace="urn:mingchi:flow:1">
<message id="paid" name="paid"/><process id="bench"><startEvent id="start"/>"""
# Each way in which a step is moved: people, with a time limit and a choice; a signal; jobs.
_FLOW: Final = f"""{_HEAD}
<userTask id="review" m:role="manager" m:due="P1D"/>
<boundaryEvent id="late" attachedToRef="review"><timerEventDefinition>
 <timeDuration>P2D</timeDuration></timerEventDefinition></boundaryEvent>
<exclusiveGateway id="size" default="small"/>
<userTask id="audit" m:role="manager"/>
<intermediateCatchEvent id="pay"><messageEventDefinition messageRef="paid"/>
</intermediateCatchEvent>
<serviceTask id="pick" m:step="bench.step"/><userTask id="pack" m:role="manager"/>
<serviceTask id="ship" m:step="bench.step"/><userTask id="deliver" m:role="manager"/>
<endEvent id="end"/><endEvent id="given_up"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="review"/>
<sequenceFlow id="f2" sourceRef="review" targetRef="size"/>
<sequenceFlow id="large" sourceRef="size" targetRef="audit">
 <conditionExpression>amount_fen &gt; 100000</conditionExpression></sequenceFlow>
<sequenceFlow id="small" sourceRef="size" targetRef="pay"/>
<sequenceFlow id="f3" sourceRef="audit" targetRef="given_up"/>
<sequenceFlow id="f4" sourceRef="pay" targetRef="pick"/>
<sequenceFlow id="f5" sourceRef="pick" targetRef="pack"/>
<sequenceFlow id="f6" sourceRef="pack" targetRef="ship"/>
<sequenceFlow id="f7" sourceRef="ship" targetRef="deliver"/>
<sequenceFlow id="f8" sourceRef="deliver" targetRef="end"/>
<sequenceFlow id="f9" sourceRef="late" targetRef="given_up"/>
</process></definitions>""".encode()
_WAIT: Final = f"""{_HEAD}<intermediateCatchEvent id="wait"><timerEventDefinition>
<timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
<userTask id="review" m:role="manager"/><endEvent id="end"/>
<sequenceFlow id="f1" sourceRef="start" targetRef="wait"/>
<sequenceFlow id="f2" sourceRef="wait" targetRef="review"/>
<sequenceFlow id="f3" sourceRef="review" targetRef="end"/></process></definitions>""".encode()


def run(quick: bool) -> Iterator[dict[str, Any]]:
    """Yields `postgres-step` (ms) for a step by a person, by a job and of all kinds, and `timers`
    (seconds for ten thousand that are due)."""
    with _settle_world.database():
        from mingchi.fulfilment.models import FlowInstance

        people, machines = _walk(60 if quick else 500)
        assert not FlowInstance.objects.exclude(status="ended").exists()
        for name, times in (
            ("by a person", people),
            ("by the worker", machines),
            ("of all", people + machines),
        ):
            value = median(times) * 1000
            yield {
                "bench": "flows",
                "case": "postgres-step",
                "value": round(value, 2),
                "unit": f"ms a step {name}, median of {len(times)}, all tables written",
                "against": "target, ms",
                "against_value": _TARGET_MS,
                "ratio": round(_TARGET_MS / value, 2),
            }
        count = 2_000 if quick else 10_000
        yield {
            "bench": "flows",
            "case": "timers",
            "value": round(_fire(count), 1),
            "unit": f"s for {count} due timers",
        }


def _walk(orders: int) -> tuple[list[float], list[float]]:
    """Seconds of each step of so many orders: by people, and by the worker's hand."""
    from django.db import transaction

    from mingchi.fulfilment import services
    from mingchi.usecases import run_flows

    _publish(_FLOW)
    people: list[float] = []
    work = _people(people)
    machines: list[float] = []

    def signal(subject: str) -> None:
        with transaction.atomic():
            services.signal(kind="order", subject=subject, name="paid", dedupe_key="pay", now=_NOW)

    def job() -> None:
        assert run_flows.run_due_jobs(now=_NOW) == 1

    for number in range(1, orders + 1):
        subject = f"order:{number}"
        with _timed(machines):
            _start(subject, _NOW)
        work("review", subject)
        with _timed(machines):
            signal(subject)
        for node in ("pack", "deliver"):
            with _timed(machines):
                job()
            work(node, subject)
    return people, machines


def _fire(count: int) -> float:
    """Seconds until so many due timers have fired."""
    from mingchi.usecases import run_flows

    _publish(_WAIT)
    for number in range(count):
        _start(f"order:{1_000_000 + number}", _NOW)
    began = time.perf_counter()
    fired = 0
    while done := run_flows.fire_due_timers(now=_NOW + timedelta(hours=1)):
        fired += done
    assert fired == count
    return time.perf_counter() - began


def _publish(bpmn: bytes) -> None:
    """The flow that every order of the benchmark gets, and a domain for it to act on."""
    from django.db import transaction

    from mingchi.flows import REGISTRY
    from mingchi.flows.context import ORDER
    from mingchi.fulfilment import authoring, subjects
    from mingchi.merchants.models import Merchant

    merchant, _made = Merchant.objects.get_or_create(name="bench")
    subjects.register(
        "order",
        subjects.Subjects(
            context=ORDER,
            values=lambda subject: _VALUES,
            merchant=lambda subject: merchant.pk,
            lock=lambda subject: None,
            recent=lambda merchant_id, limit: [],
        ),
    )
    if "bench.step" not in REGISTRY:
        REGISTRY.step("bench.step")(lambda context: None)
    with transaction.atomic():
        made = authoring.define(merchant_id=merchant.pk, kind="order", key="standard", name="bench")
        version = authoring.draft(definition=made, bpmn=bpmn, by="user:1")
        authoring.publish(version, by="user:1", now=_NOW)


def _people(times: list[float]) -> Callable[[str, str], None]:
    """Completes the open work item of a node, as a manager of the merchant; keeps the seconds."""
    from mingchi.foundation.models import User
    from mingchi.fulfilment.models import WorkItem
    from mingchi.merchants.models import Merchant, MerchantStaff
    from mingchi.usecases.do_work import complete_work

    user = User.objects.create(username="bench", is_staff=True)
    merchant = Merchant.objects.get(name="bench")
    MerchantStaff.objects.create(user=user, merchant=merchant, role="manager")

    def work(node: str, subject: str) -> None:
        found = WorkItem.objects.get(subject=subject, node=node, status="open")
        # As a request does: the account's roles are read anew.
        by = User.objects.get(pk=user.pk)
        with _timed(times):
            complete_work(by=by, item_id=found.pk, now=_NOW)

    return work


def _start(subject: str, now: datetime) -> None:
    from django.db import transaction

    from mingchi.fulfilment import services

    with transaction.atomic():
        services.start(kind="order", subject=subject, now=now)


@contextmanager
def _timed(times: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    times.append(time.perf_counter() - began)
