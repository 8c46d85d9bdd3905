"""Laws over random flows: sound ones never get stuck, refused ones show a run that does, and what
is written down reads back the same."""

import json
from itertools import pairwise
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.flows.making import ASKED, VALUES, sound_flow, spoilt_flow
from tests.flows.stepping import CONDITIONS, NOW, OUTCOMES, decider, happen, possible

from mingchi.flows import interpreter
from mingchi.flows.checks import check
from mingchi.flows.errors import FlowError
from mingchi.flows.findings import Finding
from mingchi.flows.graph import Graph, Kind
from mingchi.flows.reading import read_flow
from mingchi.flows.state import State
from mingchi.flows.steps import Registry
from mingchi.flows.writing import write_flow

REGISTRY = Registry()
SEEDS = st.integers(0, 2**32)
LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
# A random run leaves a loop sooner or later; so long is later than any here took.
MOST_STEPS = 3_000


def findings_of(graph: Graph) -> list[Finding]:
    return check(graph, registry=REGISTRY, conditions=CONDITIONS, strict=False)


def run(graph: Graph, seed: int) -> tuple[State, list[State]]:
    """A random run to its end, or to where nothing can happen; the states on its way."""
    chance = Random(seed)
    decide = decider({name: chance.choice(VALUES) for name in ASKED})
    state = interpreter.start(graph, now=NOW, decide=decide).state
    states = [state]
    while state.ended is None and len(states) < MOST_STEPS:
        happenings = possible(graph, state)
        if not happenings:
            break
        state = happen(graph, state, chance.choice(happenings), decide).state
        states.append(state)
    return state, states


@LAW
@given(SEEDS, SEEDS)
def test_a_sound_flow_never_gets_stuck(flow: int, chance: int) -> None:
    graph = sound_flow(flow)
    assert findings_of(graph) == []
    state, _ = run(graph, chance)
    assert state.ended is not None


@LAW
@given(SEEDS)
def test_a_flow_the_checker_passes_ends_whatever_was_done_to_it(seed: int) -> None:
    graph = spoilt_flow(seed)
    if graph is None or findings_of(graph):
        return
    for chance in range(5):
        assert run(graph, chance)[0].ended is not None


@LAW
@given(SEEDS)
def test_a_refused_flow_shows_a_path(seed: int) -> None:
    graph = spoilt_flow(seed)
    if graph is None:
        return
    for finding in findings_of(graph):
        assert finding.code in ("deadlock", "doubled", "dead-node", "endless", "too-many-states")
        if finding.code == "too-many-states":
            continue
        assert finding.path, finding
        assert all(node in graph.nodes for node in finding.path)
        assert finding.path[0] == graph.starts[""]


@LAW
@given(SEEDS)
def test_each_deadlock_is_met_by_a_random_run(seed: int) -> None:
    """Where the only fault is a deadlock, runs at random find it: it is no false alarm."""
    graph = spoilt_flow(seed)
    if graph is None or "deadlock" not in {x.code for x in findings_of(graph)}:
        return
    assert any(run(graph, chance)[0].ended is None for chance in range(400))


@LAW
@given(SEEDS, SEEDS)
def test_states_read_back_the_same_and_tokens_are_new(flow: int, chance: int) -> None:
    graph = sound_flow(flow)
    _, states = run(graph, chance)
    for before, after in pairwise(states):
        assert State.from_json(json.loads(json.dumps(after.to_json()))) == after
        assert all(token < before.next_token for token in before.tokens)
        born = after.tokens.keys() - before.tokens.keys()
        assert all(token >= before.next_token for token in born)


@LAW
@given(SEEDS, SEEDS)
def test_cancel_ends_an_instance_wherever_it_stands(flow: int, chance: int) -> None:
    graph = sound_flow(flow)
    _, states = run(graph, chance)
    for state in states[:20]:
        if state.ended is None:
            for end in (interpreter.cancel, interpreter.close):
                ended = end(graph, state, now=NOW, decide=decider({})).state
                assert (ended.tokens, ended.arrivals) == ({}, {})


@LAW
@given(SEEDS)
def test_writing_and_reading_are_inverse(seed: int) -> None:
    graph = sound_flow(seed)
    written = write_flow(graph)
    reading = read_flow(written, registry=REGISTRY)
    assert reading.graph is not None
    assert reading.graph.digest == graph.digest
    assert write_flow(reading.graph) == written
    again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert again == graph


@settings(max_examples=200, deadline=None)
@given(SEEDS, st.integers(0, 10**6), st.binary(max_size=8))
def test_a_broken_file_never_crashes_the_reader(seed: int, place: int, rubbish: bytes) -> None:
    data = write_flow(sound_flow(seed, depth=1))
    place %= len(data)
    reading = read_flow(data[:place] + rubbish + data[place + len(rubbish) :], registry=REGISTRY)
    assert reading.graph is not None or reading.findings
    if reading.graph is not None:
        findings_of(reading.graph)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_happening_for_a_token_that_is_gone_is_refused(outcome: str) -> None:
    graph = sound_flow(7)
    state, states = run(graph, 7)
    for old in states[:-1]:
        for token in old.tokens.values():
            if token.id not in state.tokens and graph.nodes[token.node].kind is Kind.USER:
                with pytest.raises(FlowError):
                    interpreter.complete(
                        graph, state, token=token.id, outcome=outcome, now=NOW, decide=decider({})
                    )
