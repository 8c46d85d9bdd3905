"""The demo's small world: a calendar, chance, and what exists so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random

from mingchi.foundation.models import User
from mingchi.rebates.settlement import Settler

Step = Callable[[datetime], None]
# The articles of one merchant, each with its price in fen.
Shelf = list[tuple[int, int]]


class Calendar:
    """What will happen, in order of time; what is noted first of two at one moment comes first."""

    def __init__(self) -> None:
        self._steps: list[tuple[datetime, int, Step]] = []
        self._noted = 0

    def at(self, when: datetime, step: Step) -> None:
        """Note a step; a step may note others."""
        heappush(self._steps, (when, self._noted, step))
        self._noted += 1

    def run(self, until: datetime, *, seen: Step) -> None:
        """Let everything up to that moment happen; what lies beyond never does."""
        while self._steps and self._steps[0][0] <= until:
            when, _number, step = heappop(self._steps)
            step(when)
            seen(when)


@dataclass(slots=True, kw_only=True)
class Buyer:
    """A member, as far as the demo needs one."""

    member_id: int
    invitation_code: str
    joined_at: datetime
    buys_often: bool
    region: str
    address: str
    name: str
    phone: str
    address_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much happens; `orders` are checkouts, some over two shops; `pictures` are those drawn of
    goods, at most."""

    members: int = 120
    orders: int = 240
    redemptions: int = 40
    withdrawals: int = 24
    days_between_rounds: int = 1
    pictures: int = 60


@dataclass(slots=True, kw_only=True)
class World:
    """One load of the demo. `skus` are (sku, price in fen) by merchant."""

    chance: Random
    start: datetime
    end: datetime
    size: Size
    settler: Settler
    programme_id: int
    calendar: Calendar = field(default_factory=Calendar)
    staff: dict[str, User] = field(default_factory=dict)
    skus: list[Shelf] = field(default_factory=list)
    buyers: list[Buyer] = field(default_factory=list)

    def day(self, number: float) -> datetime:
        """A moment so many days after the start."""
        return self.start + timedelta(days=number)

    def later(self, when: datetime, least_h: float, most_h: float) -> datetime:
        """Some hours on."""
        return when + timedelta(hours=self.chance.uniform(least_h, most_h))

    def key(self, name: str, number: int) -> str:
        """An idempotency key."""
        return f"demo-{name}-{number}"

    def settle(self, when: datetime) -> None:
        """Settle whatever waits, as of that moment."""
        while self.settler.settle(now=when):
            pass
