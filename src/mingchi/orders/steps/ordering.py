"""Steps of the order itself: looked over, confirmed, received, given up; papers for the buyer."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mingchi.flows import Doing, StepContext, step
from mingchi.foundation.errors import ConflictError
from mingchi.orders import decisions, moves, papers
from mingchi.orders.models import Order
from mingchi.orders.subjects import order_of


@step(
    "order.review",
    title=("订单审核", "Review"),
    doing=Doing.HUMAN,
    actors={"manager", "clerk", "service"},
    outcomes=("approved", "rejected"),
    requires="not shipped",
    provides={"reviewed"},
)
def review(context: StepContext) -> None:
    """A rejected order can't be shipped until somebody approves it."""
    decisions.review(
        order_of(context),
        approved=context.outcome == "approved",
        actor=context.actor,
        key=context.key,
        now=context.now,
    )


@step(
    "finance.confirm",
    title=("财务确认", "Finance confirmation"),
    doing=Doing.HUMAN,
    actors={"finance"},
    outcomes=("approved", "rejected"),
    requires="paid or cash_on_delivery",
    provides={"finance_confirmed"},
)
def confirm_finance(context: StepContext) -> None:
    """Before or after shipping, as the merchant draws it."""
    decisions.confirm_finance(
        order_of(context),
        approved=context.outcome == "approved",
        actor=context.actor,
        key=context.key,
        now=context.now,
    )


@step(
    "order.receive",
    title=("确认收货", "Confirm receipt"),
    doing=Doing.EITHER,
    actors={"buyer"},
    requires="shipped",
    provides={"received", "delivered"},
)
def receive(context: StepContext) -> None:
    """The buyer's word; anybody else's (a timer's, staff's in the buyer's stead) only with a proof
    of delivery for every parcel."""
    order = order_of(context)
    proof = moves.BUYERS_WORD if context.actor == f"member:{order.member_id}" else ""
    moves.receive(order, now=context.now, proof=proof)


@step(
    "order.close_window",
    title=("关闭退货期", "Close the return window"),
    requires="received",
    provides={"window_closed"},
    retries=8,
)
def close_window(context: StepContext) -> None:
    """Refuses until the days of the platform are over, however short a flow's timer is."""
    moves.refuse_open_window(order_of(context), now=context.now)


@step(
    "order.try_close_window",
    title=("关闭退货期（未到期则等待）", "Close the return window, or wait"),
    outcomes=("done", "open"),
    requires="received",
    provides={"window_closed"},
)
def try_close_window(context: StepContext) -> str:
    """The same, but `open` while the days are not over."""
    try:
        close_window(context)
    except ConflictError as refusal:
        if refusal.code != "return_window_open":
            raise
        return "open"
    return "done"


GIVEN_UP = {"cancelled", "released"}
HELD = {"reserved", "allocated", "picked", "packed"}


@step(
    "order.cancel",
    title=("取消订单", "Cancel"),
    requires="not shipped and not paid",
    provides=GIVEN_UP,
    removes=HELD,
)
def cancel(context: StepContext) -> None:
    """Gives up an order that is not paid; its stock is free again."""
    moves.cancel(order_of(context), now=context.now)


@step(
    "order.expire",
    title=("超时取消", "Cancel if still unpaid"),
    outcomes=("done", "paid"),
    requires="not shipped and not paid",
    provides=GIVEN_UP,
    removes=HELD,
)
def expire(context: StepContext) -> str:
    """The same where money may come at the last moment: then nothing is given up, and the flow
    goes on with `paid`."""
    order = order_of(context)
    if order.paid_at is not None and order.state != Order.State.REFUNDED:
        return "paid"
    moves.cancel(order, now=context.now)
    return "done"


@step(
    "invoice.issue",
    title=("开具发票", "Issue invoice"),
    doing=Doing.EITHER,
    actors={"finance"},
    requires="paid",
    provides={"invoiced"},
)
def issue_invoice(context: StepContext) -> None:
    """Finance write down the invoice's number before; a buyer who wants none is passed by."""
    if papers.invoice_waits(order_of(context)):
        raise ConflictError(
            "invoice_missing", gettext_lazy("Write down the number of the invoice first.")
        )


@step("member.notify", title=("通知买家", "Notify the buyer"))
def notify(context: StepContext) -> None:
    """A message to the buyer that says where the order stands, in the platform's language: which
    one the member reads is not known here, and whoever did the last step may read another."""
    order = order_of(context)
    with translation.override(settings.LANGUAGE_CODE):
        state = order.get_state_display()
        text = _("Your order %(number)s: %(state)s.") % {"number": order.number, "state": state}
    papers.notify(order, text=text, key=context.key)
