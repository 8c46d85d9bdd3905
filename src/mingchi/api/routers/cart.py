"""A member's cart, over the shops of several merchants. Every answer is the cart as it stands."""

from django.http import HttpRequest
from ninja import Field

from mingchi.api import cart_shapes as shapes
from mingchi.api.cart_shapes import CartOut
from mingchi.api.fields import Id, Input
from mingchi.api.principals import member_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.orders.models.cart import MOST_OF_ONE
from mingchi.usecases import keep_cart as use_cart

router = GuardedRouter(tags=["cart"])


class AddIn(Input):
    sku_id: Id
    qty: int = Field(default=1, strict=True, ge=1, le=MOST_OF_ONE)


class ChangeIn(Input):
    """What is left out stays."""

    qty: int | None = Field(default=None, strict=True, ge=1, le=MOST_OF_ONE)
    is_selected: bool | None = None


class SelectIn(Input):
    is_selected: bool
    merchant_id: Id | None = Field(default=None, description="of this shop only")


@router.get("", response=CartOut, summary="My cart")
def get_cart(request: HttpRequest) -> CartOut:
    """By shop, the latest first. What can't be had any more stays, with its problem."""
    return _cart(request)


@router.post("/items", response=CartOut, summary="Put into the cart")
def add_cart_item(request: HttpRequest, data: AddIn) -> CartOut:
    """So many more of an article. 409 `out_of_stock`, `cart_full` above a hundred articles."""
    use_cart.add_item(
        member_id=member_of(request).pk, sku_id=data.sku_id, qty=data.qty, now=clock.now()
    )
    return _cart(request)


@router.put("/items/{sku_id}", response=CartOut, summary="Change an article of the cart")
def change_cart_item(request: HttpRequest, sku_id: Id, data: ChangeIn) -> CartOut:
    """Another quantity, or whether it is bought next."""
    use_cart.change_item(member_id=member_of(request).pk, sku_id=sku_id, **data.dict())
    return _cart(request)


@router.delete("/items/{sku_id}", response=CartOut, summary="Take out of the cart")
def remove_cart_item(request: HttpRequest, sku_id: Id) -> CartOut:
    """One that is not in it is no fault."""
    use_cart.take_out(member_id=member_of(request).pk, sku_id=sku_id)
    return _cart(request)


@router.post("/select", response=CartOut, summary="Select all, or nothing")
def select_cart_items(request: HttpRequest, data: SelectIn) -> CartOut:
    """Of the cart or of one shop. What can't be had is not selected along with the rest."""
    use_cart.select(
        member_id=member_of(request).pk,
        is_selected=data.is_selected,
        merchant_id=data.merchant_id,
    )
    return _cart(request)


def _cart(request: HttpRequest) -> CartOut:
    return shapes.cart(use_cart.show(member_id=member_of(request).pk))
