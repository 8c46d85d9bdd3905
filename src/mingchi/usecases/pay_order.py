"""A member goes to pay, an order or all of a checkout."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.members import services as members
from mingchi.members import wechat
from mingchi.orders import checkouts
from mingchi.orders import services as orders
from mingchi.orders.models import Checkout, Order
from mingchi.payments import gateways
from mingchi.payments import services as payments
from mingchi.payments.gateways import (
    Client,
    GatewayDownError,
    GatewayError,
    Request,
    WechatApps,
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Device:
    """From where it is paid, and through whom."""

    gateway: str
    client: str
    channel: str
    payer: str
    client_ip: str


def pay_order(
    *,
    member_id: int,
    order_id: int,
    idempotency_key: str,
    now: datetime,
    gateway: str = "sandbox",
    client: str = Client.BROWSER,
    payer: str = "",
    session: str = "",
    client_ip: str = "127.0.0.1",
) -> PayData:
    """A new attempt to pay one order, alone, with the gateway's best channel for the client. Who
    pays in WeChat is whom WeChat named on the device of this sign-in (`session`, its token), else
    the member as bound; never whom somebody names.

    Errors: `payer_unknown` 409 where WeChat must be asked first, `payer_claimed` where one is
    named, `not_found` 404, `not_payable` 409 where nothing is to be paid, the time is over, or the
    order's flow does not wait for the money yet, `unknown_gateway`, `gateway_refused` 409,
    `gateway_down` 503: the same key asks the gateway for the same attempt again.
    """
    device = _device(member_id, gateway, client, payer, session, client_ip)
    begun = _once(
        "pay_order",
        member_id,
        idempotency_key,
        {"order_id": order_id},
        device,
        run=lambda: _of_order(member_id, order_id, device, now),
    )
    return _paying(begun, device)


def pay_checkout(
    *,
    member_id: int,
    checkout_id: int,
    idempotency_key: str,
    now: datetime,
    gateway: str = "sandbox",
    client: str = Client.BROWSER,
    payer: str = "",
    session: str = "",
    client_ip: str = "127.0.0.1",
) -> PayData:
    """A new attempt to pay at once all orders of a checkout that wait for their money. Errors as
    `pay_order`."""
    device = _device(member_id, gateway, client, payer, session, client_ip)
    begun = _once(
        "pay_checkout",
        member_id,
        idempotency_key,
        {"checkout_id": checkout_id},
        device,
        run=lambda: _of_checkout(member_id, checkout_id, device, now),
    )
    return _paying(begun, device)


def payable(checkout: Checkout, *, now: datetime) -> list[Order]:
    """The orders of a checkout that can be paid now, by their keys."""
    waiting = Order.objects.filter(checkout=checkout, state=Order.State.CREATED).order_by("pk")
    return [order for order in waiting if _payable_until(order, now) is not None]


def _once(
    action: str,
    member_id: int,
    key: str,
    what: dict[str, int],
    device: _Device,
    *,
    run: Callable[[], _Attempt],
) -> _Attempt:
    body = what | {"gateway": device.gateway, "client": device.client, "payer": device.payer}
    with transaction.atomic():
        return once(
            action=action,
            actor=f"member:{member_id}",
            key=key,
            body=body,
            run=run,
            result=_Attempt,
        )


def _of_order(member_id: int, order_id: int, device: _Device, now: datetime) -> _Attempt:
    members.acting(member_id)
    order = orders.lock(order_id, member_id=member_id)
    return _attempt(order.checkout, [order], str(order.state), device, now)


def _of_checkout(member_id: int, checkout_id: int, device: _Device, now: datetime) -> _Attempt:
    members.acting(member_id)
    checkout = checkouts.get(checkout_id, member_id=member_id)
    keys = checkout.orders.values_list("pk", flat=True)
    held = orders.lock_all(list(keys))
    return _attempt(checkout, held, str(held[0].state), device, now)


def _device(
    member_id: int, gateway: str, client: str, payer: str, session: str, client_ip: str
) -> _Device:
    way = gateways.get(gateway)
    channels = way.channels(Client(client))
    if not channels:
        raise DomainError("unknown_gateway", _("There is no such way to pay."), field="gateway")
    app_id = way.app_id(channels[0]) if isinstance(way, WechatApps) else None
    if app_id is not None:
        payer = _payer_in_wechat(member_id, app_id, payer, session)
    return _Device(
        gateway=gateway, client=client, channel=channels[0], payer=payer, client_ip=client_ip
    )


def _payer_in_wechat(member_id: int, app_id: str, claimed: str, session: str) -> str:
    if claimed:
        raise DomainError(
            "payer_claimed",
            _("Who pays in WeChat is asked of WeChat. Leave `payer` out."),
            field="payer",
        )
    found = wechat.payer(member_id=member_id, token=session, app_id=app_id)
    if found is None:
        raise ConflictError(
            "payer_unknown", _("WeChat has not said yet who pays on this device."), field="payer"
        )
    return found


def _attempt(
    checkout: Checkout, held: Sequence[Order], state: str, device: _Device, now: datetime
) -> _Attempt:
    until = {order: _payable_until(order, now) for order in held}
    waiting = {order: due_at for order, due_at in until.items() if due_at is not None}
    if not sum(order.total_fen for order in waiting):
        raise ConflictError(
            "not_payable", _("This order can't be paid now."), details={"state": state}
        )
    payment = payments.attempt(
        checkout=checkout,
        orders=list(waiting),
        gateway=device.gateway,
        channel=device.channel,
        now=now,
        expires_at=min(waiting.values()),
    )
    return _Attempt(payment_id=payment.pk)


def _payable_until(order: Order, now: datetime) -> datetime | None:
    """Until when an order can be paid; None where it can't be now."""
    if order.state != Order.State.CREATED or order.payment_method == Order.PaymentMethod.COD:
        return None
    flow = order_flow(order.pk)
    until = follow_flow.waits_until(flow, PAID) or order.pay_by
    return until if now < until and follow_flow.waits_for(flow, PAID) else None


def _paying(begun: _Attempt, device: _Device) -> PayData:
    payment = Payment.objects.select_related("checkout").get(pk=begun.payment_id)
    return PayData(
        payment_id=payment.pk,
        out_trade_no=payment.out_trade_no,
        amount_fen=payment.amount_fen,
        gateway=payment.gateway,
        data=_data(payment, payer=device.payer, client_ip=device.client_ip),
    )


def _data(payment: Payment, *, payer: str, client_ip: str) -> dict[str, str]:
    """Outside of the transaction: the gateway may take its time."""
    try:
        return gateways.get(payment.gateway).pay_data(
            Request(
                out_trade_no=payment.out_trade_no,
                amount_fen=payment.amount_fen,
                subject=payment.checkout.number,
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
