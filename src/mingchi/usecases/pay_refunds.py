"""Money leaves through the gateway: promised before, booked after, the call in between."""

from datetime import datetime

import structlog
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError
from mingchi.foundation.models import User
from mingchi.orders import services as orders
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.payments import bookings, gateways
from mingchi.payments import services as payments
from mingchi.payments.gateways import GatewayError
from mingchi.payments.models import PaymentRefund
from mingchi.rebates import queries, results
from mingchi.rebates.results import Result
from mingchi.usecases import rights
from mingchi.usecases.each import for_each

log = structlog.get_logger(__name__)
State = PaymentRefund.State

# Refunds whose event was settled (not refused) and whose money nobody has sent off yet.
_SETTLED = """
SELECT r.id, e.id
FROM orders_refund r
JOIN rebates_event e ON e.programme_id = %s AND e.key = 'r' || r.id
JOIN ledger_entry l ON l.event_id = e.id
WHERE r.state = 'approved' AND NOT r.before_settlement AND NOT l.record::jsonb ? 'error'
  AND NOT EXISTS (SELECT 1 FROM payments_paymentrefund p WHERE p.refund_id = r.id)
ORDER BY r.id LIMIT %s
"""


def pay_settled_refunds(*, now: datetime, limit: int = 200) -> int:
    """Send the money of refunds that are settled by now; returns how many. For the worker."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLED, [queries.programme().pk, limit])
        found = dict(cursor.fetchall())

    def pay(refund_id: int) -> bool:
        result = results.result(found[refund_id])
        return result is not None and settle_refund(refund_id=refund_id, result=result, now=now)

    return for_each(found, pay, step="pay_settled_refunds")


def settle_refund(*, refund_id: int, result: Result, now: datetime) -> bool:
    """The event of a refund has its result: settled sends the money off. Returns whether it did."""
    if result.status != "settled":
        log.error("refund_not_settled", refund_id=refund_id, error=result.error)
        return False
    with transaction.atomic():
        refund = Refund.objects.select_related("order").get(pk=refund_id)
        order = orders.lock(refund.order_id)
        if PaymentRefund.objects.filter(refund=refund).exists():
            return False
        # The settler has moved the amount to `refund_pending`; only the way out is left.
        sent = payments.send_back(
            payment=payments.of_order(order),
            amount_fen=refund.amount_fen,
            reason="refund",
            refund=refund,
        )
    send_money_back(payment_refund_id=sent.pk, now=now)
    return True


def send_money_back(*, payment_refund_id: int, now: datetime) -> bool:
    """Ask the gateway, then book; safe to repeat, as the gateway knows the refund by its number.

    Returns whether the money is gone; a refusal of the gateway is kept on the row.
    """
    sent = PaymentRefund.objects.select_related("payment").get(pk=payment_refund_id)
    if sent.state != State.PENDING:
        return sent.state == State.PAID
    try:
        gateways.get(sent.payment.gateway).send_back(
            out_trade_no=sent.payment.out_trade_no,
            out_refund_no=sent.out_refund_no,
            amount_fen=sent.amount_fen,
            total_fen=sent.payment.amount_fen,
        )
    except GatewayError as error:
        payments.note_failure(sent, error=error.code)
        return False
    with transaction.atomic():
        order = orders.lock(sent.payment.order_id)
        if payments.mark_sent(sent, now=now):
            bookings.sent_back(sent)
            _close_refund(order, sent, now)
    return True


def send_pending(*, now: datetime, limit: int = 200) -> int:
    """Send what is promised and not gone, after a crash say; returns how many. For the worker."""
    waiting = PaymentRefund.objects.filter(state=State.PENDING).order_by("pk")

    def send(key: int) -> bool:
        return send_money_back(payment_refund_id=key, now=now)

    return for_each(list(waiting.values_list("pk", flat=True)[:limit]), send, step="send_pending")


def retry_money_back(*, by: User, payment_refund_id: int, now: datetime) -> bool:
    """Staff try again what the gateway refused; `impossible_move` 409 where it did not."""
    rights.require(by, "refund.send")
    with transaction.atomic():
        again = PaymentRefund.objects.filter(pk=payment_refund_id, state=State.FAILED).update(
            state=State.PENDING
        )
        if not again:
            raise ConflictError("impossible_move", _("This was not refused by the gateway."))
        audit.record(
            actor=rights.actor(by),
            action="refund.send",
            subject=f"payment_refund:{payment_refund_id}",
            before={"state": "failed"},
            after={"state": "pending"},
        )
    return send_money_back(payment_refund_id=payment_refund_id, now=now)


def _close_refund(order: Order, sent: PaymentRefund, now: datetime) -> None:
    if sent.refund_id is None:
        return
    Refund.objects.filter(pk=sent.refund_id, state=Refund.State.APPROVED).update(
        state=Refund.State.PAID, paid_at=now
    )
    if order.state != Order.State.COMPLETED:
        return
    lines = OrderLine.objects.filter(order=order)
    open_refunds = Refund.objects.filter(order=order, state=Refund.State.APPROVED)
    if all(line.refunded_fen == line.amount_fen for line in lines) and not open_refunds.exists():
        orders.move(order.pk, Order.State.REFUNDED, now=now)
