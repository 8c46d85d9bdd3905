"""What the reference keeps of positions and orders."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

MILLION = 1_000_000


class Refused(Exception):  # noqa: N818
    """The event is refused: nothing changes."""


@dataclass
class Position:
    number: int
    member: str
    scope: str
    multiple: int
    exit_fee: int
    spend: int = 0
    granted: int = 0
    held: int = 0
    redeemed: int = 0
    paid: int = 0

    def trigger(self) -> Fraction:
        return Fraction(self.multiple * self.spend, self.granted)


@dataclass
class Share:
    """A share of an order's budget: spread over the lines, taken back line by line."""

    amount: int
    parts: list[int]
    place: str  # "wallet", "waiting", "pool" or "platform"
    member: str = ""
    earner: str = ""
    target: int = 0
    unclaimed: str = ""
    taken: int = 0


@dataclass
class Line:
    amount: int
    cost: int
    budget: int
    contribution: int
    merchant: str
    points: int = 0
    refunded: int = 0

    def step(self, part: int, refund: int) -> int:
        """What a refund takes back of a part of this line."""
        after = part * (self.refunded + refund) // self.amount
        return after - part * self.refunded // self.amount


@dataclass
class Order:
    member: str
    lines: list[Line]
    shares: list[Share]
    position: Position | None

    def refunded_line(self, index: int | None, refund: int) -> int:
        if index is None and len(self.lines) > 1:
            raise Refused("line needed")
        index = 0 if index is None else index
        if index >= len(self.lines):
            raise Refused("unknown line")
        if self.lines[index].refunded + refund > self.lines[index].amount:
            raise Refused("refund exceeds line")
        return index


def spread(amount: int, weights: list[int]) -> list[int]:
    """``amount`` over the weights by cumulative floor; all 0 where the weights are."""
    total = sum(weights)
    if total == 0:
        return [0 for _ in weights]
    parts, so_far, given = [], 0, 0
    for weight in weights:
        so_far += weight
        up_to_here = amount * so_far // total
        parts.append(up_to_here - given)
        given = up_to_here
    return parts


def add(balances: dict[str, int], who: str, amount: int) -> None:
    balances[who] = balances.get(who, 0) + amount


def percent_up(amount: int, ppm: int) -> int:
    return -(-amount * ppm // MILLION)
