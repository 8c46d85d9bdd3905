"""What differs between two versions of a flow (pure)."""

from dataclasses import dataclass, fields

from mingchi.flows import Graph, Node, Way

_UNLIKE = {"line", "ways", "incoming"}  # the place in the file, and what ways tell by themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An element that is in both, and what of it differs: name → (before, after)."""

    element: str
    fields: dict[str, tuple[object, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Ids of nodes and ways that were added and removed, and those that changed."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[Change, ...]


def compare(before: Graph, after: Graph) -> Difference:
    """From one graph to the other, in the order of the files."""
    old, new = _elements(before), _elements(after)
    changed = [
        Change(element=name, fields=differing)
        for name, one in new.items()
        if name in old and (differing := _differing(old[name], one))
    ]
    return Difference(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(changed),
    )


def _elements(graph: Graph) -> dict[str, dict[str, object]]:
    found = {}
    for node in graph.nodes.values():
        found[node.id] = _plain(node)
        for way in node.ways:
            found[way.id] = {**_plain(way), "source": node.id}
    return found


def _plain(element: Node | Way) -> dict[str, object]:
    names = (field.name for field in fields(element) if field.name not in _UNLIKE)
    return {name: getattr(element, name) for name in names}


def _differing(old: dict[str, object], new: dict[str, object]) -> dict[str, tuple[object, object]]:
    names = dict.fromkeys([*old, *new])
    pairs = {name: (old.get(name), new.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
