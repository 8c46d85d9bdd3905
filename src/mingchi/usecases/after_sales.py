"""A buyer (or staff for them) opens an after-sales case, sends goods back, gives it up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import NotFoundError
from mingchi.foundation.models import User
from mingchi.fulfilment import services
from mingchi.members import services as members
from mingchi.orders import cases
from mingchi.orders import services as orders
from mingchi.orders.models import AfterSalesCase, Order, OrderLine
from mingchi.usecases import checks, follow_flow, rights
from mingchi.usecases.each import for_each
from mingchi.usecases.follow_flow import WITHDRAWN, case_flow
from mingchi.usecases.once import once


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted for a line: `refund_only`, `return` or `exchange` of so many units. A refund
    names an amount in fen; an exchange may name another SKU of the same product and price."""

    line_id: int
    kind: str
    units: int
    reason: str
    amount_fen: int = 0
    replacement_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCase:
    """A case that waits for its decision."""

    case_id: int
    state: str


def open_case(
    *,
    order_id: int,
    wish: Wish,
    idempotency_key: str,
    now: datetime,
    member_id: int | None = None,
    by: User | None = None,
) -> OpenedCase:
    """Open for the member or, with `by`, for staff. Errors: `not_found` 404 (another's order too),
    those of `cases.open_case`."""
    assert (member_id is None) != (by is None), "either the member opens or staff do"
    actor = f"member:{member_id}" if by is None else rights.actor(by)
    body: Mapping[str, object] = {
        "order_id": order_id,
        **{name: getattr(wish, name) for name in Wish.__slots__},
    }
    with transaction.atomic():
        return once(
            action="open_case",
            actor=actor,
            key=idempotency_key,
            body=body,
            run=lambda: _open(order_id, wish, actor, now, member_id, by),
            result=OpenedCase,
        )


def send_back(
    *, member_id: int, case_id: int, carrier: str, tracking_number: str, now: datetime
) -> None:
    """The buyer has sent the goods. Errors: `not_found` 404, `text_invalid`, `impossible_move`
    409."""
    carrier = checks.text(carrier, field="carrier", longest=40, needed=True)
    number = checks.text(tracking_number, field="tracking_number", longest=60, needed=True)
    with transaction.atomic():
        case = _own_case(member_id, case_id)
        cases.name_carrier(case, carrier=carrier, tracking_number=number)


def withdraw_case(*, member_id: int, case_id: int, now: datetime) -> None:
    """The buyer gives it up. Errors: `not_found` 404, `impossible_move` 409."""
    follow_flow.bring_forward(case_flow(case_id), now=now)
    with transaction.atomic():
        _withdraw(_own_case(member_id, case_id), f"member:{member_id}", now)


def withdraw_late_cases(*, now: datetime, limit: int = 200) -> int:
    """Cases whose goods were not sent back in time end; returns how many. Called by the worker."""

    def end(case_id: int) -> bool:
        with transaction.atomic():
            case = cases.find(case_id)
            if case.tracking_number:
                return False  # on their way, whatever the day
            _withdraw(case, "system", now)
        return True

    return for_each(list(cases.late(now))[:limit], end, step="withdraw_late_cases")


def _withdraw(case: AfterSalesCase, actor: str, now: datetime) -> None:
    cases.withdraw(case, now=now)
    follow_flow.is_over(case_flow(case.pk), told=WITHDRAWN, actor=actor, now=now)


def _open(
    order_id: int,
    wish: Wish,
    actor: str,
    now: datetime,
    member_id: int | None,
    by: User | None,
) -> OpenedCase:
    if member_id is not None:
        members.acting(member_id)
    order = orders.lock(order_id, member_id=member_id)
    if by is not None:
        rights.require(by, "case.open", merchant_id=order.merchant_id)
    case = cases.open_case(
        _line(order, wish.line_id),
        kind=wish.kind,
        units=wish.units,
        amount_fen=wish.amount_fen,
        reason=checks.text(wish.reason, field="reason", longest=200, needed=True),
        actor=actor,
        now=now,
        replacement=_replacement(order, wish.replacement_id),
    )
    flow = case_flow(case.pk)
    services.enqueue(kind=flow.kind, subject=flow.subject, now=now)
    return OpenedCase(case_id=case.pk, state=str(case.state))


def _line(order: Order, line_id: int) -> OrderLine:
    line = OrderLine.objects.filter(order=order, pk=line_id).first()
    if line is None:
        raise NotFoundError(field="line_id")
    line.order = order
    return line


def _replacement(order: Order, sku_id: int | None) -> Sku | None:
    if sku_id is None:
        return None
    found = Sku.objects.filter(pk=sku_id, product__merchant=order.merchant_id).first()
    if found is None:
        raise NotFoundError(field="replacement_id")
    return found


def _own_case(member_id: int, case_id: int) -> AfterSalesCase:
    members.acting(member_id)
    case = cases.find(case_id)
    if case.order.member_id != member_id:
        raise NotFoundError()
    return case
