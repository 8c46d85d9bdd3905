"""A flow of twelve tasks stepped in memory, by itself and with its state written to JSON and read
again at every step; the same file in SpiffWorkflow, with its own serializer at every step."""

import io
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

from mingchi.bench import _desk, _flow_steps
from mingchi.flows import interpreter
from mingchi.flows.checks import check
from mingchi.flows.conditions import Conditions
from mingchi.flows.context import ORDER
from mingchi.flows.deciding import Decider
from mingchi.flows.graph import Graph, Kind
from mingchi.flows.listing import Item, graph_of
from mingchi.flows.state import State
from mingchi.flows.steps import Registry
from mingchi.flows.writing import write_flow

_REPEATS: Final = 5
_NOW: Final = datetime(2026, 3, 1, 8, tzinfo=UTC)
# An order pays by card, below the sums that need more: of twelve tasks it does nine.
_VALUES: Final = {"amount_fen": 19_900, "payment_method": "card", "channel": "app"}


def _flow(name: str, *, longer: int = 0) -> Graph:
    """Twelve tasks, with `longer` more that no order of this benchmark comes to."""
    card = 'payment_method == "card"'
    rest = tuple(Item(f"more{number}", role="clerk") for number in range(longer))
    items = [
        Item("review", step="order.review", role="clerk", assent="yes", otherwise=rest),
        Item("audit", step="order.audit", role="manager", condition="amount_fen > 100000"),
        Item("finance", step="finance.confirm", role="finance", condition=card),
        Item("pick", step="goods.pick", role="warehouse"),
        Item("slip", step="slip.print", role="warehouse", parallel=True),
        Item("pack", step="goods.pack", role="warehouse"),
        Item("weigh", step="goods.weigh", role="warehouse", condition="amount_fen > 50000"),
        Item("ship", step="shipment.create", role="warehouse"),
        Item("deliver", step="shipment.deliver", role="warehouse"),
        Item("receive", step="order.receive", role="buyer"),
        Item("invoice", step="invoice.write", role="finance", condition='channel == "shop"'),
        Item("close", step="order.complete", role="clerk"),
    ]
    return graph_of(items, key=name)


def run(quick: bool) -> Iterator[dict[str, Any]]:
    """Yields `memory` (orders/s and bytes), `nodes`, `check`, `against-spiff`, what `_flow_steps`
    does on PostgreSQL, and `desk-50-clients`."""
    orders = 2_000 if quick else 10_000
    small, large = _flow("twelve"), _flow("hundreds", longer=150)
    rates: dict[str, list[float]] = {"small": [], "large": [], "written": []}
    for _ in range(_REPEATS):
        rates["small"].append(_rate(small, orders, written=False))
        rates["large"].append(_rate(large, orders, written=False))
        rates["written"].append(_rate(small, orders, written=True))
    rate, many, written = (round(median(rates[x])) for x in ("small", "large", "written"))
    yield {"bench": "flows", "case": "memory", "value": rate, "unit": "orders/s"}
    unit = "orders/s, state written and read at each step"
    yield {"bench": "flows", "case": "memory", "value": written, "unit": unit}
    yield {"bench": "flows", "case": "memory", "value": _largest(small), "unit": "bytes of state"}
    unit = "bytes of state, every step to be undone"
    yield {"bench": "flows", "case": "memory", "value": _largest(_undoable(small)), "unit": unit}
    yield {
        "bench": "flows",
        "case": "nodes",
        "value": many,
        "unit": f"orders/s in {len(large.nodes)} nodes",
        "against": f"in {len(small.nodes)} nodes",
        "against_value": rate,
        "ratio": round(many / rate, 2),
    }
    yield _check()
    yield from _against(small, 20 if quick else 100)
    yield from _desk.run(quick)  # first: its web server shares the keys of the first database
    yield from _flow_steps.run(quick)


def _undoable(graph: Graph) -> Graph:
    """With an undo for every task, so that the state remembers each that was done."""
    nodes = {
        node.id: replace(node, undo="step.undo") if node.kind is Kind.USER else node
        for node in graph.nodes.values()
    }
    return replace(graph, nodes=nodes)


def _decider() -> Decider:
    return Decider(Conditions(ORDER), _VALUES)


