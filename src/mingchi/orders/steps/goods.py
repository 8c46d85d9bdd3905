"""Steps that keep goods for an order: reserve, release, allocate, and what is done where some are
not on the shelf."""

from mingchi.flows import Doing, StepContext, step
from mingchi.orders import allocation, reservations, shipments
from mingchi.orders.subjects import order_of


@step(
    "stock.reserve",
    title=("预占库存", "Reserve stock"),
    requires="not shipped",
    provides={"reserved"},
    removes={"released"},
    undo="stock.release",
)
def reserve_stock(context: StepContext) -> None:
    """Placing an order reserves already; this holds again what was released."""
    order = order_of(context)
    reservations.hold_again(order, until=None)


@step(
    "stock.release",
    title=("释放库存", "Release stock"),
    requires="not shipped",
    provides={"released"},
    removes={"reserved", "allocated"},
)
def release_stock(context: StepContext) -> None:
    """What is still held is free again; parcels in preparation are given up."""
    order = order_of(context)
    reservations.release(reservations.of_order(order))
    shipments.trim(order)


@step(
    "warehouse.allocate",
    title=("分配仓库", "Allocate warehouse"),
    requires="reserved",
    provides={"allocated"},
    undo="warehouse.give_up",
)
def allocate_warehouse(context: StepContext) -> None:
    """The nearest warehouse that has everything, else one a line; a parcel each."""
    allocation.allocate(order_of(context))


@step(
    "warehouse.give_up",
    title=("取消分仓", "Give up allocation"),
    requires="not shipped",
    removes={"allocated", "picked", "packed"},
)
def give_up_warehouse(context: StepContext) -> None:
    allocation.give_up(order_of(context))


@step(
    "stock.settle_shortage",
    title=("缺货处理", "Settle a shortage"),
    doing=Doing.HUMAN,
    actors={"service", "manager"},
    outcomes=("again", "given_up"),
    requires="not shipped",
)
def settle_shortage(context: StepContext) -> None:
    """Somebody has spoken with the buyer or found the goods: picked again, or the order is given
    up; the flow says what follows. Says nothing to the domain but whose order it is."""
    order_of(context)
