"""What moves an order by itself: give up, receive, complete. Each locks, checks, writes once.

Use cases and steps of flows call the same commands, so there is one way an order moves.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.orders import cases, checkouts, reservations, shipments
from mingchi.orders import services as orders
from mingchi.orders.models import Order, Refund

State = Order.State
BUYERS_WORD = "confirmed by the buyer"


def cancel(order: Order, *, now: datetime) -> bool:
    """Give up an order that is not paid, and free what it holds; False where that was done.

    Cash on delivery may be given up on its way, once its parcels are voided or back in stock.
    Errors: `impossible_move` 409, `goods_under_way` 409.
    """
    if order.state in (State.CANCELLED, State.REFUNDED):
        return False
    if order.state in (State.CREATED, State.SHIPPED):
        shipments.refuse_under_way(order)
    orders.move(order.pk, State.CANCELLED, now=now)
    reservations.release(reservations.of_order(order))
    shipments.trim(order)
    checkouts.return_coupons(order, now=now)
    return True


def refunded(order: Order, *, now: datetime) -> None:
    """Nothing of the order is left with the merchant, and its coupons are the member's again.
    `impossible_move` 409."""
    orders.move(order.pk, State.REFUNDED, now=now)
    checkouts.return_coupons(order, now=now)


def pay_until(order_id: int, due_at: datetime) -> None:
    """An order that waits for its money waits until then, and its goods are kept as long."""
    waiting = Order.objects.filter(
        pk=order_id, state=State.CREATED, payment_method=Order.PaymentMethod.ONLINE
    )
    for order in waiting.exclude(pay_by=due_at):
        Order.objects.filter(pk=order.pk).update(pay_by=due_at)
        reservations.of_order(order).update(expires_at=due_at)


def receive(order: Order, *, now: datetime, proof: str = "") -> bool:
    """The goods have arrived and the return window begins; False where that was known.

    The buyer's or staff's word (`proof`) also stands for parcels that nobody reported delivered.
    Without a word every parcel needs the carrier's proof: `not_delivered` 409.
    Errors: `impossible_move` 409.
    """
    if order.state in (State.RECEIVED, State.COMPLETED):
        return False
    if order.state == State.SHIPPED:
        for part in shipments.of_order(order):
            if proof:
                shipments.deliver(part, proof=proof, now=now)
        if not shipments.all_delivered(order):
            raise ConflictError("not_delivered", _("The carrier has not delivered all of it."))
    orders.move(
        order.pk,
        State.RECEIVED,
        now=now,
        fields={"complete_due_at": now + timedelta(days=settings.RETURN_WINDOW_DAYS)},
    )
    return True


def refuse_open_window(order: Order, *, now: datetime) -> None:
    """`not_received` 409 before the goods arrived, `return_window_open` 409 until the days to
    send them back are over, whatever a flow says."""
    if order.complete_due_at is None:
        raise _not_received()
    if now < order.complete_due_at:
        raise ConflictError(
            "return_window_open",
            _("The goods may still be returned."),
            details={"complete_due_at": order.complete_due_at.isoformat()},
        )


def is_open(order: Order) -> bool:
    """Whether a refund is asked or an after-sales case open, so that it can't complete yet."""
    asked = Refund.objects.filter(order=order, state=Refund.State.REQUESTED)
    return asked.exists() or cases.open_of_order(order).exists()


def skip_window(order: Order, *, now: datetime) -> None:
    """In the sandbox: from now on the goods are not sent back. Errors: `not_allowed` 403 elsewhere,
    `not_received` 409."""
    if settings.LIVE:
        raise DomainError(
            "not_allowed", _("The return window is skipped in the sandbox only."), status=403
        )
    if order.complete_due_at is None:
        raise _not_received()
    order.complete_due_at = min(order.complete_due_at, now)
    order.save(update_fields=["complete_due_at"])


def complete(order: Order, *, now: datetime) -> bool:
    """Delivered, the return window closed, nothing open: the order may settle. False where it was
    completed.

    Errors: `impossible_move` 409 (not received, not paid) and those of `refuse_incomplete`.
    """
    if order.state == State.COMPLETED:
        return False
    orders.move(order.pk, State.COMPLETED, now=now)
    refuse_incomplete(order, now=now)
    return True


def refuse_incomplete(order: Order, *, now: datetime) -> None:
    """What an order must have behind it before it settles, whatever its flow says: `refund_open`,
    `case_open`, `not_delivered`, `not_received`, `return_window_open` 409."""
    if Refund.objects.filter(order=order, state=Refund.State.REQUESTED).exists():
        raise ConflictError("refund_open", _("A refund is asked for; decide it first."))
    if cases.open_of_order(order).exists():
        raise ConflictError("case_open", _("An after-sales case is open; close it first."))
    if not shipments.all_delivered(order):
        raise ConflictError("not_delivered", _("The carrier has not delivered all of it."))
    refuse_open_window(order, now=now)


def _not_received() -> ConflictError:
    return ConflictError("not_received", _("The goods have not arrived."))
