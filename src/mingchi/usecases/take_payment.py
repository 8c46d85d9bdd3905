"""The gateway says that somebody has paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import services
from mingchi.orders import services as orders
from mingchi.payments import gateways, receipts
from mingchi.payments.gateways import GatewayError, Notice
from mingchi.payments.models import GatewayNotice, Payment
from mingchi.usecases.follow_flow import PAID, order_flow

LONGEST_BODY = 16_384
Outcome = GatewayNotice.Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of a notice: `applied`, `duplicate` or `sent_back`. The gateway is answered ok."""

    outcome: str
    payment_id: int
    order_id: int
    payment_refund_id: int | None


def take_payment(*, gateway: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Taken:
    """Keep the notice as it came, then book the payment once and tell the order's flow.

    Paid after the order was cancelled or its price changed, or twice, is booked and on its way
    back. Raises
    `notice_refused` (400, or 401 for a bad signature or time) with `details.reason`, after the
    notice is kept.
    """
    headers = {name.lower(): value for name, value in headers.items()}
    way = gateways.get(gateway)
    kept = GatewayNotice(
        gateway=way.code,
        body=body[:LONGEST_BODY].decode(errors="replace").replace("\x00", "\ufffd"),
        headers={
            name: value[:200].replace("\x00", "\ufffd")
            for name, value in headers.items()
            if name.startswith("x-mingchi-")
        },
        received_at=now,
    )
    with transaction.atomic():
        try:
            if len(body) > LONGEST_BODY:
                raise GatewayError("malformed_notice")
            notice = way.read_notice(body=body, headers=headers, now=now)
            kept.verified = True
            taken = _apply(kept, notice, now)
        except GatewayError as error:
            taken = None
            kept.outcome, kept.error = Outcome.REFUSED, error.code
        kept.save()
    if taken is None:
        raise DomainError(
            "notice_refused",
            _("The notice was not believed."),
            status=400 if kept.verified else 401,
            details={"reason": kept.error},
        )
    return taken


def _apply(kept: GatewayNotice, notice: Notice, now: datetime) -> Taken:
    """Order first, then payment: the order of locks everywhere."""
    found = Payment.objects.filter(out_trade_no=notice.out_trade_no, gateway=kept.gateway).first()
    if found is None:
        raise GatewayError("unknown_payment")
    order = orders.lock(found.order_id)
    payment = Payment.objects.select_for_update().get(pk=found.pk)
    kept.payment = payment
    if notice.amount_fen != payment.amount_fen:
        raise GatewayError("wrong_amount")
    receipt = receipts.book(order, payment, gateway_no=notice.gateway_no, now=now)
    kept.outcome = receipt.outcome
    if receipt.outcome == Outcome.APPLIED:
        flow = order_flow(order.pk)
        key = f"payment:{payment.pk}"
        services.send(kind=flow.kind, subject=flow.subject, name=PAID, dedupe_key=key, now=now)
    return Taken(
        outcome=str(kept.outcome),
        payment_id=payment.pk,
        order_id=order.pk,
        payment_refund_id=receipt.payment_refund_id,
    )
