"""The interpreter: what each kind of node does, by named cases."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.flows.bpmn import read, way, ways
from tests.flows.stepping import decider

from mingchi.flows import interpreter
from mingchi.flows.effects import (
    Advance,
    CancelJob,
    CancelTimers,
    CloseWork,
    Ended,
    EnqueueJob,
    Listen,
    Log,
    OpenWork,
    SetTimer,
    StopListening,
)
from mingchi.flows.errors import NotWaitingError, OutcomeError, StateError, TooManyStepsError
from mingchi.flows.graph import Graph
from mingchi.flows.state import CANCELLED, State
from mingchi.flows.steps import Registry

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
COMMON: dict[str, Any] = {"now": NOW, "decide": decider({"amount_fen": 500})}


def steps() -> Registry:
    registry = Registry()
    registry.step("stock.reserve", undo="stock.release", provides={"reserved"})(lambda x: None)
    registry.step("stock.release", removes={"reserved"})(lambda x: None)
    registry.step("order.review", outcomes=("yes", "no"), doing="human")(lambda x: None)  # type: ignore[arg-type]
    registry.step("money.take", undo="money.refund", retries=5)(lambda x: None)
    registry.step("money.refund")(lambda x: None)
    return registry


def graph_of(process: str) -> Graph:
    reading = read('<bpmn:startEvent id="s"/>' + process, registry=steps())
    assert reading.graph is not None, reading.findings
    return reading.graph


def begin(graph: Graph) -> Advance:
    return interpreter.start(graph, **COMMON)


def places(state: State) -> list[str]:
    return sorted(token.node for token in state.tokens.values())


def at(state: State, node: str) -> int:
    token = state.token_at(node)
    assert token is not None, f"nothing rests on {node}; {places(state)}"
    return token.id


def done(graph: Graph, state: State, *nodes: str, outcome: str = "done") -> State:
    for node in nodes:
        call = {"token": at(state, node), "outcome": outcome}
        state = interpreter.complete(graph, state, **call, **COMMON).state  # type: ignore[arg-type]
    return state


def written(advance: Advance) -> list[Any]:
    """The effects but for the log."""
    return [effect for effect in advance.effects if not isinstance(effect, Log)]


USER = '<bpmn:userTask id="{0}" m:role="clerk"/>'
END = '<bpmn:endEvent id="e"/>'
DURATION = (
    "<bpmn:timerEventDefinition><bpmn:timeDuration>{}</bpmn:timeDuration>"
    "</bpmn:timerEventDefinition>"
)
STOP = '<bpmn:messageEventDefinition messageRef="stop_message"/>'


def boundary(name: str, on: str, definition: str) -> str:
    return f'<bpmn:boundaryEvent id="{name}" attachedToRef="{on}">{definition}</bpmn:boundaryEvent>'


def catch(name: str, definition: str) -> str:
    return f'<bpmn:intermediateCatchEvent id="{name}">{definition}</bpmn:intermediateCatchEvent>'


REVIEW = '<bpmn:userTask id="r" m:role="clerk" m:step="order.review" m:quorum="2" m:due="PT4H"/>'


def test_a_user_task_opens_work_and_closes_it_once() -> None:
    graph = graph_of(REVIEW + END + ways("s r e"))
    first = begin(graph)
    due_at = NOW + timedelta(hours=4)
    assert written(first) == [
        OpenWork(1, "r", "order.review", "clerk", "2", due_at, ("yes", "no")),
    ]
    second = interpreter.complete(graph, first.state, token=1, outcome="no", **COMMON)
    assert written(second) == [CloseWork(1, "no"), Ended("e")]
    assert second.state.ended == "e"
    with pytest.raises(NotWaitingError):
        interpreter.complete(graph, second.state, token=1, outcome="no", **COMMON)
    assert first.state.tokens, "the state before is left as it was"


def test_an_outcome_that_the_step_does_not_have_is_refused() -> None:
    graph = graph_of(REVIEW + END + ways("s r e"))
    with pytest.raises(OutcomeError, match="yes, no"):
        interpreter.complete(graph, begin(graph).state, token=1, outcome="maybe", **COMMON)


@pytest.mark.parametrize(
    ("quorum", "votes", "people", "verdict"),
    [
        ("any", [], 0, None),
        ("any", ["yes"], 3, "yes"),
        ("all", ["yes", "yes"], 3, None),
        ("all", ["yes", "yes", "yes"], 3, "yes"),
        ("all", ["yes", "no"], 3, "no"),
        ("2", ["yes"], 3, None),
        ("2", ["yes", "yes"], 3, "yes"),
        ("5", ["yes", "yes"], 2, "yes"),
    ],
)
def test_verdicts(quorum: str, votes: list[str], people: int, verdict: str | None) -> None:
    outcomes = ("yes", "no")
    found = interpreter.verdict(quorum=quorum, votes=votes, people=people, outcomes=outcomes)
    assert found == verdict


SERVICE = '<bpmn:serviceTask id="{0}" m:step="{1}"/>'


def test_a_service_task_enqueues_a_job_and_waits() -> None:
    graph = graph_of(SERVICE.format("j", "money.take") + END + ways("s j e"))
    first = begin(graph)
    assert written(first) == [EnqueueJob(1, "j", "money.take", 5)]
    with pytest.raises(NotWaitingError):
        interpreter.complete(graph, first.state, token=1, **COMMON)
    assert interpreter.job_done(graph, first.state, token=1, **COMMON).state.ended == "e"


def test_a_failed_job_becomes_work_and_can_be_tried_again_or_made_up_for() -> None:
    graph = graph_of(SERVICE.format("j", "money.take") + END + ways("s j e"))
    state = begin(graph).state
    failed = interpreter.job_failed(graph, state, token=1, reason="no answer", **COMMON)
    assert written(failed) == [
        OpenWork(1, "j", "money.take", None, "any", None, ("done",), repair="no answer")
    ]
    assert State.from_json(json.loads(json.dumps(failed.state.to_json()))) == failed.state
    again = interpreter.retry(graph, failed.state, token=1, **COMMON)
    assert written(again) == [CloseWork(1, "retry"), EnqueueJob(1, "j", "money.take", 5)]
    assert again.state == state
    by_hand = interpreter.complete(graph, failed.state, token=1, **COMMON)
    assert written(by_hand) == [CloseWork(1, "done"), Ended("e")]
    late = interpreter.job_done(graph, failed.state, token=1, **COMMON)
    assert written(late) == [CloseWork(1, None), Ended("e")]


def test_a_choice_takes_the_first_way_that_holds_and_tells_what_it_saw() -> None:
    gateway = '<bpmn:exclusiveGateway id="g" default="g-c"/>' + "".join(map(USER.format, "abc"))
    process = gateway + END + ways("s g", "g c e", "a e", "b e")
    process += way("g", "a", "amount_fen &gt; 900") + way("g", "b", "amount_fen &gt; 100")
    advance = begin(graph_of(process))
    assert places(advance.state) == ["b"]
    assert Log("decided", "g", 0, {"way": "g-b", "amount_fen": 500}) in advance.effects


def test_a_choice_without_answer_waits_for_a_person() -> None:
    gateway = '<bpmn:exclusiveGateway id="g"/>' + "".join(map(USER.format, "ab")) + END
    process = gateway + ways("s g", "a e", "b e")
    process += way("g", "a", "amount_fen / 0 == 1") + way("g", "b", "amount_fen &gt; 900")
    graph = graph_of(process)
    first = begin(graph)
    (work,) = written(first)
    assert work.outcomes == ("g-a", "g-b")
    assert "divide by zero" in work.repair
    chosen = interpreter.complete(graph, first.state, token=1, outcome="g-b", **COMMON)
    assert places(chosen.state) == ["b"]
    with pytest.raises(OutcomeError):
        interpreter.complete(graph, first.state, token=1, outcome="a", **COMMON)
    assert places(interpreter.retry(graph, first.state, token=1, **COMMON).state) == ["g"]


FORK = (
    '<bpmn:parallelGateway id="f"/><bpmn:parallelGateway id="j"/>'
    + "".join(map(USER.format, "ab"))
    + END
)


def test_a_join_waits_for_every_way() -> None:
    graph = graph_of(FORK + ways("s f a j e", "f b j"))
    state = begin(graph).state
    assert places(state) == ["a", "b"]
    half = done(graph, state, "b")
    assert (places(half), dict(half.arrivals)) == (["a"], {(0, "j"): {"b-j": 1}})
    assert State.from_json(json.loads(json.dumps(half.to_json()))) == half
    assert done(graph, half, "a").ended == "e"


def test_a_join_in_a_loop_waits_in_every_round() -> None:
    """In its second round too: a token of each way, no matter what came before."""
    again = '<bpmn:exclusiveGateway id="m"/><bpmn:exclusiveGateway id="g" default="g-e"/>'
    chains = ways("s m f a j c g e", "f b j") + way("g", "m", 'outcome == "again"')
    graph = graph_of(FORK + again + USER.format("c") + chains)
    state = done(graph, begin(graph).state, "a", "b")
    state = done(graph, state, "c", outcome="again")
    state = done(graph, state, "b")
    assert places(state) == ["a"]
    state = done(graph, state, "a")
    assert places(state) == ["c"]


def test_a_terminate_end_takes_everything_with_it() -> None:
    stop = '<bpmn:endEvent id="t"><bpmn:terminateEventDefinition/></bpmn:endEvent>'
    late = boundary("late", "b", DURATION.format("P1D"))
    graph = graph_of(FORK + stop + late + ways("s f a t", "f b j e", "late j"))
    state = begin(graph).state
    ended = interpreter.complete(graph, state, token=at(state, "a"), **COMMON)
    assert ended.state.ended == "t"
    assert ended.state.tokens == {}
    gone = at(state, "b")
    assert CloseWork(gone, None) in ended.effects
    assert CancelTimers(gone) in ended.effects


def test_a_boundary_timer_interrupts_once() -> None:
    process = (
        USER.format("a") + USER.format("b") + END + boundary("l", "a", DURATION.format("PT2H"))
    )
    graph = graph_of(process + ways("s a e", "l b e"))
    first = begin(graph)
    assert SetTimer(1, "l", NOW + timedelta(hours=2)) in first.effects
    fired = interpreter.fire(graph, first.state, token=1, node="l", **COMMON)
    assert places(fired.state) == ["b"]
    assert written(fired)[:2] == [CloseWork(1, None), CancelTimers(1)]
    for state in (fired.state, done(graph, first.state, "a")):
        with pytest.raises(NotWaitingError):
            interpreter.fire(graph, state, token=1, node="l", **COMMON)


def test_an_event_gateway_takes_what_comes_first() -> None:
    events = (
        '<bpmn:eventBasedGateway id="g"/>' + catch("m", STOP) + catch("t", DURATION.format("P3D"))
    )
    process = events + USER.format("a") + USER.format("b") + END
    graph = graph_of(process + ways("s g m a e", "g t b e"))
    first = begin(graph)
    assert written(first) == [SetTimer(1, "t", NOW + timedelta(days=3)), Listen(1, "m", "stop")]
    heard = interpreter.signal(graph, first.state, name="stop", **COMMON)
    assert places(heard.state) == ["a"]
    assert {CancelTimers(1), StopListening(1)} <= set(written(heard))
    with pytest.raises(NotWaitingError):
        interpreter.fire(graph, heard.state, token=1, node="t", **COMMON)
    fired = interpreter.fire(graph, first.state, token=1, node="t", **COMMON)
    assert places(fired.state) == ["b"]


def test_a_signal_too_early_or_too_late_changes_nothing() -> None:
    graph = graph_of(USER.format("a") + catch("m", STOP) + END + ways("s a m e"))
    state = begin(graph).state
    with pytest.raises(NotWaitingError):
        interpreter.signal(graph, state, name="stop", **COMMON)
    waiting = done(graph, state, "a")
    ended = interpreter.signal(graph, waiting, name="stop", **COMMON).state
    assert ended.ended == "e"
    with pytest.raises(NotWaitingError):
        interpreter.signal(graph, ended, name="stop", **COMMON)


INNER = (
    '<bpmn:subProcess id="p"><bpmn:startEvent id="ps"/>'
    + SERVICE.format("stock", "stock.reserve")
    + SERVICE.format("money", "money.take")
    + USER.format("pack")
    + '<bpmn:endEvent id="pe"/>'
    + ways("ps stock money pack pe")
    + "</bpmn:subProcess>"
    + boundary("x", "p", STOP)
    + USER.format("sorry")
    + END
    + ways("s p e", "x sorry e")
)


def job(graph: Graph, state: State, node: str) -> Advance:
    return interpreter.job_done(graph, state, token=at(state, node), **COMMON)


def test_a_subprocess_ends_when_all_in_it_has() -> None:
    graph = graph_of(INNER)
    state = job(graph, job(graph, begin(graph).state, "stock").state, "money").state
    assert places(state) == ["p", "pack"]
    ended = interpreter.complete(graph, state, token=at(state, "pack"), **COMMON)
    assert ended.state.ended == "e"
    assert StopListening(at(state, "p")) in ended.effects


def test_a_cancelled_subprocess_is_undone_latest_first_then_goes_on() -> None:
    graph = graph_of(INNER)
    state = job(graph, job(graph, begin(graph).state, "stock").state, "money").state
    stopped = interpreter.signal(graph, state, name="stop", **COMMON)
    assert CloseWork(at(state, "pack"), None) in stopped.effects
    (first,) = [x for x in stopped.effects if isinstance(x, EnqueueJob)]
    assert (first.step, first.node, first.undo) == ("money.refund", "money", True)
    again = interpreter.job_done(graph, stopped.state, token=first.token, **COMMON)
    (second,) = [x for x in again.effects if isinstance(x, EnqueueJob)]
    assert (second.step, second.undo) == ("stock.release", True)
    assert len({first.token, second.token, *state.tokens}) == len(state.tokens) + 2
    assert State.from_json(json.loads(json.dumps(again.state.to_json()))) == again.state
    after = interpreter.job_done(graph, again.state, token=second.token, **COMMON)
    assert places(after.state) == ["sorry"]


def test_a_job_on_its_way_is_dropped_with_its_undo_named() -> None:
    graph = graph_of(INNER)
    state = job(graph, begin(graph).state, "stock").state
    stopped = interpreter.signal(graph, state, name="stop", **COMMON)
    assert CancelJob(at(state, "money"), "money.take", "money.refund") in stopped.effects
    assert [x.step for x in stopped.effects if isinstance(x, EnqueueJob)] == ["stock.release"]


def test_close_withdraws_what_waits_and_undoes_nothing() -> None:
    graph = graph_of(INNER)
    state = job(graph, begin(graph).state, "stock").state
    closed = interpreter.close(graph, state, **COMMON)
    assert (closed.state.ended, closed.state.tokens) == (CANCELLED, {})
    assert [x for x in closed.effects if isinstance(x, CancelJob)]
    assert not [x for x in closed.effects if isinstance(x, EnqueueJob)]
    undoing = interpreter.cancel(graph, state, **COMMON).state
    assert interpreter.close(graph, undoing, **COMMON).state.ended == CANCELLED
    with pytest.raises(NotWaitingError):
        interpreter.close(graph, closed.state, **COMMON)


def test_cancel_undoes_what_was_done_and_ends() -> None:
    chain = SERVICE.format("stock", "stock.reserve") + USER.format("a") + END + ways("s stock a e")
    graph = graph_of(chain)
    state = job(graph, begin(graph).state, "stock").state
    cancelled = interpreter.cancel(graph, state, **COMMON)
    assert cancelled.state.ended is None
    (undo,) = [x for x in cancelled.effects if isinstance(x, EnqueueJob)]
    with pytest.raises(NotWaitingError):
        interpreter.cancel(graph, cancelled.state, **COMMON)
    failed = interpreter.job_failed(
        graph, cancelled.state, token=undo.token, reason="shelf is locked", **COMMON
    )
    assert [x.repair for x in written(failed)] == ["shelf is locked"]
    again = interpreter.retry(graph, failed.state, token=undo.token, **COMMON)
    ended = interpreter.job_done(graph, again.state, token=undo.token, **COMMON)
    assert ended.state.ended == CANCELLED
    with pytest.raises(NotWaitingError):
        interpreter.cancel(graph, ended.state, **COMMON)
    fresh = graph_of(USER.format("a") + END + ways("s a e"))
    assert interpreter.cancel(fresh, begin(fresh).state, **COMMON).state.ended == CANCELLED


def test_a_loop_that_nothing_stops_is_a_typed_error() -> None:
    gateways = '<bpmn:exclusiveGateway id="m"/><bpmn:exclusiveGateway id="g" default="g-m"/>'
    graph = graph_of(gateways + END + ways("s m g m") + way("g", "e", "amount_fen &lt; 0"))
    with pytest.raises(TooManyStepsError):
        begin(graph)


def test_what_is_no_state_or_graph_is_refused() -> None:
    for data in ({}, {"n": 1, "t": [["a"]]}, {"n": 1, "t": 3}, {"n": 1, "j": [[1]]}):
        with pytest.raises(StateError):
            State.from_json(data)
    graph = graph_of(INNER)
    data = json.loads(json.dumps(graph.to_json()))
    assert Graph.from_json(data) == graph
    assert Graph.from_json(data).digest == graph.digest
    data["nodes"][0]["kind"] = "script"
    with pytest.raises(StateError):
        Graph.from_json(data)
    with pytest.raises(StateError, match="format 9"):
        Graph.from_json({**graph.to_json(), "format": 9})


def test_a_token_too_many_at_a_join_stays_for_the_next_round() -> None:
    """No checked flow comes to that; but nothing is lost where it does."""
    merge = USER.format("c") + '<bpmn:exclusiveGateway id="m"/>'
    graph = graph_of(FORK + merge + ways("s f a m j e", "f c m", "f b j"))
    state = done(graph, begin(graph).state, "a", "c")
    assert dict(state.arrivals) == {(0, "j"): {"m-j": 2}}
    state = done(graph, state, "b")
    assert dict(state.arrivals) == {(0, "j"): {"m-j": 1}}
    assert state.ended is None


def test_a_terminate_end_drops_what_is_still_on_its_way() -> None:
    stop = '<bpmn:endEvent id="t"><bpmn:terminateEventDefinition/></bpmn:endEvent>'
    fork = '<bpmn:parallelGateway id="f"/>' + USER.format("a") + END
    state = begin(graph_of(fork + stop + ways("s f t", "f a e"))).state
    assert (state.ended, places(state)) == ("t", [])


def test_a_timer_on_a_subprocess_undoes_nothing() -> None:
    late = boundary("late", "p", DURATION.format("P2D"))
    graph = graph_of(INNER + late + ways("late sorry"))
    state = job(graph, begin(graph).state, "stock").state
    late_at = at(state, "p")
    fired = interpreter.fire(graph, state, token=late_at, node="late", **COMMON)
    assert places(fired.state) == ["sorry"]
    assert not [effect for effect in fired.effects if isinstance(effect, EnqueueJob)]
