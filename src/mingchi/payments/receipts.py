"""Money that came in: booked once; each order's part is kept if the order waits for it, else on its
way back.

Callers hold the orders' locks; `ask` opens transactions of its own, as it calls the gateway.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.orders import checkouts, reservations
from mingchi.orders import services as orders
from mingchi.orders.models import Order
from mingchi.payments import bookings, gateways
from mingchi.payments import services as payments
from mingchi.payments.at_the_door import AtTheDoor
from mingchi.payments.gateways import Closing, GatewayDownError, GatewayError
from mingchi.payments.models import GatewayNotice, Payment, PaymentPart

log = structlog.get_logger(__name__)
Outcome = GatewayNotice.Outcome
# Who else hears that an order is paid.
Paid = Callable[[Order, Payment, datetime], None]
# A page that expired may have been paid in its last moment.
GRACE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of money: `applied` where an order of it goes on, `duplicate` (known before) or
    `sent_back`; with the orders that go on, and what of it is on its way back."""

    outcome: GatewayNotice.Outcome
    paid: tuple[Order, ...] = ()
    payment_refund_ids: tuple[int, ...] = ()


def lock_orders(payment: Payment) -> list[Order]:
    """The orders that a payment is for, held. Every payment is booked under them."""
    keys = PaymentPart.objects.filter(payment=payment).values_list("order", flat=True)
    return orders.lock_all(list(keys))


def book(
    held: Sequence[Order],
    payment: Payment,
    *,
    gateway_no: str,
    now: datetime,
    at: datetime | None = None,
) -> Receipt:
    """An attempt was paid. Each order of it goes on, if it waits for just its part and its goods
    can be had; otherwise (given up, paid twice, price changed since) that part is on its way
    back. `held` are the orders of `lock_orders`."""
    if not payments.mark_paid(payment, gateway_no=gateway_no, now=now, at=at):
        return Receipt(outcome=Outcome.DUPLICATE)
    parts = {part.order_id: part for part in PaymentPart.objects.filter(payment=payment)}
    unowed = {order: _unowed(order, parts[order.pk]) for order in held}
    paid = tuple(order for order in held if not unowed[order])
    bookings.payment_taken(payment, paid=paid)
    for order in paid:
        payments.mark_part(parts[order.pk], PaymentPart.State.KEPT)
        orders.move(order.pk, Order.State.PAID, now=now)
    _subsidise(paid, now)
    back = [
        _return(parts[order.pk], payment, order, reason)
        for order, reason in unowed.items()
        if reason
    ]
    return Receipt(
        outcome=Outcome.APPLIED if paid else Outcome.SENT_BACK,
        paid=paid,
        payment_refund_ids=tuple(key for key in back if key is not None),
    )


def ask(*, order_id: int, now: datetime) -> bool:
    """Whether the order is paid, by our books or, where a notice was lost, by the gateways' word,
    which is booked. Called outside of transactions, as it may take long. A gateway that does not
    answer does not keep us from asking the next."""
    if Order.objects.filter(pk=order_id, paid_at__isnull=False).exists():
        return True
    attempts = Payment.objects.filter(parts__order=order_id, state=Payment.State.CREATED)
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
    another amount, which reconciliation shows. `paid` is called in the same transaction for each
    order that goes on. Raises as the gateway does."""
    found = gateways.get(attempt.gateway).find_payment(out_trade_no=attempt.out_trade_no)
    if found is None:
        return None
    if found.amount_fen != attempt.amount_fen:
        log.error("gateway_amount_differs", number=attempt.out_trade_no, fen=found.amount_fen)
        return None
    with transaction.atomic():
        held = lock_orders(attempt)
        receipt = book(held, attempt, gateway_no=found.gateway_no, now=now, at=found.at)
        for order in receipt.paid:
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
    payment = payments.collected(order=order, gateway=AtTheDoor.code, now=now)
    bookings.payment_taken(payment, paid=[order])
    orders.mark_paid(order, now=now)
    _subsidise([order], now)
    return True


def _subsidise(paid: Sequence[Order], now: datetime) -> None:
    """The platform adds its part with the member's money, and the coupons are used."""
    for order in paid:
        if order.subsidy_fen:
            bookings.subsidy_added(order, goods_fen=_goods_subsidy_fen(order))
    for checkout_id in {order.checkout_id for order in paid}:
        checkouts.use_coupons(checkout_id, now=now)


def _goods_subsidy_fen(order: Order) -> int:
    return sum(line.amount_fen - line.goods_fen for line in orders.lines(order))


def _return(part: PaymentPart, payment: Payment, order: Order, reason: str) -> int | None:
    """Nobody owes an order's part: it is on its way back; returns its key, None where it was
    nothing."""
    payments.mark_part(part, PaymentPart.State.SENT_BACK)
    if not part.amount_fen:
        return None
    sent = payments.send_back(
        payment=payment, order=order, amount_fen=part.amount_fen, reason=reason
    )
    bookings.promised_back(sent)
    return sent.pk


def _unowed(order: Order, part: PaymentPart) -> str:
    """Why nobody owes this part, "" where the order waits for it."""
    if order.state != Order.State.CREATED:
        return f"order_{order.state}"
    if part.amount_fen != order.total_fen:
        return "price_changed"
    try:
        with transaction.atomic():
            reservations.hold_again(order, until=None)
    except ConflictError:
        return "out_of_stock"
    return ""
