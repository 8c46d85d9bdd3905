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
from mingchi.payments.gateways import Client, GatewayDownError, GatewayError, Request
from mingchi.payments.models import Payment
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    payment_id: int


def pay_order(
    *,
    member_id: int,
    order_id: int,
    idempotency_key: str,
    now: datetime,
    gateway: str = "sandbox",
    client: str = Client.BROWSER,
    payer: str = "",
    client_ip: str = "127.0.0.1",
) -> PayData:
    """A new attempt to pay, with the gateway's best channel for the client. Errors: `not_found`
    404, `not_payable` 409 where nothing is to be paid, the time is over, or the order's flow does
    not wait for the money yet, `unknown_gateway`, `gateway_refused` 409, `gateway_down` 503: the
    same key asks the gateway for the same attempt again.
    """
    with transaction.atomic():
        begun = once(
            action="pay_order",
            actor=f"member:{member_id}",
            key=idempotency_key,
            body={"order_id": order_id, "gateway": gateway, "client": client, "payer": payer},
            run=lambda: _attempt(member_id, order_id, now, gateway, client),
            result=_Attempt,
        )
    payment = Payment.objects.select_related("order").get(pk=begun.payment_id)
    return PayData(
        payment_id=payment.pk,
        out_trade_no=payment.out_trade_no,
        amount_fen=payment.amount_fen,
        gateway=payment.gateway,
        data=_data(payment, payer=payer, client_ip=client_ip),
    )


def _attempt(member_id: int, order_id: int, now: datetime, gateway: str, client: str) -> _Attempt:
    members.acting(member_id)
    channels = gateways.get(gateway).channels(Client(client))
    if not channels:
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
    payment = payments.attempt(
        order=order, gateway=gateway, channel=channels[0], now=now, expires_at=until
    )
    return _Attempt(payment_id=payment.pk)


def _data(payment: Payment, *, payer: str, client_ip: str) -> dict[str, str]:
    """Outside of the transaction: the gateway may take its time."""
    try:
        return gateways.get(payment.gateway).pay_data(
            Request(
                out_trade_no=payment.out_trade_no,
                amount_fen=payment.amount_fen,
                subject=payment.order.number,
                channel=payment.channel,
                payer=payer,
                client_ip=client_ip,
                expires_at=payment.expires_at,
            )
        )
    except GatewayError as error:
        raise ConflictError(
            "gateway_refused",
            _("The payment service refused this payment. Choose another way to pay."),
            field="gateway",
            details={"reason": error.code},
        ) from error
    except GatewayDownError as error:
        raise DomainError(
            "gateway_down",
            _("The payment service does not answer. Nothing was paid; try again shortly."),
            status=503,
        ) from error
