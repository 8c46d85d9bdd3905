"""What work items are about: order, buyer (masked), goods. Read for a page of items at once.

Whatever belongs to another merchant than the item does is not read at all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from mingchi.foundation import masking
from mingchi.foundation.errors import NotFoundError
from mingchi.fulfilment.models import FlowInstance, WorkItem
from mingchi.orders.models import AfterSalesCase, Order, OrderLine, Shipment
from mingchi.orders.shipments import GONE
from mingchi.orders.subjects import CASE, ORDER, SHIPMENT, parse

Subject = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """So many units of an article."""

    code: str
    title: str
    units: int
    place: str = ""


@dataclass(slots=True, kw_only=True)
class About:
    """What a row of the desk says of its subject. `number`: what stands on the paper that people
    scan (order, parcel or case); `buyer` is masked; `places`: where its goods lie."""

    number: str
    order_id: int | None = None
    order_number: str = ""
    buyer: str = ""
    total_fen: int = 0
    goods: list[Goods] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    @property
    def units(self) -> int:
        """Pieces in all."""
        return sum(each.units for each in self.goods)


def name(text: str) -> str:
    """`王小明` → `王**`."""
    return text[:1] + "*" * min(2, max(1, len(text) - 1)) if text else ""


def phone(text: str) -> str:
    """`13800001234` → `138****1234`."""
    return masking.phone(text) if text else ""


def of_items(items: Collection[WorkItem | FlowInstance]) -> dict[str, About]:
    """By subject; in a fixed number of queries. A subject that names nothing we know keeps its own
    name as number."""
    owners = {item.subject: item.merchant_id for item in items}
    parsed = {subject: found for subject in owners if (found := _parsed(subject)) is not None}
    read: dict[Subject, About] = {}
    for reader, kind in ((_orders, ORDER), (_shipments, SHIPMENT), (_cases, CASE)):
        keys = {key: owners[s] for s, (its_kind, key) in parsed.items() if its_kind == kind}
        if keys:
            read |= reader(keys)
    return {
        subject: read.get(parsed[subject], About(number=subject))
        if subject in parsed
        else About(number=subject)
        for subject in owners
    }


def numbers(subjects: Iterable[str]) -> dict[str, str]:
    """What people call the subjects: numbers of orders, parcels and cases. The caller has seen to
    whose they are."""
    parsed = {subject: found for subject in subjects if (found := _parsed(subject)) is not None}
    names: dict[Subject, str] = {}
    for kind, model in ((ORDER, Order), (SHIPMENT, Shipment)):
        keys = [key for its_kind, key in parsed.values() if its_kind == kind]
        rows = model._default_manager.filter(pk__in=keys).values_list("pk", "number")
        names |= {(kind, key): number for key, number in rows}
    names |= {found: f"a{found[1]}" for found in parsed.values() if found[0] == CASE}
    return {subject: names.get(found, subject) for subject, found in parsed.items()}


def _parsed(subject: str) -> Subject | None:
    try:
        return parse(subject)
    except NotFoundError:
        return None


def _orders(keys: Mapping[int, int]) -> dict[Subject, About]:
    rows = Order.objects.filter(pk__in=keys).select_related("member")
    found = {row.pk: _of_order(row, row.number) for row in rows if row.merchant_id == keys[row.pk]}
    for line in (
        OrderLine.objects.filter(order__in=found).select_related("sku").order_by("position")
    ):
        found[line.order_id].goods.append(_goods(line, line.qty))
    places = _places(found)
    for key, about in found.items():
        about.places = places.get(key, [])
    return {(ORDER, key): about for key, about in found.items()}


def _shipments(keys: Mapping[int, int]) -> dict[Subject, About]:
    rows = Shipment.objects.filter(pk__in=keys).select_related("order__member", "warehouse")
    found: dict[Subject, About] = {}
    for row in rows.prefetch_related(
        "lines__reservation__sku__product", "lines__reservation__line"
    ):
        if row.order.merchant_id != keys[row.pk]:
            continue
        about = _of_order(row.order, row.number)
        about.goods = parcel_goods(row)
        about.places = [place] if (place := _place(row)) else []
        found[SHIPMENT, row.pk] = about
    return found


def _cases(keys: Mapping[int, int]) -> dict[Subject, About]:
    rows = AfterSalesCase.objects.filter(pk__in=keys)
    found: dict[Subject, About] = {}
    for row in rows.select_related("order__member", "line__sku"):
        if row.order.merchant_id == keys[row.pk]:
            about = _of_order(row.order, str(row))
            about.goods = [_goods(row.line, row.units)]
            found[CASE, row.pk] = about
    return found


def parcel_goods(parcel: Shipment) -> list[Goods]:
    """What lies in a parcel, with where it is to be taken from."""
    place = _place(parcel)
    return [
        Goods(
            code=each.reservation.sku.code,
            title=each.reservation.article,
            units=each.units,
            place=place,
        )
        for each in parcel.lines.all()
    ]


def _of_order(order: Order, number: str) -> About:
    return About(
        number=number,
        order_id=order.pk,
        order_number=order.number,
        buyer=name(order.recipient or order.member.name),
        total_fen=order.total_fen,
    )


def _goods(line: OrderLine, units: int) -> Goods:
    return Goods(code=line.sku.code, title=line.title, units=units)


def _places(order_ids: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    parcels = Shipment.objects.filter(order__in=order_ids, case=None).exclude(state__in=GONE)
    for row in parcels.select_related("warehouse").order_by("id"):
        if (place := _place(row)) and place not in found[row.order_id]:
            found[row.order_id].append(place)
    return found


def _place(parcel: Shipment) -> str:
    if parcel.warehouse is None:
        return ""
    return f"{parcel.warehouse.code} {parcel.warehouse.name}"
