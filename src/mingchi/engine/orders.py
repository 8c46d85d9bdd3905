"""Settled orders: what is kept of an order so that any part of it can be refunded."""

import marshal
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol, cast

from mingchi.engine.outcome import AwardKind
from mingchi.engine.rules import Destination
from mingchi.engine.split import LineShares

Record = list[int | str]
"""A settled order as a flat list of integers and strings, fit for JSON."""

_KINDS: Final[tuple[AwardKind, ...]] = (
    "direct",
    "indirect",
    "levels",
    "differential",
    "peer",
    "region",
)
_KIND_CODES: Final = {kind: 2 * code for code, kind in enumerate(_KINDS)}
_HEAD, _PER_LINE, _PER_AWARD = 6, 6, 3


class Share(Protocol):
    """What a refund must know of an award."""

    @property
    def member(self) -> str: ...
    @property
    def kind(self) -> AwardKind: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def waiting(self) -> bool: ...


class KeptShare(NamedTuple):
    """An award of an order as read back from its record."""

    member: str
    kind: AwardKind
    amount_fen: int
    waiting: bool


class SettledOrder:
    """An order after settlement. `position` is None where its `granted_upt` is 0.

    `awards` stands as the order was settled; what became of waiting awards is told by
    `State.waiting` and `State.forfeited`. `refunded_fen` runs along with `lines`.
    """

    __slots__ = (
        "awards",
        "granted_upt",
        "id",
        "lines",
        "member",
        "position",
        "refunded_fen",
        "unclaimed_fen",
        "unclaimed_to",
    )

    def __init__(
        self,
        *,
        order_id: str,
        member: str,
        position: int | None,
        granted_upt: int,
        unclaimed_fen: int,
        unclaimed_to: Destination,
        lines: Sequence[LineShares],
        refunded_fen: list[int],
        awards: Sequence[Share],
    ) -> None:
        self.id = order_id
        self.member = member
        self.position = position
        self.granted_upt = granted_upt
        self.unclaimed_fen = unclaimed_fen
        self.unclaimed_to = unclaimed_to
        self.lines = lines
        self.refunded_fen = refunded_fen
        self.awards = awards


def order_record(order: SettledOrder) -> Record:
    """The order as a flat list, without its id: head, then each line, then each award."""
    record: Record = [
        order.member,
        order.position or 0,
        order.granted_upt,
        order.unclaimed_fen,
        1 if order.unclaimed_to == "pool" else 0,
        len(order.lines),
    ]
    for line, refunded_fen in zip(order.lines, order.refunded_fen, strict=True):
        record += line
        record.append(refunded_fen)
    for award in order.awards:
        record += (award.member, _KIND_CODES[award.kind] + award.waiting, award.amount_fen)
    return record


def order_from_record(order_id: str, record: Sequence[int | str]) -> SettledOrder:
    """The order that `order_record` made the record of."""
    member, position, granted_upt, unclaimed_fen, to_pool, count = record[:_HEAD]
    awards_from = _HEAD + cast(int, count) * _PER_LINE
    lines = list(_rows(record[_HEAD:awards_from], _PER_LINE))
    return SettledOrder(
        order_id=order_id,
        member=cast(str, member),
        position=cast(int, position) or None,
        granted_upt=cast(int, granted_upt),
        unclaimed_fen=cast(int, unclaimed_fen),
        unclaimed_to="pool" if to_pool else "platform",
        lines=[LineShares._make(line[:-1]) for line in lines],
        refunded_fen=[cast(int, line[-1]) for line in lines],
        awards=[_kept(row) for row in _rows(record[awards_from:], _PER_AWARD)],
    )


def _rows(items: Sequence[int | str], width: int) -> Iterator[Sequence[int | str]]:
    return (items[i : i + width] for i in range(0, len(items), width))


def _kept(row: Sequence[int | str]) -> KeptShare:
    member, code, amount_fen = row
    kind, waiting = divmod(cast(int, code), 2)
    return KeptShare(cast(str, member), _KINDS[kind], cast(int, amount_fen), bool(waiting))


class PackedOrders:
    """Settled orders in memory, each packed into bytes: all stay refundable, few are refunded."""

    __slots__ = ("_packed",)

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._packed

    def get(self, order_id: str, /) -> SettledOrder | None:
        """The order, if there is one of that id."""
        packed = self._packed.get(order_id)
        if packed is None:
            return None
        return order_from_record(order_id, marshal.loads(packed))  # noqa: S302 - our own bytes

    def put(self, order: SettledOrder, /) -> None:
        """Keeps the order as it stands now."""
        # Version 2 of the format does without a table of references, which makes it fast.
        self._packed[order.id] = marshal.dumps(order_record(order), 2)
