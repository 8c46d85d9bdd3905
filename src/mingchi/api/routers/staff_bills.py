"""Staff and the gateways' bills: which days balance, and what differs."""

from datetime import date, datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Schema

from mingchi.api.fields import Before, Done, Id, Input, Limit, Page, Reason
from mingchi.api.keyed import keyed, keyed_committed
from mingchi.api.paging import page
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.payments.models import BillDay, BillDifference
from mingchi.payments.reconciling import REMEDIES
from mingchi.usecases import reconcile as use_reconcile

router = GuardedRouter(tags=["staff: money"])
GatewayCode = Annotated[str, Field(pattern="^[a-z]{1,20}$")]


class BillOut(Schema):
    id: int
    gateway: str
    day: date
    balanced: bool
    lines: int
    payments_fen: int
    refunds_fen: int
    transfers_fen: int
    fee_fen: int = Field(description="what the gateway kept; booked to gateway_fee")
    compared_at: datetime


class BillDifferenceOut(Schema):
    id: int
    bill_id: int
    gateway: str
    day: date
    kind: str
    about: str = Field(description="payment, refund, transfer or fee")
    number: str
    gateway_no: str
    gateway_fen: int | None
    our_fen: int | None
    row: str = Field(description="ours: payment:12, payment_refund:3, transfer:4; empty for none")
    remedy: str
    looked_at: datetime | None
    note: str
    gone_at: datetime | None = Field(description="since when a later comparison finds it no more")


class CompareIn(Input):
    gateway: GatewayCode
    day: date


class ComparedOut(Schema):
    bill_id: int
    gateway: str
    balanced: bool
    differences: int


class LookIn(Input):
    note: Reason


@router.get("/bills", response=Page[BillOut], summary="Gateway bills")
def staff_list_bills(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    gateway: GatewayCode | None = None,
    balanced: bool | None = None,
) -> Page[BillOut]:
    """The days that were compared, the last compared first."""
    wanted = {"gateway": gateway, "balanced": balanced}
    rows = BillDay.objects.filter(**{k: v for k, v in wanted.items() if v is not None})
    return page(rows, BillOut.from_orm, limit=limit, before=before)


@router.post("/bills", response=ComparedOut, summary="Compare a day")
def staff_compare_bill(request: HttpRequest, data: CompareIn) -> ComparedOut:
    """Fetch a gateway's bill of a day and compare it with our books, once more if need be."""

    def run() -> dict[str, object]:
        found = use_reconcile.reconcile_by_staff(
            by=staff_of(request), gateway=data.gateway, day=data.day, now=clock.now()
        )
        return ComparedOut.from_orm(found).dict()

    return ComparedOut(**keyed_committed(request, run))


@router.get("/bill-differences", response=Page[BillDifferenceOut], summary="Differences to bills")
def staff_list_bill_differences(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    bill_id: Id | None = None,
    kind: BillDifference.Kind | None = None,
    open: bool | None = None,
) -> Page[BillDifferenceOut]:
    """Newest first; `open` ones still stand and nobody has seen to them."""
    wanted = {"bill_id": bill_id, "kind": kind}
    rows = BillDifference.objects.select_related("bill").filter(
        **{k: v for k, v in wanted.items() if v is not None}
    )
    waiting = {"looked_at__isnull": True, "gone_at__isnull": True}
    if open is not None:
        rows = rows.filter(**waiting) if open else rows.exclude(**waiting)
    return page(rows, _difference, limit=limit, before=before)


@router.post("/bill-differences/{difference_id}/look", response=Done, summary="Seen to")
def staff_look_at_difference(request: HttpRequest, difference_id: Id, data: LookIn) -> Done:
    """Say what was done about a difference; it stays in the list with the note."""

    def run() -> dict[str, object]:
        use_reconcile.look_at(
            by=staff_of(request), difference_id=difference_id, note=data.note, now=clock.now()
        )
        return {"done": True}

    return Done(**keyed(request, run))


def _difference(found: BillDifference) -> BillDifferenceOut:
    return BillDifferenceOut(
        id=found.pk,
        bill_id=found.bill_id,
        gateway=found.bill.gateway,
        day=found.bill.day,
        kind=found.kind,
        about=found.about,
        number=found.number,
        gateway_no=found.gateway_no,
        gateway_fen=found.gateway_fen,
        our_fen=found.our_fen,
        row=found.row,
        remedy=str(REMEDIES[found.kind]),
        looked_at=found.looked_at,
        note=found.note,
        gone_at=found.gone_at,
    )
