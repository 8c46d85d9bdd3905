"""After-sales cases: opened by the buyer, authorised by staff, settled, closed. What is said until
it is agreed or refused is in `orders.arguing`.

Callers hold the order's lock. Money and stock that a case moves are moved by the refund's and the
stock's own commands in the same transaction; here it is written down how far the case is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import stock
from mingchi.catalogue.models import Sku
from mingchi.catalogue.stock import Quantity
from mingchi.foundation import proposals
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.orders import case_history as history
from mingchi.orders import case_reasons, replacements
from mingchi.orders import services as orders
from mingchi.orders.case_history import SYSTEM, Act
from mingchi.orders.models import AfterSalesCase, Order, OrderLine, Refund
from mingchi.orders.models.case import OPEN_CASE
from mingchi.orders.transitions import CASE_MOVES

State, Kind, Cause = AfterSalesCase.State, AfterSalesCase.Kind, AfterSalesCase.Cause
# Goods that the buyer has can come back; money can also be asked before they are sent.
WITH_GOODS = (Order.State.SHIPPED, Order.State.RECEIVED, Order.State.COMPLETED)


def open_case(
    line: OrderLine,
    *,
    kind: str,
    units: int,
    amount_fen: int,
    reason: str,
    actor: str,
    now: datetime,
    replacement: Sku | None = None,
    cause: str = Cause.OTHER,
    image_ids: Sequence[int] = (),
) -> AfterSalesCase:
    """A case for units of a line; an exchange is for the same article unless `replacement` (of the
    same product and price) is named, and keeps it until the case ends.

    Errors: `case_kind_invalid`, `cause_invalid`, `reason_missing`, `qty_invalid`,
    `amount_invalid`, `not_returnable` 409, `after_sales_over` 409, `case_open` 409,
    `refund_exceeds_line` 409, those of `replacements`.
    """
    order = line.order
    _refuse_bad_case(line, kind, units, amount_fen, replacement)
    case_reasons.refuse_unfitting(kind, cause, reason=reason)
    _refuse_state(order, kind, now)
    if open_of_order(order).filter(line=line).exists():
        raise ConflictError(
            "case_open", _("There is an open case for this article."), field="line_id"
        )
    if amount_fen:
        orders.ask_back(line, amount_fen)
    case = AfterSalesCase.objects.create(
        order=order,
        line=line,
        kind=kind,
        units=units,
        amount_fen=amount_fen,
        cause=cause,
        reason=reason,
        replacement=replacement,
        opened_by=actor,
        opened_at=now,
    )
    history.write(case, Act.OPENED, actor=actor, now=now, words=reason, image_ids=image_ids)
    if replacement is not None:
        words = replacements.article(case)
        history.write(case, Act.CHOSE, actor=actor, now=now, words=words)
    replacements.keep(case)
    return case


def authorise(
    case: AfterSalesCase, *, approve: bool, actor: str, now: datetime, answer: str = ""
) -> None:
    """Say yes or no; never who opened it (`own_proposal` 403). The same word again changes
    nothing; `impossible_move` 409 once it was decided otherwise."""
    proposals.refuse_own(asked_by=case.opened_by, by=actor)
    if case.state == (State.AUTHORISED if approve else State.REFUSED) and case.decided_by:
        return
    written(case, answer=answer or case.answer)
    if approve:
        authorised(case, actor=actor, now=now, act=Act.AGREED)
    else:
        ended(case, State.REFUSED, now=now, decided_by=actor, decided_at=now)
        history.write(case, Act.REFUSED, actor=actor, now=now, words=case.answer)


def authorised(
    case: AfterSalesCase,
    *,
    actor: str,
    now: datetime,
    act: str,
    words: str | None = None,
    note: str | None = None,
    **fields: Any,
) -> None:
    """It is agreed: money may go out, or the goods are to be sent back within the days."""
    limit = now + timedelta(days=settings.SEND_BACK_WITHIN_DAYS)
    back = None if case.kind == Kind.REFUND_ONLY else limit
    said = case.answer if words is None else words
    noted = case.pending_note if note is None else note
    decided = {} if case.decided_by else {"decided_by": actor, "decided_at": now}
    moved(case, State.AUTHORISED, return_by=back, pending_note="", **decided, **fields)
    history.write(case, act, actor=actor, now=now, words=said, note=noted)


def withdraw(case: AfterSalesCase, *, now: datetime, actor: str = SYSTEM) -> None:
    """The buyer gives it up, or did not send the goods back in time. Again changes nothing;
    `impossible_move` 409 once goods are back."""
    if case.goods_back_at is not None:
        raise impossible(case, State.WITHDRAWN)
    if case.state != State.WITHDRAWN:
        ended(case, State.WITHDRAWN, now=now)
        history.write(case, Act.WITHDRAWN, actor=actor, now=now)


def name_carrier(
    case: AfterSalesCase, *, carrier: str, tracking_number: str, actor: str, now: datetime
) -> None:
    """The buyer has sent the goods. `impossible_move` 409 unless authorised and not back yet."""
    if case.state != State.AUTHORISED or case.kind == Kind.REFUND_ONLY:
        raise impossible(case, State.GOODS_BACK)
    sent = {"carrier": carrier, "tracking_number": tracking_number}
    written(case, **sent, sent_back_at=case.sent_back_at or now)
    words = f"{carrier} {tracking_number}"
    history.write(case, Act.SENT_BACK, actor=actor, now=now, words=words)


def goods_back(case: AfterSalesCase, *, now: datetime, actor: str = SYSTEM) -> None:
    """The goods have arrived at the merchant's. Again changes nothing; `impossible_move` 409."""
    if case.kind == Kind.REFUND_ONLY:
        raise impossible(case, State.GOODS_BACK)
    if case.goods_back_at is None:
        moved(case, State.GOODS_BACK, goods_back_at=now)
        history.write(case, Act.GOODS_BACK, actor=actor, now=now)


