"""From a BPMN file to a graph: `read_flow(bytes)`. Never raises; says everything it finds at once.

Two passes: this module takes each element of the subset to a `Draft`, and `structure` joins the
drafts and looks at what refers to what.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from mingchi.flows.durations import read_duration
from mingchi.flows.findings import Finding, in_order
from mingchi.flows.graph import BOUNDARIES, Graph, Kind
from mingchi.flows.steps import REGISTRY, Registry
from mingchi.flows.structure import Draft, DraftWay, assemble
from mingchi.flows.vocabulary import (
    BESIDE,
    BPMN,
    DRAWING,
    NODES,
    OURS,
    OWN_ATTRIBUTES,
    PROSE,
    RUNNING_ATTRIBUTES,
    RUNNING_ELEMENTS,
)
from mingchi.flows.xml import Element, UnreadableError, parse

MOST_NODES: Final = 200
_LONGEST_ID: Final = 128
_QUORUM: Final = re.compile(r"any|all|[1-9][0-9]?")


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a file. `graph` is None where findings stand in the way; `unreadable`: it is no
    BPMN file at all, and the one finding says why."""

    graph: Graph | None
    findings: tuple[Finding, ...]
    unreadable: bool = False


def read_flow(data: bytes, *, registry: Registry = REGISTRY) -> Reading:
    """Reads and compiles a flow file. Outcomes, undo and retries are copied from the registry for
    the steps it knows."""
    try:
        root = parse(data)
        if root.name != (BPMN, "definitions"):
            raise UnreadableError("not-bpmn", "not a BPMN 2.0 file: no definitions", root.line)
    except UnreadableError as error:
        finding = Finding(error.code, str(error), line=error.line)
        return Reading(None, (finding,), unreadable=True)
    reader = _Reader()
    process = reader.definitions(root)
    if process is None or reader.findings:
        return Reading(None, tuple(in_order(reader.findings)))
    graph, findings = assemble(
        process=process,
        drafts=reader.drafts,
        ways=reader.ways,
        messages=reader.messages,
        registry=registry,
    )
    return Reading(graph, tuple(in_order(findings)))


