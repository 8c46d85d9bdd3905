"""Settled orders: what is kept of an order so that any part of it can be refunded."""

import marshal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, cast

from mingchi.engine.outcome import AwardKind, Outcome
from mingchi.engine.rules import Destination
from mingchi.engine.split import LineShares

Record = list[int | str]
"""A settled order as a flat list of integers and strings, fit for JSON: the head (buyer, position
or 0, points granted, unclaimed, 1 if that went to the pool, number of lines), then of each line
goods amount, cost, budget, contribution, merchant and what was refunded of it, then of each award
member, code (twice the kind, plus 1 if it waits) and amount."""

_KINDS: Final[tuple[AwardKind, ...]] = (
    "direct",
    "indirect",
    "levels",
    "differential",
    "peer",
    "region",
)
_KIND_CODES: Final[dict[str, int]] = {kind: 2 * code for code, kind in enumerate(_KINDS)}
_HEAD, _PER_LINE, _PER_AWARD = 6, 6, 3


class KeptAward(NamedTuple):
    """What is kept of an award. Whether it is `waiting` stands as the order was settled; what
    became of it is told by `State.waiting` and `State.forfeited`."""

    member: str
    kind: AwardKind
    amount_fen: int
    waiting: bool


@dataclass(slots=True)
class SettledOrder:
    """An order after settlement, read from its record, which `refunded_fen` runs along with.

    `position` is None where `granted_upt` is 0.
    """

    id: str
    member: str
    position: int | None
    granted_upt: int
    unclaimed_fen: int
    unclaimed_to: Destination
    lines: Sequence[LineShares]
    refunded_fen: Sequence[int]
    awards: Sequence[KeptAward]


class OrderShelf(Protocol):
    """Where the records of settled orders are kept by id; a plain dict will do."""

    def get(self, order_id: str, /) -> Record | None:
        """The record of the order, if there is one of that id."""

    def __setitem__(self, order_id: str, record: Record, /) -> None:
        """Keeps a record, in place of any earlier one of that order."""


def order_record(member: str, outcome: Outcome) -> Record:
    """The record of an order that has just been settled."""
    lines = outcome.lines
    record: Record = [
        member,
        outcome.positions[0].number if outcome.granted_upt else 0,
        outcome.granted_upt,
        outcome.unclaimed_fen,
        1 if outcome.unclaimed_to == "pool" else 0,
        len(lines),
    ]
    for line in lines:
        record += (
            line.goods_fen,
            line.cost_fen,
            line.budget_fen,
            line.contribution_fen,
            line.merchant,
            0,
        )
    for award in outcome.awards:
        record += (award.member, _KIND_CODES[award.kind] + award.waiting, award.amount_fen)
    return record


def note_refund(record: Record, *, line: int, amount_fen: int) -> None:
    """Adds a refund of a line to the record."""
    place = _HEAD + (line + 1) * _PER_LINE - 1
    record[place] = cast(int, record[place]) + amount_fen


def order_from_record(order_id: str, record: Record) -> SettledOrder:
    """The order that the record is of."""
    member, position, granted_upt, unclaimed_fen, to_pool, count = record[:_HEAD]
    awards_from = _HEAD + cast(int, count) * _PER_LINE
    lines = list(_rows(record[_HEAD:awards_from], _PER_LINE))
    return SettledOrder(
        id=order_id,
        member=cast(str, member),
        position=cast(int, position) or None,
        granted_upt=cast(int, granted_upt),
        unclaimed_fen=cast(int, unclaimed_fen),
        unclaimed_to="pool" if to_pool else "platform",
        lines=[_line(row) for row in lines],
        refunded_fen=[cast(int, row[-1]) for row in lines],
        awards=[_award(row) for row in _rows(record[awards_from:], _PER_AWARD)],
    )


def _rows(items: Record, width: int) -> Iterator[Record]:
    return (items[i : i + width] for i in range(0, len(items), width))


def _line(row: Record) -> LineShares:
    goods_fen, cost_fen, budget_fen, contribution_fen = cast(list[int], row[:4])
    return LineShares(goods_fen, cost_fen, budget_fen, contribution_fen, cast(str, row[4]))


def _award(row: Record) -> KeptAward:
    member, code, amount_fen = row
    kind, waiting = divmod(cast(int, code), 2)
    return KeptAward(cast(str, member), _KINDS[kind], cast(int, amount_fen), bool(waiting))


class PackedOrders:
    """Records in memory, each packed into bytes: all orders stay refundable, few are refunded."""

    __slots__ = ("packed",)

    def __init__(self) -> None:
        self.packed: dict[str, bytes] = {}

    def get(self, order_id: str, /) -> Record | None:
        """The record of the order, if there is one of that id."""
        packed = self.packed.get(order_id)
        if packed is None:
            return None
        return cast(Record, marshal.loads(packed))  # noqa: S302 - our own bytes

    def __setitem__(self, order_id: str, record: Record, /) -> None:
        # Version 2 of the format does without a table of references, which makes it fast.
        self.packed[order_id] = marshal.dumps(record, 2)
