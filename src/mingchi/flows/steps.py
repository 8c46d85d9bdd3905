"""Registered steps: what a flow may do, declared in Python by the domain that owns it.

    @step("shipment.create", requires="reserved and (paid or cash_on_delivery)",
          provides={"shipped"}, undo="shipment.void", retries=5)
    def create_shipment(context: StepContext) -> None: ...

The registry feeds the editors' palette and panel and the checks before publishing. It is filled by
importing the domains' `steps` modules, which the configuration does.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from mingchi.flows.errors import RegistryError
from mingchi.flows.facts import Requirement, read_requirement

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
_FACT: Final = re.compile(r"[a-z][a-z0-9_]*")


class Doing(StrEnum):
    """Who does a step: the platform (service task), a person (user task), or either."""

    AUTOMATIC = "automatic"
    HUMAN = "human"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a step is called with. `values`: the typed context of the order, as conditions see it.
    `outcome`: what the person said, "" for an automatic step. `actor`: who, "" for nobody."""

    subject: str
    merchant: int
    instance: int
    token: int
    node: str
    step: str
    now: datetime
    outcome: str = ""
    actor: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The idempotency key: the same for every try of this step, never for another one."""
        return f"{self.instance}:{self.token}"


StepFunction = Callable[[StepContext], str | None]
# Asks the outside what became of an earlier try: an outcome, or None where it never arrived.
AskFunction = Callable[[StepContext], str | None]


@dataclass(frozen=True, slots=True)
class Step:
    """A registered step.

    `title`: Chinese and English. `actors`: roles that may do it; a flow chooses among them and
    can't add any; empty: any role. `outcomes`: the first is the assent. `requires`: facts as a
    boolean expression; `provides` and `removes`: facts that hold, or no longer hold, after the
    assent; another outcome changes none.
    `kinds`: the kinds of flows that may use it (order, fulfilment, return), whose subjects it can
    act on; empty: all. `undo`: the step that takes it back. `retries`: tries after the first, with
    back-off. `outside`: it reaches a gateway or carrier, so it is called outside the transaction,
    and `ask` is asked for the outcome before it is tried again. `answered`: messages that may
    follow on it, which its flow has to wait for somewhere. `retired`: what to draw in its place;
    flows that are published go on with it.
    """

    name: str
    run: StepFunction
    title: tuple[str, str]
    doing: Doing = Doing.AUTOMATIC
    actors: frozenset[str] = frozenset()
    outcomes: tuple[str, ...] = ("done",)
    requires: Requirement | None = None
    provides: frozenset[str] = frozenset()
    removes: frozenset[str] = frozenset()
    undo: str | None = None
    retries: int = 3
    outside: bool = False
    ask: AskFunction | None = None
    kinds: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()
    retired: str = ""

    def fits(self, kind: str) -> bool:
        """Whether flows of this kind may use it."""
        return not self.kinds or kind in self.kinds


class Registry:
    """Steps by name."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}

    def step(
        self,
        name: str,
        *,
        title: tuple[str, str] | None = None,
        doing: Doing = Doing.AUTOMATIC,
        actors: Collection[str] = (),
        outcomes: tuple[str, ...] = ("done",),
        requires: str = "",
        provides: Collection[str] = (),
        removes: Collection[str] = (),
        undo: str | None = None,
        retries: int = 3,
        outside: bool = False,
        ask: AskFunction | None = None,
        kinds: Collection[str] = (),
        answered: Collection[str] = (),
        retired: str = "",
    ) -> Callable[[StepFunction], StepFunction]:
        """Decorator that registers a function as a step; see `Step`. Raises RegistryError where
        the name is taken or a part does not have its form."""

        def register(run: StepFunction) -> StepFunction:
            self.add(
                Step(
                    name=name,
                    run=run,
                    title=title or (name, name),
                    doing=doing,
                    actors=frozenset(actors),
                    outcomes=outcomes,
                    requires=_requirement(name, requires),
                    provides=frozenset(provides),
                    removes=frozenset(removes),
                    undo=undo,
                    retries=retries,
                    outside=outside,
                    ask=ask,
                    kinds=frozenset(kinds),
                    answered=frozenset(answered),
                    retired=retired,
                )
            )
            return run

        return register

    def add(self, step: Step) -> None:
        """Register a step. Raises RegistryError."""
        if not _NAME.fullmatch(step.name):
            raise RegistryError(f"{step.name!r} is no name of a step; write domain.verb")
        if step.name in self._steps:
            raise RegistryError(f"the step {step.name!r} is registered twice")
        for fact in step.provides | step.removes:
            if not _FACT.fullmatch(fact):
                raise RegistryError(f"{step.name}: {fact!r} is no name of a fact")
        if not step.outcomes or len(set(step.outcomes)) < len(step.outcomes):
            raise RegistryError(f"{step.name}: outcomes must be there, each once")
        if step.outside and step.ask is None:
            raise RegistryError(f"{step.name} reaches outside, so it needs `ask`")
        self._steps[step.name] = step

    def get(self, name: str) -> Step | None:
        return self._steps.get(name)

    def __getitem__(self, name: str) -> Step:
        return self._steps[name]

    def __contains__(self, name: str) -> bool:
        return name in self._steps

    def __iter__(self) -> Iterator[Step]:
        return iter(sorted(self._steps.values(), key=lambda step: step.name))

    def __len__(self) -> int:
        return len(self._steps)

    def verify(self) -> None:
        """Every `undo` names a registered step that fits wherever its own does. Raises
        RegistryError. Call it once all domains have registered theirs."""
        for step in self:
            if step.undo is None:
                continue
            undo = self.get(step.undo)
            if undo is None:
                raise RegistryError(f"{step.name}: its undo {step.undo!r} is not registered")
            if undo.kinds and not (step.kinds and step.kinds <= undo.kinds):
                raise RegistryError(f"{step.name}: its undo {step.undo!r} is of fewer kinds")


def _requirement(name: str, text: str) -> Requirement | None:
    try:
        return read_requirement(text) if text else None
    except ValueError as error:
        raise RegistryError(f"{name}: requires {text!r}: {error}") from None


REGISTRY: Final = Registry()
step: Final = REGISTRY.step
