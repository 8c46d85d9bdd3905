"""What merchants earned, stated period by period from the ledger: each posting on a merchant's
account stands on one statement, explained by what was sold, refunded or paid out."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from json import loads
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.ledger import accounts, rules
from mingchi.ledger.models import CashEntry, Entry, StatementLine
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.payments import bookings
from mingchi.payouts import merchant_payouts
from mingchi.payouts.models import MerchantStatement, MerchantStatementLine
from mingchi.rebates.models import Event
from mingchi.usecases import rights
from mingchi.usecases.each import for_each

Kind = MerchantStatementLine.Kind
PERIOD: Final = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")
SYSTEM: Final = "system"
_AT_ONCE: Final = 1000
_GIVEN_BACK: Final = (Refund.State.APPROVED, Refund.State.PAID)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    """What the lines of a kind come to, in fen."""

    sales_fen: int
    refunds_fen: int
    freight_fen: int
    payouts_fen: int
    other_fen: int

    @property
    def sum_fen(self) -> int:
        earned_fen = self.sales_fen + self.refunds_fen + self.freight_fen
        return earned_fen + self.payouts_fen + self.other_fen


def close_statement(*, by: User, merchant_id: int, period: str, now: datetime) -> int:
    """State all that moved on the merchant's account until the end of a month (`2026-11`) or day
    (`2026-11-22`) and stands on no statement yet; the statement's key.

    Errors: `not_found` 404, `not_allowed` 403, `period_invalid`, `period_not_over` 409,
    `period_stated` 409 for one before the last, `nothing_to_state` 409.
    """
    rights.require(by, "statement.close", merchant_id=merchant_id)
    with transaction.atomic():
        made = _close(merchant_id, period, rights.actor(by), now)
        audit.record(
            actor=rights.actor(by),
            action="statement.close",
            subject=f"merchant:{merchant_id}",
            before={},
            after={"period": period, "statement_id": made.pk},
        )
    return made.pk


def close_due_statements(*, now: datetime) -> int:
    """The month, or day (by setting), that is over is stated for each merchant; how many were. For
    the worker."""
    before = timezone.localtime(now) - timedelta(days=1)
    if settings.STATEMENT_PERIOD == "month":
        before = timezone.localtime(now).replace(day=1) - timedelta(days=1)
    period = before.strftime("%Y-%m" if settings.STATEMENT_PERIOD == "month" else "%Y-%m-%d")
    stated = MerchantStatement.objects.filter(until__gte=end_of(period)).values("merchant")

    def close(merchant_id: int) -> bool:
        with transaction.atomic():
            _close(merchant_id, period, SYSTEM, now)
        return True

    merchants = Merchant.objects.exclude(pk__in=stated).order_by("pk")
    keys = list(merchants.values_list("pk", flat=True))
    return for_each(keys, close, step="close_due_statements")


def end_of(period: str) -> datetime:
    """The first moment after a month or day, in the platform's zone. `period_invalid`."""
    found = PERIOD.fullmatch(period)
    try:
        if found is None:
            raise ValueError
        year, month, day = int(found[1]), int(found[2]), int(found[3] or 1)
        begins = datetime(year, month, day, tzinfo=timezone.get_default_timezone())
        if found[3] is not None:
            return begins + timedelta(days=1)
        return (begins + timedelta(days=31)).replace(day=1)
    except (ValueError, OverflowError):
        raise DomainError(
            "period_invalid", _("A month is written 2026-11, a day 2026-11-22."), field="period"
        ) from None


def _close(merchant_id: int, period: str, actor: str, now: datetime) -> MerchantStatement:
    until = end_of(period)
    if until > now:
        raise ConflictError("period_not_over", _("This period is not over yet."), field="period")
    # One statement of a merchant at a time.
    if not Merchant.objects.select_for_update(no_key=True).filter(pk=merchant_id).exists():
        raise NotFoundError()
    last = MerchantStatement.objects.filter(merchant=merchant_id).order_by("-number").first()
    if last is not None and last.until >= until:
        raise ConflictError(
            "period_stated",
            _("This period is stated. What came late stands in the next statement."),
            field="period",
            details={"last": last.period},
        )
    rows = [_explained(chunk) for chunk in _portions(_unstated(merchant_id, until))]
    lines = [line for chunk in rows for line in chunk]
    if not lines:
        raise ConflictError("nothing_to_state", _("Nothing has moved since the last statement."))
    totals = _totals(lines)
    opening_fen = last.closing_fen if last else 0
    made = MerchantStatement.objects.create(
        merchant_id=merchant_id,
        number=last.number + 1 if last else 1,
        period=period,
        until=until,
        opening_fen=opening_fen,
        sales_fen=totals.sales_fen,
        refunds_fen=totals.refunds_fen,
        freight_fen=totals.freight_fen,
        payouts_fen=totals.payouts_fen,
        other_fen=totals.other_fen,
        closing_fen=opening_fen + totals.sum_fen,
        closed_by=actor,
        closed_at=now,
    )
    for line in lines:
        line.statement = made
    MerchantStatementLine.objects.bulk_create(lines, batch_size=_AT_ONCE)
    return made


def _unstated(merchant_id: int, until: datetime) -> QuerySet[StatementLine]:
    """By key, not from the last one on: of two that are written at once the later may be seen
    first."""
    own = MerchantStatementLine.objects.filter(statement__merchant=merchant_id)
    found = StatementLine.objects.filter(account=accounts.merchant(merchant_id), at__lt=until)
    return found.exclude(pk__in=own.values("posting")).order_by("at", "pk")


