"""From a graph to a BPMN file with its drawing: what the list editor and the templates write.

`write_flow` and `reading.read_flow` are inverse to each other, but for line numbers.
"""

from itertools import count
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from mingchi.flows.graph import Graph, Kind, Node
from mingchi.flows.layout import Box, Layout, lay_out
from mingchi.flows.vocabulary import BPMN, BPMN_DI, DC, DI, ELEMENTS, OURS, XSI

_NAMESPACES: Final = {
    "xmlns:bpmn": BPMN,
    "xmlns:bpmndi": BPMN_DI,
    "xmlns:dc": DC,
    "xmlns:di": DI,
    "xmlns:xsi": XSI,
    "xmlns:mingchi": OURS,
}
_MESSAGES: Final = frozenset({Kind.START, Kind.MESSAGE, Kind.BOUNDARY_MESSAGE})
_TIMERS: Final = frozenset({Kind.TIMER, Kind.BOUNDARY_TIMER})


def write_flow(graph: Graph) -> bytes:
    """The graph as a BPMN 2.0 file in UTF-8, laid out from left to right."""
    return _Writer(graph).write()


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        names = dict.fromkeys(x.message for x in graph.nodes.values() if x.message is not None)
        taken = {way.id for node in graph.nodes.values() for way in node.ways} | {*graph.nodes}
        numbers = count(1)
        self._messages = {name: self._free(f"Message_{next(numbers)}", taken) for name in names}
        self._taken = taken

    def _free(self, wanted: str, taken: set[str]) -> str:
        while wanted in taken:
            wanted += "_"
        taken.add(wanted)
        return wanted

    def write(self) -> bytes:
        target = "urn:mingchi:flow"
        root = Element("bpmn:definitions", {**_NAMESPACES, "targetNamespace": target})
        for name, message_id in self._messages.items():
            SubElement(root, "bpmn:message", {"id": message_id, "name": name or ""})
        attributes = {"id": self._graph.key, "isExecutable": "true"}
        if self._graph.name:
            attributes["name"] = self._graph.name
        process = SubElement(root, "bpmn:process", attributes)
        self._scope(process, "")
        self._drawing(root)
        ElementTree.indent(root)
        text = ElementTree.tostring(root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()

    def _scope(self, parent: Element, scope: str) -> None:
        inner = [node for node in self._graph.nodes.values() if node.inside == scope]
        for node in inner:
            self._node(parent, node)
        for node in inner:
            self._ways(parent, node)

    def _node(self, parent: Element, node: Node) -> None:
        element = SubElement(parent, f"bpmn:{ELEMENTS[node.kind]}", self._attributes(node))
        if node.kind is Kind.SUBPROCESS:
            self._scope(element, node.id)
        elif node.kind is Kind.TERMINATE:
            SubElement(element, "bpmn:terminateEventDefinition")
        elif node.kind in _TIMERS:
            timer = SubElement(element, "bpmn:timerEventDefinition")
            if node.duration is not None:
                SubElement(timer, "bpmn:timeDuration").text = node.duration
        elif node.kind in _MESSAGES and node.message is not None:
            message = self._messages[node.message]
            SubElement(element, "bpmn:messageEventDefinition", {"messageRef": message})

    def _attributes(self, node: Node) -> dict[str, str]:
        attributes = {"id": node.id}
        if node.name:
            attributes["name"] = node.name
        if node.on is not None:
            attributes["attachedToRef"] = node.on
        for way in node.ways:
            if way.default:
                attributes["default"] = way.id
        for name in ("step", "role", "due", "table"):
            value = getattr(node, name)
            if value is not None:
                attributes[f"mingchi:{name}"] = value
        if node.quorum != "any":
            attributes["mingchi:quorum"] = node.quorum
        return attributes

    def _ways(self, parent: Element, node: Node) -> None:
        for way in node.ways:
            attributes = {"id": way.id, "sourceRef": node.id, "targetRef": way.target}
            if way.name:
                attributes["name"] = way.name
            element = SubElement(parent, "bpmn:sequenceFlow", attributes)
            if way.condition is not None:
                kind = {"xsi:type": "bpmn:tFormalExpression"}
                SubElement(element, "bpmn:conditionExpression", kind).text = way.condition

    def _drawing(self, root: Element) -> None:
        layout = lay_out(self._graph)
        key = self._graph.key
        diagram = SubElement(root, "bpmndi:BPMNDiagram", {"id": self._id(f"{key}_diagram")})
        names = {"id": self._id(f"{key}_plane"), "bpmnElement": key}
        plane = SubElement(diagram, "bpmndi:BPMNPlane", names)
        for node_id, box in layout.boxes.items():
            names = {"id": self._id(f"{node_id}_di"), "bpmnElement": node_id}
            if self._graph.nodes[node_id].kind is Kind.SUBPROCESS:
                names["isExpanded"] = "true"
            shape = SubElement(plane, "bpmndi:BPMNShape", names)
            SubElement(shape, "dc:Bounds", _bounds(box))
            self._name(shape, layout, node_id)
        for way in (way for node in self._graph.nodes.values() for way in node.ways):
            names = {"id": self._id(f"{way.id}_di"), "bpmnElement": way.id}
            edge = SubElement(plane, "bpmndi:BPMNEdge", names)
            for x, y in layout.lines[way.id]:
                SubElement(edge, "di:waypoint", {"x": str(x), "y": str(y)})
            self._name(edge, layout, way.id)

    def _name(self, drawn: Element, layout: Layout, element_id: str) -> None:
        """Where the name stands that is written beside a shape or a line."""
        box = layout.names.get(element_id)
        if box is not None:
            label = SubElement(drawn, "bpmndi:BPMNLabel")
            SubElement(label, "dc:Bounds", _bounds(box))

    def _id(self, wanted: str) -> str:
        return self._free(wanted, self._taken)


def _bounds(box: Box) -> dict[str, str]:
    return {"x": str(box.x), "y": str(box.y), "width": str(box.width), "height": str(box.height)}
