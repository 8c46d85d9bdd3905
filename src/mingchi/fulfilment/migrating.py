"""Moving a running instance to another version: opt-in, node by node, all or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.flows import CANCELLED, Graph, Kind, State, Token
from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.fulfilment import checking, compiled
from mingchi.fulfilment.compiled import Compiled
from mingchi.fulfilment.facts import facts_now
from mingchi.fulfilment.instances import Locked
from mingchi.fulfilment.mapping import Place, places
from mingchi.fulfilment.models import FlowInstance, FlowVersion, Timer
from mingchi.fulfilment.moving_rows import move_rows

# Node, or way into a join, → where it is in the target. None: a timer that is dropped.
Mapping_ = Mapping[str, str | None]
_SAME_STEP: Final = (Kind.SERVICE,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`moves`: where each token goes. `problems`: what can't be mapped and why; none: it may be
    migrated. `state`: as it would be. `places`: what has to be there, and what it may become."""

    moves: tuple[tuple[int, str, str], ...]
    problems: tuple[str, ...]
    state: State
    places: tuple[Place, ...] = ()


def preview(instance: Locked, target: Compiled, mapping: Mapping_) -> Preview:
    """What would become of an instance. Writes nothing."""
    if instance.row.status != FlowInstance.Status.RUNNING:
        return Preview(moves=(), problems=("it is not running",), state=instance.state)
    mapper = _Mapper(instance, target.graph, mapping)
    state = mapper.map(instance.state)
    problems = list(mapper.problems)
    if not problems:
        found = checking.findings(
            target.graph,
            kind=target.kind,
            tables=target.tables,
            facts=facts_now(instance),
            at=state,
        )
        problems = [str(finding) for finding in found]
    moves = tuple(
        (token.id, token.node, state.tokens[token.id].node)
        for token in instance.state.tokens.values()
    )
    timers = Timer.objects.filter(instance=instance.row).order_by("id")
    needed = places(
        instance.compiled.graph,
        instance.state,
        timers.values_list("token", "node"),
        target.graph,
    )
    return Preview(moves=moves, problems=tuple(problems), state=state, places=tuple(needed))


def migrate(instance: Locked, target: Compiled, mapping: Mapping_, *, actor: str) -> Preview:
    """Move it. Timers keep their due time. Errors: `cannot_migrate` 409 with the problems; then
    nothing has changed."""
    seen = preview(instance, target, mapping)
    if seen.problems:
        raise ConflictError(
            "cannot_migrate",
            _("It stays where it is: %(problems)s") % {"problems": "; ".join(seen.problems)},
            details={"problems": list(seen.problems)},
        )
    values = {
        "from": instance.compiled.version_id,
        "to": target.version_id,
        "mapping": dict(mapping),
    }
    move_rows(instance, target, seen.state, dict(mapping))
    instance.row.version_id = target.version_id
    instance.forget_version()
    instance.state = seen.state
    instance.writing.take(instance.row, target.graph, seen.state, (), actor)
    instance.note("migrated", values, actor=actor)
    instance.deliver()
    return seen


def target_for(instance: FlowInstance, version_id: int) -> Compiled:
    """A version that this instance may run under: of its kind, its merchant's or the platform's,
    and no draft. Anything else is `not_found` 404."""
    found = FlowVersion.objects.filter(
        Q(definition__merchant=instance.merchant_id) | Q(definition__merchant__isnull=True),
        pk=version_id,
        definition__kind=instance.kind,
    ).exclude(status=FlowVersion.Status.DRAFT)
    if not found.exists():
        raise NotFoundError()
    return compiled.load(version_id)


class _Mapper:
    """A state in the words of another version; `problems` collects what has no word there."""

    def __init__(self, instance: Locked, target: Graph, mapping: Mapping_) -> None:
        self._instance = instance
        self._source = instance.compiled.graph
        self._target = target
        self._mapping = mapping
        self.problems: list[str] = []

    def map(self, state: State) -> State:
        tokens = {token.id: self._token(token, state) for token in state.tokens.values()}
        self._timers()
        arrivals = {
            (scope, self._join(join)): {self._way(way, join): count for way, count in ways.items()}
            for (scope, join), ways in state.arrivals.items()
        }
        done = tuple((scope, self._undoable(node)) for scope, node in state.done)
        outcomes = {self._to(node): said for node, said in state.outcomes.items()}
        known = {node: said for node, said in outcomes.items() if node in self._target.nodes}
        return state._replace(tokens=tokens, arrivals=arrivals, done=done, outcomes=known)

    def _to(self, element: str) -> str:
        return self._mapping.get(element, element) or element

    def _problem(self, text: str) -> None:
        self.problems.append(text)

    def _token(self, token: Token, state: State) -> Token:
        undo = tuple(self._undoable(node) for node in token.undo)
        if token.node == CANCELLED:
            return token._replace(undo=undo)
        to = self._to(token.node)
        source, target = self._source.nodes[token.node], self._target.nodes.get(to)
        if target is None:
            self._problem(f"a token rests on {token.node!r}; the other version has no {to!r}")
        elif target.kind is not source.kind:
            self._problem(f"{to!r} is a {target.kind}, {token.node!r} a {source.kind}")
        elif source.kind in _SAME_STEP and target.step != source.step:
            self._problem(f"{source.step!r} is under way; {to!r} does {target.step!r}")
        elif target.inside != self._around(token, state):
            self._problem(f"{to!r} stands in another sub-process")
        return token._replace(node=to, undo=undo)

    def _around(self, token: Token, state: State) -> str:
        return self._to(state.tokens[token.scope].node) if token.scope else ""

    def _join(self, join: str) -> str:
        to = self._to(join)
        node = self._target.nodes.get(to)
        if node is None or node.kind is not Kind.PARALLEL:
            self._problem(f"the join {join!r} waits for more; the other version has no {to!r}")
        return to

    def _way(self, way: str, join: str) -> str:
        to = self._to(way)
        into = {
            one.id
            for node in self._target.nodes.values()
            for one in node.ways
            if one.target == self._to(join)
        }
        if to not in into:
            self._problem(f"a token came to {join!r} by {way!r}; no {to!r} leads there")
        return to

    def _undoable(self, node: str) -> str:
        to = self._to(node)
        target = self._target.nodes.get(to)
        if target is None or target.undo is None:
            self._problem(f"{node!r} was done and could not be undone: no such {to!r}")
        elif target.undo != self._source.nodes[node].undo:
            self._problem(f"{to!r} is undone otherwise than {node!r}")
        return to

    def _timers(self) -> None:
        for timer in Timer.objects.filter(instance=self._instance.row).order_by("id"):
            token = self._instance.state.tokens.get(timer.token)
            if token is None or self._mapping.get(timer.node, "") is None:
                continue
            running = self._target.timers.get(self._to(token.node), ())
            if self._to(timer.node) not in {event.id for event in running}:
                self._problem(
                    f"the timer {timer.node!r} runs; map it to one of {self._to(token.node)!r},"
                    " or to nothing to drop it"
                )
