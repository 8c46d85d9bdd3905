"""Stock changes here and nowhere else, each by one conditional UPDATE."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import ConflictError

_MOVE = """
UPDATE catalogue_sku SET on_hand = on_hand + %(on_hand)s, reserved = reserved + %(reserved)s,
    placed = placed + %(placed)s, allocated = allocated + %(allocated)s
WHERE id = %(sku)s
  AND reserved + %(reserved)s BETWEEN 0 AND on_hand + %(on_hand)s
  AND placed + %(placed)s BETWEEN 0 AND on_hand + %(on_hand)s
  AND allocated + %(allocated)s BETWEEN 0 AND reserved + %(reserved)s
"""
_MOVE_IN_WAREHOUSE = """
UPDATE catalogue_warehousestock
SET on_hand = on_hand + %(placed)s, reserved = reserved + %(allocated)s
WHERE sku_id = %(sku)s AND warehouse_id = %(warehouse)s
  AND reserved + %(allocated)s BETWEEN 0 AND on_hand + %(placed)s
"""
# The rows are held in the order of their keys first; what each then has is asked of the row as it
# stands once it is held.
_RESERVE = """
WITH wanted AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS w (id, units)
), held AS MATERIALIZED (
    SELECT s.id, w.units FROM catalogue_sku s JOIN wanted w ON w.id = s.id
    ORDER BY s.id FOR NO KEY UPDATE OF s
)
UPDATE catalogue_sku s SET reserved = s.reserved + h.units
FROM held h WHERE s.id = h.id AND s.reserved + h.units <= s.on_hand
RETURNING s.id
"""
# A SKU lies in warehouses of its own merchant only.
_OPEN_ROW = """
INSERT INTO catalogue_warehousestock (sku_id, warehouse_id, on_hand, reserved, created_at)
SELECT s.id, w.id, 0, 0, now()
FROM catalogue_sku s
JOIN catalogue_product p ON p.id = s.product_id
JOIN merchants_warehouse w ON w.id = %(warehouse)s AND w.merchant_id = p.merchant_id
WHERE s.id = %(sku)s
ON CONFLICT (sku_id, warehouse_id) DO NOTHING
"""
_DISCREPANCIES = """
SELECT s.id FROM catalogue_sku s LEFT JOIN catalogue_warehousestock w ON w.sku_id = s.id
GROUP BY s.id HAVING s.placed <> coalesce(sum(w.on_hand), 0)
                  OR s.allocated <> coalesce(sum(w.reserved), 0)
ORDER BY s.id
"""


class Quantity(NamedTuple):
    """So many units of a SKU, in a warehouse or (None) wherever they lie outside of warehouses."""

    sku_id: int
    units: int
    warehouse_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockChange:
    """What one SKU gains or loses, in units: in all (`on_hand`, `reserved`), and of that in one
    warehouse (`placed`, `allocated`)."""

    sku_id: int
    warehouse_id: int | None = None
    on_hand: int = 0
    reserved: int = 0
    placed: int = 0
    allocated: int = 0


def reserve(quantities: Iterable[Quantity]) -> None:
    """Set units aside for orders, in no warehouse yet, all in one statement; `out_of_stock` 409
    where fewer are left."""
    assert connection.in_atomic_block
    wanted: dict[int, int] = {}
    for each in quantities:
        if each.units:
            wanted[each.sku_id] = wanted.get(each.sku_id, 0) + each.units
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, [list(wanted), list(wanted.values())])
        done = {row[0] for row in cursor.fetchall()}
    for sku_id, units in wanted.items():
        if sku_id not in done:
            raise _out_of_stock(StockChange(sku_id=sku_id, reserved=units))


def release(quantities: Iterable[Quantity]) -> None:
    """Undo `reserve`, and `allocate` where a warehouse is named."""
    change(_change(each, reserved=-each.units) for each in quantities)


def allocate(quantities: Iterable[Quantity]) -> None:
    """Reserved units are kept in a warehouse from now on; `out_of_stock` 409 where it has fewer."""
    change(_change(each, allocated=each.units) for each in quantities)


def deallocate(quantities: Iterable[Quantity]) -> None:
    """Undo `allocate`: the units stay reserved."""
    change(_change(each, allocated=-each.units) for each in quantities)


def ship(quantities: Iterable[Quantity]) -> None:
    """Reserved units leave the house."""
    change(_change(each, on_hand=-each.units, reserved=-each.units) for each in quantities)


def take_in(quantities: Iterable[Quantity]) -> None:
    """Undo `ship`: the units are back and reserved."""
    change(_change(each, on_hand=each.units, reserved=each.units) for each in quantities)


def put_back(quantities: Iterable[Quantity]) -> None:
    """Returned units can be sold again."""
    change(_change(each, on_hand=each.units) for each in quantities)


def place(quantities: Iterable[Quantity]) -> None:
    """Units that lay in no warehouse lie in one now; negative: the other way."""
    change(_change(each, placed=each.units) for each in quantities)


def change(changes: Iterable[StockChange]) -> None:
    """Apply changes in order of key, so that two callers never wait for each other in a ring.

    Call inside the transaction of the cause: a change that can't be made rolls back all.
    """
    assert connection.in_atomic_block
    with connection.cursor() as cursor:
        for each in sorted(changes, key=lambda change: (change.sku_id, change.warehouse_id or 0)):
            values = {
                "sku": each.sku_id,
                "warehouse": each.warehouse_id,
                "on_hand": each.on_hand,
                "reserved": each.reserved,
                "placed": each.placed,
                "allocated": each.allocated,
            }
            if not any((each.on_hand, each.reserved, each.placed, each.allocated)):
                continue
            cursor.execute(_MOVE, values)
            if cursor.rowcount == 0:
                raise _out_of_stock(each)
            if each.warehouse_id is None:
                assert not each.placed, "what is placed is placed somewhere"
                assert not each.allocated, "what is allocated is allocated somewhere"
                continue
            if each.placed > 0:
                cursor.execute(_OPEN_ROW, values)
            cursor.execute(_MOVE_IN_WAREHOUSE, values)
            if cursor.rowcount == 0:
                raise _out_of_stock(each)


def discrepancies() -> list[int]:
    """SKUs whose warehouses don't add up to what the SKU says; none, unless somebody wrote past
    this module."""
    with connection.cursor() as cursor:
        cursor.execute(_DISCREPANCIES)
        return [row[0] for row in cursor.fetchall()]


def _change(
    quantity: Quantity,
    *,
    on_hand: int = 0,
    reserved: int = 0,
    placed: int = 0,
    allocated: int = 0,
) -> StockChange:
    """Units that lie in a warehouse change there along with the whole."""
    inside = quantity.warehouse_id is not None
    return StockChange(
        sku_id=quantity.sku_id,
        warehouse_id=quantity.warehouse_id,
        on_hand=on_hand,
        reserved=reserved,
        placed=placed or (on_hand if inside else 0),
        allocated=allocated or (reserved if inside else 0),
    )


def _out_of_stock(change: StockChange) -> ConflictError:
    sku = Sku.objects.filter(pk=change.sku_id).first()
    return ConflictError(
        "out_of_stock",
        _("There are not enough of them left."),
        field="qty",
        details={"sku_id": change.sku_id, "available": sku.available if sku else 0},
    )
