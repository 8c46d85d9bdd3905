"""Staff and money: withdrawals, subsidies, closes. Who asks does not decide."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import StringConstraints

from mingchi.api.fields import (
    PRINTABLE,
    Before,
    DecisionIn,
    Fen,
    Id,
    Input,
    Limit,
    Line,
    Page,
    ProposedOut,
    Reason,
    StateOut,
)
from mingchi.api.keyed import keyed, keyed_committed
from mingchi.api.paging import page
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.foundation.models import Proposal
from mingchi.payouts.models import Withdrawal
from mingchi.usecases import close_period as use_close
from mingchi.usecases import subsidise as use_subsidise
from mingchi.usecases import withdraw as use_withdraw

router = GuardedRouter(tags=["staff: money"])
Period = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=PRINTABLE),
]


class StaffWithdrawalOut(Schema):
    id: int
    member_id: int
    amount_fen: int
    state: str
    asked_at: datetime
    decided_at: datetime | None
    paid_at: datetime | None
    transfer_no: str | None
    gateway: str = Field(description="through which it goes; empty: by hand")
    payee: str = Field(alias="masked_payee", description="masked")
    error: str


class ProposalOut(Schema):
    id: int
    kind: str
    payload: dict[str, Any]
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    result: dict[str, Any]


class TransferPaidIn(Input):
    transfer_no: str = Field(
        default="", max_length=40, pattern=PRINTABLE, description="the bank's; needed in live mode"
    )


class PaidOut(Schema):
    transfer_no: str


class FailIn(Input):
    error: Reason


class SubsidyIn(Input):
    amount_fen: Fen
    reason: Reason


class PeriodCloseIn(Input):
    period: Period
    reason: Line = ""


class ClosePreviewOut(Schema):
    preview: dict[str, Any]


@router.get("/withdrawals", response=Page[StaffWithdrawalOut], summary="Withdrawals")
def staff_list_withdrawals(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    state: Withdrawal.State | None = None,
) -> Page[StaffWithdrawalOut]:
    """Newest first, by state."""
    rows = Withdrawal.objects.all()
    if state is not None:
        rows = rows.filter(state=state)
    return page(rows, StaffWithdrawalOut.from_orm, limit=limit, before=before)


@router.post("/withdrawals/{withdrawal_id}/decide", response=StateOut, summary="Decide")
def staff_decide_withdrawal(request: HttpRequest, withdrawal_id: Id, data: DecisionIn) -> StateOut:
    """Approve or refuse a withdrawal."""
    answer = keyed(
        request,
        lambda: {
            "state": use_withdraw.decide_withdrawal(
                by=staff_of(request),
                withdrawal_id=withdrawal_id,
                approve=data.approve,
                now=clock.now(),
                reason=data.reason,
            )
        },
    )
    return StateOut(**answer)


@router.post("/withdrawals/{withdrawal_id}/pay", response=PaidOut, summary="Paid by the bank")
def staff_pay_withdrawal(request: HttpRequest, withdrawal_id: Id, data: TransferPaidIn) -> PaidOut:
    """The money has left."""
    answer = keyed(
        request,
        lambda: {
            "transfer_no": use_withdraw.pay_withdrawal(
                by=staff_of(request),
                withdrawal_id=withdrawal_id,
                now=clock.now(),
                transfer_no=data.transfer_no,
            )
        },
    )
    return PaidOut(**answer)


@router.post("/withdrawals/{withdrawal_id}/send", response=StateOut, summary="Pay by gateway")
def staff_send_withdrawal(request: HttpRequest, withdrawal_id: Id) -> StateOut:
    """Pay it through the gateway that the member named; `sending` until the gateway says more."""

    def run() -> dict[str, object]:
        state = use_withdraw.send_withdrawal(
            by=staff_of(request), withdrawal_id=withdrawal_id, now=clock.now()
        )
        return {"state": state}

    return StateOut(**keyed_committed(request, run))


@router.post("/withdrawals/{withdrawal_id}/fail", response=StateOut, summary="Sent back")
def staff_fail_withdrawal(request: HttpRequest, withdrawal_id: Id, data: FailIn) -> StateOut:
    """The bank sent it back: the money is in the wallet again."""

    def run() -> dict[str, str]:
        use_withdraw.fail_withdrawal(
            by=staff_of(request), withdrawal_id=withdrawal_id, error=data.error
        )
        return {"state": "failed"}

    return StateOut(**keyed(request, run))


@router.get("/proposals", response=Page[ProposalOut], summary="Proposals")
def staff_list_proposals(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    kind: Proposal.Kind | None = None,
    state: Proposal.State | None = None,
) -> Page[ProposalOut]:
    """What one person asked and another decides, newest first."""
    wanted = {"kind": kind, "state": state}
    rows = Proposal.objects.filter(**{k: v for k, v in wanted.items() if v is not None})
    return page(rows, ProposalOut.from_orm, limit=limit, before=before)


@router.post("/subsidies", response={201: ProposedOut}, summary="Ask for a subsidy")
def staff_ask_subsidy(request: HttpRequest, data: SubsidyIn) -> Status[ProposedOut]:
    """Money of the operator's for the pool; somebody else decides."""
    answer = keyed(
        request,
        lambda: {
            "proposal_id": use_subsidise.ask_subsidy(
                by=staff_of(request), amount_fen=data.amount_fen, reason=data.reason
            )
        },
    )
    return Status(201, ProposedOut(**answer))


@router.post("/subsidies/{proposal_id}/decide", response=StateOut, summary="Decide a subsidy")
def staff_decide_subsidy(request: HttpRequest, proposal_id: Id, data: DecisionIn) -> StateOut:
    """Approving books the money and raises the pool."""
    answer = keyed(
        request,
        lambda: {
            "state": use_subsidise.decide_subsidy(
                by=staff_of(request),
                proposal_id=proposal_id,
                approve=data.approve,
                reason=data.reason,
            )
        },
    )
    return StateOut(**answer)


@router.get("/closes/preview", response=ClosePreviewOut, summary="What a close would do")
def staff_preview_close(request: HttpRequest) -> ClosePreviewOut:
    """Awards, dividends and promotions of a close now; changes nothing."""
    return ClosePreviewOut(preview=use_close.preview_close(by=staff_of(request)))


@router.post("/closes", response={201: ProposedOut}, summary="Ask for a close")
def staff_ask_close(request: HttpRequest, data: PeriodCloseIn) -> Status[ProposedOut]:
    """With the preview as it stands now; somebody else decides."""
    answer = keyed(
        request,
        lambda: {
            "proposal_id": use_close.ask_close(
                by=staff_of(request), period=data.period, reason=data.reason
            )
        },
    )
    return Status(201, ProposedOut(**answer))


@router.post("/closes/{proposal_id}/decide", response=StateOut, summary="Decide a close")
def staff_decide_close(request: HttpRequest, proposal_id: Id, data: DecisionIn) -> StateOut:
    """Approving closes the period as it stands when the close is settled."""
    answer = keyed(
        request,
        lambda: {
            "state": use_close.decide_close(
                by=staff_of(request),
                proposal_id=proposal_id,
                approve=data.approve,
                reason=data.reason,
            )
        },
    )
    return StateOut(**answer)
