"""Money that came in: booked once, kept if the order waits for it, else on its way back.

Callers hold the order's lock; `ask` opens transactions of its own, as it calls the gateway.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.orders import reservations
from mingchi.orders import services as orders
from mingchi.orders.models import Order
from mingchi.payments import bookings, gateways
from mingchi.payments import services as payments
from mingchi.payments.at_the_door import AtTheDoor
from mingchi.payments.gateways import Closing, GatewayDownError, GatewayError
from mingchi.payments.models import GatewayNotice, Payment

log = structlog.get_logger(__name__)
Outcome = GatewayNotice.Outcome
# Who else hears that an order is paid.
Paid = Callable[[Order, Payment, datetime], None]
# A page that expired may have been paid in its last moment.
GRACE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of money: `applied`, `duplicate` (known before) or `sent_back`."""

    outcome: GatewayNotice.Outcome
    payment_refund_id: int | None = None


def book(
    order: Order, payment: Payment, *, gateway_no: str, now: datetime, at: datetime | None = None
) -> Receipt:
    """An attempt was paid. The order goes on, if it waits for just this amount and its goods can
    be had; otherwise (given up, paid twice, price changed since) the money is on its way back."""
    if not payments.mark_paid(payment, gateway_no=gateway_no, now=now, at=at):
        return Receipt(outcome=Outcome.DUPLICATE)
    unowed = _unowed(order, payment)
    if not unowed:
        bookings.payment_taken(payment, shipping_fen=order.shipping_fen)
        orders.move(order.pk, Order.State.PAID, now=now)
        return Receipt(outcome=Outcome.APPLIED)
    bookings.payment_taken(payment)
    sent = payments.send_back(payment=payment, amount_fen=payment.amount_fen, reason=unowed)
    bookings.promised_back(sent)
    return Receipt(outcome=Outcome.SENT_BACK, payment_refund_id=sent.pk)


def ask(*, order_id: int, now: datetime) -> bool:
    """Whether the order is paid, by our books or, where a notice was lost, by the gateways' word,
    which is booked. Called outside of transactions, as it may take long. A gateway that does not
    answer does not keep us from asking the next."""
    if Order.objects.filter(pk=order_id, paid_at__isnull=False).exists():
        return True
    attempts = Payment.objects.filter(order_id=order_id, state=Payment.State.CREATED)
    for attempt in attempts.order_by("id"):
        try:
            ask_about(attempt, now=now)
        except (GatewayError, GatewayDownError) as error:
            log.warning("gateway_not_asked", number=attempt.out_trade_no, error=str(error))
    return Order.objects.filter(pk=order_id, paid_at__isnull=False).exists()


def ask_about(
    attempt: Payment, *, now: datetime, paid: Paid = lambda order, payment, now: None
) -> Receipt | None:
    """What the gateway knows of one attempt is booked; None where it knows of no payment, or of
    another amount, which reconciliation shows. `paid` is called in the same transaction where the
    order goes on. Raises as the gateway does."""
    found = gateways.get(attempt.gateway).find_payment(out_trade_no=attempt.out_trade_no)
    if found is None:
        return None
    if found.amount_fen != attempt.amount_fen:
        log.error("gateway_amount_differs", number=attempt.out_trade_no, fen=found.amount_fen)
        return None
    with transaction.atomic():
        order = orders.lock(attempt.order_id)
        receipt = book(order, attempt, gateway_no=found.gateway_no, now=now, at=found.at)
        if receipt.outcome == Outcome.APPLIED:
            paid(order, attempt, now)
    return receipt


def let_go(attempt: Payment, *, now: datetime) -> bool:
    """Close an attempt that nobody may pay any more, at the gateway and in our books; what was
    paid meanwhile is booked. Returns whether it is settled either way. Raises as the gateway does.

    A gateway that has not seen the attempt may still see it while the buyer's page is good: until
    then it stays open here, and is asked again.
    """
    closing = gateways.get(attempt.gateway).close(out_trade_no=attempt.out_trade_no)
    if closing == Closing.PAID:
        return ask_about(attempt, now=now) is not None
    outlived = attempt.expires_at is None or now > attempt.expires_at + GRACE
    if closing == Closing.CLOSED or outlived:
        return payments.mark_closed(attempt)
    return False


def collect(order: Order, *, now: datetime) -> bool:
    """Cash on delivery was collected in full: the order counts as paid; False where it was.

    Errors: `not_cash_on_delivery` 409, `impossible_move` 409 before the goods went out.
    """
    if order.payment_method != Order.PaymentMethod.COD:
        raise ConflictError("not_cash_on_delivery", _("This order is not paid at the door."))
    if order.paid_at is not None:
        return False
    if order.state not in (Order.State.SHIPPED, Order.State.RECEIVED):
        raise orders.impossible(str(order.state), "paid")
    payment = Payment.objects.create(
        order=order,
        gateway=AtTheDoor.code,
        out_trade_no=f"{order.number}_{secrets.token_hex(5)}",
        amount_fen=order.total_fen,
        state=Payment.State.PAID,
        paid_at=now,
        gateway_at=now,
    )
    bookings.payment_taken(payment, shipping_fen=order.shipping_fen)
    orders.mark_paid(order, now=now)
    return True


def _unowed(order: Order, payment: Payment) -> str:
    """Why nobody owes this money, "" where the order waits for it."""
    if order.state != Order.State.CREATED:
        return f"order_{order.state}"
    if payment.amount_fen != order.total_fen:
        return "price_changed"
    try:
        with transaction.atomic():
            reservations.hold_again(order, until=None)
    except ConflictError:
        return "out_of_stock"
    return ""
