"""Money on its way back: promised before, booked after, the call to the gateway in between."""

import secrets
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.orders import moves
from mingchi.orders import services as orders
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.payments import bookings, gateways
from mingchi.payments import services as payments
from mingchi.payments.at_the_door import AtTheDoor
from mingchi.payments.gateways import GatewayDownError, GatewayError, RefundNotice, Standing
from mingchi.payments.models import PaymentRefund

log = structlog.get_logger(__name__)
State = PaymentRefund.State
# How WeChat ends a refund without the buyer having it: taken back, and nobody to take it.
CLOSED: Final = "closed"
ABNORMAL: Final = "abnormal"


def send(*, payment_refund_id: int, now: datetime) -> bool:
    """Ask the gateway, then book; call it outside of transactions, and again as often as needed.

    Before it is asked a second time the gateway is asked what became of the first: our number of
    the refund is the key on both sides. Returns whether the money is gone; a refusal is kept on
    the row, and what is under way, or unknown as the gateway did not answer, is asked about
    later.
    """
    sent = PaymentRefund.objects.select_related("payment").get(pk=payment_refund_id)
    if sent.state != State.PENDING:
        return sent.state == State.PAID
    PaymentRefund.objects.filter(pk=sent.pk).update(
        tries=F("tries") + 1, try_at=now + payments.pause(sent.tries)
    )
    try:
        told = _ask(sent)
    except GatewayError as error:
        payments.note_failure(sent, error=error.code)
        return False
    except GatewayDownError as error:
        log.warning("refund_unanswered", number=sent.out_refund_no, error=str(error))
        return False
    return take(sent, told, now=now)


def _ask(sent: PaymentRefund) -> RefundNotice:
    way = gateways.get(sent.payment.gateway)
    numbers = {"out_trade_no": sent.payment.out_trade_no, "out_refund_no": sent.out_refund_no}
    if sent.tries:
        try:
            found = way.find_refund(**numbers)
        except GatewayError as error:
            # Refusing a question says nothing of the money.
            raise GatewayDownError(error.code) from error
        if found is not None:
            return found
    return way.send_back(**numbers, amount_fen=sent.amount_fen, total_fen=sent.payment.amount_fen)


def take(sent: PaymentRefund, told: RefundNotice, *, now: datetime) -> bool:
    """What the gateway says of a refund is written down; whether the money is gone. It may be
    told again, late and out of order: once gone, gone."""
    if told.amount_fen not in (None, sent.amount_fen):
        payments.note_failure(sent, error="wrong_amount")
        return False
    PaymentRefund.objects.filter(pk=sent.pk).update(gateway_no=told.gateway_no)
    if told.standing == Standing.DONE:
        _book(sent, now, at=told.at)
        return True
    if told.standing == Standing.FAILED:
        payments.note_failure(sent, error=told.error or "failed")
    return False


def is_accepted(*, payment_refund_id: int) -> bool:
    """Whether the gateway has taken a refund over, though the money may be days on its way."""
    taken = PaymentRefund.objects.filter(pk=payment_refund_id).exclude(gateway_no="")
    return taken.exclude(state=State.FAILED).exists()


def confirm_by_hand(*, payment_refund_id: int, now: datetime) -> bool:
    """Money was given back by hand: cash that came in at the door, or what the gateway could not
    bring to the buyer's closed account and staff sent off there. False where that is known.

    `impossible_move` 409 for money that goes back through a gateway by itself.
    """
    sent = PaymentRefund.objects.select_related("payment").get(pk=payment_refund_id)
    if sent.payment.gateway != AtTheDoor.code and sent.error != ABNORMAL:
        raise ConflictError("impossible_move", _("This money goes back through its gateway."))
    PaymentRefund.objects.filter(pk=sent.pk, state=State.FAILED).update(state=State.PENDING)
    return _book(sent, now)


def try_again(*, payment_refund_id: int) -> bool:
    """What a gateway refused may be asked of it once more; False where it refused nothing. One
    that it closed for good is asked for under a new number."""
    refused = PaymentRefund.objects.filter(pk=payment_refund_id, state=State.FAILED)
    closed = refused.filter(error=CLOSED).first()
    if closed is not None:
        number = f"{closed.out_refund_no.partition('_')[0]}_{secrets.token_hex(5)}"
        return bool(
            refused.update(
                state=State.PENDING, out_refund_no=number, tries=0, gateway_no="", try_at=None
            )
        )
    return bool(refused.update(state=State.PENDING, try_at=None))


def _book(sent: PaymentRefund, now: datetime, *, at: datetime | None = None) -> bool:
    with transaction.atomic():
        order = orders.lock(sent.order_id)
        if not payments.mark_sent(sent, now=now, at=at):
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
    if all(line.is_given_back for line in lines) and not open_refunds.exists():
        moves.refunded(order, now=now)
