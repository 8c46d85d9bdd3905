"""Orders are found, locked and moved here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.orders.models import Order, OrderLine
from mingchi.orders.transitions import MOVES
from mingchi.pricing import refunds
from mingchi.pricing.refunds import LineBack, Paid


def lock(order_id: int, *, member_id: int | None = None) -> Order:
    """The order, its row held until the transaction ends: whoever changes an order, its lines or
    its payments takes this lock first. Another member's order is `not_found` 404."""
    assert connection.in_atomic_block
    found = Order.objects.select_for_update(of=("self",)).filter(pk=order_id)
    if member_id is not None:
        found = found.filter(member_id=member_id)
    order = found.first()
    if order is None:
        raise NotFoundError()
    return order


def lock_all(order_ids: Iterable[int]) -> list[Order]:
    """Several orders, held, in the order of their keys: so two never wait for each other."""
    assert connection.in_atomic_block
    return list(Order.objects.select_for_update().filter(pk__in=order_ids).order_by("pk"))


def lines(order: Order) -> Sequence[OrderLine]:
    """The lines in order of their place."""
    return list(OrderLine.objects.filter(order=order).order_by("position"))


def move(
    order_id: int, to: Order.State, *, now: datetime, fields: Mapping[str, Any] | None = None
) -> None:
    """Move an order, if the table allows it from where it stands; the only writer of `state`.

    `fields` are set along with it. Raises `impossible_move` 409, `not_found` 404.
    """
    step = MOVES[to]
    may = reduce(or_, (Q(state=source) & only for source, only in step.sources.items()))
    # The first moment counts, where an order comes by twice.
    stamps = {step.stamp: Coalesce(F(step.stamp), Value(now))}
    moved = Order.objects.filter(may, pk=order_id).update(state=to, **stamps, **(fields or {}))
    if moved:
        return
    state = Order.objects.filter(pk=order_id).values_list("state", flat=True).first()
    if state is None:
        raise NotFoundError()
    raise impossible(str(state), str(to))


def mark_paid(order: Order, *, now: datetime) -> None:
    """Cash on delivery was collected: the order is paid where it stands."""
    Order.objects.filter(pk=order.pk, paid_at__isnull=True).update(paid_at=now)


def impossible(state: str, to: str) -> ConflictError:
    """The refusal of a move from `state` to `to`."""
    return ConflictError(
        "impossible_move",
        _("The order does not allow this any more, or not yet."),
        details={"state": state, "to": to},
    )


def ask_back(line: OrderLine, amount_fen: int) -> None:
    """Count a refund as under way; `refund_exceeds_line` 409 where less is left of the line."""
    asked = OrderLine.objects.filter(
        pk=line.pk,
        goods_fen__gte=F("refunded_fen") + F("refunding_fen") - F("delivery_fen") + amount_fen,
    ).update(refunding_fen=F("refunding_fen") + amount_fen)
    if not asked:
        line.refresh_from_db()
        raise ConflictError(
            "refund_exceeds_line",
            _("More than is left of this line can't be refunded."),
            field="amount_fen",
            details={"refundable_fen": line.refundable_fen},
        )


def decide_back(line: OrderLine, amount_fen: int, *, approved: bool) -> LineBack | None:
    """A refund that was under way is decided; returns what goes back of what, None where nothing
    does."""
    line.refresh_from_db()
    back = None
    fields: dict[str, Any] = {}
    if approved:
        back = refunds.of_line(_paid(line), before_fen=line.refunded_fen, amount_fen=amount_fen)
        fields = {
            "refunded_fen": F("refunded_fen") + amount_fen,
            "price_back_fen": F("price_back_fen") + back.goods.price_fen,
        }
    decided = OrderLine.objects.filter(
        pk=line.pk, refunding_fen__gte=amount_fen, refunded_fen=line.refunded_fen
    ).update(refunding_fen=F("refunding_fen") - amount_fen, **fields)
    assert decided == 1, "a refund is counted when it is asked, and callers hold the order"
    line.refresh_from_db()
    return back


def _paid(line: OrderLine) -> Paid:
    return Paid(
        price_fen=line.amount_fen,
        goods_fen=line.goods_fen,
        freight_fen=line.freight_fen,
        delivery_fen=line.delivery_fen,
    )


def restock(line: OrderLine, units: int) -> None:
    """Note that units of a line can be sold again; `restock_exceeds_line` 409."""
    done = OrderLine.objects.filter(pk=line.pk, qty__gte=F("restocked") + units).update(
        restocked=F("restocked") + units
    )
    if not done:
        raise ConflictError(
            "restock_exceeds_line",
            _("More units than this line has can't be put back."),
            field="restock",
        )
