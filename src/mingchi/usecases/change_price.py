"""Another price for an order that is not paid: one of staff asks, another decides."""

from datetime import datetime

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.orders import price_changes
from mingchi.orders import services as orders
from mingchi.orders.models import OrderLine, PriceChange
from mingchi.usecases import checks, rights, split


def ask_price_change(
    *, by: User, order_id: int, line_id: int, to_fen: int, reason: str, now: datetime
) -> int:
    """Ask for a lower unit price; the shares of the line must still fit into it.

    Errors: `not_found` 404, `not_allowed` 403, those of `price_changes.ask`,
    `split_exceeds_price` 409.
    """
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    checks.amount(to_fen, field="to_fen")
    with transaction.atomic():
        order = orders.lock(order_id)
        rights.require(by, "price.ask", merchant_id=order.merchant_id)
        line = OrderLine.objects.filter(order=order, pk=line_id).first()
        if line is None:
            raise NotFoundError(field="line_id")
        line.order = order
        actor = rights.actor(by)
        change = price_changes.ask(line, to_fen=to_fen, reason=reason, actor=actor, now=now)
        split.refuse_excess([price_changes.repriced(line, to_fen=to_fen)])
        _audit(change, "price.ask", actor, {"to_fen": to_fen}, reason)
    return change.pk


def decide_price_change(*, by: User, change_id: int, approve: bool, now: datetime) -> None:
    """Approve or refuse; never the one who asked. Errors: those of `price_changes.decide`,
    `split_exceeds_price` 409 where a new plan has come meanwhile."""
    with transaction.atomic():
        change = price_changes.find(change_id)
        rights.require(by, "price.decide", merchant_id=change.line.order.merchant_id)
        apply(change, approve=approve, actor=rights.actor(by), now=now)


def apply(change: PriceChange, *, approve: bool, actor: str, now: datetime) -> None:
    """Decide for an actor whose role was asked; the order's lock is held."""
    if not actor:
        raise DomainError("not_allowed", rights.NOT_ALLOWED, status=403)
    line = price_changes.decide(change, approve=approve, actor=actor, now=now)
    if approve:
        split.refuse_excess([line])
    word = "approve" if approve else "refuse"
    _audit(change, f"price.{word}", actor, {"price_fen": line.price_fen}, "")


def _audit(
    change: PriceChange, action: str, actor: str, after: dict[str, int], reason: str
) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=f"order:{change.line.order_id}",
        before={"line_id": change.line_id, "price_fen": change.from_fen},
        after=after,
        reason=reason,
    )
