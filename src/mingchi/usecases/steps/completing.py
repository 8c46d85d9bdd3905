"""The step that ends an order well: it enters settlement."""

from typing import Any, Final

from mingchi.flows import StepContext, step
from mingchi.orders import moves
from mingchi.orders.models import Order
from mingchi.orders.subjects import order_of
from mingchi.usecases import complete_order

FACTS: Final[dict[str, Any]] = {
    "requires": "paid and delivered and window_closed",
    "provides": {"completed", "kept"},
}


@step("order.complete", title=("完成订单", "Complete the order"), retries=8, **FACTS)
def complete(context: StepContext) -> None:
    """Delivered, the return window closed, no case open: the event of the order is recorded, and
    settlement makes points and awards of it. Refuses while something of that is missing."""
    order = order_of(context)
    if moves.complete(order, now=context.now):
        complete_order.record(order)


@step(
    "order.try_complete",
    title=("完成订单（可等待售后）", "Complete, or wait for after-sales"),
    outcomes=("done", "waiting", "refunded"),
    **FACTS,
)
def try_complete(context: StepContext) -> str:
    """The same, but `waiting` while a case or a refund is open, and `refunded` where nothing is
    left of the order."""
    order = order_of(context)
    if order.state == Order.State.REFUNDED:
        return "refunded"
    if moves.is_open(order):
        return "waiting"
    complete(context)
    return "done"
