"""What is read of a BPMN file and what is refused, with element and line."""
# ruff: noqa: E501 - a case a line

import pytest
from tests.flows.bpmn import HEAD, PLAIN, TAIL, codes, file, read, way, ways

from mingchi.flows.graph import Kind
from mingchi.flows.reading import MOST_NODES, read_flow
from mingchi.flows.steps import Registry
from mingchi.flows.xml import MOST_BYTES

LINE = HEAD.count("\n") + 1


def test_a_plain_flow_is_read() -> None:
    reading = read(PLAIN + ways("start task end"))
    assert reading.findings == ()
    assert reading.graph is not None
    assert [node.kind for node in reading.graph.nodes.values()] == [Kind.START, Kind.USER, Kind.END]
    assert reading.graph.nodes["task"].role == "clerk"
    assert reading.graph.nodes["task"].line == LINE + 1


def test_our_attributes_and_events_are_read() -> None:
    task = (
        '<bpmn:userTask id="t" m:role="r" m:step="a.b" m:quorum="2" m:due="PT4H"/>'
        '<bpmn:boundaryEvent id="late" attachedToRef="t"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration> P1D </bpmn:timeDuration></bpmn:timerEventDefinition>"
        '</bpmn:boundaryEvent><bpmn:boundaryEvent id="stop" attachedToRef="t">'
        '<bpmn:messageEventDefinition messageRef="x:stop_message"/></bpmn:boundaryEvent>'
        '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
    )
    graph = read(task + ways("s t e", "late e", "stop e")).graph
    assert graph is not None
    node = graph.nodes["t"]
    assert (node.role, node.step, node.quorum, node.due) == ("r", "a.b", "2", "PT4H")
    assert (graph.nodes["late"].duration, graph.nodes["late"].on) == ("P1D", "t")
    assert graph.nodes["stop"].message == "stop"
    assert [event.id for event in graph.boundaries["t"]] == ["late", "stop"]


def test_outcomes_undo_and_retries_come_from_the_registry() -> None:
    registry = Registry()
    registry.step("a.b", outcomes=("yes", "no"), undo="a.c", retries=7)(lambda context: None)
    task = '<bpmn:serviceTask id="t" m:step="a.b"/><bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
    graph = read(task + ways("s t e"), registry=registry).graph
    assert graph is not None
    node = graph.nodes["t"]
    assert (node.outcomes, node.undo, node.retries) == (("yes", "no"), "a.c", 7)


@pytest.mark.parametrize(
    "element",
    [
        "scriptTask", "task", "sendTask", "receiveTask", "manualTask", "callActivity",
        "inclusiveGateway", "complexGateway", "intermediateThrowEvent", "adHocSubProcess",
        "transaction", "dataObject", "nonsense",
    ],
)  # fmt: skip
def test_an_element_outside_the_subset_is_refused(element: str) -> None:
    reading = read(f'{PLAIN}<bpmn:{element} id="odd"/>' + ways("start task end"))
    assert reading.graph is None
    (finding,) = reading.findings
    assert (finding.code, finding.element, finding.line) == ("unknown-element", "odd", LINE + 3)


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("<bpmn:standardLoopCharacteristics/>", "unknown-element"),
        ("<bpmn:multiInstanceLoopCharacteristics/>", "unknown-element"),
        (
            '<bpmn:extensionElements><camunda:executionListener class="X"/>'
            "</bpmn:extensionElements>",
            "foreign-code",
        ),
        (
            "<bpmn:extensionElements><camunda:a><camunda:script>rm</camunda:script></camunda:a>"
            "</bpmn:extensionElements>",
            "foreign-code",
        ),
        ("<bpmn:extensionElements><m:step/></bpmn:extensionElements>", "unknown-element"),
    ],
)
def test_what_would_run_is_refused(inner: str, code: str) -> None:
    task = f'<bpmn:userTask id="task" m:role="clerk">{inner}</bpmn:userTask>'
    process = PLAIN.replace('<bpmn:userTask id="task" m:role="clerk"/>', task)
    reading = read(process + ways("start task end"))
    assert codes(reading.findings) == [code]
    assert reading.findings[0].line == LINE + 1