def expire(case: AfterSalesCase, *, now: datetime) -> str:
    """The days to send goods back are over: `withdrawn` where nothing was sent, `sent` where they
    are on their way. `return_not_over` 409 before: a drawing may give the buyer longer, never
    shorter."""
    if case.return_by is not None and now < case.return_by:
        raise ConflictError(
            "return_not_over",
            _("The buyer may still send the goods back. Draw a longer time."),
            details={"return_by": case.return_by.isoformat()},
        )
    if case.tracking_number or case.goods_back_at is not None:
        return "sent"
    withdraw(case, now=now)
    return "withdrawn"


def count_back(case: AfterSalesCase, *, now: datetime) -> None:
    """What was sent long ago counts as back. `not_sent_back` 409 where nothing was sent."""
    if not case.tracking_number:
        raise ConflictError("not_sent_back", _("The goods were not sent back."))
    goods_back(case, now=now)


def inspect(case: AfterSalesCase, *, passed: bool, actor: str, now: datetime) -> None:
    """Whether the goods are as they should be. The first word counts: `impossible_move` 409 for
    another one."""
    if case.inspected_at is not None and case.passed == passed:
        return
    moved(case, State.INSPECTED, inspected_by=actor, inspected_at=now, passed=passed)
    history.write(case, Act.PASSED if passed else Act.FAILED, actor=actor, now=now)


def put_back(case: AfterSalesCase, *, warehouse_id: int | None = None) -> int:
    """Inspected goods can be sold again; returns how many units, 0 where that was done.

    `impossible_move` 409 before they are inspected, `restock_exceeds_line` 409.
    """
    units = _undecided(case)
    if units:
        orders.restock(case.line, units)
        stock.put_back([Quantity(case.line.sku_id, units, warehouse_id)])
        written(case, restocked=case.restocked + units)
    return units


def scrap(case: AfterSalesCase) -> int:
    """Inspected goods can't be sold any more; likewise."""
    units = _undecided(case)
    if units:
        written(case, scrapped=case.scrapped + units)
    return units


def refuse_unsettled(case: AfterSalesCase) -> None:
    """`impossible_move` 409 unless money or a replacement may go out now: authorised for a refund
    only, inspected and passed where goods come back."""
    wanted = State.AUTHORISED if case.kind == Kind.REFUND_ONLY else State.INSPECTED
    if case.state != wanted or (wanted == State.INSPECTED and not case.passed):
        raise impossible(case, State.SETTLED)


def refuse_no_exchange(case: AfterSalesCase) -> None:
    """`impossible_move` 409 unless this case is an exchange."""
    if case.kind != Kind.EXCHANGE:
        raise impossible(case, State.SETTLED)


def refuse_no_refund(case: AfterSalesCase) -> None:
    """`impossible_move` 409 for an exchange, and before money may go out."""
    if case.kind == Kind.EXCHANGE:
        raise impossible(case, State.SETTLED)
    refuse_unsettled(case)


def refunded(case: AfterSalesCase, *, refund: Refund, now: datetime) -> None:
    """The case's money is approved to go back: it counts as given from here on."""
    refuse_no_refund(case)
    moved(case, State.SETTLED, refund=refund, settled_at=now)
    history.write(case, Act.REFUNDED, actor=SYSTEM, now=now)


def exchanged(case: AfterSalesCase, *, now: datetime) -> None:
    """The replacement has left the house. Again changes nothing."""
    if case.settled_at is None:
        refuse_unsettled(case)
        moved(case, State.SETTLED, settled_at=now)
        words = replacements.article(case)
        history.write(case, Act.EXCHANGED, actor=SYSTEM, now=now, words=words)


