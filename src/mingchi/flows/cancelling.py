"""What cancelling a whole instance would undo, wherever it stands, and whether that can be done.

What was done is undone latest first. An undo that its facts forbid becomes a person's work; where
it is the first, nothing has been undone yet and the cancellation has only been refused. Where it
comes after others, the order would be left half undone: money given back, say, while goods are out.
That is told, with the path. Looked at is one path to each state, the shortest, as far as facts
tell, in flows of up to `MOST_STATES` states.
"""

from collections.abc import Iterator
from typing import Final

from mingchi.flows.findings import Finding
from mingchi.flows.graph import Graph, Kind
from mingchi.flows.net import Net
from mingchi.flows.passing import Spot
from mingchi.flows.soundness import Exploration
from mingchi.flows.worlds import Worlds

MOST_STATES: Final = 5_000

Done = tuple[str, ...]


def half_undone(exploration: Exploration, worlds: Worlds) -> list[Finding]:
    """Nodes whose undo would be refused after others were undone; each once."""
    net = exploration.net
    undoable = [node for node in net.graph.nodes.values() if node.undo is not None]
    if len(exploration.came) > MOST_STATES or len(undoable) < 2:
        return []
    found: dict[str, Finding] = {}
    seen: set[tuple[Done, frozenset[str], int]] = set()
    for spot, done in _states(exploration):
        key = done, spot.facts, spot.worlds
        if key in seen or len(done) < 2:
            continue
        seen.add(key)
        for given in worlds.facts(spot.worlds):
            refused = _first_refused(net, done, spot.facts, given, worlds)
            if refused is not None and refused[0] not in found:
                node_id, message = refused
                line = net.graph.nodes[node_id].line
                path = tuple(exploration.path(spot))
                found[node_id] = Finding("half-undone", message, node_id, line, path)
    return list(found.values())


def _states(exploration: Exploration) -> Iterator[tuple[Spot, Done]]:
    """Every state that can be cancelled, with what was done on the way to it and can be undone. An
    end is one where a task was passed at once on the way to it: the instance may rest there."""
    graph, eager = exploration.net.graph, exploration.net.eager
    done: dict[Spot, Done] = {}
    for spot, came in exploration.came.items():
        before = done[came.before] if came.before is not None else ()
        done[spot] = _after(graph, before, came.passed)
        if spot not in exploration.ended or not eager.isdisjoint(came.passed):
            yield spot, done[spot]


def _after(graph: Graph, done: Done, passed: tuple[str, ...]) -> Done:
    """What is done and can be undone, after these nodes too."""
    for node_id in passed:
        node = graph.nodes[node_id]
        if node.kind is Kind.BOUNDARY_MESSAGE:  # a cancellation of what stood in its sub-process
            done = tuple(one for one in done if not _within(graph, one, node.on or ""))
        elif node.undo is not None:
            done = (*done, node_id)
    return done


def _within(graph: Graph, node_id: str, scope: str) -> bool:
    while inside := graph.nodes[node_id].inside:
        if inside == scope:
            return True
        node_id = inside
    return False


def _first_refused(
    net: Net, done: Done, facts: frozenset[str], given: frozenset[str], worlds: Worlds
) -> tuple[str, str] | None:
    """The first undo that is refused after another was done, and why."""
    perhaps = net.perhaps - worlds.guards.keys()
    undone: list[str] = []
    for node_id in reversed(done):
        doing = net.doings[node_id]
        if not doing.provides <= facts:  # the flow itself has taken it back meanwhile
            continue
        held = facts | given
        requires = doing.undo_requires
        if requires is not None and not requires.met(held, perhaps=perhaps):
            if not undone:
                return None
            has = ", ".join(sorted(held)) or "nothing"
            undo = net.graph.nodes[node_id].undo
            return node_id, (
                f"cancelled here, {', '.join(undone)} would be undone and {undo} refused: it"
                f" requires {requires.text}; then holds {has}"
            )
        facts = (facts - doing.undo_removes) | doing.undo_provides
        undone.append(node_id)
    return None
