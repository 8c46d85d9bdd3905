"""A flow stepped in memory: `Run` takes one event after the other and says where it stands.

Service tasks do nothing here and are done at once. What a person, a signal or the clock does comes
from the events; what an order holds comes from the `decide` given.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from mingchi.flows import interpreter
from mingchi.flows.advancing import Decide
from mingchi.flows.effects import Advance, Effect, EnqueueJob, Log, OpenWork, SetTimer
from mingchi.flows.errors import FlowError, NotWaitingError, TooManyStepsError
from mingchi.flows.graph import Graph, Kind
from mingchi.flows.moving import MOST_AUTOMATIC_STEPS
from mingchi.flows.state import EMPTY, State, Token

_KEYS: Final = frozenset({"at", "complete", "outcome", "by", "signal", "tick"})
_HAPPENINGS: Final = ("complete", "signal", "tick")


class EventError(ValueError):
    """A line that is no event."""


class Event(NamedTuple):
    """An event line. `at` as it was written; `now` the same as a time with zone."""

    at: str
    now: datetime
    complete: str | None
    outcome: str | None
    by: str | None
    signal: str | None


def read_event(line: str) -> Event:
    """The event in a line of JSON. Raises EventError."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EventError(f"not JSON: {error}") from None
    if not isinstance(data, dict):
        raise EventError("not an object")
    if unknown := sorted(data.keys() - _KEYS):
        raise EventError(f"there is no key {unknown[0]!r}")
    happenings = [key for key in _HAPPENINGS if key in data]
    if len(happenings) != 1:
        raise EventError("one of complete, signal and tick must be there")
    if "complete" not in data and (extra := data.keys() & {"outcome", "by"}):
        raise EventError(f"{sorted(extra)[0]!r} belongs to complete")
    if "tick" in data and data["tick"] is not True:
        raise EventError("tick must be true")
    at = _text(data, "at")
    if at is None:
        raise EventError("`at` is missing")
    texts = {key: _text(data, key) for key in ("complete", "outcome", "by", "signal")}
    return Event(at=at, now=_moment(at), **texts)


