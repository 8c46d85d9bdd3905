"""A buyer (or staff for them) opens an after-sales case, for one line or all that is left of an
order, sends goods back, gives it up. What both sides say meanwhile is `argue_case`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.fulfilment import services
from mingchi.members import services as members
from mingchi.orders import cases
from mingchi.orders import services as orders
from mingchi.orders.models import AfterSalesCase, Order, OrderLine
from mingchi.usecases import checks, follow_flow, keep_images, rights
from mingchi.usecases.each import for_each
from mingchi.usecases.follow_flow import WITHDRAWN, case_flow
from mingchi.usecases.once import once


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted for a line: `refund_only`, `return` or `exchange` of so many units. A refund
    names an amount in fen; an exchange may name another SKU of the same product and price.
    `image_ids`: up to 9 of the member's own pictures."""

    line_id: int
    kind: str
    units: int
    reason: str = ""
    cause: str = "other"
    amount_fen: int = 0
    replacement_id: int | None = None
    image_ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeWish:
    """What is wanted for all that is left of an order: each line with all its units."""

    kind: str
    reason: str = ""
    cause: str = "other"
    image_ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCase:
    """A case that waits for its decision."""

    case_id: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCases:
    """Cases that wait for their answer, a line each, in the lines' order."""

    case_ids: list[int]


def open_case(
    *,
    order_id: int,
    wish: Wish,
    idempotency_key: str,
    now: datetime,
    member_id: int | None = None,
    by: User | None = None,
) -> OpenedCase:
    """Open for the member or, with `by`, for staff (without pictures). Errors: `not_found` 404
    (another's order or picture too), `images_too_many`, those of `cases.open_case`."""
    assert (member_id is None) != (by is None), "either the member opens or staff do"
    actor = f"member:{member_id}" if by is None else rights.actor(by)
    body: Mapping[str, object] = {
        "order_id": order_id,
        **asdict(wish),
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


def open_cases_for_all(
    *, order_id: int, member_id: int, wish: WholeWish, idempotency_key: str, now: datetime
) -> OpenedCases:
    """A case for each line of which something is left and that has none open, all or none of them.

    Errors: `nothing_left` 409, those of `open_case`.
    """

    def run() -> OpenedCases:
        order = orders.lock(order_id, member_id=member_id)
        wishes = [_all_of(line, wish) for line in _left(order)]
        if not wishes:
            raise ConflictError("nothing_left", _("Nothing is left of this order to send back."))
        actor = f"member:{member_id}"
        opened = [_open(order_id, each, actor, now, member_id, None) for each in wishes]
        return OpenedCases(case_ids=[each.case_id for each in opened])

    with transaction.atomic():
        return once(
            action="open_cases",
            actor=f"member:{member_id}",
            key=idempotency_key,
            body={"order_id": order_id, **asdict(wish)},
            run=run,
            result=OpenedCases,
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
        cases.name_carrier(
            case,
            carrier=carrier,
            tracking_number=number,
            actor=f"member:{member_id}",
            now=now,
        )


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
    cases.withdraw(case, now=now, actor=actor)
    follow_flow.is_over(case_flow(case.pk), told=WITHDRAWN, actor=actor, now=now)


def _open(
    order_id: int,
    wish: Wish,
    actor: str,
    now: datetime,
    member_id: int | None,
    by: User | None,
) -> OpenedCase:
    order = orders.lock(order_id, member_id=member_id)
    if member_id is not None:
        members.acting(member_id)
        keep_images.refuse_others_images(member_id=member_id, image_ids=wish.image_ids)
    if by is not None:
        rights.require(by, "case.open", merchant_id=order.merchant_id)
        if wish.image_ids:
            raise DomainError(
                "images_of_member", _("Pictures are shown by the buyer."), field="image_ids"
            )
    case = cases.open_case(
        _line(order, wish.line_id),
        kind=wish.kind,
        units=wish.units,
        amount_fen=wish.amount_fen,
        cause=wish.cause,
        reason=checks.text(wish.reason, field="reason", longest=200),
        image_ids=wish.image_ids,
        actor=actor,
        now=now,
        replacement=_replacement(order, wish.replacement_id),
    )
    flow = case_flow(case.pk)
    services.enqueue(kind=flow.kind, subject=flow.subject, now=now)
    return OpenedCase(case_id=case.pk, state=str(case.state))


def _left(order: Order) -> list[OrderLine]:
    open_ones = cases.open_of_order(order).values("line")
    lines = OrderLine.objects.filter(order=order).exclude(pk__in=open_ones).order_by("position")
    return [line for line in lines if line.refundable_fen]


def _all_of(line: OrderLine, wish: WholeWish) -> Wish:
    exchange = wish.kind == AfterSalesCase.Kind.EXCHANGE
    return Wish(
        line_id=line.pk,
        units=line.qty,
        amount_fen=0 if exchange else line.refundable_fen,
        **asdict(wish),
    )


def _line(order: Order, line_id: int) -> OrderLine:
    line = OrderLine.objects.filter(order=order, pk=line_id).first()
    if line is None:
        raise NotFoundError(field="line_id")
    line.order = order
    return line


def _replacement(order: Order, sku_id: int | None) -> Sku | None:
    if sku_id is None:
        return None
    mine = Sku.objects.filter(product__merchant=order.merchant_id)
    found = mine.select_related("product").filter(pk=sku_id).first()
    if found is None:
        raise NotFoundError(field="replacement_id")
    return found


def _own_case(member_id: int, case_id: int) -> AfterSalesCase:
    members.acting(member_id)
    case = cases.find(case_id)
    if case.order.member_id != member_id:
        raise NotFoundError()
    return case
