"""Money leaves through the gateway: promised before, booked after, the call in between."""

from datetime import datetime

import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.foundation.models import User
from mingchi.orders import services as orders
from mingchi.orders.models import Refund
from mingchi.payments import bookings, refunding
from mingchi.payments import services as payments
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
        # The settler has moved the price to `refund_pending`; the platform's part of it, and what
        # was paid for delivery, are left, and the way out.
        bookings.refunded(refund)
        sent = payments.send_back(
            payment=payments.of_order(order),
            order=order,
            amount_fen=refund.amount_fen,
            reason="refund",
            refund=refund,
        )
    refunding.send(payment_refund_id=sent.pk, now=now)
    return True


def send_pending(*, now: datetime, limit: int = 200) -> int:
    """Send what is promised and not gone, after a crash say, and ask what became of what is under
    way; returns how many are gone. For the worker."""
    due = Q(try_at__isnull=True) | Q(try_at__lte=now)
    waiting = PaymentRefund.objects.filter(due, state=State.PENDING).order_by("pk")

    def send(key: int) -> bool:
        return refunding.send(payment_refund_id=key, now=now)

    return for_each(list(waiting.values_list("pk", flat=True)[:limit]), send, step="send_pending")


def retry_money_back(*, by: User, payment_refund_id: int, now: datetime) -> bool:
    """Staff try again what the gateway refused; `impossible_move` 409 where it did not."""
    rights.require(by, "refund.send")
    with transaction.atomic():
        if not refunding.try_again(payment_refund_id=payment_refund_id):
            raise ConflictError("impossible_move", _("This was not refused by the gateway."))
        audit.record(
            actor=rights.actor(by),
            action="refund.send",
            subject=f"payment_refund:{payment_refund_id}",
            before={"state": "failed"},
            after={"state": "pending"},
        )
    return refunding.send(payment_refund_id=payment_refund_id, now=now)


def confirm_by_hand(*, by: User, payment_refund_id: int, now: datetime) -> bool:
    """Finance gave back by hand what came in at the door, or what the gateway could not bring to
    the buyer; whether that is news. `not_found` 404, `impossible_move` 409 for other money."""
    rights.require(by, "refund.send")
    with transaction.atomic():
        if not PaymentRefund.objects.filter(pk=payment_refund_id).exists():
            raise NotFoundError()
        done = refunding.confirm_by_hand(payment_refund_id=payment_refund_id, now=now)
        if done:
            audit.record(
                actor=rights.actor(by),
                action="refund.by_hand",
                subject=f"payment_refund:{payment_refund_id}",
                before={},
                after={"state": "paid"},
            )
    return done
