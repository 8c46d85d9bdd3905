"""Money back for a line of an order: asked, decided by somebody else, given back."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import stock
from mingchi.catalogue.stock import Quantity
from mingchi.foundation import audit, proposals
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.orders import reservations, shipments
from mingchi.orders import services as orders
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.payments import refunding
from mingchi.usecases import checks, follow_flow, rights
from mingchi.usecases.give_back import BEFORE_SETTLEMENT, give_back
from mingchi.usecases.once import once

REFUNDABLE = (*BEFORE_SETTLEMENT, Order.State.COMPLETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRefund:
    """A refund that waits for a decision."""

    refund_id: int
    state: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRefund:
    """A refund that was decided. After settlement the money leaves once the event is settled."""

    refund_id: int
    state: str
    before_settlement: bool | None


def ask_refund(
    *,
    order_id: int,
    line_id: int,
    amount_fen: int,
    reason: str,
    idempotency_key: str,
    now: datetime,
    member_id: int | None = None,
    by: User | None = None,
) -> AskedRefund:
    """Ask for the member or, with `by`, for staff.

    Errors: `not_found` 404 (another's order too), `not_refundable` 409, `refund_exceeds_line`
    409, `amount_invalid`.
    """
    assert (member_id is None) != (by is None), "either the member asks or staff do"
    checks.amount(amount_fen)
    reason = checks.text(reason, field="reason", longest=200)
    who = f"member:{member_id}" if by is None else rights.actor(by)
    with transaction.atomic():
        return once(
            action="ask_refund",
            actor=who,
            key=idempotency_key,
            body={
                "order_id": order_id,
                "line_id": line_id,
                "amount_fen": amount_fen,
                "reason": reason,
            },
            run=lambda: _ask(order_id, line_id, amount_fen, reason, now, member_id, by),
            result=AskedRefund,
        )


def _ask(
    order_id: int,
    line_id: int,
    amount_fen: int,
    reason: str,
    now: datetime,
    member_id: int | None,
    by: User | None,
) -> AskedRefund:
    if member_id is not None:
        members.acting(member_id)
    order = orders.lock(order_id, member_id=member_id)
    if by is not None:
        rights.require(by, "refund.ask", merchant_id=order.merchant_id)
    line = OrderLine.objects.filter(order=order, pk=line_id).first()
    if line is None:
        raise NotFoundError(field="line_id")
    if order.state not in REFUNDABLE:
        raise ConflictError(
            "not_refundable",
            _("Nothing was paid for this order, or all of it went back."),
            details={"state": str(order.state)},
        )
    orders.ask_back(line, amount_fen)
    refund = Refund.objects.create(
        order=order,
        line=line,
        amount_fen=amount_fen,
        reason=reason,
        asked_by=by,
        asked_by_member=by is None,
        asked_at=now,
    )
    return AskedRefund(refund_id=refund.pk, state=str(refund.state), amount_fen=amount_fen)


def decide_refund(
    *,
    by: User,
    refund_id: int,
    approve: bool,
    now: datetime,
    reason: str = "",
    restock: int | None = None,
) -> DecidedRefund:
    """Approve or refuse; never the one who asked.

    Before settlement the money goes back at once. After it, the refund is an event, and the money
    follows when that is settled (`pay_refunds.pay_settled_refunds`). `restock` units can be sold
    again; left out, that is all of a line refunded in full before it was shipped.
    Errors: `own_proposal` 403, `refund_decided` 409, `restock_exceeds_line` 409.
    """
    reason = checks.text(reason, field="reason", longest=200)
    sent_id = None
    with transaction.atomic():
        refund = _locked(refund_id, by)
        order = refund.order
        line = refund.line
        refund.decided_by, refund.decided_at, refund.decision_reason = by, now, reason
        if approve:
            sent_id = give_back(refund, now=now)
            refund.restock = _restock(order, line, restock)
            follow_flow.end_if_refunded(order, actor=rights.actor(by), now=now)
        else:
            orders.decide_back(line, refund.amount_fen, approved=False)
            refund.state = Refund.State.REFUSED
        refund.save()
        audit.record(
            actor=rights.actor(by),
            action=f"refund.{'approve' if approve else 'refuse'}",
            subject=f"refund:{refund.pk}",
            before={"state": "requested"},
            after={"state": str(refund.state), "amount_fen": refund.amount_fen},
            reason=reason,
        )
    if sent_id is not None:
        refunding.send(payment_refund_id=sent_id, now=now)
        refund.refresh_from_db()
    return DecidedRefund(
        refund_id=refund.pk,
        state=str(refund.state),
        before_settlement=refund.before_settlement,
    )


def _locked(refund_id: int, by: User) -> Refund:
    found = Refund.objects.filter(pk=refund_id).values_list("order_id", flat=True).first()
    if found is None:
        raise NotFoundError()
    order = orders.lock(found)
    rights.require(by, "refund.decide", merchant_id=order.merchant_id)
    refund = Refund.objects.select_related("line").get(pk=refund_id)
    refund.order = order
    proposals.refuse_own(asked_by=refund.asked_by_id, by=by.pk)
    if refund.state != Refund.State.REQUESTED:
        raise ConflictError(
            "refund_decided",
            _("This refund was decided before."),
            details={"state": str(refund.state)},
        )
    return refund


def _restock(order: Order, line: OrderLine, units: int | None) -> int:
    """Put units back: those still held are free again, those that came back can be sold again."""
    held = line.reservations.filter(case=None).first()
    in_house = held.held if held is not None else 0
    if units is None:
        units = in_house if line.is_given_back else 0
    if units < 0:
        raise DomainError("qty_invalid", _("No less than none."), field="restock")
    if units:
        orders.restock(line, units)
        freed = min(units, in_house)
        if held is not None and freed:
            reservations.release_units(held, freed)
            shipments.trim(order)
        stock.put_back([Quantity(line.sku_id, units - freed)])
    return units
