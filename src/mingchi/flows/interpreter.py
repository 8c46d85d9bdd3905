"""The token interpreter: pure functions from (graph, state, happening) to a new state and what is
to be written.

Each call takes the graph, the state, `now` and a `decide` that answers conditions and decision
tables, and returns an `Advance`. Nothing is done here: no clock, no database, no step is run. A
happening that nothing waits for raises NotWaitingError and changes nothing; more than
`moving.MOST_AUTOMATIC_STEPS` nodes in one advance raise TooManyStepsError.

A condition or table that gives no answer never stops the instance: the token rests where it is
(`Token.trouble`) with a work item that says why, until somebody calls `retry` or `complete`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mingchi.flows.advancing import Advancing, Decide
from mingchi.flows.effects import Advance, CloseWork, EnqueueJob, OpenWork
from mingchi.flows.errors import NotWaitingError, OutcomeError
from mingchi.flows.graph import Graph, Kind, Node, Way
from mingchi.flows.moving import drain, finish
from mingchi.flows.state import CANCELLED, EMPTY, FAILED, STOPPED, State, Token

DONE: Final = "done"
RETRY: Final = "retry"


def start(graph: Graph, *, now: datetime, decide: Decide) -> Advance:
    """A new instance, advanced from its start event as far as it goes."""
    run = Advancing(graph, EMPTY, now, decide)
    node = graph.nodes[graph.starts[""]]
    run.log("started", node.id, 0)
    run.leave(node, 0, "")
    return finish(run)


def complete(
    graph: Graph,
    state: State,
    *,
    token: int,
    outcome: str = DONE,
    now: datetime,
    decide: Decide,
) -> Advance:
    """A person has done the work item of this token (or has made up for what is in trouble).

    Call it once the quorum is reached (see `verdict`). For a gateway in trouble the outcome is the
    id of the way to take. Raises NotWaitingError, OutcomeError.
    """
    found = _waiting(state, token)
    node = _node(graph, found)
    if found.undo or (node.kind is not Kind.USER and not found.trouble):
        raise NotWaitingError(f"node {found.node!r} waits for no person", node=found.node)
    run = Advancing(graph, state, now, decide)
    if found.trouble and node.kind in (Kind.EXCLUSIVE, Kind.EVENTS):
        way = _chosen(node, outcome)
        run.remove(found, node)
        run.effects.append(CloseWork(token, outcome))
        run.log("decided", node.id, token, {"way": way.id, "by": "hand"})
        run.go(way, found.scope, found.outcome)
        return finish(run)
    if node.outcomes and outcome not in node.outcomes:
        allowed = ", ".join(node.outcomes)
        raise OutcomeError(
            f"{node.id!r} has no outcome {outcome!r}; it has {allowed}", node=node.id
        )
    run.remove(found, node)
    run.effects.append(CloseWork(token, outcome))
    run.log("completed", node.id, token, {"outcome": outcome})
    run.done(found, node, outcome)
    return finish(run)


def job_done(
    graph: Graph, state: State, *, token: int, outcome: str = "", now: datetime, decide: Decide
) -> Advance:
    """The step of a service task has run, or an undo. `outcome`: what it found, "" for nothing to
    tell. Also takes a late success of a job whose failure a person was already told of."""
    found = _waiting(state, token)
    node = _node(graph, found)
    if not found.undo and node.kind is not Kind.SERVICE:
        raise NotWaitingError(f"node {found.node!r} waits for no job", node=found.node)
    if outcome and not found.undo and node.outcomes and outcome not in node.outcomes:
        raise OutcomeError(f"{node.id!r} has no outcome {outcome!r}", node=node.id)
    run = Advancing(graph, state, now, decide)
    if found.trouble:
        run.effects.append(CloseWork(token, None))
    if found.undo:
        del run.tokens[token]
        run.log("undone", found.undo[0], token)
        run.undo_next(found, found.undo[1:])
    else:
        run.remove(found._replace(trouble=""), node, job=False)
        run.log("done", node.id, token, {"outcome": outcome} if outcome else None)
        run.done(found, node, outcome or found.outcome, told=bool(outcome))
    return finish(run)


def job_failed(
    graph: Graph, state: State, *, token: int, reason: str, now: datetime, decide: Decide
) -> Advance:
    """The step failed and is not tried again by itself: it becomes a visible work item."""
    found = _waiting(state, token)
    node = _node(graph, found)
    if found.trouble or not (found.undo or node.kind is Kind.SERVICE):
        raise NotWaitingError(f"node {found.node!r} waits for no job", node=found.node)
    run = Advancing(graph, state, now, decide)
    run.log("failed", found.node, token, {"reason": reason})
    run.tokens[token] = found._replace(trouble=FAILED)
    step = graph.nodes[found.undo[0]].undo if found.undo else node.step
    outcomes = () if found.undo else node.outcomes or (DONE,)
    run.effects.append(
        OpenWork(token, found.node, step, node.role, "any", None, outcomes, repair=reason)
    )
    return finish(run)


def retry(graph: Graph, state: State, *, token: int, now: datetime, decide: Decide) -> Advance:
    """Try again what is in trouble. A job keeps its key: whoever reaches outside asks there first
    what became of the earlier try."""
    found = _waiting(state, token)
    node = _node(graph, found)
    if not found.trouble:
        raise NotWaitingError(f"nothing is in trouble at {found.node!r}", node=found.node)
    run = Advancing(graph, state, now, decide)
    run.effects.append(CloseWork(token, RETRY))
    run.log("retried", found.node, token)
    if found.undo:
        run.tokens[token] = found._replace(trouble="")
        run.enqueue_undo(token, found.undo[0])
    elif found.trouble == FAILED:
        run.tokens[token] = found._replace(trouble="")
        run.effects.append(EnqueueJob(token, node.id, node.step or "", node.retries))
    else:
        del run.tokens[token]
        run.go(Way(id="", target=node.id), found.scope, found.outcome)
    return finish(run)


def fire(
    graph: Graph, state: State, *, token: int, node: str, now: datetime, decide: Decide
) -> Advance:
    """The timer of this token and event is due."""
    found = _waiting(state, token)
    event = next((x for x in graph.timers.get(found.node, ()) if x.id == node), None)
    if event is None or found.undo:
        raise NotWaitingError(f"no timer {node!r} runs at {found.node!r}", node=node)
    run = Advancing(graph, state, now, decide)
    run.log("fired", node, token)
    run.take(found, event)
    return finish(run)


def signal(graph: Graph, state: State, *, name: str, now: datetime, decide: Decide) -> Advance:
    """A signal for everything that waits for it now, outermost first. Raises NotWaitingError where
    nothing does: keep it and deliver it when a `Listen` asks for it."""
    run = Advancing(graph, state, now, decide)
    for token in list(listeners(graph, state, name)):
        if run.tokens.get(token.id) is token:  # else an outer one was interrupted
            event = next(x for x in graph.messages[token.node] if x.message == name)
            run.log("received", event.id, token.id, {"signal": name})
            run.take(token, event)
            drain(run)
    if not run.effects:
        raise NotWaitingError(f"nothing waits for the signal {name!r}")
    return finish(run)


def listeners(graph: Graph, state: State, name: str) -> Sequence[Token]:
    """The tokens that wait for a signal of this name, outermost first."""
    return [
        token
        for token in state.tokens.values()
        if not token.undo
        and token.trouble != STOPPED
        and any(event.message == name for event in graph.messages.get(token.node, ()))
    ]


def cancel(graph: Graph, state: State, *, now: datetime, decide: Decide) -> Advance:
    """Stop the whole instance: withdraw all that waits, undo what was done, latest first, then it
    has ended at CANCELLED. Raises NotWaitingError where it has ended or is being cancelled."""
    if state.ended is not None or state.token_at(CANCELLED):
        raise NotWaitingError("the flow has ended or is being cancelled")
    run = Advancing(graph, state, now, decide)
    run.log("cancelled", "", 0)
    undo = run.abandon(0)
    run.undo_next(Token(0, CANCELLED), undo)
    return finish(run)


def close(graph: Graph, state: State, *, now: datetime, decide: Decide) -> Advance:
    """What the flow is about has come to its end by another way: withdraw all that waits, undo
    nothing; it has ended at CANCELLED. Raises NotWaitingError where it has ended."""
    if state.ended is not None:
        raise NotWaitingError("the flow has ended")
    run = Advancing(graph, state, now, decide)
    run.log("closed", "", 0)
    run.abandon(0)
    run.end(CANCELLED)
    return finish(run)


def verdict(
    *, quorum: str, votes: Sequence[str], people: int, outcomes: Sequence[str] = ()
) -> str | None:
    """The outcome that votes come to, or None while more are needed.

    `votes`: outcomes in order, one a person. The assent (the first of `outcomes`, else of the
    votes) needs the quorum: 1 for "any", `people` for "all", else the number, at most `people`
    where that is known (more than 0). Any other outcome is a veto and decides at once.
    """
    assent = outcomes[0] if outcomes else (votes[0] if votes else DONE)
    for vote in votes:
        if vote != assent:
            return vote
    needed = {"any": 1, "all": people}.get(quorum) or (int(quorum) if quorum.isdecimal() else 1)
    if people > 0:
        needed = min(needed, people)
    return assent if len(votes) >= max(needed, 1) else None


def _waiting(state: State, token: int) -> Token:
    try:
        return state.tokens[token]
    except KeyError:
        raise NotWaitingError(f"token {token} has moved on or never was there") from None


def _node(graph: Graph, token: Token) -> Node:
    """The node a token rests on. One that is being cancelled rests on none of the graph's."""
    if token.node == CANCELLED and token.undo:
        return Node(id=CANCELLED, kind=Kind.TERMINATE)
    return graph.node(token.node)


def _chosen(node: Node, outcome: str) -> Way:
    for way in node.ways:
        if way.id == outcome:
            return way
    ways = ", ".join(way.id for way in node.ways)
    raise OutcomeError(f"{node.id!r} has no way {outcome!r}; it has {ways}", node=node.id)
