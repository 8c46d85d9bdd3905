"""Flow files as the modellers of others write them: prefixes, ids, namespaces, extension elements,
pools, lanes, collaboration, tasks of their own kinds. Made here from random flows, after files that
these tools publish; nothing of theirs is copied."""

# ruff: noqa: E501 - a dialect a line
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from tests.flows.making import sound_flow

from mingchi.flows.vocabulary import BPMN, BPMN_DI, DC, DI, OURS, XSI
from mingchi.flows.writing import write_flow


@dataclass(frozen=True)
class Dialect:
    """`tasks`: what it makes of a user task. `hang`: adds its own things to a task. `refused`: the
    code that its files are refused with, "" where they compile. `pools`: with a collaboration."""

    name: str
    prefix: str
    namespace: str
    ids: str
    encoding: str = "utf-8"
    tasks: str = "userTask"
    hang: Callable[[Element, str], None] | None = None
    refused: str = ""
    pools: bool = False
    ours: bool = False


def tag(local: str) -> str:
    return f"{{{BPMN}}}{local}"


def extension(task: Element) -> Element:
    found = Element(tag("extensionElements"))
    task.insert(0, found)
    return found


def camunda7(task: Element, space: str) -> None:
    task.set(f"{{{space}}}assignee", "${initiator}")
    task.set(f"{{{space}}}candidateGroups", "sales")
    form = SubElement(extension(task), f"{{{space}}}formData")
    SubElement(form, f"{{{space}}}formField", {"id": "approved", "type": "boolean"})


def camunda7_code(task: Element, space: str) -> None:
    task.set(f"{{{space}}}class", "org.example.ShipIt")


def camunda8(task: Element, space: str) -> None:
    found = extension(task)
    SubElement(found, f"{{{space}}}userTask")
    SubElement(found, f"{{{space}}}assignmentDefinition", {"candidateGroups": "clerks"})


def camunda8_code(task: Element, space: str) -> None:
    SubElement(extension(task), f"{{{space}}}taskDefinition", {"type": "ship", "retries": "3"})


def flowable_code(task: Element, space: str) -> None:
    found = SubElement(extension(task), f"{{{space}}}taskListener", {"event": "create"})
    found.set("class", "org.example.Listener")


def signavio(task: Element, space: str) -> None:
    task.set("startQuantity", "1")
    task.set("completionQuantity", "1")
    task.set("isForCompensation", "false")
    entry = {"metaKey": "bgcolor", "metaValue": "#ffffcc"}
    SubElement(extension(task), f"{{{space}}}signavioMetaData", entry)


def bizagi(task: Element, space: str) -> None:
    outer = SubElement(extension(task), f"{{{space}}}BizagiExtensions")
    properties = SubElement(outer, f"{{{space}}}BizagiProperties")
    SubElement(properties, f"{{{space}}}BizagiProperty", {"name": "bgColor", "value": "#ECEFFF"})
    SubElement(task, tag("documentation")).text = "由财务确认"


def jbpm(task: Element, space: str) -> None:
    found = SubElement(extension(task), f"{{{space}}}metaData", {"name": "elementname"})
    SubElement(found, f"{{{space}}}metaValue").text = "Review"
    SubElement(task, tag("ioSpecification"))


def trisotech(task: Element, space: str) -> None:
    task.set(f"{{{space}}}color", "white")
    SubElement(extension(task), f"{{{space}}}attachment", {"url": "about:blank"})


def loops(task: Element, space: str) -> None:
    SubElement(task, tag("multiInstanceLoopCharacteristics"), {"isSequential": "true"})


