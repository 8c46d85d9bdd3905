"""Merchants' money: statements period by period, and payouts, proposed by one and approved by
another. A merchant's manager and finance see their own."""

from datetime import datetime
from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema, Status
from pydantic import StringConstraints

from mingchi.api.fields import (
    PRINTABLE,
    Before,
    DecisionIn,
    Done,
    Fen,
    Id,
    Input,
    Limit,
    Made,
    Page,
)
from mingchi.api.keyed import Answer, keyed
from mingchi.api.paging import page
from mingchi.api.principals import idempotency_key, staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError
from mingchi.ledger import accounts, balances
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.payouts.models import MerchantPayout, MerchantStatement, MerchantStatementLine
from mingchi.usecases import export_statement, pay_merchants
from mingchi.usecases import state_merchants as use
from mingchi.usecases.rights import SEE_MERCHANT_MONEY

router = GuardedRouter(tags=["staff: merchants' money"])
OfMerchant = Annotated[int | None, Field(ge=1, description="only this merchant's")]


class MerchantBalanceOut(Schema):
    """What the merchant is owed now; below zero it owes, and later sales make up for it."""

    merchant_id: int
    balance_fen: int
    reserved_fen: int = Field(description="asked to be paid out")
    available_fen: int
    stated_fen: int = Field(description="closing balance of the last statement")
    account: str | None = Field(description="bank and masked number; null: none is stated")


class StatementOut(Schema):
    """Opening balance, what moved, closing balance. Never changes."""

    id: int
    merchant_id: int
    number: int
    period: str
    until: datetime
    opening_fen: int
    sales_fen: int
    refunds_fen: int
    freight_fen: int = Field(description="for sending; less what of it was given back later")
    payouts_fen: int
    other_fen: int
    closing_fen: int
    closed_at: datetime


class StatementLineOut(Schema):
    """`goods_fen` - `coupons_fen` + `subsidy_fen` - `returned_fen` - `share_fen` = `amount_fen` for
    sales and refunds; the others move the account by themselves."""

    id: int
    at: datetime
    kind: str
    order_id: int | None
    line_id: int | None
    goods_fen: int
    coupons_fen: int = Field(description="taken off by coupons, whoever pays for them")
    subsidy_fen: int = Field(description="paid by the platform for its coupons")
    returned_fen: int = Field(description="given back to the buyer")
    share_fen: int = Field(description="the platform's, the pool's and the awards' share")
    amount_fen: int = Field(description="on the merchant's account")
    note: str


class CloseIn(Input):
    period: str = Field(
        pattern="^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$", description="2026-11, or 2026-11-22"
    )


class BankAccountIn(Input):
    holder: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=PRINTABLE)]
    bank: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=PRINTABLE)]
    number: Annotated[str, StringConstraints(min_length=8, max_length=48, pattern="^[0-9 ]+$")]


class BankAccountOut(Schema):
    holder: str
    bank: str
    number: str


class PayoutIn(Input):
    amount_fen: Fen


class AskedPayoutOut(Schema):
    payout_id: int
    state: str
    amount_fen: int


class PayoutOut(Schema):
    id: int
    merchant_id: int
    amount_fen: int
    state: str
    account: str = Field(description="bank and masked number")
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str
    transfer_no: str | None
    paid_at: datetime | None
    error: str


class PayPayoutIn(Input):
    transfer_no: Annotated[str, StringConstraints(max_length=40, pattern=PRINTABLE)] = Field(
        default="", description="the bank's number; in the sandbox it may be left empty"
    )


class FailPayoutIn(Input):
    error: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)]


class PaidPayoutOut(Schema):
    transfer_no: str


@router.get(
    "/merchants/{merchant_id}/balance", response=MerchantBalanceOut, summary="A merchant's balance"
)
def staff_get_merchant_balance(request: HttpRequest, merchant_id: Id) -> MerchantBalanceOut:
    """From the ledger, as of now."""
    merchants = scope.for_user(Merchant.objects.all(), staff_of(request), among=SEE_MERCHANT_MONEY)
    if not merchants.filter(pk=merchant_id).exists():
        raise NotFoundError()
    found = balances.balance(accounts.merchant(merchant_id))
    last = MerchantStatement.objects.filter(merchant=merchant_id).order_by("-number").first()
    account = pay_merchants.account_of(merchant_id)
    return MerchantBalanceOut(
        merchant_id=merchant_id,
        balance_fen=found.balance_fen,
        reserved_fen=found.reserved_fen,
        available_fen=found.available_fen,
        stated_fen=last.closing_fen if last else 0,
        account=str(account) if account else None,
    )


@router.put("/merchants/{merchant_id}/bank-account", response=Made, summary="State a bank account")
def staff_state_merchant_account(
    request: HttpRequest, merchant_id: Id, data: BankAccountIn
) -> Made:
    """Payouts that are proposed from now on go there."""
    made = pay_merchants.state_account(
        by=staff_of(request), merchant_id=merchant_id, now=clock.now(), **data.model_dump()
    )
    return Made(id=made)


@router.get("/statements", response=Page[StatementOut], summary="Merchants' statements")
def staff_list_statements(
    request: HttpRequest, limit: Limit = 20, before: Before = None, merchant_id: OfMerchant = None
) -> Page[StatementOut]:
    """Newest first, of one's merchants."""
    rows = _statements(request)
    found = rows if merchant_id is None else rows.filter(merchant=merchant_id)
    return page(found, StatementOut.from_orm, limit=limit, before=before)


@router.post(
    "/merchants/{merchant_id}/statements", response={201: Made}, summary="Close a statement"
)
def staff_close_statement(request: HttpRequest, merchant_id: Id, data: CloseIn) -> Status[Made]:
    """All that moved until the end of the period and is on no statement yet. The worker does it by
    itself when a period is over."""
    made = use.close_statement(
        by=staff_of(request), merchant_id=merchant_id, period=data.period, now=clock.now()
    )
    return Status(201, Made(id=made))


