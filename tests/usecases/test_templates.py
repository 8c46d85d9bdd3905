"""The flows that merchants start from are sound, in both languages, and use registered steps."""

import pytest
from tests.flows.drawings import bends, faults

from mingchi.flows import REGISTRY
from mingchi.flows.layout import lay_out
from mingchi.flows.listing import items_of
from mingchi.flows.reading import read_flow
from mingchi.fulfilment import checking
from mingchi.usecases import templates
from mingchi.usecases.templates.drawing import Language

KEYS = sorted(templates.ALL)


@pytest.mark.parametrize("language", templates.LANGUAGES)
@pytest.mark.parametrize("key", KEYS)
def test_a_template_passes_all_checks(key: str, language: Language) -> None:
    kind = templates.ALL[key].kind
    found = checking.look(templates.bpmn(key, language=language), kind=kind, tables=())
    assert [str(finding) for finding in found.findings] == []
    assert found.graph is not None
    assert key not in found.graph.nodes, "in a file the process and a node never share an id"
    drawn = [x for x in found.graph.nodes.values() if x.step or x.message or x.duration]
    assert all(node.name for node in drawn)


@pytest.mark.parametrize("key", KEYS)
def test_both_languages_are_one_flow(key: str) -> None:
    zh, en = (read_flow(templates.bpmn(key, language=one)).graph for one in ("zh", "en"))
    assert zh is not None
    assert en is not None
    assert zh.nodes.keys() == en.nodes.keys()
    assert zh.name != en.name
    steps = {node.step for node in zh.nodes.values() if node.step}
    assert all(step in REGISTRY for step in steps)


@pytest.mark.parametrize("key", [key for key in KEYS if key.startswith("list_")])
def test_a_list_opens_as_a_list(key: str) -> None:
    template = templates.ALL[key]
    assert isinstance(template, templates.ListTemplate)
    graph = read_flow(templates.bpmn(key)).graph
    assert graph is not None
    items = items_of(graph)
    assert items is not None
    assert [item.step for item in items] == [line.step for line in template.lines]


def test_the_templates_that_were_promised() -> None:
    assert set(KEYS) >= {
        "standard",
        "review_first",
        "prepayment",
        "cash_on_delivery",
        "pre_order",
        "virtual_goods",
        "pick_up",
        "return_and_refund",
        "exchange",
    }


@pytest.mark.parametrize(
    ("key", "step", "instead", "code"),
    [
        # a drawing spoilt by one step, and what the check says of it
        ("standard", "payment.capture", "member.notify", "missing-fact"),
        ("standard", "order.try_complete", "member.notify", "not-paid-settled"),
        ("list_standard", "order.complete", "member.notify", "not-paid-settled"),
        ("standard", "shipment.create", "shipment.weigh", "missing-fact"),
        ("exchange", "case.exchange", "shipment.weigh", "not-reserved-settled"),
    ],
)
def test_a_spoilt_template_is_found(key: str, step: str, instead: str, code: str) -> None:
    spoilt = templates.bpmn(key).replace(f'"{step}"'.encode(), f'"{instead}"'.encode())
    found = checking.look(spoilt, kind=templates.ALL[key].kind, tables=())
    assert found.findings, "a drawing that leaves money or stock behind must not pass"
    assert code in {finding.code for finding in found.findings}


@pytest.mark.parametrize("language", templates.LANGUAGES)
@pytest.mark.parametrize("key", KEYS)
def test_nothing_in_a_drawing_lies_on_anything_else(key: str, language: Language) -> None:
    graph = read_flow(templates.bpmn(key, language=language)).graph
    assert graph is not None
    layout = lay_out(graph)
    assert faults(graph, layout) == []
    # Two bends lead a line to another row; most lines stay in theirs.
    assert bends(layout) <= len(layout.lines) * 2 // 3
