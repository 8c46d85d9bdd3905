"""In the sandbox, somebody presses "pay": the gateway that moves no money sends its callback."""

from datetime import datetime

from django.conf import settings

from mingchi.foundation.errors import NotFoundError
from mingchi.payments.models import Payment
from mingchi.payments.sandbox import SandboxGateway
from mingchi.usecases.take_payment import Taken, take_payment


def sandbox_pay(*, member_id: int, out_trade_no: str, now: datetime) -> Taken:
    """Pay an attempt of one's own through the signed callback; 404 in live mode."""
    # Plain text only: PostgreSQL takes no NUL.
    readable = out_trade_no.isascii() and out_trade_no.isprintable()
    payment = Payment.objects.filter(
        out_trade_no=out_trade_no if readable else "",
        checkout__member_id=member_id,
        gateway=SandboxGateway.code,
    ).first()
    if payment is None or settings.LIVE:
        raise NotFoundError()
    gateway = SandboxGateway(secret=settings.GATEWAY_SECRET)
    gateway.note(payment.out_trade_no, payment.amount_fen, at=now)
    body, headers = gateway.notice(
        out_trade_no=payment.out_trade_no, amount_fen=payment.amount_fen, now=now
    )
    return take_payment(gateway=SandboxGateway.code, body=body, headers=headers, now=now)