def close(case: AfterSalesCase, *, now: datetime) -> None:
    """End a case that is done: settled; or refused, where the goods did not pass; or withdrawn,
    where they were not sent back in time. Again changes nothing; `impossible_move` 409 while
    something is owed."""
    if case.state not in OPEN_CASE:
        return
    late = case.state == State.AUTHORISED and case.return_by is not None and now >= case.return_by
    if case.state == State.INSPECTED and not case.passed:
        ended(case, State.REFUSED, now=now)
        history.write(case, Act.REFUSED, actor=SYSTEM, now=now)
    elif late:
        withdraw(case, now=now)
    else:
        moved(case, State.CLOSED, closed_at=now)
        history.write(case, Act.CLOSED, actor=SYSTEM, now=now)


def open_of_order(order: Order) -> QuerySet[AfterSalesCase]:
    """Cases that keep the order from completing."""
    return AfterSalesCase.objects.filter(order=order, state__in=OPEN_CASE)


def late(now: datetime) -> Iterable[int]:
    """Cases whose goods were not sent back in time, oldest first."""
    found = AfterSalesCase.objects.filter(state=State.AUTHORISED, return_by__lte=now)
    return found.order_by("return_by").values_list("pk", flat=True)


def find(case_id: int) -> AfterSalesCase:
    """The case with line and order, the order's row locked. `not_found` 404."""
    found = AfterSalesCase.objects.filter(pk=case_id).values_list("order_id", flat=True).first()
    if found is None:
        raise NotFoundError()
    order = orders.lock(found)
    case = AfterSalesCase.objects.select_related("line").get(pk=case_id)
    case.order = case.line.order = order
    return case


def _refuse_bad_case(
    line: OrderLine, kind: str, units: int, amount_fen: int, replacement: Sku | None
) -> None:
    if kind not in Kind.values:
        raise DomainError("case_kind_invalid", _("There is no such kind of case."), field="kind")
    if not 1 <= units <= line.qty:
        raise DomainError("qty_invalid", _("From one unit to all of the line."), field="units")
    exchange = kind == Kind.EXCHANGE
    if (amount_fen != 0) if exchange else (amount_fen < 1):
        raise DomainError(
            "amount_invalid",
            _("A refund names an amount, an exchange none."),
            field="amount_fen",
        )
    if replacement is not None:
        if not exchange:
            raise DomainError(
                "replacement_invalid", _("Only an exchange names goods."), field="replacement_id"
            )
        replacements.refuse_unfitting(line, replacement)


def _refuse_state(order: Order, kind: str, now: datetime) -> None:
    states = WITH_GOODS if kind != Kind.REFUND_ONLY else (Order.State.PAID, *WITH_GOODS)
    if order.state not in states or order.paid_at is None:
        raise ConflictError(
            "not_returnable",
            _("The order does not allow this any more, or not yet."),
            details={"state": str(order.state)},
        )
    limit = timedelta(days=settings.AFTER_SALES_WITHIN_DAYS)
    if order.received_at is not None and now > order.received_at + limit:
        raise ConflictError("after_sales_over", _("The time for after-sales is over."))


def _undecided(case: AfterSalesCase) -> int:
    """Units that came back and were neither put back nor scrapped."""
    if case.inspected_at is None:
        raise impossible(case, State.INSPECTED)
    return case.units - case.restocked - case.scrapped


def ended(case: AfterSalesCase, to: AfterSalesCase.State, *, now: datetime, **fields: Any) -> None:
    """End without money: what was asked back of the line is free to be asked again, and so are
    goods kept for an exchange."""
    moved(case, to, closed_at=now, **fields)
    if case.amount_fen:
        orders.decide_back(case.line, case.amount_fen, approved=False)
    replacements.give_free(case)


def moved(case: AfterSalesCase, to: AfterSalesCase.State, **fields: Any) -> None:
    """Where the table allows it; the only writer of `state`. `impossible_move` 409."""
    found = AfterSalesCase.objects.filter(pk=case.pk, state__in=CASE_MOVES[to])
    if not found.update(state=to, **fields):
        raise impossible(case, to)
    _follow(case, {"state": to, **fields})


def written(case: AfterSalesCase, **fields: Any) -> None:
    """Of a case that stays where it is."""
    AfterSalesCase.objects.filter(pk=case.pk).update(**fields)
    _follow(case, fields)


def _follow(case: AfterSalesCase, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(case, name, value)


def impossible(case: AfterSalesCase, to: AfterSalesCase.State) -> ConflictError:
    """The refusal of a move."""
    return ConflictError(
        "impossible_move",
        _("The case does not allow this any more, or not yet."),
        details={"state": str(case.state), "to": str(to)},
    )
