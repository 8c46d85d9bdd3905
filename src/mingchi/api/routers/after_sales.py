"""A member's after-sales cases, invoices and messages. Another member's are not there (404)."""

from datetime import datetime
from typing import Annotated, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import StringConstraints

from mingchi.api import case_shapes as shapes
from mingchi.api.fields import PRINTABLE, Before, Done, Id, Input, Limit, Page, Pictures
from mingchi.api.paging import page, page_with
from mingchi.api.principals import idempotency_key, member_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError
from mingchi.orders.models import AfterSalesCase, InvoiceRequest, Notification, Order, OrderLine
from mingchi.usecases import after_sales as use
from mingchi.usecases import argue_case
from mingchi.usecases import write_invoice as use_invoice

router = GuardedRouter(tags=["after-sales"])

Carrier = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PRINTABLE)]
Tracking = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PRINTABLE)]


class SayIn(Input):
    words: shapes.Words = ""
    image_ids: Pictures = []


class AppealIn(Input):
    words: Annotated[shapes.Words, StringConstraints(strip_whitespace=True, min_length=1)]
    image_ids: Pictures = []


class SentBackIn(Input):
    carrier: Carrier
    tracking_number: Tracking


class InvoiceIn(Input):
    title: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PRINTABLE)]
    tax_number: Annotated[str, StringConstraints(max_length=20, pattern=PRINTABLE)] = ""
    email: Annotated[str, StringConstraints(max_length=100, pattern=PRINTABLE)] = ""


class InvoiceOut(Schema):
    state: Literal["none", "asked", "issued", "withdrawn"] = Field(
        description="none: nobody asked for one"
    )
    title: str = ""
    tax_number: str = ""
    email: str = ""
    number: str = Field(default="", description="empty until it is issued")
    issued_at: datetime | None = None


class MessageOut(Schema):
    id: int
    order_id: int | None = Field(description="null: about no order")
    text: str
    at: datetime


@router.get("/causes", response=list[shapes.CausesOut], summary="Why a case may be opened")
def list_case_causes(request: HttpRequest) -> list[shapes.CausesOut]:
    """By kind, in the reader's language."""
    return shapes.causes()


@router.get(
    "/replacements",
    response=list[shapes.ReplacementOut],
    summary="What a line may be exchanged for",
)
def list_replacements(
    request: HttpRequest, order_id: Id, line_id: Id
) -> list[shapes.ReplacementOut]:
    """The article bought, and variants of its product at the price that I paid. A case keeps what
    it names; what costs more or less is bought anew, for the money of what was sent back."""
    mine = OrderLine.objects.filter(order__member=member_of(request), order=order_id)
    line = mine.select_related("sku").filter(pk=line_id).first()
    if line is None:
        raise NotFoundError()
    return shapes.replacements_of(line)


@router.post("/cases", response={201: shapes.OpenedOut}, summary="Open a case")
def open_case(request: HttpRequest, data: shapes.CaseIn) -> Status[shapes.OpenedOut]:
    """Money back, goods back, or other goods, for one line of an order of mine, with up to 9
    pictures of mine. The merchant has two days to answer, then it counts as agreed."""
    body = data.model_dump(mode="json")
    opened = use.open_case(
        order_id=body.pop("order_id"),
        wish=use.Wish(**body),
        idempotency_key=idempotency_key(request),
        now=clock.now(),
        member_id=member_of(request).pk,
    )
    return Status(201, shapes.OpenedOut.from_orm(opened))


@router.post("/cases/whole", response={201: shapes.OpenedAllOut}, summary="Open cases for all")
def open_cases_for_all(
    request: HttpRequest, data: shapes.WholeCaseIn
) -> Status[shapes.OpenedAllOut]:
    """The same for all that is left of an order: a case for each line, all or none. Lines that
    have an open case are left out."""
    body = data.model_dump(mode="json")
    opened = use.open_cases_for_all(
        order_id=body.pop("order_id"),
        member_id=member_of(request).pk,
        wish=use.WholeWish(**body),
        idempotency_key=idempotency_key(request),
        now=clock.now(),
    )
    return Status(201, shapes.OpenedAllOut.from_orm(opened))