@dataclass
class _Reader:
    findings: list[Finding] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    ways: list[DraftWay] = field(default_factory=list)
    messages: dict[str, str] = field(default_factory=dict)
    around: str = ""
    """The id of what everything stands in: of the definitions, then of the process."""

    def find(self, code: str, message: str, element: Element, owner: str = "") -> None:
        at = element.get("id") or owner or self.around
        self.findings.append(Finding(code, message, at, element.line))

    def definitions(self, root: Element) -> Element | None:
        """Everything in the file; returns the process with the flow."""
        self.around = root.get("id") or ""
        processes = []
        for child in root.children:
            namespace, local = child.name
            if namespace != BPMN:
                continue
            if local == "process":
                processes.append(child)
            elif local == "message":
                self._message(child)
            elif local not in BESIDE:
                self._unknown(child)
        drawn = [x for x in processes if any(y.name[1] in NODES for y in x.children)] or processes
        if not drawn:
            self.find("no-process", "the file holds no process", root)
            return None
        for extra in drawn[1:]:
            self.find("two-processes", "one file holds one process; this is another", extra)
        self.around = drawn[0].get("id") or self.around
        self._extensions(drawn[0], "")
        self._content(drawn[0], "")
        if len(self.drafts) > MOST_NODES:
            self.find(
                "too-many-nodes",
                f"{len(self.drafts)} nodes; a flow has at most {MOST_NODES}",
                drawn[0],
            )
        return drawn[0]

    def _message(self, element: Element) -> None:
        name = (element.get("name") or element.get("id") or "").strip()
        self.messages[element.get("id") or ""] = name

    def _content(self, parent: Element, inside: str) -> None:
        """Nodes and ways of a process or sub-process."""
        for child in parent.children:
            namespace, local = child.name
            if namespace != BPMN:
                self._foreign(child, inside)
            elif local in NODES:
                self._node(child, inside)
            elif local == "sequenceFlow":
                self._way(child, inside)
            elif local not in PROSE and local not in DRAWING:
                self._unknown(child)

    def _unknown(self, element: Element, owner: str = "") -> None:
        local = element.name[1]
        self.find("unknown-element", f"a {local} is not part of the subset", element, owner)

    def _node(self, element: Element, inside: str) -> None:
        node_id = self._id(element)
        kind = NODES[element.name[1]]
        draft = Draft(id=node_id, kind=kind, inside=inside, element=element)
        draft.name = element.get("name") or ""
        self._standard_attributes(element)
        self._extensions(element, node_id)
        if kind is Kind.SUBPROCESS:
            self.drafts.append(draft)
            self._content(element, node_id)
            return
        for child in element.children:
            namespace, local = child.name
            if namespace != BPMN:
                self._foreign(child, node_id)
            elif local in _DEFINITIONS.get(kind, ()):
                self._event_definition(draft, child)
            elif local not in PROSE:
                self._unknown(child, node_id)
        self._event(draft)
        self._own_attributes(draft)
        self.drafts.append(draft)

    def _id(self, element: Element) -> str:
        node_id = element.get("id") or ""
        if not node_id:
            self.find("no-id", f"this {element.name[1]} has no id", element)
        elif len(node_id) > _LONGEST_ID:
            self.find("long-id", f"an id has at most {_LONGEST_ID} characters", element)
        return node_id

    def _standard_attributes(self, element: Element) -> None:
        """Attributes of the standard that would change the course and that nobody honours here."""
        for (namespace, local), value in element.attributes.items():
            if not namespace and _REFUSED_VALUES.get(local) == value.strip().lower():
                self.find("unknown-attribute", f'{local}="{value}" is not supported', element)
            if not namespace and local in _QUANTITIES and value.strip() != "1":
                self.find("unknown-attribute", f"{local} must be 1", element)

    def _extensions(self, element: Element, owner: str) -> None:
        """What modellers hang on an element: passed over, unless it runs something."""
        for namespace, local in element.attributes:
            if namespace not in ("", BPMN, OURS) and local in RUNNING_ATTRIBUTES:
                message = f"the attribute {local} of another engine would run something"
                self.find("foreign-code", message, element, owner)
        for child in element.children:
            if child.name == (BPMN, "extensionElements"):
                for inner in child.children:
                    self._foreign(inner, owner)

    def _foreign(self, element: Element, owner: str) -> None:
        """An element of another namespace, with all in it."""
        namespace, local = element.name
        if namespace == OURS:
            self.find("unknown-element", f"there is no element {local} of ours", element, owner)
        elif namespace == BPMN or local in RUNNING_ELEMENTS:
            message = f"the extension {local} of another engine would run something"
            self.find("foreign-code", message, element, owner)
        else:
            for child in element.children:
                self._foreign(child, owner)

    def _event_definition(self, draft: Draft, element: Element) -> None:
        if draft.definition is not None:
            self.find("two-definitions", "an event has one definition", element, draft.id)
        draft.definition = element
        self._extensions(element, draft.id)
        for child in element.children:
            if child.name == (BPMN, "timeDuration") and element.name[1] == _TIMER:
                draft.duration = child.text.strip()
            elif child.name[0] != BPMN:
                self._foreign(child, draft.id)
            elif child.name[1] not in PROSE:
                self._unknown(child, draft.id)

    def _event(self, draft: Draft) -> None:
        """What kind of event it is, by its definition."""
        definition = draft.definition.name[1] if draft.definition else ""
        if draft.kind is Kind.END and definition:
            draft.kind = Kind.TERMINATE
        elif draft.kind in (Kind.MESSAGE, Kind.BOUNDARY_MESSAGE):
            if not definition:
                message = "an event that catches needs a timer or a message"
                self.find("no-definition", message, draft.element)
            elif definition == _TIMER:
                caught = draft.kind is Kind.MESSAGE
                draft.kind = Kind.TIMER if caught else Kind.BOUNDARY_TIMER
        if draft.kind in BOUNDARIES:
            draft.on = draft.element.get("attachedToRef") or ""
        if definition == "messageEventDefinition" and draft.definition:
            # A qualified name: what stands before the colon is a prefix of the file's own.
            draft.message = (draft.definition.get("messageRef") or "").rpartition(":")[2]

    def _own_attributes(self, draft: Draft) -> None:
        """`step`, `role`, `quorum`, `due`, `table`: each where it belongs, in its form."""
        allowed = OWN_ATTRIBUTES.get(draft.kind, set())
        for (namespace, local), value in draft.element.attributes.items():
            if namespace != OURS:
                continue
            if local not in allowed:
                message = f"the attribute {local} does not belong on a {draft.element.name[1]}"
                self.find("unknown-attribute", message, draft.element)
            elif not value.strip():
                self.find("empty-attribute", f"the attribute {local} is empty", draft.element)
            else:
                setattr(draft, local, value.strip())
        if not _QUORUM.fullmatch(draft.quorum):
            message = f"quorum {draft.quorum!r} is not any, all or a number up to 99"
            self.find("bad-quorum", message, draft.element)
        self._duration(draft, draft.due, draft.element)
        if draft.kind in (Kind.TIMER, Kind.BOUNDARY_TIMER):
            if (draft.duration is None) == (draft.table is None):
                message = "a timer needs one timeDuration, or a decision table that gives it"
                self.find("no-duration", message, draft.element)
            self._duration(draft, draft.duration, draft.definition or draft.element)

    def _duration(self, draft: Draft, text: str | None, element: Element) -> None:
        if text is None:
            return
        try:
            read_duration(text)
        except ValueError as error:
            self.findings.append(Finding("bad-duration", str(error), draft.id, element.line))

    def _way(self, element: Element, inside: str) -> None:
        way = DraftWay(
            id=self._id(element),
            source=element.get("sourceRef") or "",
            target=element.get("targetRef") or "",
            name=element.get("name") or "",
            inside=inside,
            line=element.line,
        )
        self._extensions(element, way.id)
        for child in element.children:
            if child.name == (BPMN, "conditionExpression"):
                self._condition(way, child)
            elif child.name[0] == BPMN and child.name[1] not in PROSE:
                self._unknown(child, way.id)
        self.ways.append(way)

    def _condition(self, way: DraftWay, element: Element) -> None:
        language = (element.get("language") or "cel").lower()
        if "cel" not in language.replace("excel", ""):
            message = f"conditions are written in CEL, not in {language!r}"
            self.find("not-cel", message, element, way.id)
        self._extensions(element, way.id)
        way.condition = element.text.strip()


_TIMER: Final = "timerEventDefinition"
_DEFINITIONS: Final = {
    Kind.START: {"messageEventDefinition"},
    Kind.END: {"terminateEventDefinition"},
    Kind.MESSAGE: {"messageEventDefinition", _TIMER},
    Kind.BOUNDARY_MESSAGE: {"messageEventDefinition", _TIMER},
}
_QUANTITIES: Final = ("startQuantity", "completionQuantity")
# attribute -> the value that is refused
_REFUSED_VALUES: Final = {
    "cancelActivity": "false",
    "triggeredByEvent": "true",
    "isForCompensation": "true",
    "instantiate": "true",
    "eventGatewayType": "parallel",
    "parallelMultiple": "true",
}
