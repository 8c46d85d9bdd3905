"""What an event brought about, explained far enough to be answered and posted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from mingchi.engine.rules import Destination

if TYPE_CHECKING:
    from mingchi.engine.orders import Record
    from mingchi.engine.split import LineShares
    from mingchi.engine.state import Position

AwardKind = Literal["direct", "indirect", "levels", "differential", "peer", "region", "dividend"]


class Award:
    """An award: `amount_fen` is `base_fen` * `rate_ppm`, rounded down and cut to what was left."""

    __slots__ = (
        "amount_fen",
        "base_fen",
        "generation",
        "kind",
        "member",
        "order",
        "rate_ppm",
        "rule",
        "waiting",
    )

    def __init__(
        self,
        member: str,
        kind: AwardKind,
        amount_fen: int,
        waiting: bool,
        rule: int,
        rate_ppm: int,
        base_fen: int,
        generation: int,
        order: str | None,
    ) -> None:
        self.member = member
        self.kind: AwardKind = kind
        self.amount_fen = amount_fen
        self.waiting = waiting
        """Whether it is reserved until the close rather than paid."""
        self.rule = rule
        """Index in the plan's awards."""
        self.rate_ppm = rate_ppm
        self.base_fen = base_fen
        self.generation = generation
        """Of the buyer's uplines, from 1; 0 for awards that do not go by generations."""
        self.order = order
        """None for a dividend."""

    def paid(self, amount_fen: int) -> "Award":
        """This waiting award as it is paid: what refunds have left of it."""
        return Award(
            self.member,
            self.kind,
            amount_fen,
            False,
            self.rule,
            self.rate_ppm,
            self.base_fen,
            self.generation,
            self.order,
        )


class Redemption(NamedTuple):
    """Points turned into money: `gross_fen` less the fee that stays in the pool."""

    member: str
    points_upt: int
    gross_fen: int
    fee_fen: int
    net_fen: int


class Exit(NamedTuple):
    """A position that left the pool."""

    position: "Position"
    redemption: Redemption


class TakeBack(NamedTuple):
    """The part of an award that a refund took back; from the waiting award or the wallet."""

    member: str
    kind: AwardKind
    amount_fen: int
    waiting: bool


class Refund(NamedTuple):
    """Where the money of a refund came from. The platform bears what is left, and the losses."""

    line: int
    amount_fen: int
    member: str
    """The buyer."""
    merchant: str
    cost_fen: int
    """Taken back from the merchant."""
    pool_fen: int
    """Given back by the pool."""
    burned_upt: int
    returned_fen: int
    """Came back from the wallet into the pool, for points turned into money."""
    shortfall_fen: int
    """Part of the contribution that the pool did not give back."""
    unclaimed_fen: int
    """Unclaimed part that went to the pool and stays there."""
    take_backs: Sequence[TakeBack]

    @property
    def loss_fen(self) -> int:
        """The platform's refund loss."""
        return self.shortfall_fen + self.unclaimed_fen

    @property
    def platform_fen(self) -> int:
        """What the platform bears, losses included."""
        taken = self.cost_fen + self.pool_fen + sum(t.amount_fen for t in self.take_backs)
        return self.amount_fen - taken


class Forfeit(NamedTuple):
    """A waiting award whose target was missed."""

    award: Award
    amount_fen: int
    unclaimed_to: Destination


class Promotion(NamedTuple):
    """A member's new rank."""

    member: str
    rank: str


class Outcome:
    """The outcome of an event. What an event does not bring about is empty, 0 or None.

    `ratio` is the price afterwards, fen to micro-points; `positions`, and `record` of
    `order`, are what the event touched, for storing.
    """

    __slots__ = (
        "awards",
        "budget_fen",
        "contribution_fen",
        "exits",
        "forfeits",
        "goods_fen",
        "granted_upt",
        "leftover_fen",
        "lines",
        "order",
        "platform_fen",
        "pool_fen",
        "positions",
        "promotions",
        "ratio",
        "record",
        "redemption",
        "refund",
        "supply_upt",
        "unclaimed_fen",
        "unclaimed_to",
    )

    def __init__(self) -> None:
        self.pool_fen = 0
        self.supply_upt = 0
        self.ratio = (0, 1)
        self.lines: Sequence[LineShares] = ()
        """The split of an order, line by line."""
        self.goods_fen = 0
        self.budget_fen = 0
        """What awards may come to."""
        self.contribution_fen = 0
        self.platform_fen = 0
        """The platform's share of an order, without what is unclaimed."""
        self.awards: Sequence[Award] = ()
        """Of an order, paid or waiting; at a close, paid now."""
        self.unclaimed_fen = 0
        """What awards left of the budget."""
        self.unclaimed_to: Destination = "platform"
        self.granted_upt = 0
        """Points granted for an order, to the position given."""
        self.redemption: Redemption | None = None
        self.refund: Refund | None = None
        self.exits: Sequence[Exit] = ()
        self.forfeits: Sequence[Forfeit] = ()
        self.promotions: Sequence[Promotion] = ()
        self.leftover_fen = 0
        """What was left of the pool when the last points went; it falls to the platform."""
        self.positions: Sequence[Position] = ()
        self.order: str | None = None
        self.record: Record | None = None
        """The record of that order, which was settled or refunded."""
