"""A member's money: balance, statement, awards, withdrawals."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Schema, Status

from mingchi.api.fields import PRINTABLE, Before, Fen, Id, Input, Limit, Page
from mingchi.api.paging import page
from mingchi.api.principals import idempotency_key, member_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock, masking
from mingchi.foundation.errors import NotFoundError
from mingchi.ledger import accounts, balances, rules, statements
from mingchi.ledger.keys import SPAN
from mingchi.ledger.models import StatementLine
from mingchi.payments import gateways
from mingchi.payouts import transfers
from mingchi.payouts.models import Withdrawal
from mingchi.rebates import awards, ids
from mingchi.rebates.awards import AwardLine
from mingchi.usecases import withdraw as use_withdraw

router = GuardedRouter(tags=["wallet"])


class WalletOut(Schema):
    balance_fen: int = Field(description="negative: a debt, set off against later income")
    reserved_fen: int = Field(description="set aside for withdrawals not yet approved")
    available_fen: int
    is_frozen: bool = Field(description="staff have stopped payouts of this account")
    awarded_fen: int = Field(description="awards so far, net of what refunds took back")


class LineOut(Schema):
    id: int
    journal: str = Field(description="settlement or cash")
    entry_number: int | None = Field(description="within the settlement journal")
    reason: str = Field(description="direct, redeem, refund …; withdrawal_approved …")
    amount_fen: int
    at: datetime


class AwardOut(Schema):
    entry_number: int
    kind: str
    order_id: int | None = Field(description="the order it came from; null for a dividend")
    amount_fen: int = Field(description="negative: taken back by a refund")
    rule: int | None = Field(description="place of the award in the plan, counted from 1")
    rate_ppm: int | None
    base_fen: int | None
    generation: int | None
    at: datetime


class PayeeIn(Input):
    gateway: str = Field(pattern="^[a-z]{1,20}$", description="one of the payout ways")
    account: str = Field(
        default="",
        max_length=100,
        pattern="^[!-~]*$",
        description="the id there; not asked of a payout way that has an `account` of mine",
    )
    name: str = Field(default="", max_length=60, pattern=PRINTABLE)


class WithdrawIn(Input):
    amount_fen: Fen
    payee: PayeeIn | None = Field(default=None, description="null: staff pay by hand")


class WithdrawalAskedOut(Schema):
    withdrawal_id: int
    state: str
    amount_fen: int


class WithdrawalOut(Schema):
    id: int
    amount_fen: int
    state: str
    asked_at: datetime
    decided_at: datetime | None
    paid_at: datetime | None
    transfer_no: str | None
    gateway: str = Field(description="through which it goes; empty: by hand")
    confirm: dict[str, str] | None = Field(
        description="what the device hands to WeChat (wx.requestMerchantTransfer) while the "
        "transfer waits for the member; else null"
    )


class PayoutWayOut(Schema):
    gateway: str
    name: str
    account: str | None = Field(
        description="my WeChat as it is bound, masked: it goes there; null: to be stated"
    )


@router.get("", response=WalletOut, summary="My balance")
def get_wallet(request: HttpRequest) -> WalletOut:
    """As of this moment."""
    member = member_of(request)
    found = balances.balance(accounts.wallet(member.pk))
    return WalletOut(
        balance_fen=found.balance_fen,
        reserved_fen=found.reserved_fen,
        available_fen=found.available_fen,
        is_frozen=member.is_frozen,
        awarded_fen=statements.total(found.account, codes=rules.AWARDS),
    )


@router.get("/statement", response=Page[LineOut], summary="My statement")
def get_statement(request: HttpRequest, limit: Limit = 20, before: Before = None) -> Page[LineOut]:
    """What moved, newest first. It may lag by moments; `as_of` says up to when it is complete."""
    found = statements.statement(
        accounts.wallet(member_of(request).pk), limit=limit + 1, before=before
    )
    shown = found.lines[:limit]
    kinds = statements.cash_kinds(shown)
    return Page[LineOut](
        items=[_line(line, kinds) for line in shown],
        next=shown[-1].pk if len(found.lines) > limit else None,
        as_of=found.as_of,
    )


@router.get("/awards", response=Page[AwardOut], summary="My awards")
def list_awards(request: HttpRequest, limit: Limit = 20, before: Before = None) -> Page[AwardOut]:
    """Each with its order, rule, rate, base and generation, newest first; what refunds took back
    is negative. `limit` counts entries: one may hold several awards."""
    found = awards.awards(member_of(request).pk, limit=limit, before=before)
    entries = {line.entry for line in found}
    return Page[AwardOut](
        items=[_award(line) for line in found],
        next=min(entries) if len(entries) == limit else None,
        as_of=statements.statement(0, limit=0).as_of,
    )


@router.get("/payout-ways", response=list[PayoutWayOut], summary="Where money can go")
def list_payout_ways(request: HttpRequest) -> list[PayoutWayOut]:
    """Gateways that bring a withdrawal to the member; where there is none staff pay by hand."""
    codes = gateways.transfer_codes()
    member_id = member_of(request).pk
    return [
        PayoutWayOut(gateway=code, name=str(gateways.NAMES[code]), account=_bound(member_id, code))
        for code in codes
    ]


@router.post("/withdrawals", response={201: WithdrawalAskedOut}, summary="Ask for a withdrawal")
def ask_withdrawal(request: HttpRequest, data: WithdrawIn) -> Status[WithdrawalAskedOut]:
    """The money is set aside at once; staff approve. Too little: 409 with `available_fen`."""
    payee = data.payee
    asked = use_withdraw.request_withdrawal(
        member_id=member_of(request).pk,
        amount_fen=data.amount_fen,
        payee=use_withdraw.BY_HAND if payee is None else use_withdraw.Payee(**payee.dict()),
        idempotency_key=idempotency_key(request),
        now=clock.now(),
    )
    return Status(201, WithdrawalAskedOut.from_orm(asked))


@router.get("/withdrawals", response=Page[WithdrawalOut], summary="My withdrawals")
def list_withdrawals(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[WithdrawalOut]:
    """Newest first."""
    rows = Withdrawal.objects.filter(member=member_of(request)).prefetch_related("transfers")
    return page(rows, _withdrawal, limit=limit, before=before)


@router.get("/withdrawals/{withdrawal_id}", response=WithdrawalOut, summary="A withdrawal of mine")
def get_withdrawal(request: HttpRequest, withdrawal_id: Id) -> WithdrawalOut:
    """How it stands."""
    found = Withdrawal.objects.filter(pk=withdrawal_id, member=member_of(request)).first()
    if found is None:
        raise NotFoundError()
    return _withdrawal(found)


def _bound(member_id: int, gateway: str) -> str | None:
    bound = use_withdraw.bound_payee(member_id=member_id, gateway=gateway)
    return None if bound is None else masking.openid(bound[1])


def _line(line: StatementLine, cash_kinds: Mapping[int, str]) -> LineOut:
    cash = line.cash_entry_id
    return LineOut(
        id=line.pk,
        journal="settlement" if cash is None else "cash",
        entry_number=None if line.entry_id is None else line.entry_id % SPAN,
        reason=rules.name(line.rule) if cash is None else cash_kinds[cash],
        amount_fen=line.amount,
        at=line.at,
    )


def _award(line: AwardLine) -> AwardOut:
    return AwardOut(
        entry_number=line.entry % SPAN,
        kind=line.kind,
        order_id=None if line.order is None else ids.primary_key(line.order),
        amount_fen=line.amount_fen,
        rule=None if line.rule is None else line.rule + 1,
        rate_ppm=line.rate_ppm,
        base_fen=line.base_fen,
        generation=line.generation,
        at=line.at,
    )


def _withdrawal(found: Withdrawal) -> WithdrawalOut:
    return WithdrawalOut(
        id=found.pk,
        amount_fen=found.amount_fen,
        state=found.state,
        asked_at=found.asked_at,
        decided_at=found.decided_at,
        paid_at=found.paid_at,
        transfer_no=found.transfer_no,
        gateway=found.gateway,
        confirm=transfers.confirm_data(found),
    )
