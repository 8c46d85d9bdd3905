"""What each place of a running flow may become in another version."""

import pytest
from tests.flows.bpmn import read, ways
from tests.flows.stepping import NOW, decider
from tests.fulfilment.world import END, START, served, task, timer

from mingchi.flows import Graph, State, interpreter
from mingchi.fulfilment.mapping import Place, places

BOTH = START + '<bpmn:parallelGateway id="{0}"/><bpmn:parallelGateway id="{1}"/>' + END


def drawn(process: str) -> Graph:
    graph = read(process).graph
    assert graph is not None
    return graph


def started(graph: Graph) -> State:
    return interpreter.start(graph, now=NOW, decide=decider({})).state


def needed(old: str, new: str, timers: tuple[tuple[int, str], ...] = ()) -> list[Place]:
    graph = drawn(old)
    return places(graph, started(graph), timers, drawn(new))


REVIEW = START + task("review") + END + ways("start review end")


@pytest.mark.parametrize(
    ("new", "choices"),
    [
        (START + task("check") + task("sign") + END + ways("start check sign end"), "check sign"),
        # Its own name comes first; a service task is no place for a person's work.
        (START + task("a") + task("review") + END + ways("start a review end"), "review a"),
        (START + served("review", "x.y") + END + ways("start review end"), ""),
    ],
)
def test_a_task_becomes_a_task(new: str, choices: str) -> None:
    assert needed(REVIEW, new) == [Place("review", tuple(choices.split()))]


def test_a_job_under_way_becomes_the_same_step() -> None:
    old = START + served("pick", "x.pick") + END + ways("start pick end")
    new = served("pack", "x.pack") + served("fetch", "x.pick")
    assert needed(old, START + new + END + ways("start pack fetch end")) == [
        Place("pick", ("fetch",))
    ]


def test_a_timer_may_be_dropped() -> None:
    def late(name: str) -> str:
        inner = START + task("review") + timer(name, "P1D", on="review") + END
        return inner + ways("start review end", f"{name} end")

    found = needed(late("late"), late("later"), ((1, "late"), (9, "late")))
    assert found == [Place("review", ("review",)), Place("late", ("later",), may_go=True)]


def test_a_join_becomes_a_join_and_its_way_one_that_leads_to_one() -> None:
    def forked(fork: str, join: str) -> Graph:
        inner = BOTH.format(fork, join) + task("a") + task("b")
        return drawn(inner + ways(f"start {fork} a {join} end", f"{fork} b {join}"))

    old, new = forked("fork", "join"), forked("split", "meet")
    state = started(old)
    token = next(one for one in state.tokens.values() if one.node == "a")
    state = interpreter.complete(
        old, state, token=token.id, outcome="done", now=NOW, decide=decider({})
    ).state
    assert places(old, state, (), new) == [
        Place("b", ("a", "b")[::-1]),
        Place("join", ("meet",)),
        Place("a-join", ("a-meet", "b-meet")),
    ]
