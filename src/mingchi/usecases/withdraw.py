"""A member takes money out of the wallet: asked, approved by staff, paid by the bank."""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit, proposals
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import User
from mingchi.ledger import accounts, balances
from mingchi.members import services as members
from mingchi.members import wechat
from mingchi.payments import gateways
from mingchi.payments.gateways import WechatApps
from mingchi.payouts import services as payouts
from mingchi.payouts import transfers
from mingchi.payouts.models import Withdrawal
from mingchi.usecases import checks, rights
from mingchi.usecases.each import for_each
from mingchi.usecases.once import once


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A withdrawal whose money is set aside."""

    withdrawal_id: int
    state: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Where the money is to go: the member's account at a gateway, or by hand where none is named.
    WeChat takes an openid, that of the WeChat bound to the member where there is one, Alipay an id
    or a login with the name."""

    gateway: str = ""
    account: str = ""
    name: str = ""
    app_id: str = ""


BY_HAND = Payee()


def request_withdrawal(
    *, member_id: int, amount_fen: int, idempotency_key: str, now: datetime, payee: Payee = BY_HAND
) -> Asked:
    """Set the money aside and ask staff.

    Errors: `insufficient_balance` 409 with `available_fen` (a debt shows as negative),
    `payouts_frozen` 409, `amount_invalid`, `unknown_gateway`, `text_invalid`.
    """
    checks.amount(amount_fen)
    payee = _checked(member_id, payee)
    with transaction.atomic():
        return once(
            action="request_withdrawal",
            actor=f"member:{member_id}",
            key=idempotency_key,
            body={"amount_fen": amount_fen} | (asdict(payee) if payee.gateway else {}),
            run=lambda: _ask(member_id, amount_fen, payee, now),
            result=Asked,
        )


def bound_payee(*, member_id: int, gateway: str) -> tuple[str, str] | None:
    """The app and the openid of the member's WeChat that a transfer by this gateway goes to; None
    where none is bound, or the gateway is not WeChat's."""
    way = gateways.for_transfers(gateway)
    for app_id in way.payee_apps() if isinstance(way, WechatApps) else ():
        openid = wechat.openid(member_id, app_id=app_id)
        if openid is not None:
            return app_id, openid
    return None


def _checked(member_id: int, payee: Payee) -> Payee:
    if not payee.gateway:
        return BY_HAND
    bound = bound_payee(member_id=member_id, gateway=payee.gateway)
    if bound is not None:
        app_id, openid = bound
        name = checks.text(payee.name, field="name", longest=60)
        return Payee(gateway=payee.gateway, account=openid, name=name, app_id=app_id)
    return Payee(
        gateway=payee.gateway,
        account=checks.text(payee.account, field="account", longest=100, needed=True),
        name=checks.text(payee.name, field="name", longest=60),
    )


def _ask(member_id: int, amount_fen: int, payee: Payee, now: datetime) -> Asked:
    payouts.refuse_frozen(members.acting(member_id))
    balances.reserve(accounts.wallet(member_id), amount_fen)
    proposal = proposals.ask(
        kind="withdrawal",
        payload={"member_id": member_id, "amount_fen": amount_fen},
        by=f"member:{member_id}",
    )
    asked = Withdrawal.objects.create(
        member_id=member_id,
        amount_fen=amount_fen,
        gateway=payee.gateway,
        payee=payee.account,
        payee_app=payee.app_id,
        payee_name=payee.name,
        proposal=proposal,
        asked_at=now,
    )
    return Asked(withdrawal_id=asked.pk, state=str(asked.state), amount_fen=amount_fen)


def decide_withdrawal(
    *, by: User, withdrawal_id: int, approve: bool, now: datetime, reason: str = ""
) -> str:
    """Approve or refuse; returns the state. Errors: `proposal_decided` 409, `payouts_frozen` 409,
    `wallet_in_debt` 409, `not_allowed` 403."""
    rights.require(by, "withdrawal.decide")
    reason = checks.text(reason, field="reason", longest=200)
    with transaction.atomic():
        found = payouts.get(withdrawal_id)
        proposal = proposals.decide(
            proposal_id=found.proposal_id, by=rights.actor(by), approve=approve, reason=reason
        )
        if approve:
            payouts.approve(found, now=now)
            proposals.executed(proposal, result={"withdrawal_id": found.pk})
        else:
            payouts.refuse(found, now=now)
    return "approved" if approve else "refused"


def pay_withdrawal(*, by: User, withdrawal_id: int, now: datetime, transfer_no: str = "") -> str:
    """The money has left; returns the transfer's number. The sandbox's bank gives one itself, in
    live mode staff state the bank's. Errors: `impossible_move` 409, `payouts_frozen` 409,
    `text_invalid`, `transfer_no_taken`."""
    rights.require(by, "withdrawal.pay")
    transfer_no = checks.text(transfer_no, field="transfer_no", longest=40, needed=settings.LIVE)
    with transaction.atomic():
        found = payouts.get(withdrawal_id)
        number = transfer_no or f"SANDBOX-{found}"
        if Withdrawal.objects.filter(transfer_no=number).exclude(pk=found.pk).exists():
            raise DomainError(
                "transfer_no_taken", _("Another withdrawal has this number."), field="transfer_no"
            )
        payouts.pay(found, transfer_no=number, now=now)
        _audit(by, found, "withdrawal.pay", "paid")
    return number


def send_withdrawal(*, by: User, withdrawal_id: int, now: datetime) -> str:
    """Pay it through the gateway the member named; returns the state: mostly `sending`, as the
    receiver may have to confirm. Errors: `impossible_move` 409, `payouts_frozen` 409,
    `unknown_gateway` for one that is to be paid by hand."""
    rights.require(by, "withdrawal.pay")
    with transaction.atomic():
        found = payouts.get(withdrawal_id)
        gateways.for_transfers(found.gateway)
        transfer = transfers.begin(found)
        _audit(by, found, "withdrawal.send", "sending")
    transfers.send(transfer_id=transfer.pk, now=now)
    return str(payouts.get(withdrawal_id).state)


def send_transfers(*, now: datetime, limit: int = 200) -> int:
    """Send what was to be sent, after a crash say, and ask what became of what is under way;
    returns how many came to an end. For the worker."""

    def send(key: int) -> bool:
        return transfers.send(transfer_id=key, now=now)

    return for_each(transfers.due(now=now)[:limit], send, step="send_transfers")


def fail_withdrawal(*, by: User, withdrawal_id: int, error: str) -> None:
    """The bank sent it back: the money is in the wallet again."""
    rights.require(by, "withdrawal.pay")
    error = checks.text(error, field="error", longest=200, needed=True)
    with transaction.atomic():
        found = payouts.get(withdrawal_id)
        payouts.fail(found, error=error)
        _audit(by, found, "withdrawal.fail", "failed", error)


def _audit(by: User, found: Withdrawal, action: str, state: str, reason: str = "") -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"withdrawal:{found.pk}",
        before={"state": str(found.state)},
        after={"state": state, "amount_fen": found.amount_fen},
        reason=reason,
    )
