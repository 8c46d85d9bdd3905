"""Agreement with SpiffWorkflow: random flows stepped in both rest on the same nodes and end alike.

Left out are joins inside loops: in its second round SpiffWorkflow 3.2 lets such a join pass with
the first token that comes. `test_interpreter` says what ours does.
"""

import logging
from random import Random

import pytest
from tests.flows.making import ASKED, VALUES, sound_flow
from tests.flows.oracle import Oracle
from tests.flows.stepping import NOW, Happening, decider, happen, possible

from mingchi.flows import interpreter
from mingchi.flows.graph import Graph, Kind
from mingchi.flows.state import State

FLOWS = 400
MOST_STEPS = 40


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("spiff").setLevel(logging.CRITICAL)


def places(graph: Graph, state: State) -> list[str]:
    """Where tokens rest, but for those that hold a sub-process open."""
    resting = [token.node for token in state.tokens.values()]
    return sorted(node for node in resting if graph.nodes[node].kind is not Kind.SUBPROCESS)


def tell(oracle: Oracle, what: Happening) -> None:
    if what.kind in ("complete", "job"):
        oracle.complete(what.node, what.outcome)
    elif what.kind == "fire":
        oracle.fire(what.node)
    else:
        oracle.signal(what.node)


def step_both(seed: int) -> int:
    """One random run of one random flow in both; the number of steps."""
    graph = sound_flow(seed, joins_in_loops=False)
    chance = Random(seed)
    values = {name: chance.choice(VALUES) for name in ASKED}
    decide = decider(values)
    oracle = Oracle(graph, values)
    state = interpreter.start(graph, now=NOW, decide=decide).state
    for number in range(MOST_STEPS):
        assert places(graph, state) == oracle.places(), f"seed {seed}, step {number}"
        assert (state.ended is not None) == oracle.ended(), f"seed {seed}, step {number}"
        if state.ended is not None:
            return number
        what = chance.choice(possible(graph, state))
        state = happen(graph, state, what, decide).state
        tell(oracle, what)
    return MOST_STEPS


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, FLOWS, 50))
def test_random_flows_agree_with_spiffworkflow(first: int) -> None:
    steps = [step_both(seed) for seed in range(first, first + 50)]
    assert sum(steps) > 200, "the runs are too short to prove anything"
