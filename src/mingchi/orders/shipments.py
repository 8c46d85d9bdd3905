"""Parts of an order, from the shelf to the buyer's door. Callers hold the order's lock."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.orders import reservations
from mingchi.orders import services as orders
from mingchi.orders.models import (
    AfterSalesCase,
    Order,
    OrderDecision,
    Reservation,
    Shipment,
    ShipmentLine,
)
from mingchi.orders.transitions import SHIPMENT_MOVES

State = Shipment.State
GONE = (State.VOIDED, State.CAME_BACK)
HEAVIEST_G = 10**8


def of_order(order: Order, *states: Shipment.State) -> list[Shipment]:
    """The order's shipments in these states, or where none is named all that were not voided and
    did not come back; without replacements."""
    found = Shipment.objects.filter(order=order, case=None).order_by("id")
    own = list(found.filter(state__in=states) if states else found.exclude(state__in=GONE))
    for shipment in own:
        shipment.order = order
    return own


def of_case(case: AfterSalesCase, *states: Shipment.State) -> list[Shipment]:
    """The replacements that go out for a case, likewise."""
    found = Shipment.objects.filter(case=case).order_by("id")
    return list(found.filter(state__in=states) if states else found.exclude(state__in=GONE))


def prepare(order: Order, *, case: AfterSalesCase | None = None) -> list[Shipment]:
    """The shipments in preparation, one a warehouse; what is held and stands in none gets one."""
    open_ones = of_case(case, State.PREPARING) if case else of_order(order, State.PREPARING)
    return _prepared(order, case, open_ones)


def to_work_on(order: Order) -> list[Shipment]:
    """The same with those that have left stock and are still with us, the oldest first."""
    known = of_order(order, State.PREPARING, State.SHIPPED)
    open_ones = [each for each in known if each.state == State.PREPARING]
    prepared = _prepared(order, None, open_ones)
    return known + [each for each in prepared if each not in open_ones]


def _prepared(
    order: Order, case: AfterSalesCase | None, open_ones: Sequence[Shipment]
) -> list[Shipment]:
    kept = Reservation.objects.filter(line__order=order, case=case).order_by("line__position")
    by_warehouse = {each.warehouse_id: each for each in open_ones}
    for reservation in kept.annotate(planned=_planned(open_ones)):
        missing = reservation.held - reservation.planned
        if missing <= 0:
            continue
        place = reservation.warehouse_id
        if place not in by_warehouse:
            by_warehouse[place] = _open(order, case, place)
            ShipmentLine.objects.create(
                shipment=by_warehouse[place], reservation=reservation, units=missing
            )
            continue
        line, made = ShipmentLine.objects.get_or_create(
            shipment=by_warehouse[place], reservation=reservation, defaults={"units": missing}
        )
        if not made:
            ShipmentLine.objects.filter(pk=line.pk).update(units=line.units + missing)
    return list(by_warehouse.values())


def trim(order: Order) -> None:
    """Take out of shipments in preparation what is not held any more; empty ones are voided."""
    for shipment in Shipment.objects.filter(order=order, state=State.PREPARING):
        lines = shipment.lines.select_related("reservation")
        for line in lines:
            same_place = line.reservation.warehouse_id == shipment.warehouse_id
            left = min(line.units, line.reservation.held) if same_place else 0
            if not left:
                line.delete()
            elif left < line.units:
                ShipmentLine.objects.filter(pk=line.pk).update(units=left)
        if not shipment.lines.exists():
            Shipment.objects.filter(pk=shipment.pk).update(state=State.VOIDED)


def pick(shipment: Shipment, *, now: datetime) -> None:
    """The goods are off the shelf. `impossible_move` 409 unless it is in preparation."""
    _note(shipment, "picked_at", now)


def pack(shipment: Shipment, *, now: datetime) -> None:
    """The goods are in the parcel. `impossible_move` 409 unless it is in preparation."""
    _note(shipment, "packed_at", now)


def weigh(shipment: Shipment, *, weight_g: int) -> None:
    """What the parcel weighs, from a gram to a hundred tonnes. `weight_invalid`,
    `impossible_move` 409 once it was handed over."""
    if not 1 <= weight_g <= HEAVIEST_G:
        raise DomainError(
            "weight_invalid", _("From one gram to a hundred tonnes."), field="weight_g"
        )
    _change(shipment, (State.PREPARING, State.SHIPPED), weight_g=weight_g)


def computed_weight_g(shipment: Shipment) -> int:
    """What the goods weigh by their SKUs, packaging left out; 0 where a SKU says nothing."""
    lines = shipment.lines.select_related("reservation__sku")
    weights = [(line.units, line.reservation.sku.weight_g) for line in lines]
    if any(weight_g == 0 for _units, weight_g in weights):
        return 0
    return sum(units * weight_g for units, weight_g in weights)


def print_slip(shipment: Shipment, *, now: datetime) -> dict[str, Any]:
    """What stands on the parcel's slip, kept as it was printed. `impossible_move` 409 once it was
    handed over."""
    order = shipment.order
    lines = shipment.lines.select_related("reservation__line", "reservation__sku__product")
    slip = {
        "number": shipment.number,
        "order": order.number,
        "recipient": order.recipient,
        "phone": order.recipient_phone,
        "region": order.region or "",
        "address": order.address,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "weight_g": shipment.weight_g,
        "collect_fen": _to_collect_fen(shipment),
        "lines": [
            {
                "title": line.reservation.article,
                "code": line.reservation.sku.code,
                "units": line.units,
            }
            for line in lines
        ],
    }
    _change(shipment, (State.PREPARING, State.SHIPPED), slip=slip, slip_printed_at=now)
    return slip


def name_carrier(shipment: Shipment, *, carrier: str, tracking_number: str) -> None:
    """Who carries it, under which number. `impossible_move` 409 once it was handed over."""
    _change(
        shipment,
        (State.PREPARING, State.SHIPPED),
        carrier=carrier,
        tracking_number=tracking_number,
    )


def ship(shipment: Shipment, *, now: datetime) -> None:
    """The parcel leaves our stock. The order is shipped once nothing of it is left to ship.

    Again changes nothing. Errors: `not_paid` 409 unless paid or cash on delivery,
    `order_rejected` 409 where the latest review said no, `not_held` 409, `impossible_move` 409.
    """
    if shipment.state in (State.SHIPPED, State.HANDED_OVER, State.DELIVERED):
        return
    order = orders.lock(shipment.order_id)
    _refuse_unready(order, shipment)
    _move(shipment, State.SHIPPED, shipped_at=now)
    lines = shipment.lines.select_related("reservation")
    reservations.ship({line.reservation: line.units for line in lines})
    if shipment.case_id is not None:
        return
    left = any(each.held for each in reservations.of_order(order))
    # A part that follows the rest of an order that is on its way (after a void, say).
    if left or order.state not in (Order.State.PAID, Order.State.CREATED):
        return
    orders.move(
        order.pk,
        Order.State.SHIPPED,
        now=now,
        fields={
            "carrier": shipment.carrier,
            "tracking_number": shipment.tracking_number,
            "receive_by": now + timedelta(days=settings.RECEIVE_WITHIN_DAYS),
        },
    )


def void(shipment: Shipment, *, now: datetime) -> None:
    """Undo `ship`, or give up a parcel in preparation: the goods are held again.

    Again changes nothing. `impossible_move` 409 once the carrier has it.
    """
    if shipment.state == State.VOIDED:
        return
    was_shipped = shipment.state == State.SHIPPED
    _move(shipment, State.VOIDED, voided_at=now)
    if was_shipped:
        _take_in(shipment, now)


def take_back(shipment: Shipment, *, now: datetime) -> None:
    """The carrier brought it back undelivered: the goods are in the house and held again.

    Again changes nothing. `impossible_move` 409 unless the carrier had it.
    """
    if shipment.state != State.CAME_BACK:
        _move(shipment, State.CAME_BACK, voided_at=now)
        _take_in(shipment, now)


def hand_over(shipment: Shipment, *, now: datetime) -> None:
    """The carrier has it. Again changes nothing; `impossible_move` 409 before it is shipped."""
    if shipment.state not in (State.HANDED_OVER, State.DELIVERED):
        _move(shipment, State.HANDED_OVER, handed_over_at=now)


def deliver(shipment: Shipment, *, proof: str, now: datetime) -> None:
    """It has arrived; `proof` says how we know. Again changes nothing. Errors: `proof_missing`
    409, `impossible_move` 409 before it is shipped."""
    if shipment.state == State.DELIVERED:
        return
    if not proof:
        raise ConflictError("proof_missing", _("Say how the delivery is known."), field="proof")
    _move(shipment, State.DELIVERED, delivered_at=now, proof=proof[:200])


def under_way(order: Order) -> bool:
    """Whether a part of the order has left the house."""
    return bool(of_order(order, State.SHIPPED, State.HANDED_OVER, State.DELIVERED))


def refuse_under_way(order: Order) -> None:
    """`goods_under_way` 409 once a part of the order has left the house."""
    if under_way(order):
        raise ConflictError("goods_under_way", _("Parcels of this order are on their way."))


def all_delivered(order: Order) -> bool:
    """Whether every part of the order has arrived, and nothing is left to ship."""
    parts = of_order(order)
    arrived = all(part.state == State.DELIVERED for part in parts)
    return bool(parts) and arrived and not any(x.held for x in reservations.of_order(order))


def find(shipment_id: int) -> Shipment:
    """The shipment, with its order's row locked. `not_found` 404."""
    found = Shipment.objects.filter(pk=shipment_id).values_list("order_id", flat=True).first()
    if found is None:
        raise NotFoundError()
    order = orders.lock(found)
    shipment = Shipment.objects.get(pk=shipment_id)
    shipment.order = order
    return shipment


