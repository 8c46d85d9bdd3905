"""A small domain for flows to act on: subjects in a dictionary, steps that say what they did."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from tests.flows.bpmn import file, way, ways
from tests.usecases.shop import staff

from mingchi.flows import REGISTRY, Doing, StepContext
from mingchi.flows.context import ORDER
from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.foundation.models import User
from mingchi.fulfilment import authoring, compiled, defaults, services, subjects
from mingchi.fulfilment.models import FlowInstance, FlowVersion, StepJob, StepLog, WorkItem
from mingchi.fulfilment.subjects import Subjects
from mingchi.merchants.models import Merchant
from mingchi.usecases import do_work, run_flows

NOW = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
START = '<bpmn:startEvent id="start"/>'
END = '<bpmn:endEvent id="end"/>'
VALUES = {"amount_fen": 10_000, "channel": "app", "region": "440305", "goods": "tea"}
__all__ = ["END", "NOW", "START", "World", "file", "later", "served", "task", "way", "ways"]


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


def task(name: str, *, role: str = "clerk", **attributes: str) -> str:
    more = "".join(f' m:{key}="{value}"' for key, value in attributes.items())
    return f'<bpmn:userTask id="{name}" m:role="{role}"{more}/>'


def served(name: str, step: str) -> str:
    return f'<bpmn:serviceTask id="{name}" m:step="{step}"/>'


def timer(name: str, duration: str, *, on: str = "") -> str:
    inner = (
        "<bpmn:timerEventDefinition><bpmn:timeDuration>"
        f"{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    )
    if on:
        return f'<bpmn:boundaryEvent id="{name}" attachedToRef="{on}">{inner}</bpmn:boundaryEvent>'
    return f'<bpmn:intermediateCatchEvent id="{name}">{inner}</bpmn:intermediateCatchEvent>'


def message(name: str, ref: str, *, on: str = "") -> str:
    """`ref`: paid_message (signal `paid`) or stop_message (`stop`)."""
    inner = f'<bpmn:messageEventDefinition messageRef="{ref}"/>'
    if on:
        return f'<bpmn:boundaryEvent id="{name}" attachedToRef="{on}">{inner}</bpmn:boundaryEvent>'
    return f'<bpmn:intermediateCatchEvent id="{name}">{inner}</bpmn:intermediateCatchEvent>'


def chain(*nodes: str, names: str) -> bytes:
    """Nodes one after the other."""
    return file(START + "".join(nodes) + END + ways(f"start {names} end"))


REVIEW_THEN_PICK = chain(task("review"), served("pick", "test.pick"), names="review pick")


@dataclass
class World:
    """What tests act with. `did`: the steps that ran, in order, with their contexts."""

    merchant: Merchant
    manager: User
    clerk: User
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)
    did: list[tuple[str, StepContext]] = field(default_factory=list)
    # What a step is to do instead of its work, by its name.
    instead: dict[str, Callable[[StepContext], str | None]] = field(default_factory=dict)

    # The domain's side

    def merchant_of(self, subject: str) -> int:
        if subject not in self.owners:
            raise NotFoundError()
        return self.owners[subject]

    def values_of(self, subject: str) -> Mapping[str, Any]:
        return {**VALUES, **self.values.get(subject, {})}

    def run(self, context: StepContext) -> str | None:
        if context.step in self.instead:
            return self.instead[context.step](context)
        self.did.append((context.step, context))
        return None

    @property
    def steps_done(self) -> list[str]:
        return [name for name, _context in self.did]

    # The merchant's side

    def publish(
        self, bpmn: bytes, *, key: str = "standard", kind: str = "order", merchant: Any = None
    ) -> FlowVersion:
        """A published flow of the merchant."""
        owner = (merchant or self.merchant).pk
        with transaction.atomic():
            made = authoring.define(merchant_id=owner, kind=kind, key=key, name=key)
            version = authoring.draft(definition=made, bpmn=bpmn, by="user:1")
            authoring.publish(version, by="user:1", now=NOW)
        return version

    def start(
        self, subject: str = "order:1", *, now: datetime = NOW, merchant: Any = None, **values: Any
    ) -> FlowInstance:
        self.owners[subject] = (merchant or self.merchant).pk
        self.values[subject] = values
        with transaction.atomic():
            return services.start(kind="order", subject=subject, now=now)

    def signal(self, name: str, key: str, *, subject: str = "order:1", at: datetime = NOW) -> bool:
        with transaction.atomic():
            return services.signal(kind="order", subject=subject, name=name, dedupe_key=key, now=at)

    # What happens

    def work(self, now: datetime = NOW) -> int:
        """The flow loop until nothing is left to do."""
        total = 0
        while done := sum([work(now=now) for work in run_flows.OWN]):
            total += done
        return total

    def complete(
        self, node: str, *, by: User | None = None, outcome: str = "", subject: str = "order:1"
    ) -> str | None:
        found = item(node, subject)
        return do_work.complete_work(
            by=by or self.clerk, item_id=found.pk, outcome=outcome, now=NOW
        )


def item(node: str, subject: str = "order:1") -> WorkItem:
    """The open work item at a node."""
    return WorkItem.objects.get(subject=subject, node=node, status="open")


def open_nodes(subject: str = "order:1") -> list[str]:
    """Where a subject waits for people."""
    found = WorkItem.objects.filter(subject=subject, status="open").order_by("node")
    return list(found.values_list("node", flat=True))


def log(subject: str = "order:1") -> list[tuple[str, str]]:
    """What happened: event and node."""
    found = StepLog.objects.filter(instance__subject=subject).order_by("id")
    return list(found.values_list("event", "node"))


def jobs(subject: str = "order:1") -> list[tuple[str, str]]:
    found = StepJob.objects.filter(instance__subject=subject).order_by("id")
    return list(found.values_list("step", "status"))


@contextmanager
def a_world() -> Iterator[World]:
    """Subjects and steps of the tests take the place of the platform's."""
    merchant = Merchant.objects.create(name="Tea house")
    world = World(
        merchant,
        staff(merchant=merchant, role="manager"),
        staff(merchant=merchant, role="clerk"),
    )
    kept = dict(subjects._kinds), dict(REGISTRY._steps), dict(defaults._registered)
    defaults._registered.clear()
    for kind in ("order", "fulfilment", "return"):
        subjects.register(kind, _answers(world))
    _steps(world)
    try:
        yield world
    finally:
        compiled.load.cache_clear()
        held: tuple[Any, ...] = (subjects._kinds, REGISTRY._steps, defaults._registered)
        for registry, before in zip(held, kept, strict=True):
            registry.clear()
            registry.update(before)


