"""A buyer wants an invoice (fapiao); finance write down that it was issued."""

from datetime import datetime

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.orders import papers
from mingchi.orders import services as orders
from mingchi.usecases import checks, rights


def request_invoice(
    *,
    member_id: int,
    order_id: int,
    title: str,
    now: datetime,
    tax_number: str = "",
    email: str = "",
) -> int:
    """The record of what the buyer wants. Errors: `not_found` 404, `text_invalid`,
    `invoice_issued` 409, `impossible_move` 409."""
    with transaction.atomic():
        members.acting(member_id)
        order = orders.lock(order_id, member_id=member_id)
        return papers.request_invoice(
            order,
            title=checks.text(title, field="title", longest=100, needed=True),
            tax_number=checks.text(tax_number, field="tax_number", longest=20),
            email=checks.text(email, field="email", longest=100),
            now=now,
        ).pk


def issue_invoice(*, by: User, order_id: int, number: str, now: datetime) -> None:
    """It was issued under this number. Errors: `not_found` 404, `not_allowed` 403,
    `no_invoice_asked` 409, `not_paid` 409."""
    number = checks.text(number, field="number", longest=40, needed=True)
    with transaction.atomic():
        order = orders.lock(order_id)
        rights.require(by, "invoice.issue", merchant_id=order.merchant_id)
        papers.issue_invoice(order, number=number, actor=rights.actor(by), now=now)
        audit.record(
            actor=rights.actor(by),
            action="invoice.issue",
            subject=f"order:{order.pk}",
            before={},
            after={"number": number},
        )
