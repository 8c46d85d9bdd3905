"""Orders, parcels and cases answer the flows that run over them."""

from datetime import datetime

from mingchi.foundation.errors import NotFoundError
from mingchi.fulfilment import defaults, services, subjects
from mingchi.fulfilment.models import FlowInstance
from mingchi.fulfilment.subjects import Subjects
from mingchi.orders import moves, shipments
from mingchi.orders import services as orders
from mingchi.orders.models import AfterSalesCase, Order, Shipment
from mingchi.orders.subjects import CASE, ORDER, SHIPMENT, parse
from mingchi.usecases import flow_values, follow_flow, templates
from mingchi.usecases.follow_flow import PAID, PARCELS_CLOSED, order_flow

# An order is placed with its stock reserved. A parcel is prepared of an order that may be shipped:
# its money is the order's matter, so for the parcel it counts as paid and kept.
STARTS_WITH = {
    flow_values.ORDER: frozenset({"reserved"}),
    flow_values.FULFILMENT: frozenset({"reserved", "paid", "kept"}),
    flow_values.RETURN: frozenset[str](),
}


def register() -> None:
    """Tell the flows who answers for each kind, and which flow each kind has as its standard."""
    for kind, model in (
        (flow_values.ORDER, Order),
        (flow_values.FULFILMENT, Shipment),
        (flow_values.RETURN, AfterSalesCase),
    ):
        subjects.register(kind, _answers(kind, model))
    for kind, template in templates.STANDARD.items():
        defaults.register(kind, templates.bpmn(template))


def order_id_of(subject: str) -> int:
    """The order that a subject is or belongs to. `not_found` 404, but for an order's own subject,
    which names its key."""
    kind, key = parse(subject)
    if kind == ORDER:
        return key
    model = Shipment if kind == SHIPMENT else AfterSalesCase
    found = model._default_manager.filter(pk=key).values_list("order_id", flat=True).first()
    if found is None:
        raise NotFoundError(details={"subject": subject})
    return found


def _answers(kind: str, model: type[Order] | type[Shipment] | type[AfterSalesCase]) -> Subjects:
    prefix = {Order: ORDER, Shipment: SHIPMENT, AfterSalesCase: CASE}[model]
    path = "merchant" if model is Order else "order__merchant"

    def recent(merchant_id: int, limit: int) -> list[str]:
        found = model._default_manager.filter(**{path: merchant_id}).order_by("-pk")
        return [f"{prefix}:{key}" for key in found.values_list("pk", flat=True)[:limit]]

    return Subjects(
        context=flow_values.CONTEXTS[kind],
        values=lambda subject: flow_values.read(kind, subject),
        merchant=lambda subject: _order(subject).merchant_id,
        lock=lambda subject: _lock(subject),
        recent=recent,
        family=lambda subject: f"{ORDER}:{order_id_of(subject)}",
        owner=lambda subject: f"member:{_order(subject).member_id}",
        started=_note_deadline if model is Order else subjects.unmoved,
        cancelled=_give_up_unpaid if model is Order else subjects.unmoved,
        ended=_tell_the_order if model is Shipment else subjects.unmoved,
        facts=STARTS_WITH[kind],
    )


def _order(subject: str) -> Order:
    order = Order.objects.filter(pk=order_id_of(subject)).first()
    if order is None:
        raise NotFoundError(details={"subject": subject})
    return order


def _lock(subject: str) -> None:
    orders.lock(order_id_of(subject))


def _note_deadline(subject: str, now: datetime) -> None:
    """The buyer is told until when the flow waits for the money."""
    key = parse(subject)[1]
    due_at = follow_flow.waits_until(order_flow(key), PAID)
    if due_at is not None:
        moves.pay_until(key, due_at)


def _give_up_unpaid(subject: str, now: datetime) -> None:
    """What is paid is given back by the undoing of what was done."""
    order = _order(subject)
    if order.state == Order.State.CREATED:
        moves.cancel(order, now=now)


def _tell_the_order(subject: str, now: datetime) -> None:
    """With its last parcel the order's flow goes on."""
    order = _order(subject)
    flow = order_flow(order.pk)
    open_ones = FlowInstance.objects.filter(
        kind=flow_values.FULFILMENT, family=flow.subject, ended_at=None
    )
    if not open_ones.exists() and shipments.all_delivered(order):
        services.send(
            kind=flow.kind,
            subject=flow.subject,
            name=PARCELS_CLOSED,
            dedupe_key=PARCELS_CLOSED,
            now=now,
        )
