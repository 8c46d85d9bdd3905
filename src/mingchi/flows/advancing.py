"""One advance at work: a mutable copy of a state, with what a token does on resting, leaving,
being interrupted, undone or ended. `moving` moves it along."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from mingchi.flows.durations import read_duration
from mingchi.flows.effects import (
    CancelJob,
    CancelTimers,
    CloseWork,
    Effect,
    Ended,
    EnqueueJob,
    Listen,
    Log,
    OpenWork,
    SetTimer,
    StopListening,
)
from mingchi.flows.errors import DecisionError
from mingchi.flows.graph import Graph, Kind, Node, Way
from mingchi.flows.state import CANCELLED, STOPPED, State, Token


class Answer(NamedTuple):
    """What a decision came to, and the values it saw, by name, for the log."""

    value: object
    seen: Mapping[str, object]


class Decide(Protocol):
    """Answers what a flow asks of the order. Raises DecisionError where it can't."""

    def holds(self, condition: str, outcome: str, outcomes: Mapping[str, str]) -> Answer:
        """Whether a CEL condition holds: a bool."""

    def look_up(self, table: str, outcome: str) -> Answer:
        """What a decision table gives: an outcome, or a duration where a timer asks."""


class Advancing:
    """The working copy; `moves` and `ends` are what is still to be carried out."""

    def __init__(self, graph: Graph, state: State, now: datetime, decide: Decide) -> None:
        self.graph = graph
        self.now = now
        self.decide = decide
        self.tokens = dict(state.tokens)
        self.arrivals = dict(state.arrivals)
        self.outcomes = state.outcomes
        self.finished = state.done
        self.next_token = state.next_token
        self.ended = state.ended
        self.effects: list[Effect] = []
        self.moves: deque[tuple[Way, int, str]] = deque()
        self.ends: list[tuple[int, str, str]] = []

    def log(
        self, event: str, node: str, token: int, values: Mapping[str, object] | None = None
    ) -> None:
        self.effects.append(Log(event, node, token, values))

    # Moving

    def go(self, way: Way, scope: int, outcome: str) -> None:
        """Send a token along a way, when its turn comes."""
        self.moves.append((way, scope, outcome))

    def leave(self, node: Node, scope: int, outcome: str) -> None:
        """Send a token along every way out of a node."""
        for way in node.ways:
            self.moves.append((way, scope, outcome))

    # Resting

    def rest(self, node: Node, scope: int, outcome: str) -> int | None:
        """Put a new token on a node that waits, with its work item, job, timers and signals. None:
        a table gave no duration, and it waits for a person instead."""
        try:
            events = self.graph.timers.get(node.id, ())
            timers = [(event, self._due(event, outcome)) for event in events] if events else ()
            due_at = self._work_due(node, outcome) if node.kind is Kind.USER else None
        except DecisionError as error:
            self.stop(node, scope, outcome, str(error))
            return None
        token = self._new_token(node, scope, outcome)
        if node.kind is Kind.USER:
            self.effects.append(
                OpenWork(token, node.id, node.step, node.role, node.quorum, due_at, node.outcomes)
            )
        elif node.kind is Kind.SERVICE:
            self.effects.append(EnqueueJob(token, node.id, node.step or "", node.retries))
        for event, moment in timers:
            self.effects.append(SetTimer(token, event.id, moment))
        for event in self.graph.messages.get(node.id, ()):
            self.effects.append(Listen(token, event.id, event.message or ""))
        return token

    def stop(self, node: Node, scope: int, outcome: str, reason: str) -> None:
        """A decision gave no answer: the token waits here for a person."""
        token = self._new_token(node, scope, outcome, STOPPED)
        self.log("stopped", node.id, token, {"reason": reason})
        by_way = node.kind in (Kind.EXCLUSIVE, Kind.EVENTS)
        outcomes = tuple(way.id for way in node.ways) if by_way else node.outcomes
        self.effects.append(
            OpenWork(token, node.id, node.step, node.role, "any", None, outcomes, repair=reason)
        )

    def _new_token(self, node: Node, scope: int, outcome: str, trouble: str = "") -> int:
        token = self.next_token
        self.next_token = token + 1
        self.tokens[token] = Token(token, node.id, scope, outcome, trouble)
        return token

    def _due(self, event: Node, outcome: str) -> datetime:
        text = event.duration
        if text is None:
            text = str(self.decide.look_up(event.table or "", outcome).value)
        return self._after(text, event)

    def _work_due(self, node: Node, outcome: str) -> datetime | None:
        text = node.due
        if text is None and node.table is not None:
            text = str(self.decide.look_up(node.table, outcome).value)
        return None if text is None else self._after(text, node)

    def _after(self, text: str, node: Node) -> datetime:
        try:
            return read_duration(text).after(self.now)
        except (ValueError, OverflowError) as error:
            raise DecisionError(str(error), node=node.id) from None

    # Leaving

    def remove(self, token: Token, node: Node, *, job: bool = True) -> None:
        """Take a token off its node, with its timers and subscriptions; a running job where `job`
        is dropped."""
        del self.tokens[token.id]
        if token.trouble == STOPPED:
            return
        if job and node.kind is Kind.SERVICE and not token.trouble:
            self.effects.append(CancelJob(token.id, node.step or "", node.undo))
        if node.id in self.graph.timers:
            self.effects.append(CancelTimers(token.id))
        if node.id in self.graph.messages:
            self.effects.append(StopListening(token.id))

    def done(self, token: Token, node: Node, outcome: str, *, told: bool = True) -> None:
        """A task is done: remember it for undo and conditions, and go on."""
        if node.undo is not None:
            self.finished = (*self.finished, (token.scope, node.id))
        if told and outcome:
            self.remember(node, outcome)
        self.leave(node, token.scope, outcome)

    def remember(self, node: Node, outcome: str) -> None:
        kept = self.graph.kept_outcomes
        if kept is None or node.id in kept:
            self.outcomes = {**self.outcomes, node.id: outcome}

    def take(self, token: Token, event: Node) -> None:
        """An event has come for a resting token: go on behind it, or interrupt and go its way."""
        node = self.graph.nodes[token.node]
        undo: tuple[str, ...] = ()
        if event.on is not None:
            undo = self._interrupt(token, node)
            if event.kind is Kind.BOUNDARY_TIMER:
                undo = ()
        else:
            self.remove(token, node)
        self.undo_next(Token(0, event.id, token.scope, token.outcome), undo)

    def _interrupt(self, token: Token, node: Node) -> tuple[str, ...]:
        """Withdraw what a token waits for; returns what was done inside it, latest first."""
        self.log("interrupted", node.id, token.id)
        undo = self.abandon(token.id) if node.kind is Kind.SUBPROCESS else ()
        self._withdraw(token, node)
        return undo

    def _withdraw(self, token: Token, node: Node) -> None:
        if node.kind is Kind.USER or token.trouble:
            self.effects.append(CloseWork(token.id, None))
        self.remove(token, node)

    def abandon(self, scope: int) -> tuple[str, ...]:
        """Withdraw everything inside a sub-process (0: the whole instance); returns the nodes to
        undo, latest first, and forgets them."""
        gone = self.inside(scope)
        rest: tuple[str, ...] = ()
        for token in [x for x in self.tokens.values() if x.scope in gone]:
            if token.undo:
                rest += token.undo
                self._drop_undo(token)
            else:
                self._withdraw(token, self.graph.nodes[token.node])
        self.arrivals = {key: ways for key, ways in self.arrivals.items() if key[0] not in gone}
        undo = tuple(node for owner, node in reversed(self.finished) if owner in gone)
        self.finished = tuple(entry for entry in self.finished if entry[0] not in gone)
        return rest + undo

    def inside(self, scope: int) -> set[int]:
        """A scope and all scopes in it. A token within has a higher number than the one around."""
        inside = {scope}
        for token in sorted(self.tokens.values()):
            if token.scope in inside and self._is_scope(token):
                inside.add(token.id)
        return inside

    def _is_scope(self, token: Token) -> bool:
        node = self.graph.nodes.get(token.node)
        return node is not None and node.kind is Kind.SUBPROCESS

    # Undoing

    def undo_next(self, token: Token, undo: tuple[str, ...]) -> None:
        """Enqueue the next undo under a number of its own; where none is left, go on."""
        undo = tuple(node for node in undo if self.graph.nodes[node].undo is not None)
        if undo:
            number = self.next_token
            self.next_token = number + 1
            self.tokens[number] = token._replace(id=number, trouble="", undo=undo)
            self.enqueue_undo(number, undo[0])
        elif token.node == CANCELLED:
            self.end(CANCELLED)
        else:
            self.leave(self.graph.nodes[token.node], token.scope, token.outcome)

    def enqueue_undo(self, token: int, node_id: str) -> None:
        node = self.graph.nodes[node_id]
        self.effects.append(EnqueueJob(token, node_id, node.undo or "", node.retries, undo=True))

    def _drop_undo(self, token: Token) -> None:
        """Take away a token that was undoing; whoever interrupts goes on with what is left."""
        del self.tokens[token.id]
        node = self.graph.nodes[token.undo[0]]
        if token.trouble:
            self.effects.append(CloseWork(token.id, None))
        else:
            self.effects.append(CancelJob(token.id, node.undo or "", None))

    # Ending

    def close(self, scope: int, end: str, outcome: str) -> None:
        """After an end event: where nothing is left in the scope, it is over. What leaves a
        sub-process brings the outcome of the token that ended last in it."""
        if any(token.scope == scope for token in self.tokens.values()):
            return
        if any(owner == scope for owner, _ in self.arrivals):
            return
        if not scope:
            if self.ended is None:
                self.end(end)
        elif scope in self.tokens:
            token = self.tokens[scope]
            node = self.graph.nodes[token.node]
            self.remove(token, node)
            self.finished = tuple(
                (token.scope if owner == scope else owner, done) for owner, done in self.finished
            )
            self.log("left", node.id, scope)
            self.leave(node, token.scope, outcome)

    def end(self, node: str) -> None:
        self.ended = node
        self.log("ended", node, 0)
        self.effects.append(Ended(node))
