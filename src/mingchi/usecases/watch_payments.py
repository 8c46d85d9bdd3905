"""Open attempts to pay are looked after: asked about where a notice was lost, closed where nobody
may pay them any more."""

from datetime import datetime

import structlog
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from mingchi.orders.models import Order
from mingchi.payments import receipts
from mingchi.payments import services as payments
from mingchi.payments.gateways import GatewayDownError, GatewayError
from mingchi.payments.models import Payment, PaymentPart
from mingchi.usecases.each import for_each
from mingchi.usecases.take_payment import tell_paid

log = structlog.get_logger(__name__)


def watch_payments(*, now: datetime, limit: int = 200) -> int:
    """Returns how many attempts were settled, one way or the other. Called by the worker."""
    unwanted = _unwanted(now)
    close = unwanted.filter(Q(closing=False) | _due(now))
    ask = _open().filter(_due(now)).exclude(pk__in=unwanted.values("pk"))
    return _each(close, now, limit, close=True) + _each(ask, now, limit, close=False)


def _open() -> QuerySet[Payment]:
    return Payment.objects.filter(state=Payment.State.CREATED)


def _due(now: datetime) -> Q:
    return Q(watch_at__isnull=True) | Q(watch_at__lte=now)


def _unwanted(now: datetime) -> QuerySet[Payment]:
    """Nobody waits for them: an order of theirs was cancelled or paid otherwise, has another price
    by now, or the time to pay is over. What is still to be paid then has a new attempt."""
    stale = PaymentPart.objects.filter(
        ~Q(order__state=Order.State.CREATED) | ~Q(amount_fen=F("order__total_fen")),
        payment=OuterRef("pk"),
    )
    return _open().filter(Exists(stale) | Q(expires_at__lte=now))


def _each(rows: QuerySet[Payment], now: datetime, limit: int, *, close: bool) -> int:
    def look(key: int) -> bool:
        return _look(key, now, close=close)

    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    return for_each(keys, look, step="close_payment" if close else "ask_payment")


def _look(payment_id: int, now: datetime, *, close: bool) -> bool:
    """The pause is written first, so that a gateway that hangs does not hold up the next round."""
    attempt = Payment.objects.get(pk=payment_id)
    Payment.objects.filter(pk=payment_id).update(
        looks=F("looks") + 1, watch_at=now + payments.pause(attempt.looks), closing=close
    )
    try:
        if close:
            return receipts.let_go(attempt, now=now)
        return receipts.ask_about(attempt, now=now, paid=tell_paid) is not None
    except (GatewayError, GatewayDownError) as error:
        log.warning("payment_not_looked_at", number=attempt.out_trade_no, error=str(error))
        return False