def _text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    if key not in data or (value is None and key in ("outcome", "by")):
        return None
    if not isinstance(value, str) or not value:
        raise EventError(f"{key!r} must be a text")
    return value


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise EventError(f"at: {text[:40]!r} is no ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Run:
    """One instance in memory. It starts at the time of the first event."""

    def __init__(self, graph: Graph, decide: Decide) -> None:
        self._graph = graph
        self._decide = decide
        self._state: State = EMPTY
        self._now: datetime | None = None
        self._done: list[str] = []
        self._due: dict[int, datetime] = {}
        self._timers: dict[tuple[int, str], datetime] = {}
        self._votes: dict[int, list[str]] = {}
        self._kept: list[str] = []
        self._jobs: list[EnqueueJob] = []

    def take(self, event: Event) -> dict[str, Any]:
        """Applies an event; the answer line. What the flow refuses stands under `error`, and has
        changed nothing. Raises EventError where time runs backwards."""
        if self._now is not None and event.now < self._now:
            raise EventError(f"at: {event.at} is before the line above")
        try:
            self._now = event.now
            if self._state is EMPTY:
                self._take(interpreter.start(self._graph, **self._common()))
            self._happen(event)
        except FlowError as error:
            return {**self._answer(event), "error": str(error)}
        return self._answer(event)

    def _happen(self, event: Event) -> None:
        if event.complete is not None:
            self._complete(event.complete, event)
        elif event.signal is not None:
            self._signal(event.signal)
        else:
            self._tick(event.now)

    def _complete(self, node_id: str, event: Event) -> None:
        token = self._state.token_at(node_id)
        if token is None:
            raise NotWaitingError(f"nothing waits at {node_id!r}", node=node_id)
        node = self._graph.nodes[node_id]
        if node.role and event.by is not None and event.by != node.role:
            message = f"{node_id!r} is for {node.role!r}, not for {event.by!r}"
            raise NotWaitingError(message, node=node_id)
        default = node.outcomes[0] if node.outcomes else interpreter.DONE
        outcome = event.outcome or default
        votes = self._votes.get(token.id, [])
        verdict: str | None = outcome
        if node.kind is Kind.USER and not token.trouble:
            votes = [*votes, outcome]
            verdict = interpreter.verdict(
                quorum=node.quorum, votes=votes, people=0, outcomes=node.outcomes
            )
        if verdict is not None:
            common = self._common()
            self._take(
                interpreter.complete(
                    self._graph, self._state, token=token.id, outcome=verdict, **common
                )
            )
        self._votes[token.id] = votes

    def _common(self) -> dict[str, Any]:
        return {"now": self._now, "decide": self._decide}

    def _signal(self, name: str) -> None:
        """A signal that nothing waits for is kept."""
        if interpreter.listeners(self._graph, self._state, name):
            self._take(interpreter.signal(self._graph, self._state, name=name, **self._common()))
        else:
            self._kept.append(name)

    def _tick(self, now: datetime) -> None:
        """Fires what is due, the earliest first. What starts meanwhile is due later than now."""
        due = sorted((moment, key) for key, moment in self._timers.items() if moment <= now)
        for _, (token, node) in due:
            if (token, node) in self._timers:  # else another one took it away
                common = self._common()
                self._take(
                    interpreter.fire(self._graph, self._state, token=token, node=node, **common)
                )

    # Effects

    def _take(self, advance: Advance) -> None:
        """Keeps an advance, then does the jobs and delivers the signals that it asks for. All or
        nothing: where a later one is refused, the earlier ones are not kept either."""
        before = (self._state, dict(self._timers), dict(self._due), list(self._done))
        kept, steps = list(self._kept), 0
        try:
            self._write(advance)
            while self._jobs or self._heard:
                steps += 1
                if steps > MOST_AUTOMATIC_STEPS:
                    message = f"more than {MOST_AUTOMATIC_STEPS} automatic steps in one advance"
                    raise TooManyStepsError(message)
                self._next()
        except FlowError:
            self._state, self._timers, self._due, self._done = before
            self._kept = kept
            self._jobs.clear()
            raise

    @property
    def _heard(self) -> list[str]:
        """Kept signals that something waits for by now."""
        state = self._state
        return [x for x in self._kept if interpreter.listeners(self._graph, state, x)]

    def _next(self) -> None:
        if self._jobs:
            job = self._jobs.pop(0)
            if job.token in self._state.tokens:
                call = {"token": job.token, **self._common()}
                self._write(interpreter.job_done(self._graph, self._state, **call))
                self._done.append(job.step)
            return
        name = self._heard[0]
        self._kept.remove(name)
        call = {"name": name, **self._common()}
        self._write(interpreter.signal(self._graph, self._state, **call))

    def _write(self, advance: Advance) -> None:
        self._state = advance.state
        for effect in advance.effects:
            self._keep(effect)
        tokens = advance.state.tokens
        self._timers = {key: due for key, due in self._timers.items() if key[0] in tokens}

    def _keep(self, effect: Effect) -> None:
        if isinstance(effect, OpenWork) and effect.due_at is not None:
            self._due[effect.token] = effect.due_at
        elif isinstance(effect, SetTimer):
            self._timers[effect.token, effect.node] = effect.due_at
        elif isinstance(effect, EnqueueJob):
            self._jobs.append(effect)
        elif isinstance(effect, Log) and effect.event == "completed":
            node = self._graph.nodes[effect.node]
            self._done.append(node.step or node.id)
        elif isinstance(effect, Log) and effect.event == "decided":
            node = self._graph.nodes[effect.node]
            if node.kind is Kind.RULE:
                self._done.append(node.step or node.id)

    # Answers

    def _answer(self, event: Event) -> dict[str, Any]:
        resting = [token for token in self._state.tokens.values() if self._rests(token)]
        return {
            "at": event.at,
            "tokens": [token.node for token in resting],
            "done": list(self._done),
            "waiting": [self._waiting(token, event) for token in resting],
            "ended": self._state.ended,
        }

    def _rests(self, token: Token) -> bool:
        """Not a token that only holds a sub-process open: the ones inside are told."""
        node = self._graph.nodes.get(token.node)
        return node is None or node.kind is not Kind.SUBPROCESS or bool(token.trouble)

    def _waiting(self, token: Token, event: Event) -> dict[str, str | None]:
        """By whom, and till when: the limit of the work, else the first timer that runs."""
        node = self._graph.nodes.get(token.node)
        timers = [moment for (owner, _), moment in self._timers.items() if owner == token.id]
        due = self._due.get(token.id) or min(timers, default=None)
        role = node.role if node is not None else None
        return {"node": token.node, "role": role, "due": _written(due, event.at)}


def _written(moment: datetime | None, like: str) -> str | None:
    """A time in the style of another: with Z, with an offset, or bare."""
    if moment is None:
        return None
    text = moment.isoformat()
    if like.upper().endswith("Z"):
        return text.removesuffix("+00:00") + "Z"
    bare = datetime.fromisoformat(like).tzinfo is None
    return text.removesuffix("+00:00") if bare else text
