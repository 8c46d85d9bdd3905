"""Which warehouse an order goes out from. The choice is pure; the command asks, then writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Sku, WarehouseStock
from mingchi.foundation.errors import ConflictError
from mingchi.merchants.models import Warehouse
from mingchi.orders import reservations, shipments
from mingchi.orders.models import Order, Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A warehouse, and what is free there by SKU."""

    warehouse_id: int
    region: str | None
    free: Mapping[int, int]


def choose(
    wanted: Sequence[tuple[int, int]], places: Sequence[Place], *, region: str | None
) -> list[int | None]:
    """The warehouse of each wanted `(sku_id, units)`, None where no warehouse has all its units.

    One warehouse that has everything comes first, then line by line; the nearer one (same city,
    same province) before the others, else in the merchant's order.
    """
    near = sorted(places, key=lambda place: -_common(place.region, region))
    for place in near:
        if all(place.free.get(sku, 0) >= units for sku, units in _summed(wanted).items()):
            return [place.warehouse_id] * len(wanted)
    left = {place.warehouse_id: dict(place.free) for place in near}
    chosen: list[int | None] = []
    for sku, units in wanted:
        has = next((key for key, free in left.items() if free.get(sku, 0) >= units), None)
        if has is not None:
            left[has][sku] -= units
        chosen.append(has)
    return chosen


def allocate(order: Order) -> list[Shipment]:
    """Say from where each line of the order goes out, and put the parcels in preparation.

    Again changes nothing for lines that have a place. A merchant without warehouses sends from
    wherever the goods lie. `no_warehouse` 409 where a line is neither in one warehouse in full nor
    outside of them.
    """
    waiting = [x for x in reservations.of_order(order) if x.held and x.warehouse_id is None]
    wanted = [(each.sku_id, each.held) for each in waiting]
    chosen = choose(wanted, _places(order, wanted), region=order.region)
    outside: dict[int, int] = {}
    for reservation, warehouse_id in zip(waiting, chosen, strict=True):
        if warehouse_id is not None:
            reservations.allocate(reservation, warehouse_id)
        else:
            outside[reservation.sku_id] = outside.get(reservation.sku_id, 0) + reservation.held
    _refuse_nowhere(outside)
    shipments.trim(order)
    return shipments.prepare(order)


def give_up(order: Order) -> None:
    """Undo `allocate`: the goods may lie anywhere again; parcels in preparation are voided."""
    for reservation in reservations.of_order(order):
        reservations.deallocate(reservation)
    shipments.trim(order)


def _places(order: Order, wanted: Sequence[tuple[int, int]]) -> list[Place]:
    rows = WarehouseStock.objects.filter(
        warehouse__merchant=order.merchant_id,
        warehouse__status=Warehouse.Status.OPEN,
        sku__in=[sku for sku, _units in wanted],
    )
    free: dict[int, dict[int, int]] = {}
    for row in rows:
        free.setdefault(row.warehouse_id, {})[row.sku_id] = row.on_hand - row.reserved
    return [
        Place(warehouse_id=each.pk, region=each.region, free=free[each.pk])
        for each in Warehouse.objects.filter(pk__in=free).order_by("position", "id")
    ]


def _refuse_nowhere(outside: Mapping[int, int]) -> None:
    for sku in Sku.objects.filter(pk__in=outside):
        if sku.on_hand - sku.placed < outside[sku.pk]:
            raise ConflictError(
                "no_warehouse",
                _("No warehouse has all units of this article; move stock first."),
                details={"sku_id": sku.pk, "units": outside[sku.pk]},
            )


def _common(one: str | None, other: str | None) -> int:
    """How near two regions are: 2 in the same city, 1 in the same province."""
    if not one or not other:
        return 0
    return 2 if one[:4] == other[:4] else int(one[:2] == other[:2])


def _summed(wanted: Sequence[tuple[int, int]]) -> dict[int, int]:
    total: dict[int, int] = {}
    for sku, units in wanted:
        total[sku] = total.get(sku, 0) + units
    return total
