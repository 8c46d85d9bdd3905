"""SpiffWorkflow as an oracle: the same file stepped by another interpreter.

Its conditions are Python, which a comparison of strings is too. Service tasks become tasks that
wait, since the steps are ours to do; events are handed to the task that waits for them.
"""

import io
import re
from collections.abc import Mapping

from lxml import etree
from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from mingchi.flows.graph import Graph, Kind
from mingchi.flows.writing import write_flow


class Oracle:
    """One instance of a flow in SpiffWorkflow."""

    def __init__(self, graph: Graph, values: Mapping[str, str]) -> None:
        self._graph = graph
        text = write_flow(graph).replace(b"bpmn:serviceTask", b"bpmn:manualTask")
        text = re.sub(rb"<bpmn:timeDuration>(\w+)<", rb'<bpmn:timeDuration>"\1"<', text)
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.parse(io.BytesIO(text)).getroot(), filename="flow")
        spec = parser.get_spec(graph.key)
        others = parser.get_subprocess_specs(graph.key)
        self._workflow = BpmnWorkflow(spec, others, script_engine=PythonScriptEngine())
        start = self._workflow.get_next_task(spec_name="Start")
        start.data.update(values, outcome="")
        self._workflow.do_engine_steps()

    def places(self) -> list[str]:
        """Where tokens rest, sorted."""
        return sorted(task.task_spec.bpmn_id for task in self._resting())

    def ended(self) -> bool:
        return bool(self._workflow.is_completed())

    def complete(self, node: str, outcome: str = "") -> None:
        (task,) = [x for x in self._resting() if x.task_spec.bpmn_id == node]
        if outcome:
            task.data["outcome"] = outcome
        task.run()
        self._workflow.do_engine_steps()

    def signal(self, name: str) -> None:
        self._workflow.catch(BpmnEvent(MessageEventDefinition(name)))
        self._workflow.do_engine_steps()

    def fire(self, node: str) -> None:
        """The timer of a catch or boundary event, or of one behind an event gateway."""
        places = {node} | {
            one.id
            for one in self._graph.nodes.values()
            if one.kind is Kind.EVENTS and node in [way.target for way in one.ways]
        }
        waiting = self._workflow.get_tasks(state=TaskState.WAITING)
        (task,) = [x for x in waiting if x.task_spec.bpmn_id in places]
        # It was due long ago; nothing else is, since all others count from today.
        task._set_internal_data(event_value="2001-01-01T00:00:00+00:00")
        self._workflow.do_engine_steps()
        self._workflow.refresh_timers()
        self._workflow.do_engine_steps()

    def _resting(self) -> list[Task]:
        found = []
        for task in self._workflow.get_tasks(state=TaskState.READY | TaskState.WAITING):
            node = self._graph.nodes.get(task.task_spec.bpmn_id or "")
            if node is not None and node.kind in _RESTING:
                found.append(task)
        return found


_RESTING = {Kind.USER, Kind.SERVICE, Kind.TIMER, Kind.MESSAGE, Kind.EVENTS}
