"""A flow as the interpreter reads it: nodes and the ways between them, immutable, with a digest.

`Graph.to_json` and `Graph.from_json` carry it through a JSON column. Everything that a version
needs of the step registry (outcomes, undo, retries) is copied in when the flow is compiled: a step
that changes later does not change flows that run.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from mingchi.flows.durations import read_duration
from mingchi.flows.errors import StateError

FORMAT: Final = 1


class Kind(StrEnum):
    """What a node is. The values stand in stored graphs."""

    START = "start"
    END = "end"
    TERMINATE = "terminate"
    USER = "user"
    SERVICE = "service"
    RULE = "rule"
    EXCLUSIVE = "exclusive"
    PARALLEL = "parallel"
    EVENTS = "events"
    TIMER = "timer"
    MESSAGE = "message"
    BOUNDARY_TIMER = "boundary_timer"
    BOUNDARY_MESSAGE = "boundary_message"
    SUBPROCESS = "subprocess"


TASKS: Final = frozenset({Kind.USER, Kind.SERVICE, Kind.RULE})
BOUNDARIES: Final = frozenset({Kind.BOUNDARY_TIMER, Kind.BOUNDARY_MESSAGE})
# A token rests on these until something happens outside; all others are passed at once.
WAITS: Final = frozenset(
    {Kind.USER, Kind.SERVICE, Kind.EVENTS, Kind.TIMER, Kind.MESSAGE, Kind.SUBPROCESS}
)


@dataclass(frozen=True, slots=True)
class Way:
    """A sequence flow: to which node, under which condition (CEL), and whether it is the default
    of an exclusive gateway."""

    id: str
    target: str
    condition: str | None = None
    default: bool = False
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a flow.

    `inside`: id of the sub-process it stands in, "" for the flow itself. `on`: what a boundary
    event is attached to. `due` is a soft limit of a work item (ISO 8601), `duration` what a timer
    waits (ISO 8601, or None where `table` gives it), `message` the name of the signal it listens
    for. `quorum`: "any", "all" or a number of people. `outcomes`: the first is the assent.
    """

    id: str
    kind: Kind
    name: str = ""
    inside: str = ""
    ways: tuple[Way, ...] = ()
    incoming: int = 0
    step: str | None = None
    role: str | None = None
    quorum: str = "any"
    due: str | None = None
    table: str | None = None
    duration: str | None = None
    message: str | None = None
    on: str | None = None
    outcomes: tuple[str, ...] = ()
    undo: str | None = None
    retries: int = 0
    line: int = 0


@dataclass(frozen=True)
class Graph:
    """A compiled flow. `nodes` by id, in the order of the file."""

    key: str
    name: str
    nodes: Mapping[str, Node]
    kind: str = ""
    starts: Mapping[str, str] = field(init=False)
    boundaries: Mapping[str, tuple[Node, ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Indexes by node, so that a step costs the same in a flow of any size."""
        starts = {node.inside: node.id for node in self.nodes.values() if node.kind is Kind.START}
        boundaries: dict[str, tuple[Node, ...]] = {}
        for node in self.nodes.values():
            if node.on is not None:
                boundaries[node.on] = (*boundaries.get(node.on, ()), node)
        object.__setattr__(self, "starts", starts)
        object.__setattr__(self, "boundaries", boundaries)

    @cached_property
    def timers(self) -> Mapping[str, tuple[Node, ...]]:
        """Per node that a token rests on: the timers that run meanwhile."""
        return self._meanwhile(Kind.TIMER, Kind.BOUNDARY_TIMER)

    @cached_property
    def messages(self) -> Mapping[str, tuple[Node, ...]]:
        """Per node that a token rests on: the messages that are listened for meanwhile."""
        return self._meanwhile(Kind.MESSAGE, Kind.BOUNDARY_MESSAGE)

    def _meanwhile(self, catch: Kind, boundary: Kind) -> dict[str, tuple[Node, ...]]:
        found: dict[str, tuple[Node, ...]] = {}
        for node in self.nodes.values():
            if node.kind is catch:
                nodes = [node]
            elif node.kind is Kind.EVENTS:
                reached = [self.nodes[way.target] for way in node.ways]
                nodes = [target for target in reached if target.kind is catch]
            else:
                attached = self.boundaries.get(node.id, ())
                nodes = [event for event in attached if event.kind is boundary]
            if nodes:
                found[node.id] = tuple(nodes)
        return found

    @cached_property
    def kept_outcomes(self) -> frozenset[str] | None:
        """Nodes whose outcome some condition reads by `outcomes`; None: any node's may be read."""
        kept: set[str] = set()
        for node in self.nodes.values():
            for way in node.ways:
                named, whole = outcomes_read(way.condition or "")
                if whole:
                    return None
                kept |= named
        return frozenset(kept)

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON column; `from_json` gives an equal graph."""
        return {
            "format": FORMAT,
            "key": self.key,
            "name": self.name,
            "kind": self.kind,
            "nodes": [_node_to_json(node) for node in self.nodes.values()],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Graph":
        """The graph of `to_json`. Raises StateError where it has another form."""
        try:
            if data["format"] != FORMAT:
                raise StateError(f"a graph of format {data['format']}; this reads {FORMAT}")
            nodes = [_node_from_json(node) for node in data["nodes"]]
            return cls(
                key=data["key"],
                name=data["name"],
                kind=data["kind"],
                nodes={node.id: node for node in nodes},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"not a compiled flow: {error}") from None

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hex over the canonical JSON without line numbers: a file that was only laid
        out anew keeps its digest."""
        data = self.to_json()
        for node in data["nodes"]:
            node.pop("line", None)
            node["ways"] = [way[:-1] for way in node["ways"]]
        text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def node(self, node_id: str) -> Node:
        """The node of this id. Raises StateError."""
        try:
            return self.nodes[node_id]
        except KeyError:
            raise StateError(f"this flow has no node {node_id!r}", node=node_id) from None


OUTCOME_READ: Final = re.compile(r"""\boutcomes(?:\.(\w+)|\[\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*\])""")


def outcomes_read(condition: str) -> tuple[set[str], bool]:
    """The nodes named by `outcomes.review` or `outcomes["review"]`, and whether the map is used in
    any other way."""
    named = {one or two or three for one, two, three in OUTCOME_READ.findall(condition)}
    return named, "outcomes" in OUTCOME_READ.sub("", condition)


_DEFAULTS: Final = {
    name: spec.default
    for name, spec in Node.__dataclass_fields__.items()
    if name not in ("id", "kind", "ways")
}


def _node_to_json(node: Node) -> dict[str, Any]:
    data: dict[str, Any] = {"id": node.id, "kind": node.kind.value}
    for name, default in _DEFAULTS.items():
        value = getattr(node, name)
        if value != default:
            data[name] = list(value) if isinstance(value, tuple) else value
    data["ways"] = [
        [way.id, way.target, way.condition, way.default, way.name, way.line] for way in node.ways
    ]
    return data


def _node_from_json(data: Mapping[str, Any]) -> Node:
    values = dict(data)
    values["kind"] = Kind(values["kind"])
    values["ways"] = tuple(Way(*way) for way in values["ways"])
    values["outcomes"] = tuple(values.get("outcomes", ()))
    for name in ("due", "duration"):
        if values.get(name) is not None:
            read_duration(values[name])
    return Node(**values)