def _states(graph: Graph, decide: Decider, *, written: bool) -> Iterator[State]:
    """The states of one order, one a step; work is done as it comes."""
    state = interpreter.start(graph, now=_NOW, decide=decide).state
    yield state
    while state.ended is None:
        if written:
            state = State.from_json(json.loads(_text(state)))
        token = next(iter(state.tokens))
        outcome = "yes" if state.tokens[token].node == "review" else "done"
        state = interpreter.complete(
            graph, state, token=token, outcome=outcome, now=_NOW, decide=decide
        ).state
        yield state


def _text(state: State) -> str:
    return json.dumps(state.to_json())


def _rate(graph: Graph, orders: int, *, written: bool) -> float:
    decide = _decider()
    start = time.perf_counter()
    for _ in range(orders):
        for _state in _states(graph, decide, written=written):
            pass
    return orders / (time.perf_counter() - start)


def _largest(graph: Graph) -> int:
    states = list(_states(graph, _decider(), written=False))
    assert len(states) == 10, f"start and nine steps, not {len(states)}"
    return max(len(_text(state).encode()) for state in states)


def _check() -> dict[str, Any]:
    """Sixteen blocks: two tasks side by side, then one that half of them leave out."""
    graph = _hundred()
    registry, conditions = Registry(), Conditions(ORDER)
    times = []
    for _ in range(2 * _REPEATS + 1):
        start = time.perf_counter()
        found = check(graph, registry=registry, conditions=conditions, strict=False)
        times.append(time.perf_counter() - start)
        assert not found, found
    value = round(median(times) * 1000, 1)
    return {
        "bench": "flows",
        "case": "check",
        "value": value,
        "unit": f"ms for {len(graph.nodes)} nodes",
    }


def _hundred() -> Graph:
    items = []
    for n in range(16):
        items += [
            Item(f"a{n}", role="clerk"),
            Item(f"b{n}", role="clerk", parallel=True),
            Item(f"c{n}", role="clerk", condition="amount_fen > 100" if n % 2 else None),
        ]
    items.append(Item("last", Kind.TIMER, duration="P7D"))
    return graph_of(items, key="hundred")


def _against(graph: Graph, orders: int) -> Iterator[dict[str, Any]]:
    try:
        rival = _Rival(graph)
    except ImportError:
        print(
            "SpiffWorkflow is not installed: MINGCHI_LOCK=dev script/bench flows", file=sys.stderr
        )
        return
    rates, ours, size = [], [], 0
    for _ in range(3):
        ours.append(_rate(graph, orders * 20, written=True))
        start = time.perf_counter()
        for _ in range(orders):
            size = max(size, rival.order())
        rates.append(orders / (time.perf_counter() - start))
    value, against = round(median(ours)), round(median(rates), 1)
    result = {"bench": "flows", "case": "against-spiff", "against": "SpiffWorkflow"}
    yield result | {
        "value": value,
        "unit": "orders/s",
        "against_value": against,
        "ratio": round(value / against, 1),
    }
    largest = _largest(graph)
    yield result | {
        "value": largest,
        "unit": "bytes of state",
        "against_value": size,
        "ratio": round(size / largest, 1),
    }


class _Rival:
    """The same file in SpiffWorkflow. Its conditions are Python; the comparisons read alike."""

    def __init__(self, graph: Graph) -> None:
        from lxml import etree
        from SpiffWorkflow.bpmn.parser import BpmnParser
        from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

        parser = BpmnParser()
        root = etree.parse(io.BytesIO(write_flow(graph))).getroot()
        parser.add_bpmn_xml(root, filename="flow")
        self._spec = parser.get_spec(graph.key)
        self._serializer = BpmnWorkflowSerializer()

    def order(self) -> int:
        """One order to its end, written and read at every step; the largest state in bytes."""
        from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
        from SpiffWorkflow.util.task import TaskState

        workflow = BpmnWorkflow(self._spec)
        workflow.get_next_task(spec_name="Start").data.update(_VALUES)
        workflow.do_engine_steps()
        text = self._serializer.serialize_json(workflow)
        largest = len(text.encode())
        while not workflow.is_completed():
            workflow = self._serializer.deserialize_json(text)
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            task.data["outcome"] = "yes"
            task.run()
            workflow.do_engine_steps()
            text = self._serializer.serialize_json(workflow)
            largest = max(largest, len(text.encode()))
        return largest
