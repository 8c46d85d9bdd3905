"""The step that decides what staff asked: another price before payment."""

from mingchi.flows import Doing, StepContext, step
from mingchi.orders import price_changes
from mingchi.orders.subjects import order_of
from mingchi.usecases import change_price


@step(
    "order.approve_price",
    title=("改价审批", "Approve the price change"),
    doing=Doing.HUMAN,
    actors={"manager", "finance"},
    outcomes=("approved", "refused"),
    requires="not paid and not shipped",
    provides={"price_approved"},
)
def approve_price(context: StepContext) -> None:
    """Decides the price changes that wait; who asked one can't (`own_proposal`). Where none
    waits, the price stands as it is."""
    for change in price_changes.open_of_order(order_of(context)):
        change_price.apply(
            change,
            approve=context.outcome == "approved",
            actor=context.actor,
            now=context.now,
        )