@router.get("/statements/{statement_id}", response=StatementOut, summary="A statement")
def staff_get_statement(request: HttpRequest, statement_id: Id) -> StatementOut:
    """Its balances and totals."""
    return StatementOut.from_orm(_statement(request, statement_id))


@router.get(
    "/statements/{statement_id}/lines",
    response=Page[StatementLineOut],
    summary="Lines of a statement",
)
def staff_list_statement_lines(
    request: HttpRequest, statement_id: Id, limit: Limit = 50, before: Before = None
) -> Page[StatementLineOut]:
    """The latest first."""
    found = MerchantStatementLine.objects.filter(statement=_statement(request, statement_id))
    return page(found, _line, limit=limit, before=before)


@router.get("/statements/{statement_id}/file", summary="A statement as a file")
def staff_export_statement(
    request: HttpRequest, statement_id: Id, kind: export_statement.Format = "csv"
) -> HttpResponse:
    """CSV or XLSX, in the reader's language, amounts in yuan. No cell is a formula."""
    found = _statement(request, statement_id)
    content = export_statement.export(found, kind=kind)
    name = export_statement.file_name(found, kind)
    return HttpResponse(
        content,
        content_type=export_statement.TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/payouts", response=Page[PayoutOut], summary="Payouts to merchants")
def staff_list_payouts(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    merchant_id: OfMerchant = None,
    state: MerchantPayout.State | None = None,
) -> Page[PayoutOut]:
    """Newest first, of one's merchants."""
    rows = MerchantPayout.objects.select_related("account")
    wanted = {"merchant": merchant_id, "state": state}
    given = {name: value for name, value in wanted.items() if value is not None}
    found = scope.for_user(rows.filter(**given), staff_of(request), among=SEE_MERCHANT_MONEY)
    return page(found, _payout, limit=limit, before=before)


@router.post(
    "/merchants/{merchant_id}/payouts", response={201: AskedPayoutOut}, summary="Propose a payout"
)
def staff_ask_payout(
    request: HttpRequest, merchant_id: Id, data: PayoutIn
) -> Status[AskedPayoutOut]:
    """The money is set aside; somebody of the platform's finance decides."""
    asked = pay_merchants.ask_payout(
        by=staff_of(request),
        merchant_id=merchant_id,
        amount_fen=data.amount_fen,
        idempotency_key=idempotency_key(request),
        now=clock.now(),
    )
    return Status(201, AskedPayoutOut.from_orm(asked))


@router.post("/payouts/{payout_id}/decide", response=Done, summary="Decide a payout")
def staff_decide_payout(request: HttpRequest, payout_id: Id, data: DecisionIn) -> Answer:
    """Never what one asked oneself (403). A no needs a reason."""

    def run() -> Answer:
        pay_merchants.decide_payout(
            by=staff_of(request), payout_id=payout_id, now=clock.now(), **data.model_dump()
        )
        return {"done": True}

    return keyed(request, run)


@router.post("/payouts/{payout_id}/account", response=BankAccountOut, summary="Where a payout goes")
def staff_look_at_payout_account(request: HttpRequest, payout_id: Id) -> BankAccountOut:
    """In full, for whoever makes the transfer; on record."""
    found = pay_merchants.look_at_account(by=staff_of(request), payout_id=payout_id)
    return BankAccountOut.from_orm(found)


@router.post("/payouts/{payout_id}/pay", response=PaidPayoutOut, summary="A payout is paid")
def staff_pay_payout(request: HttpRequest, payout_id: Id, data: PayPayoutIn) -> Answer:
    """The bank has sent it, under this number."""

    def run() -> Answer:
        number = pay_merchants.pay_payout(
            by=staff_of(request),
            payout_id=payout_id,
            transfer_no=data.transfer_no,
            now=clock.now(),
        )
        return {"transfer_no": number}

    return keyed(request, run)


@router.post("/payouts/{payout_id}/fail", response=Done, summary="A payout came back")
def staff_fail_payout(request: HttpRequest, payout_id: Id, data: FailPayoutIn) -> Answer:
    """The bank could not send it: it is the merchant's again."""

    def run() -> Answer:
        pay_merchants.fail_payout(by=staff_of(request), payout_id=payout_id, error=data.error)
        return {"done": True}

    return keyed(request, run)


def _statements(request: HttpRequest) -> QuerySet[MerchantStatement]:
    return scope.for_user(
        MerchantStatement.objects.all(), staff_of(request), among=SEE_MERCHANT_MONEY
    )


def _statement(request: HttpRequest, statement_id: int) -> MerchantStatement:
    found = _statements(request).filter(pk=statement_id).first()
    if found is None:
        raise NotFoundError()
    return found


def _line(row: MerchantStatementLine) -> StatementLineOut:
    return StatementLineOut(
        id=row.pk,
        at=row.at,
        kind=row.kind,
        order_id=row.order_id,
        line_id=row.order_line_id,
        goods_fen=row.goods_fen,
        coupons_fen=row.coupons_fen,
        subsidy_fen=row.subsidy_fen,
        returned_fen=row.returned_fen,
        share_fen=row.share_fen,
        amount_fen=row.amount_fen,
        note=row.note,
    )


def _payout(row: MerchantPayout) -> PayoutOut:
    return PayoutOut(
        id=row.pk,
        merchant_id=row.merchant_id,
        amount_fen=row.amount_fen,
        state=row.state,
        account=str(row.account),
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        transfer_no=row.transfer_no,
        paid_at=row.paid_at,
        error=row.error,
    )
