"""Steps of parcels: from picking to the buyer's door."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from mingchi.flows import Doing, StepContext, step
from mingchi.foundation.errors import ConflictError
from mingchi.orders import reservations, shipments
from mingchi.orders.models import Order, Shipment
from mingchi.orders.subjects import ORDER, order_of, parcels_of, parse

State = Shipment.State
WAREHOUSE = {"warehouse", "clerk", "manager"}
OPEN = "reserved and not shipped"
DUE = "reserved and (paid or cash_on_delivery)"


def _in_preparation(context: StepContext) -> list[Shipment]:
    """The parcels to work on; an order without allocation gets one now."""
    if parse(context.subject)[0] == ORDER:
        return _some(context, shipments.to_work_on(order_of(context)))
    return _some(context, parcels_of(context, State.PREPARING, State.SHIPPED))


def _some(context: StepContext, parcels: list[Shipment]) -> list[Shipment]:
    if not parcels:
        raise ConflictError(
            "no_parcel", _("There is no parcel for this step."), details={"step": context.step}
        )
    return parcels


def _each(context: StepContext, note: Callable[[Shipment], object]) -> None:
    for parcel in _in_preparation(context):
        if parcel.state == State.PREPARING:
            note(parcel)


@step(
    "shipment.pick",
    title=("拣货", "Pick"),
    doing=Doing.HUMAN,
    actors=WAREHOUSE,
    outcomes=("done", "short"),
    requires=OPEN,
    provides={"picked"},
)
def pick(context: StepContext) -> None:
    """`short`: something is not on the shelf; nothing is noted, the flow says what then."""
    if context.outcome != "short":
        _each(context, lambda parcel: shipments.pick(parcel, now=context.now))


@step(
    "shipment.pack",
    title=("打包", "Pack"),
    doing=Doing.HUMAN,
    actors=WAREHOUSE,
    requires=OPEN,
    provides={"packed"},
)
def pack(context: StepContext) -> None:
    _each(context, lambda parcel: shipments.pack(parcel, now=context.now))


@step(
    "shipment.weigh",
    title=("称重", "Weigh"),
    doing=Doing.EITHER,
    actors=WAREHOUSE,
    requires=OPEN,
    provides={"weighed"},
)
def weigh(context: StepContext) -> None:
    """By hand the weight is written down before; by itself it is that of the goods."""
    for parcel in _in_preparation(context):
        if parcel.weight_g is None:
            weight_g = 0 if context.actor else shipments.computed_weight_g(parcel)
            if not weight_g:
                raise ConflictError("weight_missing", _("Write down the weight first."))
            shipments.weigh(parcel, weight_g=weight_g)


@step(
    "shipment.print_slip",
    title=("打印面单", "Print slip"),
    doing=Doing.EITHER,
    actors=WAREHOUSE,
    requires="reserved",
    provides={"slip_printed"},
)
def print_slip(context: StepContext) -> None:
    """The slip as it was printed is kept with the parcel."""
    for parcel in _in_preparation(context):
        shipments.print_slip(parcel, now=context.now)


@step(
    "shipment.create",
    title=("生成运单", "Create shipment"),
    doing=Doing.EITHER,
    actors=WAREHOUSE,
    requires=DUE,
    provides={"shipped"},
    undo="shipment.void",
    retries=5,
)
def create_shipment(context: StepContext) -> None:
    """The goods leave stock under a carrier's number, which staff name before; the sandbox has
    numbers of its own."""
    for parcel in _in_preparation(context):
        if parcel.state == State.PREPARING:
            _name_carrier(parcel)
            shipments.ship(parcel, now=context.now)


def _name_carrier(parcel: Shipment) -> None:
    carried = parcel.order.delivery_method == Order.DeliveryMethod.EXPRESS
    if not carried or parcel.tracking_number:
        return
    if settings.LIVE:
        raise ConflictError("carrier_missing", _("Name the carrier and its number first."))
    shipments.name_carrier(parcel, carrier="sandbox", tracking_number=f"SB{parcel.number}")


@step(
    "shipment.void",
    title=("作废运单", "Void shipment"),
    requires="shipped and not handed_over and not delivered",
    removes={"shipped"},
)
def void_shipment(context: StepContext) -> None:
    """The goods are back in stock and kept for the order. Refuses once the carrier has them, so
    that an order that is undone gives no money back while its goods are out."""
    for parcel in parcels_of(context, State.SHIPPED, State.HANDED_OVER, State.DELIVERED):
        shipments.void(parcel, now=context.now)


@step(
    "shipment.hand_over",
    title=("交接承运商", "Hand over"),
    doing=Doing.HUMAN,
    actors=WAREHOUSE,
    requires="shipped",
    provides={"handed_over"},
)
def hand_over(context: StepContext) -> None:
    for parcel in _some(context, parcels_of(context)):
        shipments.hand_over(parcel, now=context.now)


@step(
    "shipment.take_back",
    title=("拒收退回入库", "Take back undelivered"),
    doing=Doing.HUMAN,
    actors=WAREHOUSE,
    requires="handed_over and not delivered",
    removes={"shipped", "handed_over"},
)
def take_back(context: StepContext) -> None:
    """The carrier brought it back: the goods are in the house and kept for the order."""
    parcels = parcels_of(context, State.HANDED_OVER, State.CAME_BACK)
    for parcel in _some(context, parcels):
        shipments.take_back(parcel, now=context.now)


@step(
    "shipment.deliver",
    title=("妥投", "Delivered"),
    doing=Doing.EITHER,
    actors=WAREHOUSE,
    requires="shipped",
    provides={"delivered"},
)
def deliver(context: StepContext) -> None:
    """Staff's word is a proof; by itself it needs the carrier's, written down before."""
    for parcel in _some(context, parcels_of(context)):
        proof = f"told by {context.actor}" if context.actor else parcel.proof
        shipments.deliver(parcel, proof=proof, now=context.now)


@step(
    "shipment.pick_up",
    title=("门店自提", "Picked up in store"),
    doing=Doing.HUMAN,
    actors={"clerk", "manager"},
    requires=DUE,
    provides={"shipped", "delivered"},
)
def pick_up(context: StepContext) -> None:
    """Handed to the buyer in the store, by whom is the proof."""
    _send_at_once(context, Order.DeliveryMethod.PICKUP, f"handed out by {context.actor}")


@step(
    "shipment.send_virtual",
    title=("发放虚拟商品", "Send virtual goods"),
    requires="reserved and paid",
    provides={"shipped", "delivered"},
)
def send_virtual(context: StepContext) -> None:
    """Nothing is carried: sent is delivered."""
    _send_at_once(context, Order.DeliveryMethod.VIRTUAL, f"sent by {context.key}")


def _send_at_once(context: StepContext, method: Order.DeliveryMethod, proof: str) -> None:
    order = order_of(context)
    if order.delivery_method != method:
        raise ConflictError(
            "other_delivery",
            _("This order is delivered in another way."),
            details={"delivery_method": str(order.delivery_method)},
        )
    if any(each.held for each in reservations.of_order(order)):
        shipments.prepare(order)
    for parcel in _some(context, parcels_of(context)):
        _ship_and_deliver(parcel, proof, context.now)


def _ship_and_deliver(parcel: Shipment, proof: str, now: datetime) -> None:
    shipments.ship(parcel, now=now)
    shipments.deliver(parcel, proof=proof, now=now)
