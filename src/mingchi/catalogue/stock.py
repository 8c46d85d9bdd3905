"""Stock changes here and nowhere else, each by one conditional UPDATE."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import ConflictError

_MOVE = """
UPDATE catalogue_sku SET on_hand = on_hand + %(on_hand)s, reserved = reserved + %(reserved)s
WHERE id = %(sku)s
  AND reserved + %(reserved)s BETWEEN 0 AND on_hand + %(on_hand)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockChange:
    """What one SKU gains or loses, in units."""

    sku_id: int
    on_hand: int = 0
    reserved: int = 0


def reserve(quantities: Iterable[tuple[int, int]]) -> None:
    """Set `(sku_id, units)` aside for orders; `out_of_stock` 409 where fewer are left."""
    change(StockChange(sku_id=sku, reserved=units) for sku, units in quantities)


def release(quantities: Iterable[tuple[int, int]]) -> None:
    """Undo `reserve`."""
    change(StockChange(sku_id=sku, reserved=-units) for sku, units in quantities)


def ship(quantities: Iterable[tuple[int, int]]) -> None:
    """Reserved units leave the house."""
    change(StockChange(sku_id=sku, on_hand=-units, reserved=-units) for sku, units in quantities)


def put_back(quantities: Iterable[tuple[int, int]]) -> None:
    """Returned units can be sold again."""
    change(StockChange(sku_id=sku, on_hand=units) for sku, units in quantities)


def change(changes: Iterable[StockChange]) -> None:
    """Apply changes in order of key, so that two callers never wait for each other in a ring.

    Call inside the transaction of the cause: a change that can't be made rolls back all.
    """
    assert connection.in_atomic_block
    with connection.cursor() as cursor:
        for each in sorted(changes, key=lambda change: change.sku_id):
            if not each.on_hand and not each.reserved:
                continue
            cursor.execute(
                _MOVE,
                {"sku": each.sku_id, "on_hand": each.on_hand, "reserved": each.reserved},
            )
            if cursor.rowcount == 0:
                raise _out_of_stock(each)


def _out_of_stock(change: StockChange) -> ConflictError:
    sku = Sku.objects.filter(pk=change.sku_id).first()
    return ConflictError(
        "out_of_stock",
        _("There are not enough of them left."),
        field="qty",
        details={"sku_id": change.sku_id, "available": sku.available if sku else 0},
    )
