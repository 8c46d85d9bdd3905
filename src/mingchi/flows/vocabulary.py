"""The subset of BPMN 2.0 (ISO 19510) that is read, and what of other files is passed over.

Passed over is what is drawing or prose: diagrams, documentation, lanes, participants, notes. What
would run code or change the course of a flow elsewhere is refused, in whatever namespace it stands.
"""

from typing import Final

from mingchi.flows.graph import Kind

BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMN_DI: Final = "http://www.omg.org/spec/BPMN/20100524/DI"
DC: Final = "http://www.omg.org/spec/DD/20100524/DC"
DI: Final = "http://www.omg.org/spec/DD/20100524/DI"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
OURS: Final = "urn:mingchi:flow:1"

NODES: Final = {
    "startEvent": Kind.START,
    "endEvent": Kind.END,
    "userTask": Kind.USER,
    "serviceTask": Kind.SERVICE,
    "businessRuleTask": Kind.RULE,
    "exclusiveGateway": Kind.EXCLUSIVE,
    "parallelGateway": Kind.PARALLEL,
    "eventBasedGateway": Kind.EVENTS,
    "intermediateCatchEvent": Kind.MESSAGE,
    "boundaryEvent": Kind.BOUNDARY_MESSAGE,
    "subProcess": Kind.SUBPROCESS,
}
ELEMENTS: Final = {
    **{kind: name for name, kind in NODES.items()},
    Kind.TERMINATE: "endEvent",
    Kind.TIMER: "intermediateCatchEvent",
    Kind.BOUNDARY_TIMER: "boundaryEvent",
}

# Which of our attributes an element may carry.
OWN_ATTRIBUTES: Final = {
    Kind.USER: {"step", "role", "quorum", "due", "table"},
    Kind.SERVICE: {"step"},
    Kind.RULE: {"step", "table"},
    Kind.TIMER: {"table"},
    Kind.BOUNDARY_TIMER: {"table"},
}

# Drawing and prose inside a process, and inside any element of it.
PROSE: Final = {
    "documentation", "extensionElements", "incoming", "outgoing", "auditing", "monitoring",
    "categoryValueRef",
}  # fmt: skip
DRAWING: Final = {"laneSet", "textAnnotation", "association", "group"}
# Beside the process: declarations that do nothing unless an element uses them, which is refused.
BESIDE: Final = {
    "documentation", "extensionElements", "message", "collaboration", "category", "signal",
    "error", "escalation", "itemDefinition", "dataStore", "resource", "interface",
    "partnerEntity", "partnerRole", "endPoint",
}  # fmt: skip

# Local names by which modellers attach code, forms of work or calls to an element, whatever their
# namespace: attributes first, then elements of `extensionElements`.
RUNNING_ATTRIBUTES: Final = {
    "class", "delegateExpression", "expression", "script", "scriptFormat", "resultVariable",
    "topic", "decisionRef", "calledElement", "variableName", "triggerable", "connectorId",
}  # fmt: skip
RUNNING_ELEMENTS: Final = {
    "executionListener", "taskListener", "connector", "script", "inputOutput", "taskDefinition",
    "ioMapping", "calledDecision", "calledElement", "in", "out", "loopCharacteristics",
    "failedJobRetryTimeCycle", "field", "taskListeners", "executionListeners", "preScript",
    "postScript", "serviceTaskExtensions", "onEntry-script", "onExit-script",
    "serviceConfiguration",
}  # fmt: skip
