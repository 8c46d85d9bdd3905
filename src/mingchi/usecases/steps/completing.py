"""The step that ends an order well: it enters settlement."""

from mingchi.flows import StepContext, step
from mingchi.orders import moves
from mingchi.orders.models import Order
from mingchi.orders.subjects import order_of
from mingchi.usecases import complete_order


@step(
    "order.complete",
    title=("完成订单", "Complete the order"),
    outcomes=("done", "waiting", "refunded"),
    requires="paid and delivered and window_closed",
    provides={"completed", "kept"},
)
def complete(context: StepContext) -> str:
    """Delivered, the return window closed, no case open: the event of the order is recorded, and
    settlement makes points and awards of it.

    `waiting`: a case or a refund is open, ask again later. `refunded`: nothing is left of it.
    """
    order = order_of(context)
    if order.state == Order.State.REFUNDED:
        return "refunded"
    if moves.is_open(order):
        return "waiting"
    if moves.complete(order, now=context.now):
        complete_order.record(order)
    return "done"
