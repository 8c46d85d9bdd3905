"""Random flows, built from blocks so that they are sound, and faults planted in them."""

from dataclasses import replace
from random import Random

from mingchi.flows.graph import Graph, Kind, Node, Way

ASKED = ("channel", "region", "goods", "delivery_method")
VALUES = ("v0", "v1", "v2")


class Maker:
    """Builds one flow. A block is (first node, last node); the last has no way out yet."""

    def __init__(self, chance: Random, *, joins_in_loops: bool = True) -> None:
        self.chance = chance
        self.nodes: dict[str, Node] = {}
        self.ways: dict[str, list[Way]] = {}
        self.scope = ""
        self.joins_in_loops = joins_in_loops
        self.looping = False
        self.number = 0
        self.unasked = list(ASKED)
        self.parallel = False

    def add(self, kind: Kind, **values: object) -> str:
        self.number += 1
        node_id = f"{kind.value}_{self.number}"
        if kind is Kind.USER:
            values = {"role": "clerk", "step": f"test.step_{self.number}", **values}
        if kind is Kind.SERVICE:
            values = {"step": f"test.step_{self.number}", **values}
        self.nodes[node_id] = Node(id=node_id, kind=kind, inside=self.scope, **values)  # type: ignore[arg-type]
        self.ways[node_id] = []
        return node_id

    def way(
        self, source: str, target: str, condition: str | None = None, default: bool = False
    ) -> None:
        way_id = f"way_{source}_{len(self.ways[source])}"
        self.ways[source].append(Way(way_id, target, condition, default))

    def task(self, depth: int) -> tuple[str, str]:
        kind = Kind.SERVICE if self.chance.random() < 0.3 else Kind.USER
        node = self.add(kind)
        if kind is Kind.USER and depth > 0 and self.chance.random() < 0.2:
            return node, self.interrupted(node, depth)
        return node, node

    def interrupted(self, host: str, depth: int) -> str:
        """A boundary event, whose way comes back behind the host or has its own end."""
        if self.chance.random() < 0.5:
            event = self.add(Kind.BOUNDARY_TIMER, on=host, duration="P1D")
        else:
            event = self.add(Kind.BOUNDARY_MESSAGE, on=host, message=f"stop_{self.number}")
        first, last = self.sequence(depth - 1)
        self.way(event, first)
        if self.free():
            # An end of its own would leave a join waiting.
            own = Kind.TERMINATE if self.parallel or self.free() else Kind.END
            self.way(last, self.add(own))
            return host
        merge = self.add(Kind.EXCLUSIVE)
        self.way(host, merge)
        self.way(last, merge)
        return merge

    def free(self) -> bool:
        return self.chance.random() < 0.5

    def wait(self, depth: int) -> tuple[str, str]:
        if self.free():
            node = self.add(Kind.TIMER, duration="PT6H")
        else:
            node = self.add(Kind.MESSAGE, message=f"news_{self.number}")
        return node, node

    def choice(self, depth: int) -> tuple[str, str]:
        """After a person's outcome, or by what the order is."""
        branches = [self.sequence(depth - 1) for _ in range(self.chance.randint(1, 3))]
        gateway, merge = self.add(Kind.EXCLUSIVE), self.add(Kind.EXCLUSIVE)
        # Each value is asked for once: a second choice by it would leave ways nobody can go.
        variable = self.unasked.pop() if self.unasked and self.free() else None
        for number, (first, last) in enumerate(branches):
            asked = f'{variable or "outcome"} == "{"v" if variable else "o"}{number}"'
            self.way(gateway, first, asked)
            self.way(last, merge)
        self.way(gateway, merge, default=True)
        if variable:
            return gateway, merge
        asker = self.add(Kind.USER)
        self.way(asker, gateway)
        return asker, merge

    def both(self, depth: int) -> tuple[str, str]:
        fork, join = self.add(Kind.PARALLEL), self.add(Kind.PARALLEL)
        outer, self.parallel = self.parallel, True
        for _ in range(self.chance.randint(2, 3)):
            first, last = self.sequence(depth - 1)
            self.way(fork, first)
            self.way(last, join)
        self.parallel = outer
        return fork, join

    def loop(self, depth: int) -> tuple[str, str]:
        merge, asker, gateway = (self.add(x) for x in (Kind.EXCLUSIVE, Kind.USER, Kind.EXCLUSIVE))
        outer, self.looping = self.looping, True
        first, last = self.sequence(depth - 1)
        self.looping = outer
        self.way(merge, first)
        self.way(last, asker)
        self.way(asker, gateway)
        self.way(gateway, merge, 'outcome == "o0"')
        after = self.add(Kind.USER)
        self.way(gateway, after, default=True)
        return merge, after

    def events(self, depth: int) -> tuple[str, str]:
        gateway, merge = self.add(Kind.EVENTS), self.add(Kind.EXCLUSIVE)
        # One timer at most: the oracle takes two at one gateway for the same.
        for event in (self.wait(depth)[0], self.add(Kind.MESSAGE, message=f"news_{self.number}x")):
            first, last = self.sequence(depth - 1)
            self.way(gateway, event)
            self.way(event, first)
            self.way(last, merge)
        return gateway, merge

    def inner(self, depth: int) -> tuple[str, str]:
        host = self.add(Kind.SUBPROCESS)
        outer = self.scope, self.parallel
        self.scope, self.parallel = host, False
        self.whole(depth - 1)
        self.scope, self.parallel = outer
        return host, self.interrupted(host, depth) if self.free() else host

    def sequence(self, depth: int) -> tuple[str, str]:
        blocks = [self.task, self.wait]
        if depth > 0:
            blocks += [self.choice, self.loop, self.events, self.inner]
            if self.joins_in_loops or not self.looping:
                blocks.append(self.both)
        first, last = self.chance.choice(blocks)(depth)
        for _ in range(self.chance.randint(0, 2)):
            after, end = self.chance.choice(blocks)(depth)
            self.way(last, after)
            last = end
        return first, last

    def whole(self, depth: int) -> None:
        start = self.add(Kind.START)
        first, last = self.sequence(depth)
        self.way(start, first)
        self.way(last, self.add(Kind.END))

    def graph(self) -> Graph:
        incoming: dict[str, int] = {}
        for ways in self.ways.values():
            for way in ways:
                incoming[way.target] = incoming.get(way.target, 0) + 1
        nodes = {
            node_id: replace(
                node, ways=tuple(self.ways[node_id]), incoming=incoming.get(node_id, 0)
            )
            for node_id, node in self.nodes.items()
        }
        return Graph(key="flow", name="", nodes=nodes)


def sound_flow(seed: int, *, depth: int = 2, joins_in_loops: bool = True) -> Graph:
    """A random sound flow of at most 100 nodes; the same for the same seed."""
    chance = Random(seed)
    while True:
        maker = Maker(chance, joins_in_loops=joins_in_loops)
        maker.whole(depth)
        if len(maker.nodes) <= 100:
            return maker.graph()


def spoilt_flow(seed: int) -> Graph | None:
    """A flow with one gateway turned into the other kind; None where it has none to turn."""
    graph = sound_flow(seed)
    chance = Random(seed)
    gateways = [
        node
        for node in graph.nodes.values()
        if (node.kind is Kind.PARALLEL and node.incoming > 1)
        or (node.kind is Kind.EXCLUSIVE and node.incoming > 1 and len(node.ways) == 1)
    ]
    if not gateways:
        return None
    node = chance.choice(gateways)
    other = Kind.EXCLUSIVE if node.kind is Kind.PARALLEL else Kind.PARALLEL
    return replace(graph, nodes={**graph.nodes, node.id: replace(node, kind=other)})