CAMUNDA: str = "http://camunda.org/schema/1.0/bpmn"
ZEEBE: str = "http://camunda.org/schema/zeebe/1.0"
DIALECTS = [
    Dialect("bpmn.io", "bpmn", "http://bpmn.io/schema/bpmn", "Activity_", ours=True),
    Dialect("camunda 7", "bpmn", CAMUNDA, "Activity_0", hang=camunda7),
    Dialect("camunda 7 code", "bpmn2", CAMUNDA, "UserTask_", hang=camunda7_code, refused="foreign-code"),
    Dialect("camunda 8", "bpmn", ZEEBE, "Activity_1", hang=camunda8, pools=True),
    Dialect("camunda 8 code", "bpmn", ZEEBE, "Activity_1", hang=camunda8_code, refused="foreign-code"),
    Dialect("flowable", "", "http://flowable.org/bpmn", "sid-", hang=flowable_code, refused="foreign-code"),
    Dialect("signavio", "", "http://www.signavio.com", "sid-B7E9-", hang=signavio, pools=True),
    Dialect("bizagi", "", "http://www.bizagi.com/bpmn20", "Id_", hang=bizagi, encoding="utf-16"),
    Dialect("jbpm", "bpmn2", "http://www.jboss.org/drools", "_", hang=jbpm, refused="unknown-element"),
    Dialect("trisotech", "semantic", "http://www.trisotech.com/2014/triso", "_5a97-", hang=trisotech),
    Dialect("miwg reference", "", "http://www.omg.org/bpmn/miwg", "_93c466ab-", tasks="task", refused="unknown-element"),
    Dialect("miwg loops", "semantic", "http://www.omg.org/bpmn/miwg", "_a-", hang=loops, refused="unknown-element"),
]  # fmt: skip


def write(dialect: Dialect, seed: int) -> bytes:
    """A file in a dialect; the same for the same seed."""
    for prefix, space in ((dialect.prefix, BPMN), ("x", dialect.namespace), ("mingchi", OURS)):
        ElementTree.register_namespace(prefix, space)
    for prefix, space in (("bpmndi", BPMN_DI), ("dc", DC), ("di", DI), ("xsi", XSI)):
        ElementTree.register_namespace(prefix, space)
    root = _drawn(seed)
    chance = Random(seed)
    _rename(root, dialect.ids)
    root.set("exporter", dialect.name)
    tasks = [*root.iter(tag("userTask"))]
    if dialect.hang:
        for task in chance.sample(tasks, chance.randint(1, len(tasks))):
            dialect.hang(task, dialect.namespace)
    for task in tasks:
        task.tag = tag(dialect.tasks)
    if not dialect.ours:
        _without_ours(root)
    if dialect.pools:
        _pools(root)
    text = ElementTree.tostring(root, encoding="unicode")
    head = f'<?xml version="1.0" encoding="{dialect.encoding}"?>\n'
    return (head + text).encode(dialect.encoding)


def _drawn(seed: int) -> Element:
    """A random flow with at least one user task."""
    while True:
        root = ElementTree.fromstring(write_flow(sound_flow(seed, depth=1)))  # noqa: S314 - ours
        if root.find(f".//{tag('userTask')}") is not None:
            return root
        seed += 1_000


def _rename(root: Element, ids: str) -> None:
    """Ids in the style of the tool, and the same in whatever refers to them."""
    names = {x.get("id", ""): f"{ids}{number}" for number, x in enumerate(root.iter())}
    for element in root.iter():
        for name, value in element.attrib.items():
            if value in names and name != "name":
                element.set(name, names[value])


def _without_ours(root: Element) -> None:
    for element in root.iter():
        for name in [name for name in element.attrib if name.startswith(f"{{{OURS}}}")]:
            del element.attrib[name]


def _pools(root: Element) -> None:
    """A pool around the process, a black box beside it, a lane in it, a note."""
    process = root.find(tag("process"))
    assert process is not None
    collaboration = Element(tag("collaboration"), {"id": "together"})
    pool = {"id": "pool", "processRef": process.get("id") or ""}
    SubElement(collaboration, tag("participant"), pool)
    SubElement(collaboration, tag("participant"), {"id": "box", "name": "Buyer"})
    ends = {"id": "talk", "sourceRef": "box", "targetRef": "pool"}
    SubElement(collaboration, tag("messageFlow"), ends)
    root.insert(0, collaboration)
    lanes = SubElement(process, tag("laneSet"), {"id": "lanes"})
    SubElement(lanes, tag("lane"), {"id": "lane", "name": "仓库"})
    SubElement(SubElement(process, tag("textAnnotation"), {"id": "note"}), tag("text")).text = "!"
