"""A member's after-sales cases, invoices and messages. Another member's are not there (404)."""

from datetime import datetime
from typing import Annotated, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import StringConstraints

from mingchi.api.fields import PRINTABLE, Before, Done, FenFromZero, Id, Input, Limit, Page, Qty
from mingchi.api.fields import Reason as Text
from mingchi.api.paging import page
from mingchi.api.principals import idempotency_key, member_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError
from mingchi.orders.models import AfterSalesCase, InvoiceRequest, Notification, Order
from mingchi.usecases import after_sales as use
from mingchi.usecases import write_invoice as use_invoice

router = GuardedRouter(tags=["after-sales"])

Carrier = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PRINTABLE)]
Tracking = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PRINTABLE)]


class CaseIn(Input):
    """A refund names an amount; an exchange may name another SKU of the same product and price."""

    order_id: Id
    line_id: Id
    kind: Literal["refund_only", "return", "exchange"]
    units: Qty
    reason: Text
    amount_fen: FenFromZero = 0
    replacement_id: Id | None = None


class OpenedOut(Schema):
    case_id: int
    state: str


class CaseOut(Schema):
    """`return_by`: until when the goods are to be sent back, once it is authorised."""

    id: int
    order_id: int
    line_id: int
    kind: str
    state: str
    units: int
    amount_fen: int
    answer: str
    opened_at: datetime
    return_by: datetime | None
    carrier: str
    tracking_number: str


class SentBackIn(Input):
    carrier: Carrier
    tracking_number: Tracking


class InvoiceIn(Input):
    title: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PRINTABLE)]
    tax_number: Annotated[str, StringConstraints(max_length=20, pattern=PRINTABLE)] = ""
    email: Annotated[str, StringConstraints(max_length=100, pattern=PRINTABLE)] = ""


class InvoiceOut(Schema):
    state: str
    title: str
    tax_number: str
    email: str
    number: str = Field(description="empty until it is issued")
    issued_at: datetime | None


class MessageOut(Schema):
    id: int
    order_id: int
    text: str
    at: datetime


@router.post("/cases", response={201: OpenedOut}, summary="Open a case")
def open_case(request: HttpRequest, data: CaseIn) -> Status[OpenedOut]:
    """Money back, goods back, or other goods, for one line of an order of mine; staff decide."""
    body = data.model_dump()
    opened = use.open_case(
        order_id=body.pop("order_id"),
        wish=use.Wish(**body),
        idempotency_key=idempotency_key(request),
        now=clock.now(),
        member_id=member_of(request).pk,
    )
    return Status(201, OpenedOut.from_orm(opened))


@router.get("/cases", response=Page[CaseOut], summary="My cases")
def list_cases(request: HttpRequest, limit: Limit = 20, before: Before = None) -> Page[CaseOut]:
    """Newest first."""
    return page(_own(request), CaseOut.from_orm, limit=limit, before=before)


@router.get("/cases/{case_id}", response=CaseOut, summary="A case of mine")
def get_case(request: HttpRequest, case_id: Id) -> CaseOut:
    """How it stands, and what was answered."""
    found = _own(request).filter(pk=case_id).first()
    if found is None:
        raise NotFoundError()
    return CaseOut.from_orm(found)


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
    """What was asked, and its number once it is issued."""
    mine = Order.objects.filter(member=member_of(request), pk=order_id)
    found = InvoiceRequest.objects.filter(order__in=mine).first()
    if found is None:
        raise NotFoundError()
    return InvoiceOut.from_orm(found)


@router.get("/messages", response=Page[MessageOut], summary="My messages")
def list_messages(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[MessageOut]:
    """What was told me about my orders, newest first."""
    sent = Notification.objects.filter(member=member_of(request), state=Notification.State.SENT)
    return page(sent, _message, limit=limit, before=before)


def _message(row: Notification) -> MessageOut:
    return MessageOut(
        id=row.pk, order_id=row.order_id, text=row.text, at=row.sent_at or row.created_at
    )


def _own(request: HttpRequest) -> QuerySet[AfterSalesCase]:
    return AfterSalesCase.objects.filter(order__member=member_of(request))
