"""Each day's bill of each gateway is compared with our books; every difference is listed, and the
fees it kept are booked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit, clock
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.payments import bookings, gateways
from mingchi.payments.at_the_door import AtTheDoor
from mingchi.payments.bills import Bill, BillError, Kind, Line, day_bounds, day_of
from mingchi.payments.gateways import GatewayDownError, GatewayError
from mingchi.payments.models import (
    BillDay,
    BillDifference,
    BillLine,
    Payment,
    PaymentPart,
    PaymentRefund,
)
from mingchi.payments.reconciling import Difference, Key, Ours, compare, is_balanced
from mingchi.payouts.models import Transfer
from mingchi.usecases import checks, rights

log = structlog.get_logger(__name__)
# How far back the worker looks for days that were never compared.
DAYS_BACK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A day of a gateway beside our books."""

    bill_id: int
    gateway: str
    balanced: bool
    differences: int


def reconcile(*, gateway: str, day: date, now: datetime) -> Compared:
    """Fetch the bill, compare, write down what differs and book the fees. Again changes only what
    has changed. Errors: `unknown_gateway`, `no_bill` 409 with `details.reason`, `gateway_down`
    503, `bad_bill` 409."""
    bill = _fetch(gateway, day, now)
    with transaction.atomic():
        stands = _lock(gateway, day, now)
        _keep(stands, bill.lines)
        ours = list(_ours(gateway, day, bill.lines))
        found = compare(bill, ours, elsewhere=_elsewhere(gateway, day))
        _list(stands, found, now)
        _gone_since(gateway, bill.lines, now)
        stands.balanced = is_balanced(found)
        stands.lines, stands.fee_fen = len(bill.lines), bill.fee_fen
        stands.payments_fen = bill.total_fen(Kind.PAYMENT)
        stands.refunds_fen = bill.total_fen(Kind.REFUND)
        stands.transfers_fen = bill.total_fen(Kind.TRANSFER)
        bookings.fees_kept(stands)
        stands.compared_at = now
        stands.save()
    return Compared(
        bill_id=stands.pk, gateway=gateway, balanced=stands.balanced, differences=len(found)
    )


def reconcile_by_staff(*, by: User, gateway: str, day: date, now: datetime) -> Compared:
    """The same on the wish of finance. Errors besides: `not_allowed` 403."""
    rights.require(by, "bill.compare")
    return reconcile(gateway=gateway, day=day, now=now)