def test_prose_and_drawing_are_passed_over() -> None:
    task = (
        '<bpmn:userTask id="task" m:role="clerk" camunda:assignee="x" name="Do &amp; check">'
        "<bpmn:documentation>Look twice.</bpmn:documentation><bpmn:extensionElements>"
        '<camunda:properties><camunda:property name="a" value="b"/></camunda:properties>'
        "</bpmn:extensionElements><bpmn:incoming>x</bpmn:incoming></bpmn:userTask>"
        '<bpmn:laneSet id="lanes"><bpmn:lane id="lane"/></bpmn:laneSet>'
        '<bpmn:textAnnotation id="note"><bpmn:text>!</bpmn:text></bpmn:textAnnotation>'
    )
    process = PLAIN.replace('<bpmn:userTask id="task" m:role="clerk"/>', task)
    reading = read(process + ways("start task end"))
    assert reading.findings == ()
    assert reading.graph is not None
    assert reading.graph.nodes["task"].name == "Do & check"


BOUNDARY = '<bpmn:boundaryEvent id="b" attachedToRef="task"{}>{}</bpmn:boundaryEvent>'
TIMER = (
    "<bpmn:timerEventDefinition><bpmn:timeDuration>{}</bpmn:timeDuration>"
    "</bpmn:timerEventDefinition>"
)


