"""A member goes to pay."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.members import services as members
from mingchi.orders import services as orders
from mingchi.orders.models import Order
from mingchi.payments import gateways
from mingchi.payments import services as payments
from mingchi.payments.at_the_door import AtTheDoor
from mingchi.usecases import follow_flow
from mingchi.usecases.follow_flow import PAID, order_flow
from mingchi.usecases.once import once


@dataclass(frozen=True, slots=True, kw_only=True)
class PayData:
    """What the buyer's device hands to the gateway."""

    payment_id: int
    out_trade_no: str
    amount_fen: int
    gateway: str
    data: dict[str, str]


def pay_order(
    *,
    member_id: int,
    order_id: int,
    idempotency_key: str,
    now: datetime,
    gateway: str = "sandbox",
) -> PayData:
    """A new attempt to pay. Errors: `not_found` 404, `not_payable` 409 where nothing is to be paid,
    the time is over, or the order's flow does not wait for the money yet, `unknown_gateway`."""
    with transaction.atomic():
        return once(
            action="pay_order",
            actor=f"member:{member_id}",
            key=idempotency_key,
            body={"order_id": order_id, "gateway": gateway},
            run=lambda: _pay(member_id, order_id, now, gateway),
            result=PayData,
        )


def _pay(member_id: int, order_id: int, now: datetime, gateway: str) -> PayData:
    members.acting(member_id)
    way = gateways.get(gateway)
    if way.code == AtTheDoor.code:
        raise DomainError("unknown_gateway", _("There is no such way to pay."), field="gateway")
    order = orders.lock(order_id, member_id=member_id)
    flow = order_flow(order.pk)
    until = follow_flow.waits_until(flow, PAID) or order.pay_by
    if (
        order.state != Order.State.CREATED
        or order.payment_method == Order.PaymentMethod.COD
        or now >= until
        or not follow_flow.waits_for(flow, PAID)
    ):
        raise ConflictError(
            "not_payable",
            _("This order can't be paid now."),
            details={"state": str(order.state)},
        )
    payment = payments.attempt(order=order, gateway=way.code)
    return PayData(
        payment_id=payment.pk,
        out_trade_no=payment.out_trade_no,
        amount_fen=payment.amount_fen,
        gateway=way.code,
        data=way.pay_data(
            out_trade_no=payment.out_trade_no,
            amount_fen=payment.amount_fen,
            subject=order.number,
        ),
    )
