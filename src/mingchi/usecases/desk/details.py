"""One item with all that it needs to be done: goods and places, parcels, the case, votes. Personal
data are masked, but for the address where the step is about the parcel's way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.fulfilment import work
from mingchi.fulfilment.models import FlowInstance, WorkItem
from mingchi.merchants import scope
from mingchi.orders import replacements, shipments
from mingchi.orders.models import AfterSalesCase, Order, Shipment
from mingchi.orders.subjects import CASE, SHIPMENT, parse
from mingchi.usecases import flow_roles, rights
from mingchi.usecases.desk import about, queue
from mingchi.usecases.desk.about import About, Goods
from mingchi.usecases.desk.queue import Entry

# Who does these has the parcel in hand and must know where it goes.
NEEDS_ADDRESS: Final = frozenset(
    {
        "shipment.print_slip",
        "shipment.create",
        "shipment.hand_over",
        "shipment.deliver",
        "case.exchange",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One parcel of the subject. `may_prepare`: weight and carrier can still be written down."""

    shipment_id: int
    number: str
    state: str
    place: str
    weight_g: int | None
    carrier: str
    tracking_number: str
    may_prepare: bool
    goods: tuple[Goods, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the buyer wants after buying; `replacement`: in exchange, else empty."""

    kind: str
    state: str
    units: int
    amount_fen: int
    replacement: str
    reason: str
    sent_back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """`recipient` and `address` are empty where the step does not need them. `may_do`: the account
    may do the item now; `closed`: it is over, by whom and how."""

    entry: Entry
    instance_id: int
    payment_method: str
    delivery_method: str
    recipient: str
    phone: str
    address: str
    goods: tuple[Goods, ...]
    parcels: tuple[Parcel, ...]
    case: Case | None
    may_do: bool
    closed_by: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a flow is about, for those who may not open the order: buyer and phone are masked."""

    order_number: str
    buyer: str
    phone: str
    delivery_method: str
    goods: tuple[Goods, ...]
    parcels: tuple[Parcel, ...]


def of_flow(*, by: User, instance: FlowInstance) -> Summary | None:
    """Of a flow that the account may look at; None where its subject is no order's."""
    found = about.of_items([instance])[instance.subject]
    order = _order(found, instance)
    if order is None:
        return None
    return Summary(
        order_number=order.number,
        buyer=found.buyer,
        phone=about.phone(order.recipient_phone),
        delivery_method=str(order.get_delivery_method_display()),
        goods=tuple(found.goods),
        parcels=tuple(_parcels(by, instance, order)),
    )


def of_item(*, by: User, item_id: int) -> Details:
    """Errors: `not_found` 404 also for an item that is neither one's own nor one's role's."""
    item = seen(by, item_id)
    entry = queue.described([item])[0]
    order = _order(entry.about, item)
    parcels = _parcels(by, item, order)
    needs_address = item.step in NEEDS_ADDRESS and order is not None
    is_open = item.status == WorkItem.Status.OPEN
    actor = rights.actor(by)
    goods = [line for parcel in parcels for line in parcel.goods]
    return Details(
        entry=entry,
        instance_id=item.instance_id,
        payment_method=str(order.get_payment_method_display()) if order else "",
        delivery_method=str(order.get_delivery_method_display()) if order else "",
        recipient=order.recipient if order and needs_address else entry.about.buyer,
        phone=about.phone(order.recipient_phone) if order else "",
        address=order.address if order and needs_address else "",
        goods=tuple(goods or entry.about.goods),
        parcels=tuple(parcels),
        case=_case(item),
        may_do=is_open and item.assignee in ("", actor) and _may_act(by, item),
        closed_by=_name(item.closed_by),
        closed_at=item.closed_at,
    )


def seen(by: User, item_id: int) -> WorkItem:
    """An item that the account may look at: open work that it may do; of other work, its own
    merchants'. `not_found` 404."""
    item = queue.items_of(by).filter(pk=item_id).first()
    if item is None:
        item = scope.for_user(WorkItem.objects.filter(pk=item_id), by).first()
    if item is None:
        raise NotFoundError()
    return item


def flow_of(*, by: User, subject: str) -> FlowInstance:
    """The flow of a subject. `not_found` 404."""
    found = scope.for_user(FlowInstance.objects.filter(subject=subject), by)
    instance = found.order_by("-id").first()
    if instance is None:
        raise NotFoundError()
    return instance


def _may_act(by: User, item: WorkItem) -> bool:
    try:
        work.refuse_role(item, flow_roles.acting(by, item.merchant_id))
    except DomainError:
        return False
    return True


def _name(actor: str) -> str:
    return queue.people({actor}).get(actor, actor) if actor else ""


def _order(known: About, row: WorkItem | FlowInstance) -> Order | None:
    key = known.order_id
    return Order.objects.filter(pk=key, merchant=row.merchant_id).first() if key else None


def _parcels(by: User, item: WorkItem | FlowInstance, order: Order | None) -> list[Parcel]:
    if order is None:
        return []
    kind, key = parse(item.subject)
    if kind == SHIPMENT:
        found = Shipment.objects.filter(pk=key)
    elif kind == CASE:
        found = Shipment.objects.filter(case=key)
    else:
        found = Shipment.objects.filter(order=order, case=None)
    rows = found.exclude(state__in=shipments.GONE).select_related("warehouse").order_by("id")
    may = rights.may(by, "shipment.prepare", merchant_id=item.merchant_id)
    rows = rows.prefetch_related("lines__reservation__sku__product", "lines__reservation__line")
    return [_parcel(row, may) for row in rows]


def _parcel(row: Shipment, may: bool) -> Parcel:
    return Parcel(
        shipment_id=row.pk,
        number=row.number,
        state=str(row.get_state_display()),
        place=f"{row.warehouse.code} {row.warehouse.name}" if row.warehouse else "",
        weight_g=row.weight_g,
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        may_prepare=may and row.state == Shipment.State.PREPARING,
        goods=tuple(about.parcel_goods(row)),
    )


def _case(item: WorkItem) -> Case | None:
    if not item.subject.startswith(f"{CASE}:"):
        return None
    found = AfterSalesCase.objects.select_related("line", "replacement__product")
    row = found.filter(pk=parse(item.subject)[1], order__merchant=item.merchant_id).first()
    if row is None:
        return None
    return Case(
        kind=str(row.get_kind_display()),
        state=str(row.get_state_display()),
        units=row.units,
        amount_fen=row.amount_fen,
        replacement=replacements.article(row),
        reason=row.reason,
        sent_back=" ".join(filter(None, (row.carrier, row.tracking_number))),
    )
