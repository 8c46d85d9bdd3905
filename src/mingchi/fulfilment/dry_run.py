"""Which path a subject would have taken through a drawing (pure): steps succeed, people say what
they said of the same step, signals that came come, and time passes where nothing else happens."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from mingchi.flows import (
    Advance,
    Decide,
    FlowError,
    Graph,
    Kind,
    Log,
    Node,
    SetTimer,
    State,
    Token,
    interpreter,
)
from mingchi.flows.state import EMPTY
from mingchi.fulfilment import calls
from mingchi.fulfilment.calls import Call

MOST_HAPPENINGS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is known of a subject: outcomes by node and by step, names of signals that came."""

    outcomes: Mapping[str, str] = field(default_factory=dict)
    signals: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """`nodes` in the order in which they were passed; `ended` at which end; else `trouble` says
    why it got no further."""

    nodes: tuple[str, ...]
    ended: str | None = None
    trouble: str = ""


def walk(graph: Graph, *, decide: Decide, given: Given, now: datetime) -> Path:
    """From the start as far as it goes."""
    return _Walk(graph, decide, given, now).run()


class _Walk:
    def __init__(self, graph: Graph, decide: Decide, given: Given, now: datetime) -> None:
        self._graph = graph
        self._decide = decide
        self._given = given
        self._now = now
        self._state: State | None = None
        self._due: dict[tuple[int, str], datetime] = {}
        self._nodes: list[str] = []

    def run(self) -> Path:
        call: Call | None = calls.start()
        for _ in range(MOST_HAPPENINGS):
            if call is None:
                return self._path(self._stopped() or "nothing more happens")
            try:
                self._take(
                    call.make(
                        self._graph,
                        self._state or EMPTY,
                        now=self._now,
                        decide=self._decide,
                    )
                )
            except FlowError as error:
                return self._path(str(error))
            assert self._state is not None
            if self._state.ended is not None:
                return self._path("")
            call = next(self._happenings(self._state), None)
        return self._path(f"more than {MOST_HAPPENINGS} steps")

    def _path(self, trouble: str) -> Path:
        ended = self._state.ended if self._state else None
        return Path(nodes=tuple(self._nodes), ended=ended, trouble=trouble)

    def _take(self, advance: Advance) -> None:
        before, self._state = self._state or EMPTY, advance.state
        for effect in advance.effects:
            if isinstance(effect, Log) and effect.node:
                self._nodes += [*self._gateway(before, effect), effect.node]
            elif isinstance(effect, SetTimer):
                self._due[effect.token, effect.node] = effect.due_at

    def _gateway(self, before: State, log: Log) -> list[str]:
        """The event gateway at which the token of an event waited; the log names the event only."""
        token = before.tokens.get(log.token)
        if token is None or log.event not in ("received", "fired"):
            return []
        return [token.node] if self._graph.nodes[token.node].kind is Kind.EVENTS else []

    def _stopped(self) -> str:
        assert self._state is not None
        stopped = [token.node for token in self._state.tokens.values() if token.trouble]
        return f"no answer at {', '.join(stopped)}" if stopped else ""

    def _happenings(self, state: State) -> Iterator[Call]:
        """What may happen next, the likeliest first."""
        tokens = [token for token in state.tokens.values() if not token.trouble]
        for token in tokens:
            node = self._graph.nodes[token.node]
            if node.kind is Kind.USER:
                yield calls.complete(token=token.id, outcome=self._outcome(node))
            elif node.kind is Kind.SERVICE:
                several = len(node.outcomes) > 1
                yield calls.job_done(token=token.id, outcome=self._outcome(node) if several else "")
        messages = [name for token in tokens for name in self._messages(token)]
        messages.sort(key=lambda name: name not in self._given.signals)
        yield from (calls.signal(name=name) for name in messages)
        running = {token.id for token in tokens}
        due = sorted((at, key) for key, at in self._due.items() if key[0] in running)
        for at, (token_id, node_id) in due:
            self._now = max(self._now, at)
            yield calls.fire(token=token_id, node=node_id)

    def _messages(self, token: Token) -> Iterator[str]:
        """What a token waits for and nothing else; one that would interrupt is not made up."""
        if self._graph.nodes[token.node].kind in (Kind.MESSAGE, Kind.EVENTS):
            for event in self._graph.messages.get(token.node, ()):
                yield event.message or ""

    def _outcome(self, node: Node) -> str:
        assent = node.outcomes[0] if node.outcomes else interpreter.DONE
        for name in (node.id, node.step or ""):
            said = self._given.outcomes.get(name)
            if said is not None and (said in node.outcomes or not node.outcomes):
                return said
        return assent
