"""Parcels that go their own ways: a flow for each, and the order goes on when all have ended."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from mingchi.flows import StepContext, step
from mingchi.foundation.errors import ConflictError
from mingchi.fulfilment import instances, services
from mingchi.fulfilment.models import FlowInstance, Kind
from mingchi.orders import shipments
from mingchi.orders.models import Shipment
from mingchi.orders.subjects import SHIPMENT, order_of, parcels_of

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
    for parcel in parcels_of(context, Shipment.State.PREPARING):
        found = FlowInstance.objects.filter(
            kind=Kind.FULFILMENT, subject=f"{SHIPMENT}:{parcel.pk}", ended_at=None
        )
        for instance in instances.lock_all(found.values_list("pk", flat=True), now=context.now):
            services.close(instance, actor=instances.SYSTEM)
            instance.write()


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
