"""How an order may move: a table, not branches."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mingchi.orders.models import Order

State = Order.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """From which states an order may come, and which column keeps the moment."""

    sources: tuple[Order.State, ...]
    stamp: str


MOVES: Mapping[Order.State, Move] = MappingProxyType(
    {
        State.PAID: Move(sources=(State.CREATED,), stamp="paid_at"),
        State.CANCELLED: Move(sources=(State.CREATED,), stamp="cancelled_at"),
        State.SHIPPED: Move(sources=(State.PAID,), stamp="shipped_at"),
        State.RECEIVED: Move(sources=(State.SHIPPED,), stamp="received_at"),
        State.COMPLETED: Move(sources=(State.RECEIVED,), stamp="completed_at"),
        State.REFUNDED: Move(
            sources=(State.PAID, State.SHIPPED, State.RECEIVED, State.COMPLETED),
            stamp="refunded_at",
        ),
    }
)
