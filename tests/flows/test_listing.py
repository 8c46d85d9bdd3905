"""Flows as lists: the list editor's form and the drawing say the same."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.flows.making import sound_flow
from tests.flows.stepping import CONDITIONS

from mingchi.flows.checks import check
from mingchi.flows.errors import StateError
from mingchi.flows.graph import Kind
from mingchi.flows.listing import Item, graph_of, items_of
from mingchi.flows.reading import read_flow
from mingchi.flows.steps import Registry
from mingchi.flows.writing import write_flow

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8)


@st.composite
def lists(draw: st.DrawFn, depth: int = 1, prefix: str = "i") -> tuple[Item, ...]:
    items = []
    for number in range(draw(st.integers(0 if depth < 1 else 1, 4))):
        kind = draw(st.sampled_from([Kind.USER, Kind.SERVICE, Kind.TIMER, Kind.MESSAGE]))
        item = Item(id=f"{prefix}{number}", kind=kind, name=draw(TEXTS))
        item = replace(item, parallel=number > 0 and draw(st.booleans()))
        item = replace(item, condition=draw(st.sampled_from([None, "first_order"])))
        if kind is Kind.TIMER:
            item = replace(item, duration="P1D")
        elif kind is Kind.MESSAGE:
            item = replace(item, message=f"news {item.id}")
        else:
            item = replace(item, step="a.b", role="r" if kind is Kind.USER else None)
        if kind is Kind.USER and draw(st.booleans()):
            others = draw(lists(depth - 1, f"{item.id}x")) if depth else ()
            item = replace(item, assent=draw(st.sampled_from(["yes", '"', "同意"])))
            item = replace(item, otherwise=others, quorum="all", due="PT1H")
        items.append(item)
    return tuple(items)


@settings(max_examples=150, deadline=None)
@given(lists())
def test_a_list_becomes_a_file_and_a_list_again(items: tuple[Item, ...]) -> None:
    graph = graph_of(items, key="flow", name="list")
    written = write_flow(graph)
    reading = read_flow(written, registry=Registry())
    assert reading.graph is not None, reading.findings
    assert items_of(reading.graph) == items
    assert write_flow(graph_of(items, key="flow", name="list")) == written


def review_first() -> tuple[Item, ...]:
    tell = Item("tell", role="clerk")
    return (
        Item("review", step="order.review", role="clerk", assent="yes", otherwise=(tell,)),
        Item("pick", step="goods.pick", role="warehouse"),
        Item("money", step="finance.confirm", role="finance", parallel=True),
        Item("gift", role="warehouse", condition="amount_fen > 50000"),
        Item("ship", Kind.SERVICE, step="shipment.create"),
        Item("week", Kind.TIMER, duration="P7D"),
    )  # fmt: skip


def test_a_list_of_many_kinds_is_sound_and_reads_back() -> None:
    graph = graph_of(review_first(), key="review_first", name="先审核")
    assert check(graph, registry=Registry(), conditions=CONDITIONS, strict=False) == []
    assert items_of(graph) == review_first()
    assert {node.kind for node in graph.nodes.values()} >= {Kind.PARALLEL, Kind.EXCLUSIVE}


def test_a_drawing_that_is_no_list_is_told() -> None:
    assert [items_of(sound_flow(seed)) for seed in range(30)] == [None] * 30


@pytest.mark.parametrize(
    "items",
    [
        (Item("a"), Item("a")),
        (Item("a", Kind.EXCLUSIVE),),
        (Item("a", otherwise=(Item("b"),)),),
        (Item("start"),),
    ],
)
def test_other_lists_are_refused(items: tuple[Item, ...]) -> None:
    with pytest.raises(StateError):
        graph_of(items, key="flow")
