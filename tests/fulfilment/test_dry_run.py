"""The path that a subject would have taken through a drawing, without a database."""

import pytest
from tests.flows.bpmn import read, ways
from tests.flows.stepping import NOW, decider
from tests.fulfilment.world import END, START, message, task, timer

from mingchi.flows import Graph
from mingchi.fulfilment.dry_run import Given, Path, walk


def drawn(process: str) -> Graph:
    graph = read(process).graph
    assert graph is not None
    return graph


def tried(graph: Graph, **given: object) -> Path:
    return walk(graph, decide=decider({}), given=Given(**given), now=NOW)  # type: ignore[arg-type]


FIRST = drawn(
    START
    + '<bpmn:eventBasedGateway id="first"/>'
    + message("paid", "paid_message")
    + timer("late", "P1D")
    + task("review")
    + END
    + ways("start first paid review end", "first late end")
)


def test_an_event_gateway_stands_before_the_event_that_came() -> None:
    path = tried(FIRST, signals=frozenset({"paid"}))
    assert (path.nodes, path.ended) == (("start", "first", "paid", "review", "end"), "end")


def test_what_was_said_of_a_task_is_said_again() -> None:
    asked = drawn(START + task("review") + END + ways("start review end"))
    assert tried(asked, outcomes={"review": "no"}).nodes == ("start", "review", "end")


@pytest.mark.parametrize("event", ["paid", "late"])
def test_an_event_beside_a_task_stands_alone(event: str) -> None:
    """Only a gateway waits for events; a task that is interrupted is told by its own line."""
    made = message("paid", "paid_message") if event == "paid" else timer("late", "P1D")
    graph = drawn(START + made + END + ways(f"start {event} end"))
    assert tried(graph).nodes == ("start", event, "end")
