"""Money back to the buyer: decided by a person, by a case, or because an order is given up.

Before settlement the money is on its way at once; after it the refund is an event, and the money
follows when that is settled (`pay_refunds.pay_settled_refunds`). Callers hold the order's lock.
"""

from datetime import datetime

from mingchi.foundation.models import User
from mingchi.orders import cases, moves, reservations, shipments
from mingchi.orders import services as orders
from mingchi.orders.models import AfterSalesCase, Order, OrderLine, Refund
from mingchi.payments import bookings
from mingchi.payments import services as payments
from mingchi.payments.models import PaymentRefund
from mingchi.usecases import events

BEFORE_SETTLEMENT = (Order.State.PAID, Order.State.SHIPPED, Order.State.RECEIVED)


def give_back(refund: Refund, *, now: datetime) -> int | None:
    """A refund that somebody, or a rule, has approved takes its way, and is saved: returns the key
    of the money to send off, None where it follows the settlement or where there is none. An order
    of which nothing is left is refunded.

    Delivery never enters settlement: what is of that alone goes back at once.
    """
    order, line = refund.order, refund.line
    back = orders.decide_back(line, refund.amount_fen, approved=True)
    assert back is not None
    refund.goods_fen, refund.price_fen = back.goods.paid_fen, back.goods.price_fen
    refund.delivery_fen, refund.freight_fen = back.delivery.paid_fen, back.delivery.price_fen
    refund.before_settlement = order.state in BEFORE_SETTLEMENT or not refund.price_fen
    refund.state = Refund.State.APPROVED if refund.amount_fen else Refund.State.PAID
    refund.paid_at = None if refund.amount_fen else now
    refund.save()
    if not refund.before_settlement:
        events.record(
            "refund",
            refund.pk,
            order=order.key,
            line=line.engine_line,
            amount=refund.price_fen,
        )
        return None
    bookings.refunded(refund)
    sent_id = _promised(refund) if refund.amount_fen else None
    nothing_left = all(each.is_given_back for each in orders.lines(order))
    if nothing_left and order.state in BEFORE_SETTLEMENT:
        moves.refunded(order, now=now)
        order.state = Order.State.REFUNDED
        bookings.freight_earned(order)
    return sent_id


def _promised(refund: Refund) -> int:
    sent = payments.send_back(
        payment=payments.of_order(refund.order),
        order=refund.order,
        amount_fen=refund.amount_fen,
        reason="refund",
        refund=refund,
    )
    return sent.pk


def refund_case(case: AfterSalesCase, *, now: datetime) -> None:
    """The money of a case that may be settled; asked by who opened it, decided by who authorised
    it. Again changes nothing. `impossible_move` 409 before it was authorised (or inspected)."""
    if case.refund_id is not None:
        return
    cases.refuse_no_refund(case)
    asker, decider = _user(case.opened_by), _user(case.arbitrated_by or case.decided_by)
    refund = Refund(
        order=case.order,
        line=case.line,
        amount_fen=case.amount_fen,
        reason=case.reason,
        asked_by_member=asker is None,
        asked_by=asker,
        asked_at=case.opened_at,
        decided_by=decider,
        automatic=decider is None,
        decided_at=case.arbitrated_at or case.decided_at,
        decision_reason=case.ruling or case.answer,
    )
    give_back(refund, now=now)
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
        asked.order = order
        _by_rule(asked, now)
    for line in orders.lines(order):
        amount_fen = line.refundable_fen
        if amount_fen or not line.is_given_back:
            orders.ask_back(line, amount_fen)
            _by_rule(_for_the_rest(order, line, amount_fen, now), now)
    reservations.release(reservations.of_order(order))
    shipments.trim(order)


def _for_the_rest(order: Order, line: OrderLine, amount_fen: int, now: datetime) -> Refund:
    return Refund(
        order=order,
        line=line,
        amount_fen=amount_fen,
        asked_by_member=False,
        asked_at=now,
    )


def _by_rule(refund: Refund, now: datetime) -> None:
    """Nobody's judgement is needed, as the whole order goes back."""
    refund.automatic, refund.decided_at = True, now
    give_back(refund, now=now)


def under_way(refunds: list[Refund]) -> list[PaymentRefund]:
    """Money of these refunds that a gateway was or will be asked to send, oldest first."""
    return list(PaymentRefund.objects.filter(refund__in=refunds).order_by("id"))


def _user(actor: str) -> User | None:
    kind, _colon, key = actor.partition(":")
    return User.objects.get(pk=int(key)) if kind == "user" else None
