"""Staff and what stands beside an order: other prices, invoices, after-sales cases. A case is
received and inspected at the work desk, as its flow asks; it is answered here or there."""

from datetime import datetime
from typing import Annotated, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Schema, Status
from pydantic import StringConstraints

from mingchi.api import case_shapes as shapes
from mingchi.api.fields import (
    PRINTABLE,
    Before,
    Done,
    Fen,
    Id,
    Input,
    Limit,
    Line,
    Made,
    Page,
    Reason,
)
from mingchi.api.keyed import Answer, keyed_committed
from mingchi.api.paging import page, page_with
from mingchi.api.principals import idempotency_key, staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError
from mingchi.merchants import scope
from mingchi.orders.models import AfterSalesCase, PriceChange
from mingchi.usecases import after_sales as use_cases
from mingchi.usecases import argue_case
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


class CaseAnswerIn(Input):
    """A no and a question need words, which the buyer reads; `note` is for staff only."""

    outcome: Literal["agreed", "declined", "more"]
    words: Line = ""
    note: Line = ""


class RulingIn(Input):
    """Why, in words for both sides; `note` is for staff only."""

    for_member: bool
    words: Reason
    note: Line = ""


class NoteIn(Input):
    """`words` for the buyer to read, `note` for staff only; one of them at least."""

    words: shapes.Words = ""
    note: Line = ""


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


@router.get("/cases", response=Page[shapes.StaffCaseOut], summary="After-sales cases")
def staff_list_cases(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    state: AfterSalesCase.State | None = None,
) -> Page[shapes.StaffCaseOut]:
    """Newest first, of one's merchants."""
    rows = _cases(request)
    found = rows.filter(state=state) if state else rows
    return page_with(found, shapes.due, shapes.staff_case, limit=limit, before=before)


@router.get("/cases/{case_id}", response=shapes.StaffCaseDetailOut, summary="A case")
def staff_get_case(request: HttpRequest, case_id: Id) -> shapes.StaffCaseDetailOut:
    """With all that happened, the notes of staff too."""
    found = _cases(request).filter(pk=case_id).first()
    if found is None:
        raise NotFoundError()
    return shapes.staff_case_in_detail(found)


@router.post("/cases", response={201: shapes.OpenedOut}, summary="Open a case for a buyer")
def staff_open_case(request: HttpRequest, data: shapes.CaseIn) -> Status[shapes.OpenedOut]:
    """As the buyer would, without pictures; whoever opens it does not answer it."""
    body = data.model_dump(mode="json")
    opened = use_cases.open_case(
        order_id=body.pop("order_id"),
        wish=use_cases.Wish(**body),
        idempotency_key=idempotency_key(request),
        now=clock.now(),
        by=staff_of(request),
    )
    return Status(201, shapes.OpenedOut.from_orm(opened))


@router.post("/cases/{case_id}/answer", response=Done, summary="Answer for the merchant")
def staff_answer_case(request: HttpRequest, case_id: Id, data: CaseAnswerIn) -> Answer:
    """Agree, decline (the buyer may appeal), or ask for more."""

    def run() -> Answer:
        argue_case.answer_case(
            by=staff_of(request), case_id=case_id, now=clock.now(), **data.model_dump()
        )
        return {"done": True}

    return keyed_committed(request, run)


@router.post("/cases/{case_id}/arbitrate", response=Done, summary="Decide an appeal")
def staff_arbitrate_case(request: HttpRequest, case_id: Id, data: RulingIn) -> Answer:
    """The platform's word, which is the last; never by who answers for the merchant (403)."""

    def run() -> Answer:
        argue_case.arbitrate_case(
            by=staff_of(request), case_id=case_id, now=clock.now(), **data.model_dump()
        )
        return {"done": True}

    return keyed_committed(request, run)


@router.post("/cases/{case_id}/notes", response=Done, summary="Say or note something in a case")
def staff_note_case(request: HttpRequest, case_id: Id, data: NoteIn) -> Done:
    """For the buyer to read, or for colleagues only."""
    argue_case.note_case(
        by=staff_of(request), case_id=case_id, now=clock.now(), **data.model_dump()
    )
    return Done()


def _cases(request: HttpRequest) -> QuerySet[AfterSalesCase]:
    found = AfterSalesCase.objects.select_related("line", "order", "replacement__product")
    return scope.for_user(found, staff_of(request))


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
