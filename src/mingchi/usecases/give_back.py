"""Money back to the buyer: decided by a person, by a case, or because an order is given up.

Before settlement the money is on its way at once; after it the refund is an event, and the money
follows when that is settled (`pay_refunds.pay_settled_refunds`). Callers hold the order's lock.
"""

from datetime import datetime

from mingchi.foundation.models import User
from mingchi.orders import cases, reservations, shipments
from mingchi.orders import services as orders
from mingchi.orders.models import AfterSalesCase, Order, OrderLine, Refund
from mingchi.payments import bookings
from mingchi.payments import services as payments
from mingchi.payments.models import PaymentRefund
from mingchi.usecases import events

BEFORE_SETTLEMENT = (Order.State.PAID, Order.State.SHIPPED, Order.State.RECEIVED)


def give_back(refund: Refund, line: OrderLine, *, now: datetime) -> int | None:
    """An approved refund takes its way: returns the key of the money to send off, None where it
    follows the settlement. An order that was given back in full before is refunded."""
    order = refund.order
    if not refund.before_settlement:
        events.record(
            "refund",
            refund.pk,
            order=order.key,
            line=line.engine_line,
            amount=refund.amount_fen,
        )
        return None
    sent = payments.send_back(
        payment=payments.of_order(order),
        amount_fen=refund.amount_fen,
        reason="refund",
        refund=refund,
    )
    bookings.promised_back(sent)
    if all(each.refunded_fen == each.amount_fen for each in orders.lines(order)):
        orders.move(order.pk, Order.State.REFUNDED, now=now)
    return sent.pk


def refund_case(case: AfterSalesCase, *, now: datetime) -> None:
    """The money of a case that may be settled; asked by who opened it, decided by who authorised
    it. Again changes nothing. `impossible_move` 409 before it was authorised (or inspected)."""
    if case.refund_id is not None:
        return
    cases.refuse_no_refund(case)
    orders.decide_back(case.line, case.amount_fen, approved=True)
    case.line.refresh_from_db(fields=["refunded_fen", "refunding_fen"])
    asker, decider = _user(case.opened_by), _user(case.arbitrated_by or case.decided_by)
    refund = Refund.objects.create(
        order=case.order,
        line=case.line,
        amount_fen=case.amount_fen,
        reason=case.reason,
        state=Refund.State.APPROVED,
        before_settlement=case.order.state in BEFORE_SETTLEMENT,
        asked_by_member=asker is None,
        asked_by=asker,
        asked_at=case.opened_at,
        decided_by=decider,
        automatic=decider is None,
        decided_at=case.arbitrated_at or case.decided_at,
        decision_reason=case.ruling or case.answer,
    )
    give_back(refund, case.line, now=now)
    cases.refunded(case, refund=refund, now=now)


def refund_in_full(order: Order, *, now: datetime) -> None:
    """All that is left of a paid order that is given up before settlement; what it still holds is
    free again, what was asked of it and not decided is decided by that. Again changes nothing.

    `impossible_move` 409 for an order that is not paid, or settled.
    """
    if order.state == Order.State.REFUNDED:
        return
    if order.state not in BEFORE_SETTLEMENT or order.paid_at is None:
        raise orders.impossible(str(order.state), "refunded")
    for case in cases.open_of_order(order).select_related("line"):
        cases.withdraw(case, now=now)
    for asked in Refund.objects.filter(order=order, state=Refund.State.REQUESTED):
        _approve(asked, now)
    for line in orders.lines(order):
        amount_fen = line.refundable_fen
        if amount_fen:
            orders.ask_back(line, amount_fen)
            _approve(_for_the_rest(order, line, amount_fen, now), now)
    reservations.release(reservations.of_order(order))
    shipments.trim(order)


def _for_the_rest(order: Order, line: OrderLine, amount_fen: int, now: datetime) -> Refund:
    return Refund.objects.create(
        order=order,
        line=line,
        amount_fen=amount_fen,
        asked_by_member=False,
        automatic=True,
        asked_at=now,
    )


def _approve(refund: Refund, now: datetime) -> None:
    """By rule: nobody's judgement is needed, as the whole order goes back."""
    orders.decide_back(refund.line, refund.amount_fen, approved=True)
    refund.state = Refund.State.APPROVED
    refund.before_settlement = refund.automatic = True
    refund.decided_at = now
    refund.save()
    give_back(refund, refund.line, now=now)


def under_way(refunds: list[Refund]) -> list[PaymentRefund]:
    """Money of these refunds that a gateway was or will be asked to send, oldest first."""
    return list(PaymentRefund.objects.filter(refund__in=refunds).order_by("id"))


def _user(actor: str) -> User | None:
    kind, _colon, key = actor.partition(":")
    return User.objects.get(pk=int(key)) if kind == "user" else None