def reconcile_due(*, now: datetime) -> int:
    """Compare the days of the last week that have not been, asked every hour as gateways make their
    bills in the morning, each at its own time; returns how many. For the worker."""
    done = 0
    today = day_of(now)
    days = [today - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
    known = set(BillDay.objects.filter(day__in=days).values_list("gateway", "day"))
    for code in gateways.codes():
        for day in days:
            if (code, day) not in known:
                done += _try(code, day, now)
    return done


def look_at(*, by: User, difference_id: int, note: str, now: datetime) -> None:
    """Somebody of finance saw to a difference and says what they did. Errors: `not_found` 404,
    `already_looked_at` 409, `text_invalid`, `not_allowed` 403."""
    rights.require(by, "bill.look")
    note = checks.text(note, field="note", longest=200, needed=True)
    with transaction.atomic():
        rows = BillDifference.objects.filter(pk=difference_id)
        if not rows.exists():
            raise NotFoundError()
        if not rows.filter(looked_at__isnull=True).update(looked_by=by, looked_at=now, note=note):
            raise ConflictError("already_looked_at", _("Somebody saw to this before."))
        audit.record(
            actor=rights.actor(by),
            action="bill.look",
            subject=f"bill_difference:{difference_id}",
            before={},
            after={"looked_at": now.isoformat()},
            reason=note,
        )


def main(*, day: date, gateway: str | None) -> int:
    """The command: says of each gateway whether the day balances, and names what differs. Exit
    status 0 where all do, 1 where not, or where a bill can't be had."""
    status = 0
    for code in [gateway] if gateway else gateways.codes():
        try:
            found = reconcile(gateway=code, day=day, now=clock.now())
        except DomainError as error:
            print(f"{code} {day}: {error.message}")
            status = 1
            continue
        print(f"{code} {day}: {'balanced' if found.balanced else 'differs'}")
        rows = BillDifference.objects.filter(bill_id=found.bill_id, gone_at__isnull=True)
        for row in rows.order_by("id"):
            amounts = f"gateway {row.gateway_fen} fen, we {row.our_fen} fen"
            print(f"  {row.kind} {row.about} {row.number}: {amounts} {row.row}".rstrip())
        status = status if found.balanced else 1
    return status


def _try(gateway: str, day: date, now: datetime) -> bool:
    try:
        reconcile(gateway=gateway, day=day, now=now)
    except DomainError as error:
        log.info("bill_not_compared", gateway=gateway, day=str(day), code=error.code)
        return False
    return True


def _fetch(gateway: str, day: date, now: datetime) -> Bill:
    try:
        return gateways.get(gateway).bill(day=day, now=now)
    except GatewayError as error:
        raise ConflictError(
            "no_bill",
            _("The gateway gives no bill of that day (yet)."),
            field="day",
            details={"reason": error.code},
        ) from error
    except GatewayDownError as error:
        raise DomainError(
            "gateway_down", _("The gateway does not answer. Try again later."), status=503
        ) from error
    except BillError as error:
        log.error("bad_bill", gateway=gateway, day=str(day), error=str(error))
        raise ConflictError(
            "bad_bill",
            _("The gateway's bill can't be read: %(where)s") % {"where": str(error)},
        ) from error


def _lock(gateway: str, day: date, now: datetime) -> BillDay:
    BillDay.objects.get_or_create(
        gateway=gateway, day=day, defaults={"balanced": False, "compared_at": now}
    )
    return BillDay.objects.select_for_update().get(gateway=gateway, day=day)


def _keep(bill: BillDay, lines: Sequence[Line]) -> None:
    BillLine.objects.filter(bill=bill).delete()
    BillLine.objects.bulk_create(
        [
            BillLine(
                bill=bill,
                kind=line.kind,
                number=line.number[:64],
                gateway_no=line.gateway_no[:80],
                amount_fen=line.amount_fen,
                fee_fen=line.fee_fen,
                at=line.at,
            )
            for line in lines
        ],
        batch_size=2000,
    )


def _ours(gateway: str, day: date, lines: Sequence[Line]) -> Iterable[Ours]:
    numbers = {kind: [line.number for line in lines if line.kind == kind] for kind in (*Kind,)}
    yield from _payments(gateway, day, numbers[Kind.PAYMENT])
    yield from _refunds(gateway, day, numbers[Kind.REFUND])
    yield from _transfers(gateway, day, numbers[Kind.TRANSFER])


def _payments(gateway: str, day: date, numbers: list[str]) -> Iterable[Ours]:
    at_the_door = gateway == AtTheDoor.code
    named = Q(out_trade_no__in=numbers)
    if at_the_door:
        collected = PaymentPart.objects.filter(order__number__in=numbers)
        named = Q(pk__in=collected.values("payment"))
    rows = Payment.objects.filter(named | _within("gateway_at", day), gateway=gateway)
    sent_back = PaymentRefund.objects.filter(payment__in=rows, refund__isnull=True)
    unowed_fen = dict(sent_back.values_list("payment").annotate(fen=Sum("amount_fen")).order_by())
    for row in rows.prefetch_related("parts__order"):
        yield Ours(
            kind=Kind.PAYMENT,
            number=row.parts.all()[0].order.number if at_the_door else row.out_trade_no,
            row=f"payment:{row.pk}",
            amount_fen=row.amount_fen,
            done=row.state == Payment.State.PAID,
            of_day=_is_of(row.gateway_at, day),
            unowed_fen=unowed_fen.get(row.pk, 0),
        )


def _refunds(gateway: str, day: date, numbers: list[str]) -> Iterable[Ours]:
    """Money that goes back is in a gateway's bill from when it took it over, done or not; cash is
    given back by hand, and in no list but ours."""
    if gateway == AtTheDoor.code:
        return
    named = Q(out_refund_no__in=numbers) | _within("gateway_at", day)
    for row in PaymentRefund.objects.filter(named, payment__gateway=gateway):
        under_way = row.state == PaymentRefund.State.PENDING and bool(row.gateway_no)
        yield Ours(
            kind=Kind.REFUND,
            number=row.out_refund_no,
            row=f"payment_refund:{row.pk}",
            amount_fen=row.amount_fen,
            done=under_way or row.state == PaymentRefund.State.PAID,
            of_day=_is_of(row.gateway_at, day),
        )


def _transfers(gateway: str, day: date, numbers: list[str]) -> Iterable[Ours]:
    named = Q(out_transfer_no__in=numbers) | _within("gateway_at", day)
    for row in Transfer.objects.filter(named, gateway=gateway):
        paid = row.state == Transfer.State.PAID
        yield Ours(
            kind=Kind.TRANSFER,
            number=row.out_transfer_no,
            row=f"transfer:{row.pk}",
            amount_fen=row.amount_fen,
            done=paid,
            of_day=paid and _is_of(row.gateway_at, day),
        )


def _within(name: str, day: date) -> Q:
    start, end = day_bounds(day)
    return Q(**{f"{name}__gte": start, f"{name}__lt": end})


def _is_of(at: datetime | None, day: date) -> bool:
    return at is not None and day_of(at) == day


def _elsewhere(gateway: str, day: date) -> set[Key]:
    """What the bills of the days around have: a refund taken over before midnight and done after
    it stands in the first, and is done for us in the second."""
    around = [day + timedelta(days=step) for step in (-3, -2, -1, 1)]
    rows = BillLine.objects.filter(bill__gateway=gateway, bill__day__in=around)
    return {(Kind(kind), number) for kind, number in rows.values_list("kind", "number")}


def _list(bill: BillDay, found: Sequence[Difference], now: datetime) -> None:
    """What is found again keeps what staff noted; what is not found any more is gone."""
    stands = {
        (row.kind, row.about, row.number): row for row in BillDifference.objects.filter(bill=bill)
    }
    for each in found:
        row = stands.pop(each.key, None) or BillDifference(
            bill=bill, kind=each.kind, about=each.about, number=each.number[:64]
        )
        row.gateway_no, row.row, row.gone_at = each.gateway_no[:80], each.row, None
        row.gateway_fen, row.our_fen = each.gateway_fen, each.our_fen
        row.save()
    gone = [row.pk for row in stands.values() if row.gone_at is None]
    BillDifference.objects.filter(pk__in=gone).update(gone_at=now)


def _gone_since(gateway: str, lines: Sequence[Line], now: datetime) -> None:
    """What was missing in the bills before stands in this one: it was only midnight between."""
    for kind in Kind:
        numbers = [line.number for line in lines if line.kind == kind]
        open_before = BillDifference.objects.filter(
            bill__gateway=gateway,
            kind=BillDifference.Kind.MISSING_THERE,
            about=kind,
            number__in=numbers,
            gone_at__isnull=True,
        )
        bills = list(open_before.values_list("bill_id", flat=True))
        open_before.update(gone_at=now)
        for bill in BillDay.objects.filter(pk__in=bills):
            bill.balanced = (
                not bill.differences.filter(gone_at__isnull=True)
                .exclude(kind=BillDifference.Kind.UNOWED)
                .exists()
            )
            bill.save(update_fields=["balanced"])
