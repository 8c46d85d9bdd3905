"""The gateway says that somebody has paid, that money is back, or that somebody took it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import services
from mingchi.orders.models import Order
from mingchi.payments import gateways, receipts, refunding
from mingchi.payments.gateways import (
    GatewayError,
    NoNews,
    Notice,
    RefundNotice,
    Told,
    TransferNotice,
)
from mingchi.payments.models import GatewayNotice, Payment, PaymentRefund
from mingchi.payouts import transfers
from mingchi.usecases.follow_flow import PAID, order_flow

LONGEST_BODY = 16_384
KEPT_HEADERS = ("x-mingchi-", "wechatpay-")
Outcome = GatewayNotice.Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of a notice: `applied`, `duplicate`, `sent_back` or `nothing`; which orders it is
    about, and what of it goes back. The gateway is answered ok."""

    outcome: str
    payment_id: int | None = None
    order_ids: tuple[int, ...] = ()
    payment_refund_ids: tuple[int, ...] = ()


def take_payment(*, gateway: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Taken:
    """Keep the notice as it came, then book once what it tells, and tell the flows of the orders.

    What was paid for an order after it was cancelled or its price changed, or twice, is booked and
    on its way back. Raises `notice_refused` (400, or 401 for a bad signature or time) with
    `details.reason`, after the notice is kept.
    """
    headers = {name.lower(): value for name, value in headers.items()}
    way = gateways.get(gateway)
    kept = GatewayNotice(
        gateway=way.code,
        body=body[:LONGEST_BODY].decode(errors="replace").replace("\x00", "\ufffd"),
        headers={
            name: value[:200].replace("\x00", "\ufffd")
            for name, value in headers.items()
            if name.startswith(KEPT_HEADERS)
        },
        received_at=now,
    )
    with transaction.atomic():
        try:
            if len(body) > LONGEST_BODY:
                raise GatewayError("malformed_notice")
            told = way.read_notice(body=body, headers=headers, now=now)
            kept.verified = True
            taken = _take(kept, told, now)
            kept.outcome = Outcome(taken.outcome)
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


def _take(kept: GatewayNotice, told: Told, now: datetime) -> Taken:
    match told:
        case Notice():
            kept.number = told.out_trade_no[:64]
            return _apply(kept, told, now)
        case RefundNotice():
            kept.number = told.out_refund_no[:64]
            return _take_refund(kept, told, now)
        case TransferNotice():
            kept.number = told.out_transfer_no[:64]
            return _take_transfer(kept, told, now)
        case NoNews():
            kept.number = told.number[:64]
            return Taken(outcome=Outcome.NOTHING)


def _apply(kept: GatewayNotice, notice: Notice, now: datetime) -> Taken:
    """Orders first, then payment: the order of locks everywhere."""
    found = Payment.objects.filter(out_trade_no=notice.out_trade_no, gateway=kept.gateway).first()
    if found is None:
        raise GatewayError("unknown_payment")
    held = receipts.lock_orders(found)
    payment = Payment.objects.select_for_update().get(pk=found.pk)
    kept.payment = payment
    if notice.amount_fen != payment.amount_fen:
        raise GatewayError("wrong_amount")
    receipt = receipts.book(held, payment, gateway_no=notice.gateway_no, now=now, at=notice.at)
    for order in receipt.paid:
        tell_paid(order, payment, now)
    return Taken(
        outcome=str(receipt.outcome),
        payment_id=payment.pk,
        order_ids=tuple(order.pk for order in held),
        payment_refund_ids=receipt.payment_refund_ids,
    )


def tell_paid(order: Order, payment: Payment, now: datetime) -> None:
    """The order's flow hears that the money is there; in the transaction that books it."""
    flow = order_flow(order.pk)
    key = f"payment:{payment.pk}"
    services.send(kind=flow.kind, subject=flow.subject, name=PAID, dedupe_key=key, now=now)


def _take_refund(kept: GatewayNotice, told: RefundNotice, now: datetime) -> Taken:
    """The refund's number is ours and random: nobody else knows it."""
    sent = (
        PaymentRefund.objects.select_related("payment")
        .filter(out_refund_no=told.out_refund_no, payment__gateway=kept.gateway)
        .first()
    )
    if sent is None:
        raise GatewayError("unknown_refund")
    kept.payment = sent.payment
    if told.amount_fen not in (None, sent.amount_fen):
        raise GatewayError("wrong_amount")
    known = sent.state == PaymentRefund.State.PAID
    if not known:
        refunding.take(sent, told, now=now)
    return Taken(
        outcome=Outcome.DUPLICATE if known else Outcome.APPLIED,
        payment_id=sent.payment_id,
        order_ids=(sent.order_id,),
        payment_refund_ids=(sent.pk,),
    )


def _take_transfer(kept: GatewayNotice, told: TransferNotice, now: datetime) -> Taken:
    found = transfers.find(gateway=kept.gateway, out_transfer_no=told.out_transfer_no)
    if found is None:
        raise GatewayError("unknown_transfer")
    if told.amount_fen not in (None, found.amount_fen):
        raise GatewayError("wrong_amount")
    news = transfers.take(found, told, now=now)
    return Taken(outcome=Outcome.APPLIED if news else Outcome.DUPLICATE)