def _portions(rows: QuerySet[StatementLine]) -> list[list[StatementLine]]:
    found = rows.iterator(chunk_size=_AT_ONCE)
    return list(iter(lambda: list(islice(found, _AT_ONCE)), []))


def _explained(postings: Sequence[StatementLine]) -> list[MerchantStatementLine]:
    entries = Entry.objects.in_bulk([row.entry_id for row in postings if row.entry_id])
    events = Event.objects.in_bulk([entry.event_id for entry in entries.values()])
    told = {pk: _Told(events[entry.event_id]) for pk, entry in entries.items()}
    sold = _Sold(told.values())
    cash = _Cash([row.cash_entry_id for row in postings if row.cash_entry_id])
    return [
        cash.line(row) if row.entry_id is None else _settled(row, told[row.entry_id], sold)
        for row in postings
    ]


class _Told:
    """What an event says of a sale or a refund."""

    def __init__(self, event: Event) -> None:
        self.kind = event.kind
        self.payload: dict[str, Any] = loads(event.payload)
        key = event.key if event.kind == "order" else self.payload["order"]
        self.order_id = int(key[1:])
        self.refund_id = int(event.key[1:]) if event.kind == "refund" else None


class _Sold:
    """The lines of orders that events tell of, by their place in settlement; of each refund, and of
    each line's refunds before settlement together, what goes back to the platform."""

    def __init__(self, told: Iterable[_Told]) -> None:
        of_orders = list(told)
        orders = {each.order_id for each in of_orders}
        found = OrderLine.objects.filter(order__in=orders, engine_line__isnull=False)
        self.lines = {(line.order_id, line.engine_line or 0): line for line in found}
        refunds = Refund.objects.filter(order__in=orders, state__in=_GIVEN_BACK)
        self.subsidy_back_fen: dict[int, int] = {}
        self.subsidy_back_before_fen: dict[int, int] = defaultdict(int)
        for refund in refunds:
            self.subsidy_back_fen[refund.pk] = refund.price_fen - refund.goods_fen
            if refund.before_settlement:
                self.subsidy_back_before_fen[refund.line_id] += refund.price_fen - refund.goods_fen


def _settled(row: StatementLine, told: _Told, sold: _Sold) -> MerchantStatementLine:
    place = rules.line(row.rule) if told.kind == "order" else int(told.payload["line"] or 0)
    line = sold.lines[told.order_id, place]
    stated: dict[str, Any] = {
        "order_id": told.order_id,
        "order_line": line,
        "note": line.title[:80],
    }
    if told.refund_id is not None:
        price_fen = int(told.payload["amount"])
        back_fen = sold.subsidy_back_fen[told.refund_id]
        stated |= {"subsidy_fen": -back_fen, "returned_fen": price_fen - back_fen}
        return _line(row, Kind.REFUND, share_fen=-price_fen - row.amount, **stated)
    goods_fen = line.qty * line.price_fen
    settled_fen = int(told.payload["lines"][place]["price"])
    back_fen = sold.subsidy_back_before_fen[line.pk]
    return _line(
        row,
        Kind.SALE,
        goods_fen=goods_fen,
        coupons_fen=goods_fen - line.goods_fen,
        subsidy_fen=line.amount_fen - line.goods_fen - back_fen,
        returned_fen=line.amount_fen - settled_fen - back_fen,
        share_fen=settled_fen - row.amount,
        **stated,
    )


class _Cash:
    """What cash entries say of what they moved."""

    def __init__(self, keys: Sequence[int]) -> None:
        self.entries = CashEntry.objects.in_bulk(keys)
        back = [int(_number(entry)) for entry in self.entries.values() if _is_refund(entry)]
        self.refunds = Refund.objects.select_related("order").in_bulk(back)
        sent = [int(_number(one)) for one in self.entries.values() if one.kind == bookings.FREIGHT]
        self.orders = Order.objects.in_bulk(sent)

    def line(self, row: StatementLine) -> MerchantStatementLine:
        entry = self.entries[row.cash_entry_id or 0]
        if entry.kind == bookings.FREIGHT:
            order = self.orders[int(_number(entry))]
            return _line(row, Kind.FREIGHT, order=order, note=entry.memo)
        if _is_refund(entry):
            refund = self.refunds[int(_number(entry))]
            return _line(row, Kind.FREIGHT, order=refund.order, note=entry.memo)
        payout = entry.kind in merchant_payouts.ON_THE_ACCOUNT
        return _line(row, Kind.PAYOUT if payout else Kind.OTHER, note=entry.memo or entry.kind)


def _is_refund(entry: CashEntry) -> bool:
    return entry.key.startswith(f"{bookings.REFUNDED}:")


def _number(entry: CashEntry) -> str:
    return entry.key.partition(":")[2]


def _line(row: StatementLine, kind: str, **fields: Any) -> MerchantStatementLine:
    return MerchantStatementLine(
        posting=row.pk, at=row.at, kind=kind, amount_fen=row.amount, **fields
    )


def _totals(lines: Sequence[MerchantStatementLine]) -> _Totals:
    def of(kind: str) -> int:
        return sum(line.amount_fen for line in lines if line.kind == kind)

    return _Totals(
        sales_fen=of(Kind.SALE),
        refunds_fen=of(Kind.REFUND),
        freight_fen=of(Kind.FREIGHT),
        payouts_fen=of(Kind.PAYOUT),
        other_fen=of(Kind.OTHER),
    )
