"""Buying: what it would cost, then the checkout itself. Another member's are not there (404)."""

from dataclasses import asdict
from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Schema, Status

from mingchi.api import cart_shapes as shapes
from mingchi.api import shapes as order_shapes
from mingchi.api.cart_shapes import PreviewOut
from mingchi.api.client import address
from mingchi.api.fields import Done, Id, Input, Line
from mingchi.api.principals import bearer_token, idempotency_key, member_of
from mingchi.api.routing import GuardedRouter
from mingchi.api.shapes import ItemIn, OrderOut, PayIn, PayOut
from mingchi.foundation import clock
from mingchi.orders import checkouts
from mingchi.orders.models import Checkout
from mingchi.usecases import cancel_order as use_cancel
from mingchi.usecases import check_out as use_check_out
from mingchi.usecases import pay_order as use_pay
from mingchi.usecases import preview_checkout as use_preview
from mingchi.usecases.check_out import PreviewChangedError
from mingchi.usecases.offers import Item
from mingchi.usecases.preview_checkout import Wish

router = GuardedRouter(tags=["checkout"])
placed_router = GuardedRouter(tags=["checkout"])


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


class CheckOutIn(WishIn):
    digest: str = Field(min_length=1, max_length=64, description="of the preview that was shown")
    note: Line = Field(default="", description="to the shops")


class PlacedOrderOut(Schema):
    order_id: int
    number: str
    merchant_id: int
    total_fen: int


class CheckedOutOut(Schema):
    checkout_id: int
    number: str
    total_fen: int
    pay_by: datetime
    orders: list[PlacedOrderOut]


class CheckoutOut(Schema):
    id: int
    number: str
    placed_at: datetime
    total_fen: int = Field(description="of all its orders")
    to_pay_fen: int = Field(description="of those that can be paid now")
    orders: list[OrderOut]


@router.post("/preview", response=PreviewOut, summary="What a checkout would cost")
def preview_checkout(request: HttpRequest, data: WishIn) -> PreviewOut:
    """Every stage of the price, what stands in the way, and which coupons there are. Nothing is
    written or reserved."""
    found = use_preview.preview(member_id=member_of(request).pk, wish=data.wish(), now=clock.now())
    return shapes.preview(found)


@router.post("", response={201: CheckedOutOut}, summary="Check out")
def check_out(request: HttpRequest, data: CheckOutIn) -> Status[CheckedOutOut]:
    """Buy what the preview showed: an order of each merchant, paid together. 409
    `preview_changed` where anything differs or somebody was quicker: nothing is written, and
    `details.preview` is the new one. What came from the cart is taken out of it."""
    try:
        done = use_check_out.check_out(
            member_id=member_of(request).pk,
            wish=data.wish(),
            digest=data.digest,
            note=data.note,
            idempotency_key=idempotency_key(request),
            now=clock.now(),
        )
    except PreviewChangedError as error:
        error.details["preview"] = shapes.preview(error.shown).model_dump(mode="json")
        raise
    return Status(201, CheckedOutOut.model_validate(asdict(done)))


@placed_router.get("/{checkout_id}", response=CheckoutOut, summary="A checkout of mine")
def get_checkout(request: HttpRequest, checkout_id: Id) -> CheckoutOut:
    """With its orders."""
    found = checkouts.get(checkout_id, member_id=member_of(request).pk)
    return _checkout(found)


@placed_router.post("/{checkout_id}/pay", response=PayOut, summary="Go to pay all of it")
def pay_checkout(request: HttpRequest, checkout_id: Id, data: PayIn) -> PayOut:
    """A new attempt to pay at once all its orders that wait for their money; the gateway's notice
    makes them paid. What was given up meanwhile is sent back by itself."""
    paying = use_pay.pay_checkout(
        member_id=member_of(request).pk,
        checkout_id=checkout_id,
        idempotency_key=idempotency_key(request),
        now=clock.now(),
        session=bearer_token(request),
        client_ip=address(request),
        **data.dict(),
    )
    return PayOut.from_orm(paying)


@placed_router.post("/{checkout_id}/cancel", response=Done, summary="Give up what is not paid")
def cancel_checkout(request: HttpRequest, checkout_id: Id) -> Done:
    """All its orders that are not paid; stock and coupons are free again. One of them alone, or one
    that is paid, is cancelled as an order."""
    use_cancel.cancel_checkout(
        member_id=member_of(request).pk, checkout_id=checkout_id, now=clock.now()
    )
    return Done()


def _checkout(found: Checkout) -> CheckoutOut:
    rows = list(found.orders.prefetch_related("lines").order_by("pk"))
    return CheckoutOut(
        id=found.pk,
        number=found.number,
        placed_at=found.placed_at,
        total_fen=sum(row.total_fen for row in rows),
        to_pay_fen=sum(row.total_fen for row in use_pay.payable(found, now=clock.now())),
        orders=[order_shapes.order(row) for row in rows],
    )
