"""Which position leaves the pool next: exact, in the order of their triggers.

A position is due when the price P/S reaches exit_multiple * spend / granted. The queue holds each
open position under its trigger as a whole number, scaled so far up that two different triggers,
or a trigger and a price, never come out the same: all comparing is of integers, and exact.
"""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Final

from mingchi.engine.state import Position
from mingchi.engine.units import PPM

Ratio = tuple[int, int]
Refill = Callable[[Ratio], tuple[Ratio | None, Iterable[Position]]]
"""Called with the price when it has reached the horizon; gives a horizon above that price (None:
there is none, all are in memory) and every open position with a trigger up to it. Positions that
are in memory already must be given as the same objects."""

_SCALE_BITS: Final = 256
_LARGEST_UPT: Final = 1 << (_SCALE_BITS // 2)
"""Fractions a/b and c/d that differ do so by 1/(b*d) at least. With points below 2^128 that is
2^-256, so that they still differ after scaling by 2^256 and rounding down."""


def trigger(position: Position) -> Ratio:
    """The price, in fen to micro-points, at which `position` leaves the pool."""
    return position.exit_multiple_ppm * position.spend_fen, position.granted_upt * PPM


def _key(position: Position) -> int:
    """The trigger, scaled; in millionths of a fen to micro-points."""
    granted_upt = position.granted_upt
    assert granted_upt < _LARGEST_UPT
    return (position.exit_multiple_ppm * position.spend_fen << _SCALE_BITS) // granted_upt


class ExitQueue:
    """Open positions by trigger, lowest first; ties by number.

    An entry is never above the trigger of its position: where a trigger falls the position is
    entered again, where it rises the entry stays until it comes up. Positions above `horizon`
    (fen to micro-points) need not be in the queue; None: all are.
    """

    __slots__ = ("_heap", "_quiet_below", "_refill", "horizon")

    def __init__(self, *, refill: Refill | None = None, horizon: Ratio | None = None) -> None:
        self._heap: list[tuple[int, int, Position]] = []
        self._refill = refill
        self.horizon = horizon
        self._quiet_below: Ratio = (0, 1)
        """No position is due at a price below this one."""

    def watch(self, position: Position) -> None:
        """Enters a position that is new to the queue, or whose spend or points have changed."""
        if not position.exit_multiple_ppm or not position.held_upt:
            return
        key = _key(position)
        if position.queued is None or key < position.queued:
            position.queued = key
            heappush(self._heap, (key, position.number, position))
            if self._heap[0][2] is position:
                self._quiet_below = (0, 1)

    def next_due(self, pool_fen: int, supply_upt: int) -> Position | None:
        """The position that is to leave the pool at this price, if any."""
        fen, upt = self._quiet_below
        if pool_fen * upt < fen * supply_upt or not supply_upt:
            return None
        while self.horizon is not None and _reached(pool_fen, supply_upt, self.horizon):
            self._fill((pool_fen, supply_upt))
        lowest = self._lowest()
        if lowest is None:
            self._quiet_below = self.horizon or _NEVER
            return None
        due = trigger(lowest)
        if _reached(pool_fen, supply_upt, due):
            return lowest
        if self.horizon is None or _reached(*self.horizon, due):
            self._quiet_below = due
        else:
            self._quiet_below = self.horizon
        return None

    def _lowest(self) -> Position | None:
        """The position on top, once entries that no longer tell the truth have been put right."""
        while self._heap:
            key, _, position = self._heap[0]
            if position.held_upt and key == _key(position):
                return position
            heappop(self._heap)
            if key == position.queued:
                position.queued = None
                self.watch(position)
        return None

    def _fill(self, price: Ratio) -> None:
        assert self._refill is not None
        self.horizon, positions = self._refill(price)
        assert self.horizon is None or not _reached(*price, self.horizon)
        for position in positions:
            self.watch(position)


_NEVER: Final = (1, 0)
"""A price that is never reached."""


def _reached(pool_fen: int, supply_upt: int, ratio: Ratio) -> bool:
    return pool_fen * ratio[1] >= ratio[0] * supply_upt
