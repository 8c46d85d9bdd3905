"""Attempts to pay, and money on its way back. Callers hold the locks of the orders."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.orders.models import Checkout, Order, Refund
from mingchi.payments.models import Payment, PaymentPart, PaymentRefund

# A notice comes within seconds; where none came in this time the gateway is asked.
FIRST_LOOK: Final = timedelta(minutes=2)
LONGEST_PAUSE: Final = timedelta(hours=1)


def attempt(
    *,
    checkout: Checkout,
    orders: Sequence[Order],
    gateway: str,
    channel: str = "",
    now: datetime,
    expires_at: datetime,
) -> Payment:
    """A new attempt to pay these orders of a checkout, each whole, under a number of its own:
    letters, digits and underscores, at most 32, which every gateway takes. The gateway lets nobody
    pay it later."""
    payment = Payment.objects.create(
        checkout=checkout,
        gateway=gateway,
        channel=channel,
        out_trade_no=f"{checkout.number}_{secrets.token_hex(5)}",
        amount_fen=sum(order.total_fen for order in orders),
        expires_at=expires_at,
        watch_at=now + FIRST_LOOK,
        created_at=now,
    )
    PaymentPart.objects.bulk_create(
        PaymentPart(payment=payment, order=order, amount_fen=order.total_fen) for order in orders
    )
    return payment


def collected(*, order: Order, gateway: str, now: datetime) -> Payment:
    """What was paid for one order without an attempt."""
    payment = Payment.objects.create(
        checkout_id=order.checkout_id,
        gateway=gateway,
        out_trade_no=f"{order.number}_{secrets.token_hex(5)}",
        amount_fen=order.total_fen,
        state=Payment.State.PAID,
        paid_at=now,
        gateway_at=now,
        created_at=now,
    )
    PaymentPart.objects.create(
        payment=payment,
        order=order,
        amount_fen=order.total_fen,
        state=PaymentPart.State.KEPT,
    )
    return payment


def mark_paid(
    payment: Payment, *, gateway_no: str, now: datetime, at: datetime | None = None
) -> bool:
    """Note that an attempt was paid, at the gateway's time `at`; False where that is known."""
    unpaid = (Payment.State.CREATED, Payment.State.CLOSED)
    return bool(
        Payment.objects.filter(pk=payment.pk, state__in=unpaid).update(
            state=Payment.State.PAID, gateway_no=gateway_no, paid_at=now, gateway_at=at or now
        )
    )


def mark_closed(payment: Payment) -> bool:
    """Note that nobody can pay an attempt any more; False where it was paid or is closed."""
    return bool(
        Payment.objects.filter(pk=payment.pk, state=Payment.State.CREATED).update(
            state=Payment.State.CLOSED
        )
    )


def pause(times: int) -> timedelta:
    """How long to wait before asking again: twice as long each time, an hour at most."""
    return min(timedelta(minutes=2 ** min(times, 10)), LONGEST_PAUSE)


def mark_part(part: PaymentPart, state: PaymentPart.State) -> None:
    """Note what became of an order's part of a payment: once it is paid, and once for all."""
    done = PaymentPart.objects.filter(pk=part.pk, state=PaymentPart.State.OPEN).update(state=state)
    assert done == 1, "a payment is booked once"


def of_order(order: Order) -> Payment:
    """The payment that paid the order, alone or with others of its checkout."""
    return Payment.objects.get(parts__order=order, parts__state=PaymentPart.State.KEPT)


def send_back(
    *,
    payment: Payment,
    order: Order,
    amount_fen: int,
    reason: str,
    refund: Refund | None = None,
) -> PaymentRefund:
    """Put money of a payment on its way back, of one order; it counts against the payment from now
    on, as does what is on its way back for the others.

    Raises `refund_exceeds_payment` 409.
    """
    taken = Payment.objects.filter(
        pk=payment.pk,
        state=Payment.State.PAID,
        amount_fen__gte=F("refunded_fen") + amount_fen,
    ).update(refunded_fen=F("refunded_fen") + amount_fen)
    if not taken:
        raise ConflictError(
            "refund_exceeds_payment",
            _("More than was paid can't be sent back."),
            field="amount_fen",
        )
    number = f"r{refund.pk}" if refund else f"p{payment.pk}o{order.pk}"
    return PaymentRefund.objects.create(
        payment=payment,
        order=order,
        refund=refund,
        out_refund_no=f"{number}_{secrets.token_hex(5)}",
        amount_fen=amount_fen,
        reason=reason,
    )


def mark_sent(sent: PaymentRefund, *, now: datetime, at: datetime | None = None) -> bool:
    """Note that the gateway gave the money back, at its time `at`; False where that is known.
    A gateway may say so after it said the opposite: then the money is gone all the same."""
    not_sent = (PaymentRefund.State.PENDING, PaymentRefund.State.FAILED)
    return bool(
        PaymentRefund.objects.filter(pk=sent.pk, state__in=not_sent).update(
            state=PaymentRefund.State.PAID, paid_at=now, gateway_at=at or now, error=""
        )
    )


def note_failure(sent: PaymentRefund, *, error: str) -> None:
    """Keep why the gateway refused. The money stays promised, and staff may try again."""
    PaymentRefund.objects.filter(pk=sent.pk, state=PaymentRefund.State.PENDING).update(
        state=PaymentRefund.State.FAILED, error=error[:200]
    )
