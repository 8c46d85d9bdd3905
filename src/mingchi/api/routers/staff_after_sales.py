"""Staff and what stands beside an order: other prices, invoices, after-sales cases. A case is
authorised, received and inspected at the work desk, as its flow asks."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Schema, Status
from pydantic import StringConstraints

from mingchi.api.fields import PRINTABLE, Before, Done, Fen, Id, Input, Limit, Made, Page, Reason
from mingchi.api.paging import page
from mingchi.api.principals import idempotency_key, staff_of
from mingchi.api.routers.after_sales import CaseIn, OpenedOut
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.merchants import scope
from mingchi.orders.models import AfterSalesCase, PriceChange
from mingchi.usecases import after_sales as use_cases
from mingchi.usecases import change_price as use_price
from mingchi.usecases import write_invoice as use_invoice

router = GuardedRouter(tags=["staff: orders"])


class PriceIn(Input):
    line_id: Id
    to_fen: Fen
    reason: Reason


class PriceChangeOut(Schema):
    id: int
    order_id: int
    line_id: int
    from_fen: int
    to_fen: int
    reason: str
    state: str
    asked_by: str
    asked_at: datetime


class CaseDecideIn(Input):
    approve: bool


class NumberIn(Input):
    number: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PRINTABLE)]


class StaffCaseOut(Schema):
    id: int
    order_id: int
    line_id: int
    kind: str
    state: str
    units: int
    amount_fen: int
    reason: str
    answer: str
    opened_by: str
    opened_at: datetime
    decided_by: str


@router.post("/orders/{order_id}/prices", response={201: Made}, summary="Ask for another price")
def staff_ask_price(request: HttpRequest, order_id: Id, data: PriceIn) -> Status[Made]:
    """A lower unit price of a line before payment; somebody else decides."""
    made = use_price.ask_price_change(
        by=staff_of(request), order_id=order_id, now=clock.now(), **data.model_dump()
    )
    return Status(201, Made(id=made))


@router.get("/prices", response=Page[PriceChangeOut], summary="Price changes")
def staff_list_prices(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    state: PriceChange.State | None = None,
) -> Page[PriceChangeOut]:
    """Newest first, of one's merchants."""
    rows = PriceChange.objects.select_related("line")
    rows = scope.for_user(rows, staff_of(request))
    return page(rows.filter(state=state) if state else rows, _price, limit=limit, before=before)


@router.post("/prices/{change_id}/decide", response=Done, summary="Decide a price change")
def staff_decide_price(request: HttpRequest, change_id: Id, data: CaseDecideIn) -> Done:
    """Never what one asked oneself (403)."""
    use_price.decide_price_change(
        by=staff_of(request), change_id=change_id, approve=data.approve, now=clock.now()
    )
    return Done()


@router.put("/orders/{order_id}/invoice", response=Done, summary="An invoice is issued")
def staff_issue_invoice(request: HttpRequest, order_id: Id, data: NumberIn) -> Done:
    """Under this number; the step that waits for it goes on when it is tried again."""
    use_invoice.issue_invoice(
        by=staff_of(request), order_id=order_id, number=data.number, now=clock.now()
    )
    return Done()


@router.get("/cases", response=Page[StaffCaseOut], summary="After-sales cases")
def staff_list_cases(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    state: AfterSalesCase.State | None = None,
) -> Page[StaffCaseOut]:
    """Newest first, of one's merchants."""
    rows = scope.for_user(AfterSalesCase.objects.all(), staff_of(request))
    found = rows.filter(state=state) if state else rows
    return page(found, StaffCaseOut.from_orm, limit=limit, before=before)


@router.post("/cases", response={201: OpenedOut}, summary="Open a case for a buyer")
def staff_open_case(request: HttpRequest, data: CaseIn) -> Status[OpenedOut]:
    """As the buyer would; whoever opens it does not authorise it."""
    body = data.model_dump()
    opened = use_cases.open_case(
        order_id=body.pop("order_id"),
        wish=use_cases.Wish(**body),
        idempotency_key=idempotency_key(request),
        now=clock.now(),
        by=staff_of(request),
    )
    return Status(201, OpenedOut.from_orm(opened))


def _price(row: PriceChange) -> PriceChangeOut:
    return PriceChangeOut(
        id=row.pk,
        order_id=row.line.order_id,
        line_id=row.line_id,
        from_fen=row.from_fen,
        to_fen=row.to_fen,
        reason=row.reason,
        state=row.state,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
    )