def _take_in(shipment: Shipment, now: datetime) -> None:
    order = orders.lock(shipment.order_id)
    lines = shipment.lines.select_related("reservation")
    reservations.take_in({line.reservation: line.units for line in lines})
    if order.state == Order.State.SHIPPED and shipment.case_id is None:
        back = Order.State.PAID if order.paid_at else Order.State.CREATED
        orders.move(order.pk, back, now=now, fields={"shipped_at": None, "receive_by": None})


def _refuse_unready(order: Order, shipment: Shipment) -> None:
    if shipment.case_id is not None:
        return
    at_the_door = order.payment_method == Order.PaymentMethod.COD
    if not order.paid_at and not at_the_door:
        raise ConflictError("not_paid", _("The order is not paid."))
    ended = (Order.State.CANCELLED, Order.State.REFUNDED, Order.State.COMPLETED)
    if order.state in ended:
        raise orders.impossible(str(order.state), "shipped")
    review = order.decisions.filter(kind=OrderDecision.Kind.REVIEW).order_by("-id").first()
    if review is not None and not review.approved:
        raise ConflictError("order_rejected", _("The review said no to this order."))


def _to_collect_fen(shipment: Shipment) -> int:
    """What is paid at the door: all of it with the first parcel."""
    order = shipment.order
    first = of_order(order)[:1]
    if order.paid_at or order.payment_method != Order.PaymentMethod.COD or shipment not in first:
        return 0
    return order.total_fen


