"""Flows written down as blocks, one after the other, and drawn as BPMN in either language.

A block is a task, a wait, or a choice of blocks. Branches that don't end go on behind the block.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from mingchi.flows import REGISTRY, Graph, Kind, Node, Way
from mingchi.flows.writing import write_flow

Language = Literal["zh", "en"]
LANGUAGES: Final = ("zh", "en")


class Name(NamedTuple):
    """What a person reads, in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """A registered step; with a role it is a person's. `catch`: what may interrupt it."""

    step: str
    role: str | None = None
    due: str | None = None
    id: str = ""
    catch: "Sequence[Branch]" = ()


@dataclass(frozen=True, kw_only=True)
class Wait:
    """So long, ISO 8601, or until a message comes."""

    name: Name
    duration: str | None = None
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class Branch:
    """Blocks behind a condition, a message or a timer; `ends`: nothing follows them. A branch may
    go to a task that has an id instead (`to`)."""

    name: Name
    blocks: "Sequence[Block]" = ()
    condition: str | None = None
    message: str | None = None
    duration: str | None = None
    to: str | None = None
    ends: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The first branch whose condition holds; the one without a condition else."""

    name: Name
    branches: Sequence[Branch]


@dataclass(frozen=True, kw_only=True)
class Events:
    """Whatever comes first: a message, or a time."""

    name: Name
    branches: Sequence[Branch]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Blocks of which any moment may be interrupted by `catch`."""

    name: Name
    blocks: "Sequence[Block]"
    catch: Sequence[Branch]


Block = Task | Wait | Choice | Events | Part


@dataclass(frozen=True, kw_only=True)
class Template:
    """A flow that merchants start from. `kind`: order, fulfilment or return."""

    key: str
    kind: str
    name: Name
    about: Name
    blocks: Sequence[Block]


def draw(template: Template, language: Language = "zh") -> bytes:
    """The template as a BPMN file."""
    return write_flow(_Drawing(template, language).graph())


@dataclass
class _Draft:
    """A node while its ways are still being found."""

    id: str
    kind: Kind
    name: str
    inside: str
    values: Mapping[str, Any] = field(default_factory=dict)
    ways: list[Way] = field(default_factory=list)


class _Loose(NamedTuple):
    """A way that waits for its target."""

    source: str
    condition: str | None = None
    default: bool = False
    name: str = ""


_START, _END = Name("开始", "Start"), Name("结束", "End")


class _Drawing:
    def __init__(self, template: Template, language: Language) -> None:
        self._template = template
        self._language = language
        self._drafts: dict[str, _Draft] = {}
        self._back: list[tuple[_Loose, str]] = []

    def graph(self) -> Graph:
        start = self._add("start", Kind.START, _START, "")
        self._close(self._run(self._template.blocks, [_Loose(start)], ""), "")
        for loose, target in self._back:
            self._join([loose], target)
        nodes = {
            draft.id: Node(
                id=draft.id,
                kind=draft.kind,
                name=draft.name,
                inside=draft.inside,
                ways=tuple(draft.ways),
                **draft.values,
            )
            for draft in self._drafts.values()
        }
        name = self._say(self._template.name)
        return Graph(key=self._template.key, name=name, nodes=nodes)

    def _run(self, blocks: Sequence[Block], loose: list[_Loose], scope: str) -> list[_Loose]:
        for block in blocks:
            if isinstance(block, Task):
                loose = self._task(block, loose, scope)
            elif isinstance(block, Wait):
                kind = Kind.MESSAGE if block.message else Kind.TIMER
                until = {"duration": block.duration, "message": block.message}
                node = self._add("wait", kind, block.name, scope, until)
                self._join(loose, node)
                loose = [_Loose(node)]
            elif isinstance(block, Part):
                loose = self._part(block, loose, scope)
            else:
                loose = self._fork(block, loose, scope)
        return loose

    def _task(self, task: Task, loose: list[_Loose], scope: str) -> list[_Loose]:
        kind = Kind.USER if task.role else Kind.SERVICE
        values = {"step": task.step, "role": task.role, "due": task.due}
        wanted = task.id or task.step.split(".")[1]
        title = Name(*REGISTRY[task.step].title)
        node = self._add(wanted, kind, title, scope, values)
        self._join(loose, node)
        return [_Loose(node), *self._caught(node, task.catch, scope)]

    def _part(self, part: Part, loose: list[_Loose], scope: str) -> list[_Loose]:
        node = self._add("part", Kind.SUBPROCESS, part.name, scope)
        self._join(loose, node)
        start = self._add("start", Kind.START, _START, node)
        self._close(self._run(part.blocks, [_Loose(start)], node), node)
        return [_Loose(node), *self._caught(node, part.catch, scope)]

    def _caught(self, node: str, branches: Sequence[Branch], scope: str) -> list[_Loose]:
        out: list[_Loose] = []
        for branch in branches:
            kind = Kind.BOUNDARY_MESSAGE if branch.message else Kind.BOUNDARY_TIMER
            values = {"on": node, "message": branch.message, "duration": branch.duration}
            event = self._add(f"{node}_until", kind, branch.name, scope, values)
            out += self._branch(branch, _Loose(event), scope)
        return out

    def _fork(self, block: Choice | Events, loose: list[_Loose], scope: str) -> list[_Loose]:
        choice = isinstance(block, Choice)
        kind = Kind.EXCLUSIVE if choice else Kind.EVENTS
        node = self._add("choice" if choice else "first", kind, block.name, scope)
        self._join(loose, node)
        out: list[_Loose] = []
        for branch in block.branches:
            if choice:
                name = self._say(branch.name)
                way = _Loose(node, branch.condition, branch.condition is None, name)
            else:
                caught = Kind.MESSAGE if branch.message else Kind.TIMER
                values = {"message": branch.message, "duration": branch.duration}
                event = self._add("on", caught, branch.name, scope, values)
                self._join([_Loose(node)], event)
                way = _Loose(event)
            out += self._branch(branch, way, scope)
        return out

    def _branch(self, branch: Branch, way: _Loose, scope: str) -> list[_Loose]:
        loose = self._run(branch.blocks, [way], scope)
        if branch.to is not None:
            self._back += [(each, branch.to) for each in loose]
            return []
        if branch.ends:
            self._close(loose, scope)
            return []
        return loose

    def _close(self, loose: list[_Loose], scope: str) -> None:
        if loose:
            self._join(loose, self._add("end", Kind.END, _END, scope))

    def _join(self, loose: list[_Loose], target: str) -> None:
        for each in loose:
            source = self._drafts[each.source]
            name = f"{each.source}_way_{len(source.ways) + 1}"
            source.ways.append(Way(name, target, each.condition, each.default, each.name))

    def _add(
        self,
        wanted: str,
        kind: Kind,
        name: Name,
        scope: str,
        values: Mapping[str, Any] | None = None,
    ) -> str:
        node_id, number = wanted, 1
        while node_id in self._drafts or node_id == self._template.key:  # the process's id
            number += 1
            node_id = f"{wanted}_{number}"
        self._drafts[node_id] = _Draft(node_id, kind, self._say(name), scope, values or {})
        return node_id

    def _say(self, name: Name) -> str:
        return name.zh if self._language == "zh" else name.en
