"""What one person decides about an order; the latest decision of a kind counts."""

from datetime import datetime

from mingchi.foundation.errors import ConflictError
from mingchi.orders import services as orders
from mingchi.orders.models import Order, OrderDecision

Kind = OrderDecision.Kind
ENDED = (Order.State.CANCELLED, Order.State.REFUNDED, Order.State.COMPLETED)


def review(
    order: Order, *, approved: bool, actor: str, key: str, now: datetime, reason: str = ""
) -> OrderDecision:
    """Somebody looked the order over; a no stops it from being shipped.

    The same key again changes nothing. `impossible_move` 409 once the order has ended.
    """
    if order.state in ENDED:
        raise orders.impossible(str(order.state), "reviewed")
    return _decide(order, Kind.REVIEW, approved, actor, key, now, reason)


def confirm_finance(
    order: Order, *, approved: bool, actor: str, key: str, now: datetime, reason: str = ""
) -> OrderDecision:
    """Finance say that the money is right, before or after shipping.

    The same key again changes nothing. `impossible_move` 409 where no money came in and none is
    to be collected at the door.
    """
    at_the_door = order.payment_method == Order.PaymentMethod.COD
    if order.state in ENDED or not (order.paid_at or at_the_door):
        raise orders.impossible(str(order.state), "confirmed")
    return _decide(order, Kind.FINANCE, approved, actor, key, now, reason)


def _decide(
    order: Order,
    kind: OrderDecision.Kind,
    approved: bool,
    actor: str,
    key: str,
    now: datetime,
    reason: str,
) -> OrderDecision:
    found, made = OrderDecision.objects.get_or_create(
        order=order,
        kind=kind,
        key=key,
        defaults={"approved": approved, "actor": actor, "reason": reason, "decided_at": now},
    )
    if not made and (found.approved, found.actor) != (approved, actor):
        raise _decided_before(found)
    return found


def _decided_before(found: OrderDecision) -> ConflictError:
    said = "approved" if found.approved else "rejected"
    return orders.impossible(said, "decided anew")
