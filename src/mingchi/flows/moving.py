"""Moving tokens until every one rests: what each kind of node does with a token that enters."""

from collections import deque
from collections.abc import Callable
from typing import Final

from mingchi.flows.advancing import Advancing
from mingchi.flows.effects import Advance
from mingchi.flows.errors import DecisionError, TooManyStepsError
from mingchi.flows.graph import Graph, Kind, Node, Way
from mingchi.flows.state import State

MOST_AUTOMATIC_STEPS: Final = 100


def finish(run: Advancing) -> Advance:
    """Move on, then the new state with all effects."""
    drain(run)
    if not run.tokens and run.ended is None:
        run.log("stuck", "", 0)  # a checked flow never comes here; where it does, it is seen
    state = State(run.tokens, run.arrivals, run.outcomes, run.finished, run.next_token, run.ended)
    return Advance(state, run.effects)


def drain(run: Advancing) -> None:
    """Move until every token rests, then close the scopes that have become empty, and so on."""
    nodes = run.graph.nodes
    steps = 0
    while True:
        while run.moves:
            way, scope, outcome = run.moves.popleft()
            node = nodes[way.target]
            steps += 1
            if steps > MOST_AUTOMATIC_STEPS:
                raise _too_many(node)
            _ENTER[node.kind](run, node, way, scope, outcome)
        if not run.ends:
            return
        run.close(*run.ends.pop())


def _too_many(node: Node) -> TooManyStepsError:
    return TooManyStepsError(
        f"more than {MOST_AUTOMATIC_STEPS} automatic steps in one advance, at {node.id!r}",
        node=node.id,
    )


def _wait(run: Advancing, node: Node, way: Way, scope: int, outcome: str) -> None:
    run.rest(node, scope, outcome)


def _subprocess(run: Advancing, node: Node, way: Way, scope: int, outcome: str) -> None:
    token = run.rest(node, scope, outcome)
    if token is not None:
        run.leave(_first(run.graph, node), token, outcome)


def _first(graph: Graph, node: Node) -> Node:
    return graph.nodes[graph.starts[node.id]]


def _end(run: Advancing, node: Node, way: Way, scope: int, outcome: str) -> None:
    run.ends.append((scope, node.id, outcome))


def _terminate(run: Advancing, node: Node, way: Way, scope: int, outcome: str) -> None:
    """Everything else in the scope is withdrawn. What was done stays done, and can be undone."""
    gone = run.inside(scope)
    done = run.finished
    run.abandon(scope)
    run.finished = done
    run.moves = deque(move for move in run.moves if move[1] not in gone)
    run.ends.append((scope, node.id, outcome))


def _exclusive(run: Advancing, node: Node, way: Way, scope: int, outcome: str) -> None:
    if len(node.ways) == 1 and node.ways[0].condition is None:  # a merge
        run.go(node.ways[0], scope, outcome)
        return
    try:
        chosen, seen = _choose(run, node, outcome)
    except DecisionError as error:
        run.stop(node, scope, outcome, str(error))
        return
    run.log("decided", node.id, 0, {"way": chosen.id, **seen})
    run.go(chosen, scope, outcome)


def _choose(run: Advancing, node: Node, outcome: str) -> tuple[Way, dict[str, object]]:
    """The first way whose condition holds, in the order of the file, else the default."""
    seen: dict[str, object] = {}
    default = None
    for way in node.ways:
        if way.default:
            default = way
            continue
        if way.condition is None:
            return way, seen
        answer = run.decide.holds(way.condition, outcome, run.outcomes)
        seen.update(answer.seen)
        if answer.value is True:
            return way, seen
    if default is None:
        raise DecisionError(f"no condition of {node.id!r} holds: {seen}", node=node.id)
    return default, seen


def _parallel(run: Advancing, node: Node, way: Way, scope: int, outcome: str) -> None:
    """A join waits until a token has come by every way; then one goes on, along every way out."""
    if node.incoming > 1:
        key = (scope, node.id)
        ways = dict(run.arrivals.get(key, {}))
        ways[way.id] = ways.get(way.id, 0) + 1
        if len(ways) < node.incoming:
            run.arrivals[key] = ways
            return
        left = {name: count - 1 for name, count in ways.items() if count > 1}
        if left:
            run.arrivals[key] = left
        else:
            run.arrivals.pop(key, None)
    run.leave(node, scope, outcome)


def _rule(run: Advancing, node: Node, way: Way, scope: int, outcome: str) -> None:
    try:
        answer = run.decide.look_up(node.table or "", outcome)
    except DecisionError as error:
        run.stop(node, scope, outcome, str(error))
        return
    result = str(answer.value)
    run.log("decided", node.id, 0, {"result": result, **answer.seen})
    run.remember(node, result)
    run.leave(node, scope, result)


_ENTER: Final[dict[Kind, Callable[[Advancing, Node, Way, int, str], None]]] = {
    Kind.USER: _wait,
    Kind.SERVICE: _wait,
    Kind.EVENTS: _wait,
    Kind.TIMER: _wait,
    Kind.MESSAGE: _wait,
    Kind.SUBPROCESS: _subprocess,
    Kind.END: _end,
    Kind.TERMINATE: _terminate,
    Kind.EXCLUSIVE: _exclusive,
    Kind.PARALLEL: _parallel,
    Kind.RULE: _rule,
}
