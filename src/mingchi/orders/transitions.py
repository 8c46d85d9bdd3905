"""How an order, a shipment and an after-sales case may move: tables, not branches."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.db.models import Q

from mingchi.orders.models import AfterSalesCase, Order, Shipment

State = Order.State
ANY: Final = Q()
PAID: Final = Q(paid_at__isnull=False)
TO_COLLECT: Final = Q(payment_method=Order.PaymentMethod.COD, paid_at__isnull=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """From which states an order may come, and on what condition on its row; `stamp` is the column
    that keeps the first moment it got there."""

    sources: Mapping[Order.State, Q]
    stamp: str


MOVES: Mapping[Order.State, Move] = MappingProxyType(
    {
        # Back to where it stood when its parcels are voided or come back undelivered.
        State.CREATED: Move(sources={State.SHIPPED: TO_COLLECT}, stamp="placed_at"),
        State.PAID: Move(sources={State.CREATED: ANY, State.SHIPPED: PAID}, stamp="paid_at"),
        State.CANCELLED: Move(sources={State.CREATED: ANY}, stamp="cancelled_at"),
        State.SHIPPED: Move(
            sources={State.PAID: ANY, State.CREATED: TO_COLLECT}, stamp="shipped_at"
        ),
        State.RECEIVED: Move(sources={State.SHIPPED: ANY}, stamp="received_at"),
        State.COMPLETED: Move(sources={State.RECEIVED: PAID}, stamp="completed_at"),
        State.REFUNDED: Move(
            sources={
                State.PAID: ANY,
                State.SHIPPED: PAID,
                State.RECEIVED: PAID,
                State.COMPLETED: ANY,
            },
            stamp="refunded_at",
        ),
    }
)

SHIPMENT_MOVES: Mapping[Shipment.State, tuple[Shipment.State, ...]] = MappingProxyType(
    {
        Shipment.State.SHIPPED: (Shipment.State.PREPARING,),
        Shipment.State.HANDED_OVER: (Shipment.State.SHIPPED,),
        # A carrier that tells of the delivery has taken it over, noted or not.
        Shipment.State.DELIVERED: (Shipment.State.SHIPPED, Shipment.State.HANDED_OVER),
        Shipment.State.VOIDED: (Shipment.State.PREPARING, Shipment.State.SHIPPED),
        # Not accepted at the door, or not found there.
        Shipment.State.CAME_BACK: (Shipment.State.HANDED_OVER,),
    }
)

Case = AfterSalesCase.State
CASE_MOVES: Mapping[AfterSalesCase.State, tuple[AfterSalesCase.State, ...]] = MappingProxyType(
    {
        # More was asked of the buyer, and came.
        Case.OPENED: (Case.ASKED,),
        Case.ASKED: (Case.OPENED,),
        Case.DECLINED: (Case.OPENED,),
        # Against the merchant's no, or against what the inspection found.
        Case.APPEALED: (Case.DECLINED, Case.INSPECTED),
        Case.AUTHORISED: (Case.OPENED, Case.APPEALED),
        Case.GOODS_BACK: (Case.AUTHORISED,),
        Case.INSPECTED: (Case.GOODS_BACK, Case.APPEALED),
        Case.SETTLED: (Case.AUTHORISED, Case.INSPECTED),
        Case.CLOSED: (Case.SETTLED,),
        # Refused at once, a no that stands, or goods that came back not as they should be.
        Case.REFUSED: (Case.OPENED, Case.DECLINED, Case.APPEALED, Case.INSPECTED),
        # By the buyer, or because the goods were not sent back in time.
        Case.WITHDRAWN: (
            Case.OPENED,
            Case.ASKED,
            Case.DECLINED,
            Case.APPEALED,
            Case.AUTHORISED,
        ),
    }
)
