"""Steps of money: taken, collected at the door, given back."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.flows import Doing, StepContext, step
from mingchi.foundation.errors import ConflictError
from mingchi.orders.models import AfterSalesCase, Order, Refund
from mingchi.orders.subjects import case_of, order_of
from mingchi.payments import receipts, refunding
from mingchi.payments.models import PaymentRefund
from mingchi.usecases import follow_flow
from mingchi.usecases.give_back import refund_case, refund_in_full, under_way


def _is_paid(context: StepContext) -> str | None:
    """What became of an earlier try: our own books say it, as they book once."""
    with transaction.atomic():
        return "done" if order_of(context).paid_at is not None else None


@step(
    "payment.capture",
    title=("收款", "Take payment"),
    requires="not cash_on_delivery",
    provides={"paid"},
    removes={"refunded"},
    undo="payment.refund",
    outside=True,
    ask=_is_paid,
)
def capture(context: StepContext) -> None:
    """The order is paid; where no notice came the gateway is asked, and what it knows is booked.
    `not_paid` 409 where it knows of nothing, so that it is tried again later."""
    with transaction.atomic():
        order = order_of(context)
    if not receipts.ask(order_id=order.pk, now=context.now):
        raise ConflictError("not_paid", _("The order is not paid."))


@step(
    "payment.collect",
    title=("货到付款收款", "Collect at the door"),
    doing=Doing.HUMAN,
    actors={"finance", "clerk", "manager"},
    requires="cash_on_delivery and shipped",
    provides={"paid"},
)
def collect(context: StepContext) -> None:
    """The carrier has brought the cash of the whole order."""
    receipts.collect(order_of(context), now=context.now)


def _order_refunds(order: Order) -> list[Refund]:
    return list(Refund.objects.filter(order=order, automatic=True).order_by("id"))


def _order_is_refunded(context: StepContext) -> str | None:
    with transaction.atomic():
        order = order_of(context)
    gone = _all_gone(under_way(_order_refunds(order)))
    return "done" if order.state == Order.State.REFUNDED and gone else None


@step(
    "payment.refund",
    title=("整单退款", "Refund the order"),
    requires="paid",
    provides={"refunded"},
    removes={"paid"},
    outside=True,
    retries=8,
    ask=_order_is_refunded,
)
def refund_order(context: StepContext) -> None:
    """All that is left of the order goes back; what it still holds is free again."""
    with transaction.atomic():
        order = order_of(context)
        refund_in_full(order, now=context.now)
    _send(under_way(_order_refunds(order)), context)


def _case_is_refunded(context: StepContext) -> str | None:
    with transaction.atomic():
        case = case_of(context)
    if case.refund_id is None:
        return None
    return "done" if _all_gone(_money_of(case)) else None


@step(
    "case.refund",
    title=("售后退款", "Refund the case"),
    kinds={"return"},
    requires="authorised",
    provides={"refunded"},
    outside=True,
    retries=8,
    ask=_case_is_refunded,
)
def refund_of_case(context: StepContext) -> None:
    """The case's amount goes back; of a settled order once its event is settled."""
    with transaction.atomic():
        case = case_of(context)
        refund_case(case, now=context.now)
        follow_flow.end_if_refunded(case.order, actor="system", now=context.now)
    _send(_money_of(case), context)


def _money_of(case: AfterSalesCase) -> list[PaymentRefund]:
    return under_way([case.refund]) if case.refund is not None else []


def _all_gone(money: Iterable[PaymentRefund]) -> bool:
    return all(each.state == PaymentRefund.State.PAID for each in money)


def _send(money: Iterable[PaymentRefund], context: StepContext) -> None:
    """Every part is tried, also what a gateway refused before; `refund_refused` 409 where one of
    them is neither gone nor taken over by the gateway, which may need days for it."""
    refused = []
    for each in money:
        refunding.try_again(payment_refund_id=each.pk)
        gone = refunding.send(payment_refund_id=each.pk, now=context.now)
        if not gone and not refunding.is_accepted(payment_refund_id=each.pk):
            refused.append(each.out_refund_no)
    if refused:
        raise ConflictError(
            "refund_refused",
            _("The gateway did not give the money back."),
            details={"refunds": refused},
        )
