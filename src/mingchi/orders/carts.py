"""The one writer of carts. Callers hold the member, so that a cart is changed by one at a time."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import Sku
from mingchi.foundation import rows
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.orders.models import CartItem
from mingchi.orders.models.cart import MOST_OF_ONE

MOST: Final = 100


def items(member_id: int) -> QuerySet[CartItem]:
    """What a member's cart holds, the latest first, with article, product and merchant."""
    return CartItem.objects.filter(member=member_id).select_related("sku__product__merchant")


def selected(member_id: int) -> dict[int, int]:
    """How many of each SKU are to be bought, in the order of the cart."""
    wanted = "member_id = %s AND is_selected ORDER BY added_at DESC, id DESC"
    return {item.sku_id: item.qty for item in rows.find(CartItem, wanted, [member_id])}


def add(*, member_id: int, sku: Sku, qty: int, now: datetime) -> None:
    """So many more of a SKU, to be bought. Errors: `qty_invalid`, `out_of_stock` 409, `cart_full`
    409 above a hundred articles."""
    item = CartItem.objects.filter(member=member_id, sku=sku).first()
    if item is None:
        if CartItem.objects.filter(member=member_id).count() >= MOST:
            raise ConflictError(
                "cart_full",
                _("A cart holds %(most)s articles. Take one out first.") % {"most": MOST},
            )
        item = CartItem(member_id=member_id, sku=sku, qty=0)
    _raise_to(item, item.qty + qty)
    item.is_selected, item.added_at = True, now
    item.save()


def change(*, member_id: int, sku_id: int, qty: int | None, is_selected: bool | None) -> None:
    """Another quantity, or whether it is to be bought next. Errors: `not_found` 404,
    `qty_invalid`, `out_of_stock` 409 where more are wanted than before and than are left."""
    item = items(member_id).filter(sku=sku_id).first()
    if item is None:
        raise NotFoundError(field="sku_id")
    if qty is not None:
        _raise_to(item, qty)
    if is_selected is not None:
        item.is_selected = is_selected
    item.save(update_fields=["qty", "is_selected"])


def select(*, member_id: int, sku_ids: Collection[int], is_selected: bool) -> None:
    """Buy these next, or not."""
    CartItem.objects.filter(member=member_id, sku__in=sku_ids).update(is_selected=is_selected)


def take_out(*, member_id: int, sku_ids: Collection[int]) -> None:
    """The cart holds them no longer; what it did not hold is no fault."""
    own = CartItem.objects.filter(member=member_id, sku__in=sku_ids)
    own._raw_delete(own.db)  # nothing hangs on them


def _raise_to(item: CartItem, qty: int) -> None:
    if not 1 <= qty <= MOST_OF_ONE:
        raise DomainError(
            "qty_invalid", _("From 1 to %(most)s of each.") % {"most": MOST_OF_ONE}, field="qty"
        )
    available = item.sku.available
    if qty > max(item.qty, available):
        raise ConflictError(
            "out_of_stock",
            _("There are not enough of them left."),
            field="qty",
            details={"sku_id": item.sku_id, "available": available},
        )
    item.qty = qty
