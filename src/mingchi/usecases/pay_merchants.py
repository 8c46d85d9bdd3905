"""Merchants get their money: a bank account is stated, a payout proposed by one, approved by
another, paid by a bank transfer."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.payouts import merchant_payouts as payouts
from mingchi.payouts.models import MerchantAccount, MerchantPayout
from mingchi.usecases import checks, rights
from mingchi.usecases.once import once


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPayout:
    """A payout whose money is set aside."""

    payout_id: int
    state: str
    amount_fen: int


def state_account(
    *, by: User, merchant_id: int, holder: str, bank: str, number: str, now: datetime
) -> int:
    """From now on the merchant's payouts go there; what was proposed before goes where it was
    proposed to go. Errors: `not_found` 404, `not_allowed` 403, `text_invalid`, `number_invalid`.
    """
    holder = checks.text(holder, field="holder", longest=80, needed=True)
    bank = checks.text(bank, field="bank", longest=80, needed=True)
    digits = "".join(number.split())
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 32):
        raise DomainError("number_invalid", _("8 to 32 digits."), field="number")
    with transaction.atomic():
        rights.require(by, "merchant_account.state", merchant_id=merchant_id)
        if not Merchant.objects.select_for_update(no_key=True).filter(pk=merchant_id).exists():
            raise NotFoundError()
        before = account_of(merchant_id)
        MerchantAccount.objects.filter(merchant=merchant_id, retired_at=None).update(retired_at=now)
        made = MerchantAccount.objects.create(
            merchant_id=merchant_id,
            holder=holder,
            bank=bank,
            number=digits,
            set_by=rights.actor(by),
            set_at=now,
        )
        audit.record(
            actor=rights.actor(by),
            action="merchant_account.state",
            subject=f"merchant:{merchant_id}",
            before={"account": str(before) if before else ""},
            after={"account": str(made)},
        )
    return made.pk


def account_of(merchant_id: int) -> MerchantAccount | None:
    """Where the merchant's payouts go now."""
    return MerchantAccount.objects.filter(merchant=merchant_id, retired_at=None).first()


def ask_payout(
    *, by: User, merchant_id: int, amount_fen: int, idempotency_key: str, now: datetime
) -> AskedPayout:
    """Set the money aside; somebody else decides. Errors: `not_found` 404, `not_allowed` 403,
    `amount_invalid`, `no_bank_account` 409, `insufficient_balance` 409 with `available_fen` (a debt
    shows as negative, and is carried over)."""
    checks.amount(amount_fen)

    def ask() -> AskedPayout:
        account = account_of(merchant_id)
        if account is None:
            raise ConflictError("no_bank_account", _("State the merchant's bank account first."))
        made = payouts.ask(account=account, amount_fen=amount_fen, actor=rights.actor(by), now=now)
        _audit(by, made, "payout.ask", "asked")
        return AskedPayout(payout_id=made.pk, state=str(made.state), amount_fen=amount_fen)

    with transaction.atomic():
        rights.require(by, "payout.ask", merchant_id=merchant_id)
        return once(
            action="ask_payout",
            actor=rights.actor(by),
            key=idempotency_key,
            body={"merchant_id": merchant_id, "amount_fen": amount_fen},
            run=ask,
            result=AskedPayout,
        )


def decide_payout(
    *, by: User, payout_id: int, approve: bool, now: datetime, reason: str = ""
) -> str:
    """Approve or refuse; the state. Never who asked (`own_proposal` 403), nor who works for the
    merchant. Errors: `not_found` 404, `not_allowed` 403, `impossible_move` 409, `merchant_in_debt`
    409, `text_invalid` for a no without a reason."""
    rights.require(by, "payout.decide")
    reason = checks.text(reason, field="reason", longest=200, needed=not approve)
    with transaction.atomic():
        found = payouts.find(payout_id)
        if scope.merchant_roles(by, found.merchant_id):
            raise DomainError("not_allowed", rights.NOT_ALLOWED, status=403)
        if approve:
            payouts.approve(found, actor=rights.actor(by), now=now)
        else:
            payouts.refuse(found, actor=rights.actor(by), reason=reason, now=now)
        state = "approved" if approve else "refused"
        _audit(by, found, "payout.decide", state, reason)
    return state


def look_at_account(*, by: User, payout_id: int) -> MerchantAccount:
    """The account in full, for who pays; on record. Errors: `not_found` 404, `not_allowed` 403."""
    rights.require(by, "payout.pay")
    with transaction.atomic():
        found = payouts.find(payout_id)
        _audit(by, found, "payout.look", str(found.state))
    return found.account


def pay_payout(*, by: User, payout_id: int, now: datetime, transfer_no: str = "") -> str:
    """The money has left; the transfer's number. The sandbox's bank gives one itself. Errors:
    `not_found` 404, `impossible_move` 409, `text_invalid`, `transfer_no_taken`."""
    rights.require(by, "payout.pay")
    transfer_no = checks.text(transfer_no, field="transfer_no", longest=40, needed=settings.LIVE)
    with transaction.atomic():
        found = payouts.find(payout_id)
        number = transfer_no or f"SANDBOX-{found}"
        if MerchantPayout.objects.filter(transfer_no=number).exclude(pk=found.pk).exists():
            raise DomainError(
                "transfer_no_taken", _("Another payout has this number."), field="transfer_no"
            )
        payouts.pay(found, transfer_no=number, now=now)
        _audit(by, found, "payout.pay", "paid")
    return number


def fail_payout(*, by: User, payout_id: int, error: str) -> None:
    """The bank sent it back: it is the merchant's again."""
    rights.require(by, "payout.pay")
    error = checks.text(error, field="error", longest=200, needed=True)
    with transaction.atomic():
        found = payouts.find(payout_id)
        payouts.fail(found, error=error)
        _audit(by, found, "payout.fail", "failed", error)


def _audit(by: User, found: MerchantPayout, action: str, state: str, reason: str = "") -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"payout:{found.pk}",
        before={"state": str(found.state)},
        after={"state": state, "amount_fen": found.amount_fen},
        reason=reason,
    )
