"""How members see their orders: with pictures and the shop, and what became of each parcel."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from django.db.models import Prefetch, QuerySet
from ninja import Field, Schema

from mingchi.api import shapes
from mingchi.api.catalogue_shapes import PictureOut, cover
from mingchi.members.models import Member
from mingchi.orders import replacements
from mingchi.orders.models import (
    AfterSalesCase,
    Order,
    OrderLine,
    Reservation,
    Shipment,
    ShipmentLine,
)

Tab = Literal["all", "to_pay", "to_send", "to_receive", "received"]
TABS: Mapping[Tab, tuple[Order.State, ...]] = MappingProxyType(
    {
        "all": tuple(Order.State),
        "to_pay": (Order.State.CREATED,),
        "to_send": (Order.State.PAID,),
        "to_receive": (Order.State.SHIPPED,),
        "received": (Order.State.RECEIVED, Order.State.COMPLETED),
    }
)
# Voided parcels never left; what was in them is packed anew.
GONE: Final = (Shipment.State.VOIDED,)
Step = Literal["packed", "shipped", "handed_over", "delivered", "came_back"]


class OwnLineOut(shapes.OrderLineOut):
    product_id: int
    cover: PictureOut | None


class OwnOrderOut(shapes.OrderOut):
    """An order of mine. `payment_method` cod: paid at the door."""

    merchant: str
    payment_method: str
    delivery_method: str
    lines: list[OwnLineOut]  # type: ignore[assignment]  # each line with more


class ParcelStepOut(Schema):
    step: Step
    at: datetime | None = Field(description="null where only that it happened is known")


class PackedOut(Schema):
    line_id: int
    title: str
    units: int
    cover: PictureOut | None


class ParcelOut(Schema):
    number: str
    state: Shipment.State
    carrier: str
    tracking_number: str
    lines: list[PackedOut]
    steps: list[ParcelStepOut] = Field(description="the latest first")


class TrackingOut(Schema):
    """Where the goods of an order are. `waiting`: not in a parcel yet."""

    parcels: list[ParcelOut]
    waiting: list[PackedOut]


def own(member: Member) -> QuerySet[Order]:
    """A member's orders with all that is shown of them."""
    lines = OrderLine.objects.select_related("sku__product__listing")
    return (
        Order.objects.filter(member=member)
        .select_related("merchant")
        .prefetch_related(Prefetch("lines", lines))
    )


def order(found: Order) -> OwnOrderOut:
    """An order of `own`."""
    lines = {line.pk: line for line in found.lines.all()}
    told = shapes.order(found).model_dump()
    for line in told["lines"]:
        product = lines[line["id"]].sku.product
        line.update(product_id=product.pk, cover=cover(product))
    return OwnOrderOut.model_validate(
        {
            **told,
            "merchant": found.merchant.name,
            "payment_method": found.payment_method,
            "delivery_method": found.delivery_method,
        }
    )


def tracking(found: Order) -> TrackingOut:
    """Parcels of an order of `own`, and what is still to come. Those of after-sales cases belong
    to the cases."""
    contents = ShipmentLine.objects.select_related("reservation")
    parcels = found.shipments.filter(case=None).exclude(state__in=GONE)
    rows = list(parcels.prefetch_related(Prefetch("lines", contents)))
    lines = {line.pk: line for line in found.lines.all()}
    return TrackingOut(
        parcels=[_parcel(parcel, lines) for parcel in rows],
        waiting=[_packed(lines[line], units) for line, units in _waiting(found, rows) if units > 0],
    )


def parcels_of_case(case: AfterSalesCase) -> list[ParcelOut]:
    """Parcels of what the buyer gets in exchange; of a case with its line."""
    contents = ShipmentLine.objects.select_related("reservation")
    parcels = Shipment.objects.filter(case=case).exclude(state__in=GONE).order_by("pk")
    lines, title = {case.line_id: case.line}, replacements.article(case)
    rows = parcels.prefetch_related(Prefetch("lines", contents))
    return [_parcel(row, lines, title=title) for row in rows]


def _waiting(found: Order, parcels: list[Shipment]) -> Iterator[tuple[int, int]]:
    """Lines, and how many units are kept for each that are in no parcel."""
    packed: Counter[int] = Counter()
    for parcel in parcels:
        for row in parcel.lines.all():
            packed[row.reservation.line_id] += row.units
    for kept in Reservation.objects.filter(line__order=found, case=None).order_by("line__position"):
        yield kept.line_id, kept.units - kept.released - packed[kept.line_id]


def _parcel(
    parcel: Shipment, lines: Mapping[int, OrderLine], *, title: str | None = None
) -> ParcelOut:
    """`title`: of what lies in it where that is not what was bought."""
    contents = [(lines[row.reservation.line_id], row.units) for row in parcel.lines.all()]
    return ParcelOut(
        number=parcel.number,
        state=Shipment.State(parcel.state),
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        lines=[_packed(line, units, title=title) for line, units in contents],
        steps=list(_steps(parcel))[::-1],
    )


def _steps(parcel: Shipment) -> Iterator[ParcelStepOut]:
    moments: tuple[tuple[Step, datetime | None], ...] = (
        ("packed", parcel.packed_at),
        ("shipped", parcel.shipped_at),
        ("handed_over", parcel.handed_over_at),
        ("delivered", parcel.delivered_at),
    )
    yield from (ParcelStepOut(step=step, at=at) for step, at in moments if at is not None)
    if parcel.state == Shipment.State.CAME_BACK:
        yield ParcelStepOut(step="came_back", at=None)


def _packed(line: OrderLine, units: int, *, title: str | None = None) -> PackedOut:
    shown = cover(line.sku.product)
    return PackedOut(line_id=line.pk, title=title or line.title, units=units, cover=shown)
