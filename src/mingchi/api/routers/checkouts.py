"""Buying: what it would cost, then the checkout itself. Another member's are not there (404)."""

from django.http import HttpRequest
from ninja import Field

from mingchi.api import cart_shapes as shapes
from mingchi.api.cart_shapes import PreviewOut
from mingchi.api.fields import Id, Input, Qty
from mingchi.api.principals import member_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.usecases import preview_checkout as use_preview
from mingchi.usecases.preview_checkout import Item, Wish

router = GuardedRouter(tags=["checkout"])


class ItemIn(Input):
    sku_id: Id
    qty: Qty


class WishIn(Input):
    items: list[ItemIn] | None = Field(
        default=None, min_length=1, max_length=100, description="null: what is selected in the cart"
    )
    address_id: Id | None = Field(default=None, description="null: not known yet")
    coupon_ids: list[Id] | None = Field(
        default=None, max_length=100, description="null: those that save most; empty: none"
    )

    def wish(self) -> Wish:
        """As the use cases take it."""
        items = self.items
        return Wish(
            items=None
            if items is None
            else tuple(Item(sku_id=each.sku_id, qty=each.qty) for each in items),
            address_id=self.address_id,
            coupon_ids=None if self.coupon_ids is None else tuple(self.coupon_ids),
        )


@router.post("/preview", response=PreviewOut, summary="What a checkout would cost")
def preview_checkout(request: HttpRequest, data: WishIn) -> PreviewOut:
    """Every stage of the price, what stands in the way, and which coupons there are. Nothing is
    written or reserved."""
    found = use_preview.preview(member_id=member_of(request).pk, wish=data.wish(), now=clock.now())
    return shapes.preview(found)