@router.get("/cases", response=Page[shapes.CaseOut], summary="My cases")
def list_cases(
    request: HttpRequest, limit: Limit = 20, before: Before = None, order_id: Id | None = None
) -> Page[shapes.CaseOut]:
    """Newest first, of one order or of all."""
    own = _own(request)
    rows = own if order_id is None else own.filter(order=order_id)
    return page_with(rows, shapes.due, shapes.case, limit=limit, before=before)


@router.get("/cases/{case_id}", response=shapes.CaseDetailOut, summary="A case of mine")
def get_case(request: HttpRequest, case_id: Id) -> shapes.CaseDetailOut:
    """How it stands, who is next and until when, what I may do, and all that happened so far."""
    found = _own(request).filter(pk=case_id).first()
    if found is None:
        raise NotFoundError()
    return shapes.case_in_detail(found)


@router.post("/cases/{case_id}/messages", response=Done, summary="Say something in a case")
def say_in_case(request: HttpRequest, case_id: Id, data: SayIn) -> Done:
    """Words, pictures, or both, for the merchant and the platform to see; in state `asked` it is
    the answer that is waited for."""
    argue_case.say_in_case(
        member_id=member_of(request).pk, case_id=case_id, now=clock.now(), **data.model_dump()
    )
    return Done()


@router.post("/cases/{case_id}/appeal", response=Done, summary="Appeal to the platform")
def appeal_case(request: HttpRequest, case_id: Id, data: AppealIn) -> Done:
    """Against the merchant's no, or what the inspection of the goods found; within a week."""
    argue_case.appeal_case(
        member_id=member_of(request).pk, case_id=case_id, now=clock.now(), **data.model_dump()
    )
    return Done()


@router.post("/cases/{case_id}/send-back", response=Done, summary="Sent back")
def send_case_back(request: HttpRequest, case_id: Id, data: SentBackIn) -> Done:
    """The goods are on their way, under this carrier's number."""
    use.send_back(
        member_id=member_of(request).pk,
        case_id=case_id,
        carrier=data.carrier,
        tracking_number=data.tracking_number,
        now=clock.now(),
    )
    return Done()


@router.post("/cases/{case_id}/withdraw", response=Done, summary="Give a case up")
def withdraw_case(request: HttpRequest, case_id: Id) -> Done:
    """Nothing more is wanted; not once the goods are back."""
    use.withdraw_case(member_id=member_of(request).pk, case_id=case_id, now=clock.now())
    return Done()


@router.put("/invoices/{order_id}", response=Done, summary="Ask for an invoice")
def request_invoice(request: HttpRequest, order_id: Id, data: InvoiceIn) -> Done:
    """What stands on the invoice of an order of mine; may be changed until it is issued."""
    use_invoice.request_invoice(
        member_id=member_of(request).pk, order_id=order_id, now=clock.now(), **data.model_dump()
    )
    return Done()


@router.get("/invoices/{order_id}", response=InvoiceOut, summary="The invoice of an order")
def get_invoice(request: HttpRequest, order_id: Id) -> InvoiceOut:
    """What was asked, and its number once it is issued; state `none` before anybody asks."""
    mine = Order.objects.filter(member=member_of(request), pk=order_id)
    if not mine.exists():
        raise NotFoundError()
    found = InvoiceRequest.objects.filter(order=order_id).first()
    return InvoiceOut(state="none") if found is None else InvoiceOut.from_orm(found)


@router.get("/messages", response=Page[MessageOut], summary="My messages")
def list_messages(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[MessageOut]:
    """What was told me, newest first."""
    sent = Notification.objects.filter(member=member_of(request), state=Notification.State.SENT)
    return page(sent, _message, limit=limit, before=before)


def _message(row: Notification) -> MessageOut:
    return MessageOut(
        id=row.pk, order_id=row.order_id, text=row.text, at=row.sent_at or row.created_at
    )


def _own(request: HttpRequest) -> QuerySet[AfterSalesCase]:
    found = AfterSalesCase.objects.filter(order__member=member_of(request))
    return found.select_related("line", "order", "replacement__product")
