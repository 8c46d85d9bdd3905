"""Drawings that can be read: nothing lies on anything else, whatever flow it is."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.flows.drawings import bends, faults
from tests.flows.making import sound_flow

from mingchi.flows.graph import Graph, Kind, Node, Way
from mingchi.flows.layout import lay_out
from mingchi.flows.sizes import of_name


def named(graph: Graph, names: list[str]) -> Graph:
    """Its nodes and ways with these names, by turns."""
    count = len(names)
    nodes: Mapping[str, Node] = {
        node.id: replace(
            node,
            name=names[place % count],
            ways=tuple(replace(way, name=names[-1 - place % count]) for way in node.ways),
        )
        for place, node in enumerate(graph.nodes.values())
    }
    return Graph(key=graph.key, name=graph.name, nodes=nodes)


@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 10**6),
    st.lists(st.sampled_from(["", "超时未付", "Not paid in time", "x" * 60]), min_size=1),
)
def test_nothing_lies_on_anything_else(seed: int, names: list[str]) -> None:
    graph = named(sound_flow(seed), names)
    assert faults(graph, lay_out(graph)) == []


def flow(*ways: tuple[str, str], kinds: Mapping[str, Kind], on: Mapping[str, str]) -> Graph:
    """A graph of these ways; what `kinds` does not name is a user task."""
    ids = dict.fromkeys(["start", *(end for way in ways for end in way), *on])
    found = {}
    for node_id in ids:
        out = [Way(f"{one}_{two}", two) for one, two in ways if one == node_id]
        kind = kinds.get(node_id, Kind.START if node_id == "start" else Kind.USER)
        found[node_id] = Node(node_id, kind, ways=tuple(out), on=on.get(node_id))
    return Graph(key="flow", name="", nodes=found)


TURN = {"choice": Kind.EXCLUSIVE, "end": Kind.END}


@pytest.mark.parametrize(
    ("ways", "on", "most_bends"),
    [
        # Past three nodes; a loop with a node on it, one without, one from a boundary event.
        ("start-choice choice-a a-b b-c c-end choice-end", {}, 3),
        ("start-a a-choice choice-b b-a choice-end", {}, 1),
        ("start-a a-choice choice-a choice-end", {}, 2),
        ("start-a a-b b-end late-a", {"late": "b"}, 2),
        # Four nodes on a loop over two columns: they stand further on.
        ("start-a a-choice choice-b b-c c-d d-e e-a choice-end", {}, 6),
        # Nothing leads to x: it is drawn below.
        ("start-a a-end x-a", {}, 2),
        ("start-a a-a a-end", {}, 4),
        # A ring that nothing leads to.
        ("start-end x-y y-x", {}, 4),
    ],
)
def test_lines_turn_seldom(ways: str, on: Mapping[str, str], most_bends: int) -> None:
    pairs = [(one, two) for one, two in (way.split("-") for way in ways.split())]
    kinds = {**TURN, **dict.fromkeys(on, Kind.BOUNDARY_TIMER)}
    graph = flow(*pairs, kinds=kinds, on=on)
    layout = lay_out(graph)
    assert faults(graph, layout) == []
    assert bends(layout) <= most_bends


def test_the_usual_way_is_one_straight_row() -> None:
    graph = flow(("start", "a"), ("a", "b"), ("b", "end"), ("late", "end"), kinds=TURN | {
        "late": Kind.BOUNDARY_TIMER}, on={"late": "a"})  # fmt: skip
    boxes = lay_out(graph).boxes
    middles = {boxes[node].y + boxes[node].height // 2 for node in ("start", "a", "b", "end")}
    assert len(middles) == 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [("", 0), ("Paid", 1), ("Counts as received", 2), ("超时自动收货", 1), ("x" * 40, 3)],
)
def test_names_take_the_room_of_their_lines(text: str, lines: int) -> None:
    size = of_name(text)
    assert size.height == 14 * lines
    assert size.width <= 90
