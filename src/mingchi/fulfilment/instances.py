"""Instances whose rows we hold: advanced any number of times, written once.

with transaction.atomic():                       # the use case
    instance = instances.lock(pk, now=now)
    instance.advance(calls.complete(token=4, outcome="ok"), actor="user:7")
    instance.write()
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.flows import FlowError, NotWaitingError, OutcomeError, State, listeners
from mingchi.flows.state import EMPTY
from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.fulfilment import calls, compiled
from mingchi.fulfilment.calls import Call
from mingchi.fulfilment.compiled import Compiled
from mingchi.fulfilment.models import FlowInstance, Hold, Signal
from mingchi.fulfilment.subjects import Values
from mingchi.fulfilment.writing import Writing

SYSTEM = "system"


class Locked:
    """An instance at work. `held`: the reasons of the holds on it; `kept`: signals that came before
    anything waited for them."""

    def __init__(
        self, row: FlowInstance, held: Sequence[str], kept: Sequence[Signal], writing: Writing
    ) -> None:
        self.row = row
        self.held = held
        self.kept = list(kept)
        self.writing = writing
        self.values = Values(row.kind, row.subject)
        self.state = State.from_json(row.state) if row.state else EMPTY

    @cached_property
    def compiled(self) -> Compiled:
        """The version it runs under."""
        assert self.row.version_id is not None, "it has not been started"
        return compiled.load(self.row.version_id)

    def refuse_held(self) -> None:
        """Raise `on_hold` 409 with the reasons."""
        if self.held:
            raise ConflictError(
                "on_hold",
                _("This is on hold: %(reasons)s") % {"reasons": "; ".join(self.held)},
                details={"reasons": list(self.held)},
            )

    def advance(self, call: Call, *, actor: str) -> None:
        """Make a call of the interpreter, then deliver what was kept for the places it led to.

        A call that can't be carried out (too many automatic steps, say) leaves the state as it was
        and becomes a repair for a person. Raises NotWaitingError and OutcomeError, which change
        nothing.
        """
        self._make(call, actor)
        self.deliver(actor=actor)

    def begin(self) -> None:
        """Start it under the version that the row names. Raises FlowError, changing nothing."""
        self._apply(calls.start(), SYSTEM)
        self.deliver(actor=SYSTEM)

    def forget_version(self) -> None:
        """The row names another version now."""
        self.__dict__.pop("compiled", None)

    def write(self) -> None:
        """Write what all advances came to."""
        self.writing.write()

    def _make(self, call: Call, actor: str) -> None:
        try:
            self._apply(call, actor)
        except (NotWaitingError, OutcomeError):
            raise
        except FlowError as error:
            self.stop(call, str(error), actor=actor, node=error.node)

    def stop(self, call: Call, reason: str, *, actor: str, node: str = "") -> None:
        """A call can't be carried out: a person sees why, and may have it made again."""
        token = self.state.tokens.get(call.token)
        node = node or (token.node if token else "")
        values = {"reason": reason, "call": call.name}
        self.writing.log(
            self.row, "stopped", node=node, token=call.token, values=values, actor=actor
        )
        self.writing.repair(
            self.row, node=node, token=call.token, reason=reason, call=call.to_json()
        )

    def _apply(self, call: Call, actor: str) -> None:
        decide = self.compiled.decider(self.values)
        graph = self.compiled.graph
        done = call.make(graph, self.state, now=self.writing.now, decide=decide)
        self.state = done.state
        self.writing.take(self.row, graph, done.state, done.effects, actor)

    def deliver(self, *, actor: str) -> None:
        """Kept signals that something waits for now, in their order; those that nothing can wait
        for any more become strays. Under a hold none is delivered."""
        while not self.held and (found := self._deliverable()) is not None:
            self.kept.remove(found)
            self._mark(found, Signal.Status.DELIVERED)
            self._make(calls.signal(name=found.name), actor)
        if not self.held:
            self._put_aside()

    def _deliverable(self) -> Signal | None:
        graph = self.compiled.graph if self.kept else None
        for one in self.kept:
            if graph is not None and listeners(graph, self.state, one.name):
                return one
        return None

    def _put_aside(self) -> None:
        """Kept signals that nothing ahead waits for are strays."""
        if self.kept:
            ahead = self.compiled.reach.signals(self.state)
            for one in [kept for kept in self.kept if kept.name not in ahead]:
                self.kept.remove(one)
                self._mark(one, Signal.Status.STRAY)

    def _mark(self, one: Signal, status: Signal.Status) -> None:
        """What became of a signal, in the log too."""
        one.status, one.closed_at = status, self.writing.now
        one.save(update_fields=["status", "closed_at"])
        if status == Signal.Status.STRAY:
            self.note("stray", {"signal": one.name, "key": one.dedupe_key})

    def note(self, event: str, values: Mapping[str, object], *, actor: str = SYSTEM) -> None:
        """A line of the log that is not the interpreter's."""
        self.writing.log(self.row, event, values=values, actor=actor)


def lock(instance_id: int, *, now: datetime) -> Locked:
    """Hold an instance's row until the transaction ends. Raises `not_found` 404."""
    found = lock_all([instance_id], now=now)
    if not found:
        raise NotFoundError()
    return found[0]


def lock_all(
    instance_ids: Iterable[int], *, now: datetime, writing: Writing | None = None
) -> list[Locked]:
    """Hold several, in order of their keys; they are written together, by `write` of any."""
    assert connection.in_atomic_block, "the use case opens the transaction"
    # Not FOR UPDATE: foreign keys of other transactions need not wait.
    found = FlowInstance.objects.select_for_update(of=("self",), no_key=True)
    rows = list(found.filter(pk__in=instance_ids).order_by("pk"))
    together = Writing(now)
    # Looked up after the lock, since a hold takes it too.
    held = _held(rows)
    kept = _kept(rows)
    return [Locked(row, held.get(row.pk, ()), kept.get(row.pk, ()), together) for row in rows]


def _held(rows: Sequence[FlowInstance]) -> dict[int, list[str]]:
    names = {name for row in rows for name in (row.subject, row.family)}
    holds = Hold.objects.filter(subject__in=names, lifted_at__isnull=True).order_by("id")
    found: dict[int, list[str]] = {}
    for hold in holds:
        for row in rows:
            if hold.subject in (row.subject, row.family):
                found.setdefault(row.pk, []).append(hold.reason)
    return found


def _kept(rows: Sequence[FlowInstance]) -> dict[int, list[Signal]]:
    places = {(row.kind, row.subject): row.pk for row in rows}
    signals = Signal.objects.filter(
        status=Signal.Status.KEPT, subject__in={row.subject for row in rows}
    ).order_by("id")
    found: dict[int, list[Signal]] = {}
    for one in signals:
        if (one.kind, one.subject) in places:
            found.setdefault(places[one.kind, one.subject], []).append(one)
    return found
