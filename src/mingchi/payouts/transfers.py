"""Withdrawals on their way through a payment gateway: promised before, booked after, the call in
between. WeChat's are confirmed by their receiver, so hours may lie in between too."""

import secrets
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F, Q

from mingchi.payments import gateways
from mingchi.payments.gateways import (
    GatewayDownError,
    GatewayError,
    Standing,
    TransferNotice,
)
from mingchi.payments.services import pause
from mingchi.payouts import services as payouts
from mingchi.payouts.models import Transfer, Withdrawal

log = structlog.get_logger(__name__)
State = Transfer.State
REMARK = "钱包提现"
STATES = {
    Standing.UNDER_WAY: State.SENT,
    Standing.UNCONFIRMED: State.WAITING,
    Standing.DONE: State.PAID,
    Standing.EXPIRED: State.EXPIRED,
    Standing.FAILED: State.FAILED,
}


def begin(withdrawal: Withdrawal) -> Transfer:
    """An approved withdrawal takes its way: from here on only the gateway's word ends it. Numbers
    are letters and digits, as WeChat wants them."""
    payouts.begin_sending(withdrawal)
    return Transfer.objects.create(
        withdrawal=withdrawal,
        gateway=withdrawal.gateway,
        out_transfer_no=f"w{withdrawal.pk}t{secrets.token_hex(5)}",
        amount_fen=withdrawal.amount_fen,
    )


def due(*, now: datetime) -> list[int]:
    """The keys of those that are to be sent or asked about."""
    at = Q(try_at__isnull=True) | Q(try_at__lte=now)
    return list(
        Transfer.objects.filter(at, state__in=Transfer.OPEN)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def find(*, gateway: str, out_transfer_no: str) -> Transfer | None:
    """By our number, at that gateway."""
    return Transfer.objects.filter(gateway=gateway, out_transfer_no=out_transfer_no).first()


def confirm_data(withdrawal: Withdrawal) -> dict[str, str] | None:
    """What the member's device hands to the gateway to take the money, while it waits for them."""
    waiting = [each for each in withdrawal.transfers.all() if each.state == State.WAITING]
    return waiting[0].confirm if waiting else None


def send(*, transfer_id: int, now: datetime) -> bool:
    """Ask the gateway, then book; call it outside of transactions, and again as often as needed:
    before it is asked a second time the gateway is asked what became of the first. Returns
    whether the transfer came to its end."""
    transfer = Transfer.objects.select_related("withdrawal").get(pk=transfer_id)
    if transfer.state not in Transfer.OPEN:
        return False
    Transfer.objects.filter(pk=transfer.pk).update(
        tries=F("tries") + 1, try_at=now + pause(transfer.tries)
    )
    try:
        told = _ask(transfer)
    except GatewayError as error:
        told = TransferNotice(
            out_transfer_no=transfer.out_transfer_no, standing=Standing.FAILED, error=error.code
        )
    except GatewayDownError as error:
        log.warning("transfer_unanswered", number=transfer.out_transfer_no, error=str(error))
        return False
    take(transfer, told, now=now)
    return STATES[told.standing] not in Transfer.OPEN


def _ask(transfer: Transfer) -> TransferNotice:
    way = gateways.for_transfers(transfer.gateway)
    number, to = transfer.out_transfer_no, transfer.withdrawal
    if transfer.tries:
        try:
            found = way.find_transfer(out_transfer_no=number)
        except GatewayError as error:
            # Refusing a question says nothing of the money.
            raise GatewayDownError(error.code) from error
        if found is not None:
            return found
    return way.transfer(
        out_transfer_no=number,
        amount_fen=transfer.amount_fen,
        payee=to.payee,
        payee_app=to.payee_app,
        payee_name=to.payee_name,
        remark=REMARK,
    )


def take(transfer: Transfer, told: TransferNotice, *, now: datetime) -> bool:
    """What the gateway says of a transfer is written down, with the withdrawal and its money;
    whether it was news. Told late, twice or out of order changes nothing. Raises GatewayError
    `contradicts` where one that had ended otherwise is said to be paid: people must look."""
    with transaction.atomic():
        withdrawal = Withdrawal.objects.select_for_update().get(pk=transfer.withdrawal_id)
        stands = Transfer.objects.select_for_update().get(pk=transfer.pk)
        to = STATES[told.standing]
        if stands.state not in Transfer.OPEN:
            if to == State.PAID and stands.state != State.PAID:
                log.error("transfer_contradicts", number=stands.out_transfer_no)
                raise GatewayError("contradicts")
            return False
        if to == State.SENT and stands.state == State.WAITING:
            to = State.WAITING
        news = to != stands.state
        stands.state, stands.error = to, told.error
        stands.gateway_no = told.gateway_no or stands.gateway_no
        stands.confirm = told.confirm or (stands.confirm if to == State.WAITING else {})
        if to not in Transfer.OPEN:
            stands.ended_at, stands.gateway_at = now, told.at or now
        stands.save()
        _end(withdrawal, stands, now)
    return news


def _end(withdrawal: Withdrawal, transfer: Transfer, now: datetime) -> None:
    """What its end means for the withdrawal."""
    if transfer.state == State.PAID:
        payouts.arrived(withdrawal, transfer_no=transfer.out_transfer_no, now=now)
    elif transfer.state == State.EXPIRED:
        payouts.not_taken(withdrawal, error=transfer.error or "not_taken")
    elif transfer.state == State.FAILED:
        payouts.refused(withdrawal, error=transfer.error or "failed")
