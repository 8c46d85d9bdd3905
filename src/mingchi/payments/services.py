"""Attempts to pay, and money on its way back. Callers hold the order's lock."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.orders.models import Order, Refund
from mingchi.payments.models import Payment, PaymentRefund

# A notice comes within seconds; where none came in this time the gateway is asked.
FIRST_LOOK: Final = timedelta(minutes=2)
LONGEST_PAUSE: Final = timedelta(hours=1)


def attempt(
    *, order: Order, gateway: str, channel: str = "", now: datetime, expires_at: datetime
) -> Payment:
    """A new attempt to pay the whole order, under a number of its own: letters, digits and
    underscores, at most 32, which every gateway takes. The gateway lets nobody pay it later."""
    return Payment.objects.create(
        order=order,
        gateway=gateway,
        channel=channel,
        out_trade_no=f"{order.number}_{secrets.token_hex(5)}",
        amount_fen=order.total_fen,
        expires_at=expires_at,
        watch_at=now + FIRST_LOOK,
    )


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


def of_order(order: Order) -> Payment:
    """The payment that paid the order; one that came twice or too late was sent back whole."""
    unowed = PaymentRefund.objects.filter(payment=OuterRef("pk"), refund__isnull=True)
    return Payment.objects.exclude(Exists(unowed)).get(order=order, state=Payment.State.PAID)


def send_back(
    *, payment: Payment, amount_fen: int, reason: str, refund: Refund | None = None
) -> PaymentRefund:
    """Put money of a payment on its way back; it counts against the payment from now on.

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
    number = f"r{refund.pk}" if refund else f"p{payment.pk}"
    return PaymentRefund.objects.create(
        payment=payment,
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
