"""Parcels that go their own ways: a flow for each, and the order goes on when all have ended."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from mingchi.flows import StepContext, step
from mingchi.foundation.errors import ConflictError
from mingchi.fulfilment import services
from mingchi.fulfilment.instances import SYSTEM
from mingchi.fulfilment.models import Kind
from mingchi.orders import shipments
from mingchi.orders.subjects import SHIPMENT, order_of
from mingchi.usecases import follow_flow
from mingchi.usecases.follow_flow import order_flow

ORDER: Final = frozenset({"order"})


@step(
    "shipment.start_flows",
    title=("包裹分别处理", "A flow for each parcel"),
    kinds=ORDER,
    requires="reserved and (paid or cash_on_delivery)",
    provides={"delegated"},
    undo="shipment.stop_flows",
)
def start_flows(context: StepContext) -> None:
    """Each parcel in preparation is moved by the merchant's flow of parcels from now on. When the
    last one has ended, the order's flow is told `parcels_closed`."""
    for parcel in shipments.prepare(order_of(context)):
        subject = f"{SHIPMENT}:{parcel.pk}"
        services.enqueue(kind=Kind.FULFILMENT, subject=subject, now=context.now)


@step(
    "shipment.stop_flows",
    title=("停止包裹流程", "Stop the parcels' flows"),
    kinds=ORDER,
    requires="not shipped",
    removes={"delegated"},
)
def stop_flows(context: StepContext) -> None:
    """Nothing is prepared any more. Refuses once a parcel has left."""
    order = order_of(context)
    shipments.refuse_under_way(order)
    follow_flow.close_parcels(order_flow(order.pk), actor=SYSTEM, now=context.now)


@step(
    "shipment.all_arrived",
    title=("全部包裹已送达", "All parcels have arrived"),
    kinds=ORDER,
    requires="delegated",
    provides={"shipped", "handed_over", "delivered"},
    removes={"delegated"},
)
def all_arrived(context: StepContext) -> None:
    """What the parcels' flows have done is done: nothing is left to ship, all is delivered."""
    if not shipments.all_delivered(order_of(context)):
        raise ConflictError("not_delivered", _("The carrier has not delivered all of it."))