def _planned(shipments: Sequence[Shipment]) -> Coalesce:
    """In a query of reservations: the units of each that stand in these shipments."""
    lines = ShipmentLine.objects.filter(
        reservation=OuterRef("pk"), shipment__in=[each.pk for each in shipments] or [0]
    )
    units = lines.order_by().values("reservation").annotate(all=Sum("units")).values("all")
    return Coalesce(Subquery(units), 0)


def _open(order: Order, case: AfterSalesCase | None, warehouse_id: int | None) -> Shipment:
    place = Shipment.objects.filter(order=order).count() + 1
    return Shipment.objects.create(
        order=order,
        case=case,
        warehouse_id=warehouse_id,
        number=f"{order.number}-{place}",
    )


def _note(shipment: Shipment, stamp: str, now: datetime) -> None:
    """The first time counts."""
    if getattr(shipment, stamp) is None:
        _change(shipment, (State.PREPARING,), **{stamp: now})


def _move(shipment: Shipment, to: Shipment.State, **fields: Any) -> None:
    _change(shipment, SHIPMENT_MOVES[to], state=to, **fields)


def _change(shipment: Shipment, sources: Iterable[Shipment.State], **fields: Any) -> None:
    """The only writer of a shipment that exists; the row in hand follows."""
    if not Shipment.objects.filter(pk=shipment.pk, state__in=sources).update(**fields):
        now_at = Shipment.objects.values_list("state", flat=True).get(pk=shipment.pk)
        raise orders.impossible(str(now_at), str(fields.get("state", now_at)))
    for name, value in fields.items():
        setattr(shipment, name, value)
