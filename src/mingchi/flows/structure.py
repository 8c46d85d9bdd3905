"""Joining what was read: which way leads where, what is attached to what, what uses which message.

`assemble` gives the graph, or the findings that stand in its way.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mingchi.flows.findings import Finding
from mingchi.flows.graph import BOUNDARIES, Graph, Kind, Node, Way
from mingchi.flows.steps import Registry
from mingchi.flows.xml import Element


@dataclass
class Draft:
    """A node as it stands in the file; see `graph.Node`. `message` is the id that it refers to."""

    id: str
    kind: Kind
    inside: str
    element: Element
    name: str = ""
    step: str | None = None
    role: str | None = None
    quorum: str = "any"
    due: str | None = None
    table: str | None = None
    duration: str | None = None
    message: str | None = None
    on: str | None = None
    definition: Element | None = None


@dataclass
class DraftWay:
    """A sequence flow as it stands in the file."""

    id: str
    source: str
    target: str
    name: str
    inside: str
    line: int
    condition: str | None = None


def assemble(
    *,
    process: Element,
    drafts: Sequence[Draft],
    ways: Sequence[DraftWay],
    messages: Mapping[str, str],
    registry: Registry,
) -> tuple[Graph | None, list[Finding]]:
    """The graph of these nodes and ways; None with findings where they don't fit together."""
    joined = _Joined(process, drafts, ways, messages)
    joined.look()
    if joined.findings:
        return None, joined.findings
    nodes = {draft.id: joined.node(draft, registry) for draft in drafts}
    key, name = process.get("id") or "", process.get("name") or ""
    return Graph(key=key, name=name, nodes=nodes), []


_ENDS: Final = frozenset({Kind.END, Kind.TERMINATE})
_ATTACHABLE: Final = frozenset({Kind.USER, Kind.SERVICE, Kind.RULE, Kind.SUBPROCESS})
_DIVERGING: Final = frozenset({Kind.EXCLUSIVE, Kind.EVENTS})


