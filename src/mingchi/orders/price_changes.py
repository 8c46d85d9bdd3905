"""Another price for a line of an order that is not paid: one asks, another decides.

Callers hold the order's lock. Whether the order's shares still fit into the new price is asked of
the plan above (`usecases.change_price`).
"""

from copy import copy
from datetime import datetime

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import proposals
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.orders import services as orders
from mingchi.orders.models import Order, OrderLine, PriceChange

State = PriceChange.State
# What `repriced` changes of a line.
_REPRICED = ("price_fen", "lowered_fen", "amount_fen", "cost_fen", "goods_fen")


def ask(line: OrderLine, *, to_fen: int, reason: str, actor: str, now: datetime) -> PriceChange:
    """Ask for a lower unit price, within the bound of the installation.

    Errors: `not_repriceable` 409 once the order is paid or on its way, `price_out_of_bounds`,
    `price_change_open` 409.
    """
    _refuse_late(line.order)
    least_fen = max(least_price_fen(line.price_fen), _least_to_pay_fen(line))
    if not least_fen <= to_fen < line.price_fen:
        raise DomainError(
            "price_out_of_bounds",
            _("The price can be lowered, and only so far."),
            field="to_fen",
            details={"least_fen": least_fen, "most_fen": line.price_fen - 1},
        )
    if open_of_order(line.order):
        raise ConflictError(
            "price_change_open", _("A price change of this order waits for its decision.")
        )
    return PriceChange.objects.create(
        line=line,
        from_fen=line.price_fen,
        to_fen=to_fen,
        reason=reason,
        asked_by=actor,
        asked_at=now,
    )


def decide(change: PriceChange, *, approve: bool, actor: str, now: datetime) -> OrderLine:
    """Decide, never the one who asked (`own_proposal` 403); returns the line as it stands then.

    Approved, line and order get the new amounts; attempts to pay the old one are sent back when
    they come in. The same word again changes nothing. Errors: `price_change_decided` 409,
    `not_repriceable` 409.
    """
    proposals.refuse_own(asked_by=change.asked_by, by=actor)
    to = State.APPROVED if approve else State.REFUSED
    decided = PriceChange.objects.filter(pk=change.pk, state=State.ASKED)
    if not decided.update(state=to, decided_by=actor, decided_at=now):
        if PriceChange.objects.filter(pk=change.pk, state=to).exists():
            return OrderLine.objects.get(pk=change.line_id)
        raise ConflictError("price_change_decided", _("This price change was decided before."))
    if approve:
        _refuse_late(change.line.order)
        _apply(change)
    return OrderLine.objects.get(pk=change.line_id)


def open_of_order(order: Order) -> list[PriceChange]:
    """What waits for a decision."""
    found = PriceChange.objects.filter(line__order=order, state=State.ASKED)
    return list(found.select_related("line__order"))


def repriced(line: OrderLine, *, to_fen: int) -> OrderLine:
    """The line as it would stand at this unit price, not saved: its amounts follow by the
    difference, and what the merchant gets with them, since the shop lowers it. Coupons take off
    what they took."""
    less_fen = line.qty * (line.price_fen - to_fen)
    found = copy(line)
    found.price_fen = to_fen
    found.lowered_fen = line.lowered_fen + less_fen
    found.amount_fen = line.amount_fen - less_fen
    found.cost_fen = max(0, line.cost_fen - less_fen)
    found.goods_fen = line.goods_fen - less_fen
    return found


def least_price_fen(price_fen: int) -> int:
    """The lowest price that may be asked: rounded up, and at least one fen."""
    kept_percent = 100 - settings.PRICE_CHANGE_PERCENT
    return max(1, -(-price_fen * kept_percent // 100))


def _least_to_pay_fen(line: OrderLine) -> int:
    """Below this the buyer would pay nothing for the line, as coupons take off what they took."""
    return line.price_fen - (line.goods_fen - 1) // line.qty


def find(change_id: int) -> PriceChange:
    """The change with line and order, the order's row locked. `not_found` 404."""
    found = PriceChange.objects.filter(pk=change_id).values_list("line__order", flat=True).first()
    if found is None:
        raise NotFoundError()
    order = orders.lock(found)
    change = PriceChange.objects.select_related("line").get(pk=change_id)
    change.line.order = order
    return change


def _refuse_late(order: Order) -> None:
    if order.state != Order.State.CREATED:
        raise ConflictError(
            "not_repriceable",
            _("A price is changed before the order is paid or shipped."),
            details={"state": str(order.state)},
        )


def _apply(change: PriceChange) -> None:
    """The order's total follows by the difference."""
    line = change.line
    after = repriced(line, to_fen=change.to_fen)
    done = OrderLine.objects.filter(pk=line.pk, price_fen=change.from_fen).update(
        **{name: getattr(after, name) for name in _REPRICED}
    )
    less_fen = line.amount_fen - after.amount_fen
    assert done == 1, "one open change an order, and nobody else writes prices"
    Order.objects.filter(pk=line.order_id).update(
        goods_fen=F("goods_fen") - less_fen, total_fen=F("total_fen") - less_fen
    )
