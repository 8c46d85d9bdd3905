"""Running short histories through the engine, event by event."""

import json
from collections.abc import Mapping
from typing import Any

from mingchi.engine.events import parse
from mingchi.engine.exits import ExitQueue
from mingchi.engine.orders import PackedOrders
from mingchi.engine.outcome import Outcome
from mingchi.engine.plan import plan_from_dict
from mingchi.engine.programme import Programme
from mingchi.engine.replay import Replay
from mingchi.engine.state import State

Event = dict[str, Any]

BASELINE: dict[str, Any] = {
    "plan": {"name": "baseline", "currency": "CNY"},
    "split": {"distribution": "30%", "pool": "30%"},
    "points": {"opening_price": "1.00", "grant": "70%", "redeem_fee": "20%"},
}


def plan_with(**changes: Any) -> dict[str, Any]:
    """The baseline plan with changes: a section's keys are added, lists replaced."""
    plan = {key: dict(section) for key, section in BASELINE.items()}
    for key, value in changes.items():
        if isinstance(value, Mapping):
            plan[key].update(value)
        else:
            plan[key] = value
    return plan


class History:
    """A programme that is told events one at a time. The laws are checked after each."""

    def __init__(self, plan: dict[str, Any] | None = None) -> None:
        self._replay = Replay(plan_from_dict(plan or BASELINE), source="history")
        self._count = 0

    @property
    def state(self) -> State:
        return self._replay.state

    def tell(self, kind: str, /, **fields: Any) -> dict[str, Any]:
        """The answer to an event; its id is made up where none is given."""
        self._count += 1
        out: list[str] = []
        event = {"type": kind, "id": f"e{self._count}"} | fields
        self._replay.answer_lines(json.dumps(event).encode(), out)
        self.state.check()
        answer: dict[str, Any] = json.loads(out[0])
        return answer

    def members(self, *ids: str) -> None:
        """Members in a chain: each is the sponsor of the next."""
        sponsor = None
        for member in ids:
            self.tell("member", id=member, sponsor=sponsor)
            sponsor = member

    def order(self, order: str, member: str, price: int, **line: Any) -> dict[str, Any]:
        """An order of one line; `region` belongs to the order, all else to the line."""
        region = line.pop("region", None)
        line = {"price": price, "qty": 1} | line
        return self.tell("order", id=order, member=member, region=region, lines=[line])

    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads(self._replay.summary())
        return summary


def paid(answer: dict[str, Any]) -> list[tuple[str, str, int]]:
    """(member, kind, amount) of the awards in an answer."""
    return [(a["member"], a["kind"], a["amount"]) for a in answer.get("awards", [])]


def programme(plan: dict[str, Any] | None = None, exits: ExitQueue | None = None) -> Programme:
    """An empty programme."""
    checked = plan_from_dict(plan or BASELINE)
    return Programme(State(plan=checked, orders=PackedOrders(), exits=exits or ExitQueue()))


def apply(programme: Programme, event: Event) -> Outcome:
    """Applies an event given as in a file."""
    return programme.apply(parse(event))
