"""Writing small flow files by hand: `file(process)` wraps elements into a BPMN file."""

from itertools import pairwise

from mingchi.flows.findings import Finding
from mingchi.flows.reading import Reading, read_flow
from mingchi.flows.steps import Registry

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:m="urn:mingchi:flow:1" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
    targetNamespace="urn:test">
<bpmn:message id="paid_message" name="paid"/><bpmn:message id="stop_message" name="stop"/>
<bpmn:process id="flow">
"""
TAIL = "</bpmn:process></bpmn:definitions>"
PLAIN = """<bpmn:startEvent id="start"/>
<bpmn:userTask id="task" m:role="clerk"/>
<bpmn:endEvent id="end"/>
"""


def way(source: str, target: str, condition: str = "") -> str:
    """A sequence flow `source-target`."""
    inner = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    name = f"{source}-{target}"
    return f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>\n'  # noqa: E501


def ways(*chains: str) -> str:
    """Sequence flows along chains of ids: "start task end"."""
    found = [chain.split() for chain in chains]
    return "".join(way(a, b) for ids in found for a, b in pairwise(ids))


def file(process: str) -> bytes:
    return (HEAD + process + TAIL).encode()


def read(process: str, *, registry: Registry | None = None) -> Reading:
    return read_flow(file(process), registry=registry or Registry())


def codes(findings: "list[Finding] | tuple[Finding, ...]") -> list[str]:
    return [finding.code for finding in findings]
