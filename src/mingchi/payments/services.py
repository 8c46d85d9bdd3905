"""Attempts to pay, and money on its way back. Callers hold the order's lock."""

import secrets
from datetime import datetime

from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.orders.models import Order, Refund
from mingchi.payments.models import Payment, PaymentRefund


def attempt(*, order: Order, gateway: str) -> Payment:
    """A new attempt to pay the whole order, under a number of its own."""
    return Payment.objects.create(
        order=order,
        gateway=gateway,
        out_trade_no=f"{order.number}-{secrets.token_hex(5)}",
        amount_fen=order.total_fen,
    )


def mark_paid(payment: Payment, *, gateway_no: str, now: datetime) -> bool:
    """Note that an attempt was paid; False where that is known already."""
    return bool(
        Payment.objects.filter(pk=payment.pk, state=Payment.State.CREATED).update(
            state=Payment.State.PAID, gateway_no=gateway_no, paid_at=now
        )
    )


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
        out_refund_no=f"{number}-{secrets.token_hex(5)}",
        amount_fen=amount_fen,
        reason=reason,
    )


def mark_sent(sent: PaymentRefund, *, now: datetime) -> bool:
    """Note that the gateway gave the money back; False where that is known already."""
    return bool(
        PaymentRefund.objects.filter(pk=sent.pk, state=PaymentRefund.State.PENDING).update(
            state=PaymentRefund.State.PAID, paid_at=now, error=""
        )
    )


def note_failure(sent: PaymentRefund, *, error: str) -> None:
    """Keep why the gateway refused. The money stays promised, and staff may try again."""
    PaymentRefund.objects.filter(pk=sent.pk, state=PaymentRefund.State.PENDING).update(
        state=PaymentRefund.State.FAILED, error=error[:200]
    )
