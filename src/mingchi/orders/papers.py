"""Invoices asked for and messages sent: records only, no gateway behind them."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.orders import services as orders
from mingchi.orders.models import InvoiceRequest, Notification, Order


def request_invoice(
    order: Order, *, title: str, now: datetime, tax_number: str = "", email: str = ""
) -> InvoiceRequest:
    """The buyer wants an invoice; asked again, the record says what was said last.

    `invoice_issued` 409 once it was issued, `impossible_move` 409 where there is nothing to
    invoice.
    """
    if order.state in (Order.State.CANCELLED, Order.State.REFUNDED):
        raise orders.impossible(str(order.state), "invoiced")
    known = InvoiceRequest.objects.filter(order=order).first()
    if known is not None and known.state == InvoiceRequest.State.ISSUED:
        raise ConflictError("invoice_issued", _("The invoice was issued before."))
    asked, _made = InvoiceRequest.objects.update_or_create(
        order=order,
        defaults={
            "title": title,
            "tax_number": tax_number,
            "email": email,
            "asked_at": now,
            "state": InvoiceRequest.State.ASKED,
        },
    )
    return asked


def issue_invoice(order: Order, *, number: str, actor: str, now: datetime) -> None:
    """Finance issued it, under this number; again changes nothing.

    `no_invoice_asked` 409 where nobody wants one, `not_paid` 409 before the money came in.
    """
    if order.paid_at is None:
        raise ConflictError("not_paid", _("The order is not paid."))
    asked = InvoiceRequest.objects.filter(order=order, state=InvoiceRequest.State.ASKED)
    issued = {"number": number, "issued_by": actor, "issued_at": now}
    if asked.update(state=InvoiceRequest.State.ISSUED, **issued):
        return
    if not InvoiceRequest.objects.filter(order=order, number=number).exists():
        raise ConflictError("no_invoice_asked", _("The buyer wants no invoice, or has one."))


def invoice_waits(order: Order) -> bool:
    """Whether the buyer wants an invoice that is not issued."""
    found = InvoiceRequest.objects.filter(order=order, state=InvoiceRequest.State.ASKED)
    return found.exists()


def notify(order: Order, *, text: str, key: str) -> None:
    """Put a message to the buyer on its way; the same key again changes nothing."""
    tell(order.member_id, order=order, text=text, key=key)


def tell(member_id: int, *, order: Order | None = None, text: str, key: str) -> None:
    """The same to any member, of an order or of none."""
    message = Notification(order=order, key=key, member_id=member_id, text=text[:300])
    Notification.objects.bulk_create([message], ignore_conflicts=True)


def send_waiting(*, now: datetime, limit: int = 500) -> int:
    """The sandbox's way of sending: written down as sent; returns how many. For the worker."""
    waiting = Notification.objects.filter(state=Notification.State.WAITING).order_by("id")
    keys = list(waiting.values_list("pk", flat=True)[:limit])
    return Notification.objects.filter(pk__in=keys, state=Notification.State.WAITING).update(
        state=Notification.State.SENT, sent_at=now
    )
