"""The platform's standard flow of each kind: always there, so a checkout never fails for a flow."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.db import connection
from django.db.models import Max, QuerySet

from mingchi.flows.findings import Finding
from mingchi.foundation import clock
from mingchi.fulfilment import checking
from mingchi.fulfilment.checking import Checked
from mingchi.fulfilment.models import FlowDefinition, FlowVersion

STANDARD: Final = "standard"
_BY: Final = "system"
_registered: dict[str, bytes] = {}

# For a kind without a flow of its own: staff see the order and move it by hand, by the commands of
# the domain. Who ends it has seen to goods and money, so no facts are counted with.
BY_HAND: Final = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
             xmlns:m="urn:mingchi:flow:1" targetNamespace="urn:mingchi:flow:1">
  <process id="standard" name="人工处理" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="in" sourceRef="start" targetRef="by_hand"/>
    <userTask id="by_hand" name="人工处理" m:role="manager"/>
    <sequenceFlow id="out" sourceRef="by_hand" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>
""".encode()


def register(kind: str, bpmn: bytes) -> None:
    """The standard flow that the platform ships for a kind."""
    _registered[kind] = bpmn


def ensure(kind: str) -> int:
    """The published version of the platform's standard flow; made where it is missing."""
    found = _published(kind).values_list("pk", flat=True).first()
    if found is not None:
        return found
    with _one_at_a_time():
        bpmn = _registered.get(kind)
        if bpmn is not None and not _look(kind, bpmn).findings:
            return _publish(kind, bpmn)
        return _publish(kind, BY_HAND)


def bring_up_to_date(kind: str) -> int:
    """Publish what this release ships, unless it stands so already; what runs is not touched.
    A release whose own flow has faults is not put in force: FlowFaultsError."""
    bpmn = _registered.get(kind, BY_HAND)
    with _one_at_a_time():
        standing = _published(kind).first()
        if standing is not None and bytes(standing.bpmn_xml) == bpmn:
            return standing.pk
        if findings := _look(kind, bpmn).findings:
            raise FlowFaultsError(kind, findings)
        return _publish(kind, bpmn)


class FlowFaultsError(Exception):
    """The flow that this release ships does not pass the checks."""

    def __init__(self, kind: str, findings: Sequence[Finding]) -> None:
        super().__init__(f"standard flow of {kind}: " + "; ".join(map(str, findings)))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two processes that start together make one version."""
    assert connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mingchi.standard_flows'))")
    yield


def _look(kind: str, bpmn: bytes) -> Checked:
    facts = () if bpmn == BY_HAND else None
    return checking.look(bpmn, kind=kind, tables=(), facts=facts)


def _publish(kind: str, bpmn: bytes) -> int:
    standing = _published(kind).values_list("pk", flat=True).first()
    if standing is not None and bpmn == BY_HAND:
        return standing  # another process was faster
    graph = _look(kind, bpmn).graph
    assert graph is not None, "a flow without findings was read"
    definition, _made = FlowDefinition.objects.get_or_create(
        merchant=None, kind=kind, key=STANDARD, defaults={"name": graph.name or STANDARD}
    )
    last = definition.versions.aggregate(last=Max("number"))["last"] or 0
    _published(kind).update(status=FlowVersion.Status.RETIRED)
    return FlowVersion.objects.create(
        definition=definition,
        number=last + 1,
        bpmn_xml=bpmn,
        graph=graph.to_json(),
        digest=graph.digest,
        findings=[],
        checked_sha256=checking.sha256(bpmn),
        status=FlowVersion.Status.PUBLISHED,
        created_by=_BY,
        published_by=_BY,
        published_at=clock.now(),
    ).pk


def _published(kind: str) -> QuerySet[FlowVersion]:
    return FlowVersion.objects.filter(
        definition__merchant__isnull=True,
        definition__kind=kind,
        definition__key=STANDARD,
        status=FlowVersion.Status.PUBLISHED,
    )
