"""Random plans and event histories, for the reference and the engine alike.

One maker draws from one of two sources: a seeded ``random.Random`` (fast, for long runs) or
Hypothesis (which can shrink).  It knows what a history has come to, by keeping the reference at its
side, so that it can redeem just what is held, refund one fen too much, ask for the net to the fen.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st
from tests.laws.plans import make_plan, toml_of
from tests.laws.reference_awards import team_sales
from tests.laws.reference_books import Order
from tests.laws.reference_formats import HIGHEST, read_event, read_plan
from tests.laws.reference_rules import Reference

T = TypeVar("T")

NAMES = ("a", "b", "c", "B", "a10", "a2", "é", "中", "\uffff", "\U00020000", "zoe", "")
MERCHANTS = (None, "m1", "self", "m2", "")
REGIONS = ("440305", "440305", "440106", "110101")
SCALES = {
    "tiny": (1, 5),
    "small": (1, 300),
    "yuan": (100, 200_000),
    "large": (10**6, 10**12),
    "huge": (10**15 - 1000, 10**15),
}


class Source(Protocol):
    """Where choices come from; the first of a sequence and the lowest number count as simplest."""

    def whole(self, low: int, high: int) -> int: ...

    def pick(self, choices: Sequence[T]) -> T: ...


class Chance:
    """Choices from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def whole(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.random.randrange(len(choices))]


