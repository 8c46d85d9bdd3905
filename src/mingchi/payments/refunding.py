"""Money on its way back: promised before, booked after, the call to the gateway in between."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.orders import services as orders
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.payments import bookings, gateways
from mingchi.payments import services as payments
from mingchi.payments.at_the_door import AtTheDoor
from mingchi.payments.gateways import GatewayError
from mingchi.payments.models import PaymentRefund

State = PaymentRefund.State


def send(*, payment_refund_id: int, now: datetime) -> bool:
    """Ask the gateway, then book; call it outside of transactions, and again as often as needed.

    Before it is asked a second time the gateway is asked what became of the first: our number of
    the refund is the key on both sides. Returns whether the money is gone; a refusal is kept on
    the row.
    """
    sent = PaymentRefund.objects.select_related("payment").get(pk=payment_refund_id)
    if sent.state != State.PENDING:
        return sent.state == State.PAID
    way = gateways.get(sent.payment.gateway)
    PaymentRefund.objects.filter(pk=sent.pk).update(tries=F("tries") + 1)
    try:
        if sent.tries == 0 or not way.find_refund(out_refund_no=sent.out_refund_no):
            way.send_back(
                out_trade_no=sent.payment.out_trade_no,
                out_refund_no=sent.out_refund_no,
                amount_fen=sent.amount_fen,
                total_fen=sent.payment.amount_fen,
            )
    except GatewayError as error:
        payments.note_failure(sent, error=error.code)
        return False
    _book(sent, now)
    return True


def confirm_by_hand(*, payment_refund_id: int, now: datetime) -> bool:
    """Cash that came in at the door was given back by hand; False where that is known.

    `impossible_move` 409 for money that goes back through a gateway.
    """
    sent = PaymentRefund.objects.select_related("payment").get(pk=payment_refund_id)
    if sent.payment.gateway != AtTheDoor.code:
        raise ConflictError("impossible_move", _("This money goes back through its gateway."))
    PaymentRefund.objects.filter(pk=sent.pk, state=State.FAILED).update(state=State.PENDING)
    return _book(sent, now)


def try_again(*, payment_refund_id: int) -> bool:
    """What a gateway refused may be asked of it once more; False where it refused nothing."""
    refused = PaymentRefund.objects.filter(pk=payment_refund_id, state=State.FAILED)
    return bool(refused.update(state=State.PENDING))


def _book(sent: PaymentRefund, now: datetime) -> bool:
    with transaction.atomic():
        order = orders.lock(sent.payment.order_id)
        if not payments.mark_sent(sent, now=now):
            return False
        bookings.sent_back(sent)
        _close_refund(order, sent, now)
    return True


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
