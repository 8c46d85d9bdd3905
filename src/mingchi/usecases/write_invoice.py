"""A buyer wants an invoice (fapiao); finance write down that it was issued."""

import re
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric, uscc

from mingchi.foundation import audit
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.orders import papers
from mingchi.orders import services as orders
from mingchi.usecases import checks, rights

_OLDER: Final = re.compile("[0-9A-Z]{15}|[0-9A-Z]{20}")
"""Taxpayer numbers of before the unified social credit codes, which end in a check character."""


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
    `tax_number_invalid`, `email_invalid`, `invoice_issued` 409, `impossible_move` 409."""
    with transaction.atomic():
        members.acting(member_id)
        order = orders.lock(order_id, member_id=member_id)
        return papers.request_invoice(
            order,
            title=checks.text(title, field="title", longest=100, needed=True),
            tax_number=_tax_number(tax_number),
            email=_email(email),
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


def _tax_number(value: str) -> str:
    value = uscc.compact(value)
    if not value or uscc.is_valid(value) or ric.is_valid(value) or _OLDER.fullmatch(value):
        return value
    raise DomainError(
        "tax_number_invalid",
        _("This is no taxpayer number. It has 18 digits and letters; older ones have 15 or 20."),
        field="tax_number",
    )


def _email(value: str) -> str:
    value = value.strip()
    try:
        if value:
            validate_email(value)
    except ValidationError:
        raise DomainError("email_invalid", _("This is no e-mail address."), field="email") from None
    return value