class Drawn:
    """Choices drawn by Hypothesis."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw

    def whole(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.draw(st.integers(0, len(choices) - 1))]


KINDS = tuple(
    ["order"] * 36
    + ["refund"] * 18
    + ["redeem"] * 14
    + ["member"] * 7
    + ["close"] * 6
    + ["rank"] * 5
    + ["subsidy"] * 4
    + ["sponsor"] * 4
    + ["agent"] * 3
    + ["shareholder"] * 2
    + ["plan_event"] * 2
    + ["again"] * 2
)


OF_PERIODS = tuple(
    ["order"] * 40
    + ["close"] * 8
    + ["close_on_target"] * 7
    + ["refund"] * 20
    + ["redeem"] * 5
    + ["sponsor"] * 4
    + ["plan_event"] * 6
    + ["shareholder"] * 4
    + ["subsidy"] * 2
)
STATED = (1, 5, 100, 350, 2000, 300_000)  # fen; the plans' sums in yuan are among them


class HistoryMaker:
    """Makes one event after another, each at home in what went before."""

    def __init__(self, source: Source, plan: dict[str, Any]) -> None:
        self.source = source
        self.plan = plan
        self.reference = Reference(read_plan(plan))
        self.events: list[dict[str, Any]] = []
        self.scales = [source.pick(list(SCALES)) for _ in range(2)]

    def make(
        self, steps: int, *, people: int, kinds: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        kinds = kinds or self.source.pick([KINDS, KINDS, OF_PERIODS])
        for _ in range(people):
            self.add(self.member())
        if self.seldom(75):
            self.settle_in()
        for _ in range(steps):
            self.add(getattr(self, self.source.pick(kinds))())
        return self.events

    def settle_in(self) -> None:
        """Ranks and agents for a start."""
        for name in list(self.reference.members):
            if self.rank_names() and self.seldom(70):
                rank = self.source.pick(self.rank_names()[:2])
                self.add(self.event("rank", member=name, rank=rank))
        for _ in range(self.source.whole(0, 4)):
            self.add(self.agent())
        for _ in range(self.source.whole(0, 2)):
            self.add(self.shareholder())

    def add(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self.reference.apply(read_event(json.dumps(event)))

    # --- small choices ------------------------------------------------------------------------

    def seldom(self, percent: int) -> bool:
        return self.source.whole(0, 99) >= 100 - percent

    def amount(self) -> int:
        if self.seldom(20):
            return self.source.pick(STATED)
        scale = self.source.pick([*self.scales, *self.scales, *self.scales, *SCALES])
        return self.source.whole(*SCALES[scale])

    def event_id(self) -> str:
        return f"e{len(self.events)}"

    def person(self) -> str:
        if not self.reference.members or self.seldom(2):
            return "nobody"
        return self.source.pick(list(self.reference.members))

    def event(self, kind: str, **fields: Any) -> dict[str, Any]:
        event = {"type": kind, "id": self.event_id(), **fields}
        if self.seldom(3):
            event["note"] = {"type": "plan", "id": [None, 1.5]}
        return event

    def rank_names(self) -> list[str]:
        return [rank["name"] for rank in self.reference.plan["ranks"]]

    # --- people -------------------------------------------------------------------------------

    def member(self) -> dict[str, Any]:
        known = list(self.reference.members)
        free = [name for name in NAMES if name not in known]
        name = self.source.pick(free) if free and not self.seldom(20) else self.event_id()
        sponsor = None
        if known and not self.seldom(15):
            sponsor = known[-1] if self.seldom(65) else self.person()
        return {"type": "member", "id": name, "sponsor": sponsor}

    def sponsor(self) -> dict[str, Any]:
        sponsor = None if self.seldom(10) else self.person()
        return self.event("sponsor", member=self.person(), sponsor=sponsor)

    def rank(self) -> dict[str, Any]:
        names = self.rank_names() or ["V1"]
        rank = self.source.pick([*names, *names, "V1", None])
        return self.event("rank", member=self.person(), rank=rank)

    def agent(self) -> dict[str, Any]:
        region = self.source.pick(REGIONS)[: self.source.pick([2, 4, 6])]
        return self.event("agent", member=self.person(), region=region)

    def shareholder(self) -> dict[str, Any]:
        weight = self.source.pick([1, 3, 7, 0, 10**15])
        return self.event("shareholder", member=self.person(), weight=weight)

    # --- money --------------------------------------------------------------------------------

    def line(self) -> dict[str, Any]:
        price = self.amount()
        line: dict[str, Any] = {"price": price, "qty": self.source.pick([1, 1, 1, 2, 3, 7, 10**6])}
        if self.seldom(60):
            split = self.reference.plan["split"]
            rest = 1_000_000 - split["distribution"] - split["pool"]
            line["cost"] = (
                price * rest // 1_000_000 * self.source.pick([9, 0, 5, 10, 9, 3, 7, 11]) // 10
            )
        for key in ("distribution", "pool"):
            if self.seldom(15):
                share = self.source.pick([0, 1, 5, 10, 33])
                line[key] = price * share // 100 + self.source.pick([0, 0, 1])
        if self.seldom(30):
            line["merchant"] = self.source.pick(MERCHANTS)
        return {key: min(v, HIGHEST) if type(v) is int else v for key, v in line.items()}

    def order(self) -> dict[str, Any]:
        lines = [self.line() for _ in range(self.source.pick([1, 1, 1, 2, 3, 5]))]
        members = list(self.reference.members)
        member = members[-1] if members and self.seldom(40) else self.person()
        event = self.event("order", member=member, lines=lines)
        if self.seldom(75):
            event["region"] = self.source.pick([*REGIONS, None])
        return event

    def holders(self) -> list[str]:
        positions = self.reference.positions
        return [name for name in positions if any(one.held for one in positions[name])]

    def redeem(self) -> dict[str, Any]:
        holders = self.holders()
        member = self.source.pick(holders) if holders and not self.seldom(5) else self.person()
        mine = self.reference.positions.get(member, [])
        held = sum(one.held for one in mine)
        first = next((one.held for one in mine if one.held), 1)
        points = self.source.pick(
            ["all", held // 2, held, 1, held // 3, first, first + 1, held - 1, held + 1, 5]
        )
        if points != "all":
            points = min(max(points, 1), HIGHEST)
        event = self.event("redeem", member=member, points=points)
        wanted = held if points == "all" else points
        if self.seldom(25) and 0 < wanted <= held:
            fee = self.reference.plan["points"]["redeem_fee"]
            net = self.reference.quote(wanted, fee)[2]
            event["min_net"] = min(net + self.source.pick([0, 1, -1]), HIGHEST)
            event["min_net"] = max(event["min_net"], 0)
        return event

    def refund(self) -> dict[str, Any]:
        orders = self.reference.orders
        if not orders or self.seldom(2):
            known = [event["id"] for event in self.events] or ["none"]
            return self.event("refund", order=self.source.pick(known), amount=self.amount())
        name = self.source.pick(list(orders)[-12:] if not self.seldom(30) else list(orders))
        order: Order = orders[name]
        index = self.source.whole(0, len(order.lines) - 1)
        line = order.lines[index]
        left = line.amount - line.refunded
        amount = self.source.pick(
            [left, left, left // 2, left // 3, 1, 2, left - 1, left + 1, self.amount()]
        )
        event = self.event("refund", order=name, amount=min(max(amount, 1), HIGHEST))
        if len(order.lines) > 1 or self.seldom(30):
            event["line"] = len(order.lines) if self.seldom(2) else index
        if self.seldom(2):
            event["line"] = None
        return event

    def subsidy(self) -> dict[str, Any]:
        return self.event("subsidy", amount=self.amount())

    def close(self) -> dict[str, Any]:
        return self.event("close", period=self.source.pick(["2026-10", "", "2026-11"]))

    def close_on_target(self) -> dict[str, Any]:
        """A close right after an order that brings a team just to its target, or 1 fen short."""
        if self.reference.waiting:
            share = self.source.pick(self.reference.waiting)
            team = team_sales(self.reference.members, "period_sales")[share.earner]
            gap = share.target - team - self.source.pick([0, 0, 1])
            if 0 < gap <= HIGHEST:
                line = {"price": gap, "qty": 1, "cost": 0}
                self.add(self.event("order", member=share.earner, lines=[line]))
        return self.close()

    # --- the rest -----------------------------------------------------------------------------

    def changed_plan(self) -> dict[str, Any]:
        """The plan in force with one part of another."""
        plan = copy.deepcopy(self.plan)
        other = make_plan(self.source)
        part = self.source.pick(
            ["ranks", "points", "awards", "unclaimed", "unclaimed", "all", "no ranks"]
        )
        if part == "all":
            return other
        if part == "no ranks":
            plan["ranks"] = plan["ranks"][1:]
        elif part == "unclaimed":
            before = plan["split"].get("unclaimed", "platform")
            plan["split"]["unclaimed"] = "pool" if before == "platform" else "platform"
        else:
            plan[part] = other[part]
        return plan

    def again(self) -> dict[str, Any]:
        """An id seen before: now and then with other contents."""
        if not self.events:
            return self.member()
        if self.seldom(50):
            return self.source.pick(self.events)
        return {**self.subsidy(), "id": self.source.pick(self.events)["id"]}

    def plan_event(self) -> dict[str, Any]:
        self.plan = self.changed_plan()
        return self.event("plan", plan=self.plan)


def text_of(events: list[dict[str, Any]], source: Source) -> bytes:
    """The file: now and then with a byte-order mark, CRLF or blank lines."""
    end = source.pick(["\n", "\n", "\n", "\r\n", "\n\n"])
    mark = source.pick(["", "", "", "\ufeff"])
    plain = source.pick([True, False])
    lines = [json.dumps(event, ensure_ascii=plain) + end for event in events]
    return (mark + "".join(lines)).encode("utf-8")


def make_history(source: Source, *, steps: int, people: int) -> tuple[str, list[dict[str, Any]]]:
    """A plan (TOML) and its events."""
    plan = make_plan(source)
    return toml_of(plan), HistoryMaker(source, plan).make(steps, people=people)


@st.composite
def histories(draw: Any, steps: int = 25) -> tuple[str, bytes]:
    """A plan file and an event file, for Hypothesis."""
    source = Drawn(draw)
    plan, events = make_history(source, steps=source.whole(0, steps), people=source.whole(1, 7))
    return plan, text_of(events, source)


def seeded(seed: int) -> tuple[str, bytes]:
    """A plan file and an event file of a seed."""
    source = Chance(seed)
    steps = source.pick([10, 25, 25, 60, 150])
    plan, events = make_history(source, steps=steps, people=source.pick([7, 9, 5, 3, 1]))
    return plan, text_of(events, source)


def long_history(seed: int, steps: int) -> tuple[str, list[dict[str, Any]]]:
    """Thousands of events among sixty people, for the laws."""
    source = Chance(seed)
    plan = make_plan(source)
    kinds = [kind for kind in KINDS if kind != "member"]
    return toml_of(plan), HistoryMaker(source, plan).make(steps, people=60, kinds=kinds)