@pytest.mark.parametrize(
    ("extra", "chains", "code", "element"),
    [
        ("", ["start task", "task nowhere", "task end"], "dangling", "task-nowhere"),
        ("", ["start task end", "end task"], "way-out-of-end", "end"),
        ("", ["start task end", "task start"], "way-into-start", "start"),
        ('<bpmn:userTask id="lost" m:role="r"/>', ["start task end", "lost end"], "dead-node", "lost"),
        ('<bpmn:userTask id="end2" m:role="r"/>', ["start task end", "task end2"], "no-way-out", "end2"),
        ('<bpmn:userTask id="task" m:role="r"/>', ["start task end"], "id-twice", "task"),
        ('<bpmn:startEvent id="s2"/>', ["start task end", "s2 task"], "two-starts", "s2"),
        (BOUNDARY.format("", TIMER.format("1 day")), ["start task end", "b end"], "bad-duration", "b"),
        (BOUNDARY.format("", TIMER.format("PT0S")), ["start task end", "b end"], "bad-duration", "b"),
        (BOUNDARY.format("", TIMER.format("")), ["start task end", "b end"], "bad-duration", "b"),
        (BOUNDARY.format("", ""), ["start task end", "b end"], "no-definition", "b"),
        (
            BOUNDARY.format(' cancelActivity="false"', TIMER.format("P1D")),
            ["start task end", "b end"], "unknown-attribute", "b",
        ),
        (
            BOUNDARY.format("", "<bpmn:errorEventDefinition/>"),
            ["start task end", "b end"], "unknown-element", "b",
        ),
        (
            BOUNDARY.format("", '<bpmn:messageEventDefinition messageRef="no"/>'),
            ["start task end", "b end"], "dangling", "b",
        ),
        ('<bpmn:userTask m:role="r"/>', ["start task end"], "no-id", "flow"),
        ('<bpmn:exclusiveGateway id="g" m:role="r"/>', ["start task g end"], "unknown-attribute", "g"),
        ('<bpmn:userTask id="q" m:quorum="0"/>', ["start task q end"], "bad-quorum", "q"),
        ('<bpmn:userTask id="q" m:due="soon"/>', ["start task q end"], "bad-duration", "q"),
        ('<bpmn:userTask id="q" m:rol="x"/>', ["start task q end"], "unknown-attribute", "q"),
        ('<bpmn:exclusiveGateway id="g"/>', ["start g", "g task end", "g end"], "no-condition", "g-task"),
        ('<bpmn:eventBasedGateway id="g"/>', ["start g", "g task end", "g end"], "no-event", "g-task"),
        ('<bpmn:exclusiveGateway id="g" default="x"/>', ["start g task end"], "dangling", "g"),
        ('<bpmn:subProcess id="p"/>', ["start task p end"], "no-start", "p"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    extra: str, chains: list[str], code: str, element: str
) -> None:
    reading = read(PLAIN + extra + ways(*chains))
    assert reading.graph is None
    found = [finding for finding in reading.findings if finding.code == code]
    assert found, reading.findings
    assert found[0].element == element
    assert found[0].line >= LINE


def test_a_condition_off_a_gateway_is_refused() -> None:
    process = PLAIN + ways("start task") + way("task", "end", "true")
    assert codes(read(process).findings) == ["stray-condition"]


def test_ways_do_not_cross_into_a_subprocess() -> None:
    inner = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + ways("s e")
    process = PLAIN + f'<bpmn:subProcess id="p">{inner}</bpmn:subProcess>'
    reading = read(process + ways("start task p end", "task e"))
    assert codes(reading.findings) == ["crosses"]


def test_several_faults_are_told_at_once() -> None:
    odd = (
        '<bpmn:scriptTask id="a"/>\n<bpmn:callActivity id="b"/>\n<bpmn:userTask id="c" m:due="x"/>'
    )
    findings = read(PLAIN + odd + ways("start task end")).findings
    assert [(x.element, x.line) for x in findings] == [
        ("a", LINE + 3),
        ("b", LINE + 4),
        ("c", LINE + 5),
    ]


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<definitions>&c;</definitions>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>
<definitions>&e;</definitions>"""


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (BOMB.encode(), "dtd", 2),
        (OUTSIDE.encode(), "dtd", 2),
        (b'<!DOCTYPE x SYSTEM "http://example.com/x.dtd"><x/>', "dtd", 1),
        (b"", "not-xml", 1),
        (b"not xml at all", "not-xml", 1),
        (b"<a>\n<b></a>", "not-xml", 2),
        (b"<a>&unknown;</a>", "not-xml", 1),
        (b"\x00\x01\x02", "not-xml", 1),
        ('<?xml version="1.0" encoding="UTF-8"?>\n<a>审核</a>'.encode("gbk"), "not-xml", 2),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "not-xml", 1),
        (b"<a/>", "not-bpmn", 1),
        (b'<definitions xmlns="http://example.com/bpmn"/>', "not-bpmn", 1),
        (b"<a>" * 70 + b"</a>" * 70, "too-deep", 1),
        (b"<a>" + b" " * MOST_BYTES + b"</a>", "too-big", 0),
        (b"x" * 10_000_000, "too-big", 0),
    ],
)
def test_what_is_no_flow_file_is_unreadable(data: bytes, code: str, line: int) -> None:
    reading = read_flow(data, registry=Registry())
    assert reading.unreadable
    assert reading.graph is None
    assert [(x.code, x.line) for x in reading.findings] == [(code, line)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_other_encodings_are_read(encoding: str) -> None:
    name = encoding.removesuffix("-sig")
    text = file(PLAIN + ways("start task end")).decode().replace("UTF-8", name)
    assert read_flow(text.encode(encoding), registry=Registry()).findings == ()


def test_a_flow_has_at_most_so_many_nodes() -> None:
    tasks = [f"t{number}" for number in range(MOST_NODES - 1)]
    elements = "".join(f'<bpmn:userTask id="{task}" m:role="r"/>' for task in tasks)
    ends = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
    reading = read(elements + ends + ways(f"s {' '.join(tasks)} e"))
    assert codes(reading.findings) == ["too-many-nodes"]
    fewer = "".join(f'<bpmn:userTask id="{task}" m:role="r"/>' for task in tasks[1:])
    assert read(fewer + ends + ways(f"s {' '.join(tasks[1:])} e")).findings == ()


def test_a_process_without_start_or_end_is_named() -> None:
    findings = read('<bpmn:userTask id="t" m:role="r"/>').findings
    assert {"no-start", "no-end"} <= {f.code for f in findings if f.element == "flow"}
    assert all(finding.line for finding in findings)


def test_a_file_holds_one_process() -> None:
    plain = PLAIN + ways("start task end")
    second = f'</bpmn:process><bpmn:process id="second">{PLAIN.replace("id=", "id=")}'
    assert "two-processes" in codes(read(plain + second).findings)
    empty = '</bpmn:process><bpmn:process id="black_box">'
    assert read(plain + empty).findings == ()
    nothing = HEAD.replace('<bpmn:process id="flow">', "") + TAIL.replace("</bpmn:process>", "")
    assert codes(read_flow(nothing.encode(), registry=Registry()).findings) == ["no-process"]