def _answers(world: World) -> Subjects:
    return Subjects(
        context=ORDER,
        values=world.values_of,
        merchant=world.merchant_of,
        lock=lambda subject: None,
        recent=lambda merchant_id, limit: [
            subject for subject, owner in reversed(world.owners.items()) if owner == merchant_id
        ][:limit],
        family=lambda subject: world.values.get(subject, {}).get("family", subject),
        owner=lambda subject: f"member:{world.values.get(subject, {}).get('member', 0)}",
    )


def _steps(world: World) -> None:
    step = REGISTRY.step
    step("test.pick", undo="test.unpick", retries=2)(world.run)
    step("test.unpick", retries=1)(world.run)
    step("test.pack", outcomes=("done", "short"))(world.run)
    step("test.approve", doing=Doing.HUMAN, actors={"clerk"}, outcomes=("yes", "no"))(world.run)
    step("test.take", outside=True, ask=_ask(world), undo="test.give", retries=2)(world.run)
    step("test.give", outside=True, ask=_ask(world), retries=1)(world.run)


def _ask(world: World) -> Callable[[StepContext], str | None]:
    def ask(context: StepContext) -> str | None:
        instead = world.instead.get(f"ask {context.step}")
        return instead(context) if instead else None

    return ask


def refuse(code: str) -> Callable[[StepContext], str | None]:
    """A step that refuses."""

    def run(context: StepContext) -> str | None:
        raise ConflictError(code, code)

    return run
