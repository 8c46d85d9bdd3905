"""Stock kept for order lines: hold, release, ship, each once however often it is called.

Callers hold the order's lock, so a reservation is read and changed by one at a time; the stock
itself changes by `catalogue.stock` in the same transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import stock
from mingchi.catalogue.stock import Quantity
from mingchi.foundation import rows
from mingchi.foundation.errors import ConflictError
from mingchi.orders.models import AfterSalesCase, Order, OrderLine, Reservation


def hold(lines: Sequence[OrderLine], *, until: datetime | None) -> None:
    """Reserve the units of lines that nothing was reserved for yet. `out_of_stock` 409."""
    stock.reserve(Quantity(line.sku_id, line.qty) for line in lines)
    rows.insert(
        [
            Reservation(line=line, sku_id=line.sku_id, units=line.qty, expires_at=until)
            for line in lines
        ]
    )


def hold_replacement(case: AfterSalesCase) -> Reservation:
    """Reserve what the buyer gets in exchange; again changes nothing. `out_of_stock` 409."""
    sku_id = case.replacement_id or case.line.sku_id
    kept, made = Reservation.objects.get_or_create(
        line_id=case.line_id, case=case, defaults={"sku_id": sku_id, "units": case.units}
    )
    if made:
        stock.reserve([Quantity(sku_id, case.units)])
    else:
        _hold_again([kept])
    return kept


def hold_again(order: Order, *, until: datetime | None) -> None:
    """Reserve once more what of the order was released, though it was neither shipped nor put back
    after a refund; nothing where all of it is held. `out_of_stock` 409."""
    kept = list(of_order(order))
    _hold_again([each for each in kept if each.released])
    of_order(order).update(expires_at=until)


def keep(order: Order) -> None:
    """The order is paid or paid at the door: what it holds does not expire any more."""
    of_order(order).update(expires_at=None)


def of_order(order: Order) -> QuerySet[Reservation]:
    """The reservations of the order's lines, without replacements; in order of the lines."""
    found = Reservation.objects.filter(line__order=order, case=None).select_related("line")
    return found.order_by("line__position")


def release(reservations: Iterable[Reservation]) -> int:
    """Free what is still held; returns how many units, 0 where nothing is."""
    held = [each for each in reservations if each.held]
    stock.release(_quantities(held))
    for each in held:
        _count(each, released=each.held)
    return sum(each.held for each in held)


def release_units(reservation: Reservation, units: int) -> None:
    """Free some of what is held; `not_held` 409 where fewer are."""
    _count(reservation, released=units)
    stock.release([_quantity(reservation, units)])


def ship(units: Mapping[Reservation, int]) -> None:
    """Held units leave the house; `not_held` 409 where fewer are held."""
    for each, shipped in units.items():
        _count(each, shipped=shipped)
    stock.ship(_quantity(each, shipped) for each, shipped in units.items())


def take_in(units: Mapping[Reservation, int]) -> None:
    """Undo `ship`: the units are back in the house, and held."""
    for each, shipped in units.items():
        _count(each, shipped=-shipped)
    stock.take_in(_quantity(each, shipped) for each, shipped in units.items())


def allocate(reservation: Reservation, warehouse_id: int) -> None:
    """What is held is kept in this warehouse. `out_of_stock` 409 where it has not so many."""
    assert reservation.warehouse_id is None, "deallocated before it is allocated anew"
    stock.allocate([Quantity(reservation.sku_id, reservation.held, warehouse_id)])
    Reservation.objects.filter(pk=reservation.pk).update(warehouse_id=warehouse_id)


def deallocate(reservation: Reservation) -> None:
    """What is held may lie anywhere again."""
    if reservation.warehouse_id is None:
        return
    stock.deallocate([_quantity(reservation, reservation.held)])
    Reservation.objects.filter(pk=reservation.pk).update(warehouse=None)


def expired(now: datetime) -> QuerySet[Reservation]:
    """Reservations whose time is over and that still hold something."""
    open_ones = Reservation.objects.filter(units__gt=F("released") + F("shipped"))
    return open_ones.filter(expires_at__lte=now)


def _hold_again(reservations: Sequence[Reservation]) -> None:
    """Units that were put back after a refund of their line are not wanted any more."""
    again = {each: each.released - min(each.released, _given_up(each)) for each in reservations}
    stock.reserve(Quantity(each.sku_id, units) for each, units in again.items())
    for each, units in again.items():
        if units:
            _count(each, released=-units)
            Reservation.objects.filter(pk=each.pk).update(warehouse=None)


def _given_up(reservation: Reservation) -> int:
    return 0 if reservation.case_id else reservation.line.restocked


def _count(reservation: Reservation, *, released: int = 0, shipped: int = 0) -> None:
    counted = Reservation.objects.filter(
        pk=reservation.pk,
        released__gte=-released,
        shipped__gte=-shipped,
        units__gte=F("released") + F("shipped") + released + shipped,
    ).update(released=F("released") + released, shipped=F("shipped") + shipped)
    if not counted:
        raise ConflictError(
            "not_held",
            _("So many units are not kept for this order line."),
            field="units",
            details={"line_id": reservation.line_id, "held": reservation.held},
        )


def _quantities(reservations: Iterable[Reservation]) -> list[Quantity]:
    return [_quantity(each, each.held) for each in reservations]


def _quantity(reservation: Reservation, units: int) -> Quantity:
    return Quantity(reservation.sku_id, units, reservation.warehouse_id)
