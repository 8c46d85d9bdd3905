"""What a programme consists of at a moment: plain data, loaded and dumped by its attributes.

Money is in fen, points are in micro-points (upt). The engine also works on a part of a programme:
members, positions and orders that an event does not touch need not be there, and wallets,
merchants and the sales of members may be differences to balances kept elsewhere. Only a `close`
needs every member, with true sales.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

from mingchi.engine.rules import Destination, Plan

if TYPE_CHECKING:
    from mingchi.engine.exits import ExitQueue
    from mingchi.engine.orders import OrderShelf
    from mingchi.engine.outcome import Award


class Refused(Exception):  # noqa: N818 - the field's word; nothing went wrong
    """An event that the rules refuse. `reason` is its public wording; nothing has changed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Position:
    """Points of a member and the money spent for them.

    `shared` tells whether the member's later orders add to it (exit scope "member"). The exit
    terms are those of the plan under which it was opened. It is open while `held_upt` is not 0.
    """

    __slots__ = (
        "exit_fee_ppm",
        "exit_multiple_ppm",
        "granted_upt",
        "held_upt",
        "member",
        "number",
        "paid_fen",
        "queued",
        "redeemed_upt",
        "shared",
        "spend_fen",
    )

    def __init__(
        self, number: int, member: str, exit_multiple_ppm: int, exit_fee_ppm: int, shared: bool
    ) -> None:
        self.number = number
        self.member = member
        self.exit_multiple_ppm = exit_multiple_ppm
        self.exit_fee_ppm = exit_fee_ppm
        self.shared = shared
        self.spend_fen = 0
        self.granted_upt = 0
        self.held_upt = 0
        self.redeemed_upt = 0
        self.paid_fen = 0
        self.queued: int | None = None
        """The lowest entry in the exit queue; kept by the queue."""


class Member:
    """A buyer, with the sponsor above it. Sales are goods amounts, net of refunds."""

    __slots__ = (
        "has_ordered",
        "id",
        "own_sales_fen",
        "period_sales_fen",
        "positions",
        "rank",
        "shared",
        "sponsor",
    )

    def __init__(self, member_id: str, sponsor: "Member | None" = None) -> None:
        self.id = member_id
        self.sponsor = sponsor
        self.rank: str | None = None
        self.own_sales_fen = 0
        self.period_sales_fen = 0
        self.has_ordered = False
        self.positions: list[Position] = []
        """Open positions by number; closed ones may linger."""
        self.shared: Position | None = None
        """The position that orders add to under exit scope "member"; it may be closed."""

    def take_up(self, position: Position) -> None:
        """Adds a position to the member's open ones; in rising order of number."""
        drop_closed(self.positions)
        if self.positions:
            self.positions.append(position)
        else:
            self.positions = [position]  # without the room that a list keeps for more
        if position.shared:
            self.shared = position


def drop_closed(positions: list[Position]) -> None:
    """Removes the closed positions at the beginning of `positions`."""
    closed = 0
    for position in positions:
        if position.held_upt:
            break
        closed += 1
    del positions[:closed]


class Waiting:
    """A peer award that waits for the close: the order's `place`-th award."""

    __slots__ = ("amount_fen", "award", "earner", "place", "target_fen", "unclaimed_to")

    def __init__(
        self,
        *,
        award: "Award",
        place: int,
        earner: str,
        target_fen: int,
        unclaimed_to: Destination,
    ) -> None:
        self.award = award
        self.place = place
        self.amount_fen = award.amount_fen
        """What is left of it after refunds."""
        self.earner = earner
        """The member whose period team sales must reach the target."""
        self.target_fen = target_fen
        self.unclaimed_to = unclaimed_to


class State:
    """A programme, or the part of it that the events to come will touch."""

    __slots__ = (
        "agents",
        "exits",
        "forfeited",
        "members",
        "merchants",
        "next_position",
        "orders",
        "period_platform_fen",
        "plan",
        "platform_fen",
        "pool_fen",
        "positions",
        "ratio",
        "received_fen",
        "refund_loss_fen",
        "shareholders",
        "supply_upt",
        "waiting",
        "wallets",
    )

    def __init__(self, *, plan: Plan, orders: "OrderShelf", exits: "ExitQueue") -> None:
        self.plan = plan
        self.orders = orders
        self.exits = exits
        self.pool_fen = 0
        self.supply_upt = 0
        self.ratio = plan.opening_ratio
        """The price, fen to micro-points, that stood before the event, or before its last step
        that took points away: where there is no supply left, the standing price."""
        self.members: dict[str, Member] = {}
        self.positions: dict[int, Position] = {}
        self.next_position = 1
        self.agents: dict[str, Member] = {}
        """By region code of 2, 4 or 6 digits."""
        self.shareholders: dict[str, int] = {}
        """Weight by member id."""
        self.waiting: dict[tuple[str, int], Waiting] = {}
        """By order id and place, in the order in which they arose."""
        self.forfeited: dict[tuple[str, int], Destination] = {}
        """Where waiting awards went that missed their target at a close."""
        self.wallets: defaultdict[str, int] = defaultdict(int)
        self.merchants: defaultdict[str, int] = defaultdict(int)
        self.platform_fen = 0
        """Net of refund losses."""
        self.period_platform_fen = 0
        """What `platform_fen` has changed by in this period, dividends excepted."""
        self.refund_loss_fen = 0
        self.received_fen = 0
        """What orders and subsidies brought in, less what refunds took out."""

    def price_ratio(self) -> tuple[int, int]:
        """The standing price, fen to micro-points."""
        return (self.pool_fen, self.supply_upt) if self.supply_upt else self.ratio

    def member(self, member_id: str) -> Member:
        """The member of that id. Raises Refused."""
        member = self.members.get(member_id)
        if member is None:
            raise Refused("unknown member")
        return member

    def credit_platform(self, amount_fen: int) -> None:
        """Changes the platform's share, of all time and of the period."""
        self.platform_fen += amount_fen
        self.period_platform_fen += amount_fen

    def waiting_fen(self) -> int:
        """The money reserved for waiting awards."""
        return sum(waiting.amount_fen for waiting in self.waiting.values())

    def check(self) -> None:
        """Asserts the laws that hold between events of a whole programme: money is conserved,
        the pool's supply is what positions hold, and there is a pool exactly when there is supply.
        """
        held_fen = sum(self.wallets.values()) + sum(self.merchants.values())
        held_fen += self.pool_fen + self.platform_fen + self.waiting_fen()
        assert held_fen == self.received_fen
        assert self.supply_upt == sum(p.held_upt for p in self.positions.values())
        assert (self.supply_upt == 0) == (self.pool_fen == 0)
