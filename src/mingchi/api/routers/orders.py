"""A member's orders and refunds. Another member's are not there (404)."""

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from ninja import Field, Schema, Status

from mingchi.api import member_orders, shapes
from mingchi.api.client import address
from mingchi.api.fields import Before, Done, Id, Input, Limit, Page, Region
from mingchi.api.member_orders import OwnOrderOut, Tab, TrackingOut
from mingchi.api.paging import page
from mingchi.api.principals import bearer_token, idempotency_key, member_of
from mingchi.api.routing import GuardedRouter
from mingchi.api.shapes import ItemIn, PayIn, PayOut, RefundAskedOut, RefundIn, RefundOut
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError
from mingchi.orders.models import Order, Refund
from mingchi.usecases import cancel_order as use_cancel
from mingchi.usecases import pay_order as use_pay
from mingchi.usecases import place_order as use_place
from mingchi.usecases import receive_order as use_receive
from mingchi.usecases import refund_order as use_refund
from mingchi.usecases.offers import Item
from mingchi.usecases.placing import Delivery

router = GuardedRouter(tags=["orders"])


class DeliveryIn(Input):
    region: Region | None = Field(
        default=None, description="6 digits; decides which agents are paid"
    )
    recipient: str = Field(default="", max_length=60)
    phone: str = Field(default="", max_length=20)
    address: str = Field(default="", max_length=200)


class PlaceIn(Input):
    items: list[ItemIn] = Field(min_length=1, max_length=100)
    delivery: DeliveryIn = DeliveryIn()


class PlacedOut(Schema):
    order_id: int
    checkout_id: int
    number: str
    state: str
    goods_fen: int
    shipping_fen: int
    total_fen: int


@router.post("", response={201: PlacedOut}, summary="Place an order")
def place_order(request: HttpRequest, data: PlaceIn) -> Status[PlacedOut]:
    """Articles of one merchant, at today's prices and without coupons or a preview; the stock is
    reserved until it is paid."""
    placed = use_place.place_order(
        member_id=member_of(request).pk,
        items=[Item(sku_id=item.sku_id, qty=item.qty) for item in data.items],
        delivery=Delivery(**data.delivery.dict()),
        idempotency_key=idempotency_key(request),
        now=clock.now(),
    )
    return Status(201, PlacedOut.from_orm(placed))


@router.get("", response=Page[OwnOrderOut], summary="My orders")
def list_orders(
    request: HttpRequest, limit: Limit = 20, before: Before = None, tab: Tab = "all"
) -> Page[OwnOrderOut]:
    """Newest first; `tab` narrows them to those where one thing comes next."""
    rows = member_orders.own(member_of(request))
    if tab != "all":
        rows = rows.filter(state__in=member_orders.TABS[tab])
    return page(rows, member_orders.order, limit=limit, before=before)


@router.get("/counts", response=dict[str, int], summary="How many orders of mine there are")
def count_orders(request: HttpRequest) -> dict[str, int]:
    """By state, each of them named."""
    own = Order.objects.filter(member=member_of(request)).order_by()
    found = dict(own.values_list("state").annotate(Count("pk")))
    return {str(state): found.get(state, 0) for state in Order.State}


@router.get("/{order_id}", response=OwnOrderOut, summary="An order of mine")
def get_order(request: HttpRequest, order_id: Id) -> OwnOrderOut:
    """One order with its lines."""
    return member_orders.order(_one(request, order_id))


@router.get("/{order_id}/tracking", response=TrackingOut, summary="Where the goods are")
def track_order(request: HttpRequest, order_id: Id) -> TrackingOut:
    """Each parcel with its carrier, number and what became of it; and what is still to be sent."""
    return member_orders.tracking(_one(request, order_id))


@router.post("/{order_id}/pay", response=PayOut, summary="Go to pay")
def pay_order(request: HttpRequest, order_id: Id, data: PayIn) -> PayOut:
    """A new attempt to pay this order alone; the gateway's notice makes it paid."""
    paying = use_pay.pay_order(
        member_id=member_of(request).pk,
        order_id=order_id,
        idempotency_key=idempotency_key(request),
        now=clock.now(),
        session=bearer_token(request),
        client_ip=address(request),
        **data.dict(),
    )
    return PayOut.from_orm(paying)


@router.post("/{order_id}/cancel", response=Done, summary="Cancel")
def cancel_order(request: HttpRequest, order_id: Id) -> Done:
    """Give up an order that is not paid; one that is paid until the merchant sends it off (or as
    the merchant's flow allows), and the money goes back."""
    use_cancel.cancel_order(order_id=order_id, member_id=member_of(request).pk, now=clock.now())
    return Done()


@router.post("/{order_id}/receive", response=Done, summary="Received")
def receive_order(request: HttpRequest, order_id: Id) -> Done:
    """The goods have arrived; the return window begins."""
    use_receive.receive_order(order_id=order_id, member_id=member_of(request).pk, now=clock.now())
    return Done()


@router.post("/{order_id}/refunds", response={201: RefundAskedOut}, summary="Ask for a refund")
def ask_refund(request: HttpRequest, order_id: Id, data: RefundIn) -> Status[RefundAskedOut]:
    """Money back for one line, at most what is left of it; staff decide."""
    asked = use_refund.ask_refund(
        order_id=order_id,
        line_id=data.line_id,
        amount_fen=data.amount_fen,
        reason=data.reason,
        idempotency_key=idempotency_key(request),
        now=clock.now(),
        member_id=member_of(request).pk,
    )
    return Status(201, RefundAskedOut.from_orm(asked))


@router.get("/{order_id}/refunds", response=list[RefundOut], summary="Refunds of an order")
def list_refunds(request: HttpRequest, order_id: Id) -> list[RefundOut]:
    """All refunds asked for an order of mine."""
    if not _own(request).filter(pk=order_id).exists():
        raise NotFoundError()
    return [shapes.refund(found) for found in Refund.objects.filter(order_id=order_id)]


@router.get("/{order_id}/refunds/{refund_id}", response=RefundOut, summary="A refund of mine")
def get_refund(request: HttpRequest, order_id: Id, refund_id: Id) -> RefundOut:
    """How a refund stands."""
    found = Refund.objects.filter(
        pk=refund_id, order_id=order_id, order__member=member_of(request)
    ).first()
    if found is None:
        raise NotFoundError()
    return shapes.refund(found)


def _one(request: HttpRequest, order_id: int) -> Order:
    found = member_orders.own(member_of(request)).filter(pk=order_id).first()
    if found is None:
        raise NotFoundError()
    return found


def _own(request: HttpRequest) -> QuerySet[Order]:
    return Order.objects.filter(member=member_of(request))