class _Joined:
    def __init__(
        self,
        process: Element,
        drafts: Sequence[Draft],
        ways: Sequence[DraftWay],
        messages: Mapping[str, str],
    ) -> None:
        self.process = process
        self.drafts = drafts
        self.by_id = {draft.id: draft for draft in drafts}
        self.ways = ways
        self.messages = messages
        self.out: dict[str, list[DraftWay]] = {draft.id: [] for draft in drafts}
        self.into: Counter[str] = Counter()
        self.findings: list[Finding] = []

    def find(self, code: str, message: str, at: Draft | DraftWay) -> None:
        line = at.line if isinstance(at, DraftWay) else at.element.line
        self.findings.append(Finding(code, message, at.id, line))

    def look(self) -> None:
        """All that can be said without following a token."""
        self._ids()
        for way in self.ways:
            self._way(way)
        for draft in self.drafts:
            self._ends(draft)
            self._references(draft)
            self._branches(draft)
        self._scopes()

    def _ids(self) -> None:
        seen: set[str] = set()
        items: list[Draft | DraftWay] = [*self.drafts, *self.ways]
        for item in items:
            if item.id in seen:
                self.find("id-twice", f"the id {item.id!r} is used twice", item)
            seen.add(item.id)

    def _way(self, way: DraftWay) -> None:
        for what, ref in (("source", way.source), ("target", way.target)):
            draft = self.by_id.get(ref)
            if draft is None:
                self.find("dangling", f"its {what} {ref!r} is not there", way)
                return
            if draft.inside != way.inside:
                self.find("crosses", f"its {what} {ref!r} stands in another sub-process", way)
                return
        self.out[way.source].append(way)
        self.into[way.target] += 1

    def _ends(self, draft: Draft) -> None:
        """What must have ways in and out, and what must have none."""
        out, into = len(self.out[draft.id]), self.into[draft.id]
        if draft.kind in _ENDS and out:
            self.find("way-out-of-end", "no way leads out of an end event", draft)
        if draft.kind not in _ENDS and not out:
            self.find("no-way-out", "no way leads out of it", draft)
        if draft.kind is Kind.START and into:
            self.find("way-into-start", "no way leads into a start event", draft)
        if draft.kind in BOUNDARIES and into:
            self.find("way-into-boundary", "no way leads into a boundary event", draft)
        if draft.kind is not Kind.START and draft.kind not in BOUNDARIES and not into:
            self.find("dead-node", "no way leads into it, so it is never reached", draft)

    def _references(self, draft: Draft) -> None:
        if draft.kind in BOUNDARIES:
            host = self.by_id.get(draft.on or "")
            if host is None:
                self.find("dangling", f"it is attached to {draft.on!r}, which is not there", draft)
            elif host.kind not in _ATTACHABLE or host.inside != draft.inside:
                self.find("attached", f"it can't be attached to {draft.on!r}", draft)
            elif host.kind is Kind.RULE:
                self.find("attached", f"{draft.on!r} is decided at once; nothing interrupts", draft)
        if draft.message is not None and not self.messages.get(draft.message):
            self.find("dangling", f"it refers to no message: {draft.message!r}", draft)
        default = draft.element.get("default")
        if default and default not in [way.id for way in self.out[draft.id]]:
            self.find("dangling", f"its default {default!r} is no way out of it", draft)

    def _branches(self, draft: Draft) -> None:
        """Conditions stand on the ways of exclusive gateways; events follow event gateways."""
        ways = self.out[draft.id]
        default = draft.element.get("default")
        if draft.kind is Kind.EXCLUSIVE:
            for way in ways:
                if len(ways) > 1 and way.condition is None and way.id != default:
                    self.find("no-condition", "a way out of a choice needs a condition", way)
                if way.id == default and way.condition is not None:
                    self.find("default-condition", "the default way has no condition", way)
        else:
            for way in ways:
                if way.condition is not None:
                    message = "a condition stands on a way out of an exclusive gateway only"
                    self.find("stray-condition", message, way)
        for way in ways:
            if way.condition == "":
                self.find("no-condition", "its condition is empty", way)
        if draft.kind is Kind.EVENTS:
            self._events(draft, ways)

    def _events(self, draft: Draft, ways: list[DraftWay]) -> None:
        if len(ways) < 2:
            self.find("one-event", "an event gateway needs two events to choose from", draft)
        names = Counter(self.by_id[way.target].message for way in ways)
        for way in ways:
            target = self.by_id[way.target]
            if target.kind not in (Kind.TIMER, Kind.MESSAGE) or self.into[target.id] != 1:
                message = "a way out of an event gateway leads to an event of its own"
                self.find("no-event", message, way)
            elif target.message is not None and names[target.message] > 1:
                self.find("same-event", "two events here wait for the same message", way)

    def _scopes(self) -> None:
        """Each scope has one start event and an end."""
        for scope in ("", *(x.id for x in self.drafts if x.kind is Kind.SUBPROCESS)):
            inner = [draft for draft in self.drafts if draft.inside == scope]
            within = self.by_id[scope].element if scope else self.process
            at, line = within.get("id") or "", within.line
            starts = [draft for draft in inner if draft.kind is Kind.START]
            if not starts:
                self.findings.append(Finding("no-start", "there is no start event", at, line))
            for extra in starts[1:]:
                self.find("two-starts", "there is one start event; this is another", extra)
            for start in starts:
                if scope and start.message is not None:
                    self.find("start-message", "a sub-process starts without a message", start)
            if not any(draft.kind in _ENDS for draft in inner):
                self.findings.append(Finding("no-end", "there is no end event", at, line))

    def node(self, draft: Draft, registry: Registry) -> Node:
        """The finished node. What a version needs of its step is copied from the registry."""
        step = registry.get(draft.step) if draft.step else None
        default = draft.element.get("default") if draft.kind is Kind.EXCLUSIVE else None
        ways = tuple(
            Way(way.id, way.target, way.condition, way.id == default, way.name, way.line)
            for way in self.out[draft.id]
        )
        return Node(
            id=draft.id,
            kind=draft.kind,
            name=draft.name,
            inside=draft.inside,
            ways=ways,
            incoming=self.into[draft.id],
            step=draft.step,
            role=draft.role,
            quorum=draft.quorum,
            due=draft.due,
            table=draft.table,
            duration=draft.duration,
            message=None if draft.message is None else self.messages[draft.message],
            on=draft.on,
            outcomes=step.outcomes if step else (),
            undo=step.undo if step else None,
            retries=step.retries if step else 0,
            line=draft.element.line,
        )
