"""What a flow acts on, from the text that names it: `order:17`, `shipment:4`, `case:9`.

Each locks the order's row, and none gives what belongs to another merchant: a flow never touches
another merchant's orders, whatever it is started with.
"""

from django.db.models import CharField, OuterRef, Value
from django.db.models.functions import Cast, Concat

from mingchi.flows import StepContext
from mingchi.foundation.errors import NotFoundError
from mingchi.orders import cases, shipments
from mingchi.orders import services as orders
from mingchi.orders.models import AfterSalesCase, Order, Shipment

ORDER, SHIPMENT, CASE = "order", "shipment", "case"


def parse(subject: str) -> tuple[str, int]:
    """Kind and key of a subject. `not_found` 404 where the text names nothing."""
    kind, _colon, key = subject.partition(":")
    if kind not in (ORDER, SHIPMENT, CASE) or not (key.isascii() and key.isdigit()):
        raise NotFoundError(details={"subject": subject})
    return kind, int(key)


def of_outer_order() -> Concat:
    """In a subquery: the subject that the outer query's order is."""
    return Concat(Value(f"{ORDER}:"), Cast(OuterRef("pk"), CharField()))


def order_of(context: StepContext) -> Order:
    """The order, or that of the shipment or case."""
    kind, key = parse(context.subject)
    if kind == ORDER:
        order = orders.lock(key)
    else:
        order = shipments.find(key).order if kind == SHIPMENT else cases.find(key).order
    return _own(order, context)


def case_of(context: StepContext) -> AfterSalesCase:
    """The case; `not_found` 404 for a subject that is none."""
    kind, key = parse(context.subject)
    if kind != CASE:
        raise NotFoundError(details={"subject": context.subject})
    case = cases.find(key)
    _own(case.order, context)
    return case


def parcels_of(context: StepContext, *states: Shipment.State) -> list[Shipment]:
    """The parcels in these states (all that still count where none is named): of the order
    without replacements, of the case its replacements, or the one shipment."""
    kind, key = parse(context.subject)
    if kind == SHIPMENT:
        shipment = shipments.find(key)
        _own(shipment.order, context)
        return [shipment] if not states or shipment.state in states else []
    order = order_of(context)
    if kind == ORDER:
        return shipments.of_order(order, *states)
    return shipments.of_case(cases.find(key), *states)


def _own(order: Order, context: StepContext) -> Order:
    if order.merchant_id != context.merchant:
        raise NotFoundError(details={"subject": context.subject})
    return order
