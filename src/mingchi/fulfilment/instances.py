"""Instances whose rows we hold: advanced any number of times, written once.

with transaction.atomic():                       # the use case
    instance = instances.lock(pk, now=now)
    instance.advance(calls.complete(token=4, outcome="ok"), actor="user:7")
    instance.write()
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Final, TypeVar, cast

from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from mingchi.flows import FlowError, NotWaitingError, OutcomeError, State, listeners
from mingchi.flows.state import EMPTY
from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.foundation.rows import by_key, read, select
from mingchi.fulfilment import calls, compiled
from mingchi.fulfilment.calls import Call
from mingchi.fulfilment.compiled import Compiled
from mingchi.fulfilment.models import FlowInstance, Signal
from mingchi.fulfilment.subjects import Values
from mingchi.fulfilment.writing import Writing

SYSTEM = "system"
M = TypeVar("M", bound=Model)
Also = tuple[type[Model], int]
_AROUND: Final = """
SELECT i.id, h.reason, NULL::bigint, NULL, NULL, NULL, h.id AS place
FROM fulfilment_flowinstance i JOIN fulfilment_hold h ON h.subject IN (i.subject, i.family)
WHERE i.id = ANY (%s::bigint[]) AND h.lifted_at IS NULL
UNION ALL
SELECT i.id, NULL, s.id, s.name, s.dedupe_key, s.status, s.id
FROM fulfilment_flowinstance i
JOIN fulfilment_signal s ON s.kind = i.kind AND s.subject = i.subject
WHERE i.id = ANY (%s::bigint[]) AND s.status IN ('sent', 'kept')
ORDER BY place
"""


class Locked:
    """An instance at work. `held`: the reasons of the holds on it; `signals`: those on their way
    to it, and those kept since nothing waited for them yet."""

    def __init__(self, row: FlowInstance, writing: Writing, fetched: dict[Also, Model]) -> None:
        self.row = row
        self._fetched = fetched
        self.held: list[str] = []
        self.signals: list[Signal] = []
        self.writing = writing
        self.values = Values(row.kind, row.subject)
        self.state = State.from_json(row.state) if row.state else EMPTY

    def fetch(self, model: type[M], key: int) -> M | None:
        """A row as it stands now that the instance is held."""
        kept = self._fetched.pop((model, key), None)
        return by_key(model, key) if kept is None else cast(M, kept)

    @cached_property
    def compiled(self) -> Compiled:
        """The version it runs under."""
        assert self.row.version_id is not None, "it has not been started"
        return compiled.load(self.row.version_id)

    def refuse_held(self, *, to_buyer: bool = False) -> None:
        """Raise `on_hold` 409, with the reasons where they are not for a buyer's eyes."""
        if not self.held:
            return
        if to_buyer:
            raise ConflictError("on_hold", _("This is being looked into. Please ask the shop."))
        raise ConflictError(
            "on_hold",
            _("This is on hold: %(reasons)s") % {"reasons": "; ".join(self.held)},
            details={"reasons": list(self.held)},
        )

    def listens(self, name: str) -> bool:
        """Whether something waits for this signal now."""
        running = self.row.status == FlowInstance.Status.RUNNING
        return running and bool(listeners(self.compiled.graph, self.state, name))

    def advance(self, call: Call, *, actor: str) -> None:
        """Make a call of the interpreter, then deliver what came for the places it led to.

        A call that can't be carried out (too many automatic steps, say) leaves the state as it was
        and becomes a repair for a person. Raises NotWaitingError and OutcomeError, which change
        nothing.
        """
        self._make(call, actor)
        self.deliver()

    def begin(self) -> None:
        """Start it under the version that the row names. Raises FlowError, changing nothing."""
        self._apply(calls.start(), SYSTEM)
        self.deliver()

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

    def deliver(self) -> None:
        """Deliver the signals that something waits for now, in their order, whatever that leads to.
        Those that nothing ahead waits for become strays; the rest is kept. Not under a hold."""
        if self.held:
            return
        while (found := self._deliverable()) is not None:
            self.signals.remove(found)
            self.writing.mark(found, Signal.Status.DELIVERED)
            self._make(calls.signal(name=found.name), SYSTEM)
        if self.signals:
            self._keep()

    def _deliverable(self) -> Signal | None:
        for one in self.signals:
            if listeners(self.compiled.graph, self.state, one.name):
                return one
        return None

    def _keep(self) -> None:
        ahead = self.compiled.reach.signals(self.state)
        for one in list(self.signals):
            if one.name not in ahead:
                self.signals.remove(one)
                self.writing.mark(one, Signal.Status.STRAY)
                self.note("stray", {"signal": one.name, "key": one.dedupe_key})
            elif one.status == Signal.Status.SENT:
                self.writing.mark(one, Signal.Status.KEPT)

    def note(self, event: str, values: Mapping[str, object], *, actor: str = SYSTEM) -> None:
        """A line of the log that is not the interpreter's."""
        self.writing.log(self.row, event, values=values, actor=actor)


def lock(instance_id: int, *, now: datetime, also: Also | None = None) -> Locked:
    """Hold an instance's row until the transaction ends. `also`: another row to be read under the
    lock, for `fetch`. Raises `not_found` 404."""
    found = lock_all([instance_id], now=now, also=also)
    if not found:
        raise NotFoundError()
    return found[0]


def lock_all(
    instance_ids: Iterable[int], *, now: datetime, also: Also | None = None
) -> list[Locked]:
    """Hold several, in order of their keys; they are written together, by `write` of any."""
    assert connection.in_atomic_block, "the use case opens the transaction"
    keys = sorted(instance_ids)
    fetched: dict[Also, Model] = {}
    with connection.cursor() as cursor:
        # One message. What stands after the lock sees what was committed while it was waited for,
        # holds among it: who places one takes this lock too.
        text, values = _LOCK + _AROUND, [keys, keys, keys]
        if also is None:
            cursor.execute(text, values)
        else:
            model, key = also
            cursor.execute(f"{text}; {select(model)} WHERE id = %s", [*values, key])
        rows = [read(FlowInstance, row) for row in cursor.fetchall()]
        cursor.nextset()
        around = cursor.fetchall()
        if also is not None:
            cursor.nextset()
            row = cursor.fetchone()
            if row is not None:
                fetched[also] = read(also[0], row)
    together = Writing(now)
    locked = {row.pk: Locked(row, together, fetched) for row in rows}
    for pk, reason, signal_id, name, key, status, _place in around:
        if signal_id is None:
            locked[pk].held.append(reason)
        else:
            one = Signal(pk=signal_id, name=name, dedupe_key=key, status=status)
            locked[pk].signals.append(one)
    return list(locked.values())


# NO KEY: foreign keys of other transactions need not wait.
_LOCK: Final = (
    f"{select(FlowInstance)} WHERE id = ANY (%s::bigint[]) ORDER BY id FOR NO KEY UPDATE;"
)
