"""Staff and orders: a merchant's staff see their own merchant's, the platform's staff all."""

from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Schema, Status

from mingchi.api import shapes
from mingchi.api.fields import Before, DecisionIn, Done, Id, Input, Limit, Page, Qty0
from mingchi.api.keyed import keyed_committed
from mingchi.api.paging import page
from mingchi.api.principals import idempotency_key, staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.api.shapes import OrderOut, RefundAskedOut, RefundIn, RefundOut
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError
from mingchi.merchants import scope
from mingchi.orders.models import Order, Refund
from mingchi.payments.models import PaymentRefund
from mingchi.usecases import cancel_order as use_cancel
from mingchi.usecases import complete_order as use_complete
from mingchi.usecases import pay_refunds as use_pay_refunds
from mingchi.usecases import receive_order as use_receive
from mingchi.usecases import refund_order as use_refund
from mingchi.usecases import ship_order as use_ship

router = GuardedRouter(tags=["staff: orders"])


class ShipIn(Input):
    carrier: str = Field(default="", max_length=40)
    tracking_number: str = Field(default="", max_length=60)


class OrderCompleteIn(Input):
    skip_window: bool = Field(
        default=False, description="skip the return window; in the sandbox only, and audited"
    )


class CompletedOut(Schema):
    event_id: int


class DecideRefundIn(DecisionIn):
    restock: Qty0 | None = Field(default=None, description="units that can be sold again")


class DecidedOut(Schema):
    refund_id: int
    state: str
    before_settlement: bool | None


class PaymentRefundOut(Schema):
    id: int
    order_id: int
    refund_id: int | None
    amount_fen: int
    reason: str
    state: str
    error: str
    paid_at: datetime | None


class SentOut(Schema):
    sent: bool


@router.get("/orders", response=Page[OrderOut], summary="Orders")
def staff_list_orders(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    state: Order.State | None = None,
    merchant_id: Id | None = None,
    member_id: Id | None = None,
) -> Page[OrderOut]:
    """Newest first, by state, merchant or member."""
    wanted = {"state": state, "merchant_id": merchant_id, "member_id": member_id}
    rows = _visible(request).filter(**{k: v for k, v in wanted.items() if v is not None})
    return page(rows, shapes.order, limit=limit, before=before)


@router.get("/orders/{order_id}", response=OrderOut, summary="An order")
def staff_get_order(request: HttpRequest, order_id: Id) -> OrderOut:
    """One order; of another merchant: 404."""
    found = _visible(request).filter(pk=order_id).first()
    if found is None:
        raise NotFoundError()
    return shapes.order(found)


@router.post("/orders/{order_id}/ship", response=Done, summary="Ship")
def staff_ship_order(request: HttpRequest, order_id: Id, data: ShipIn) -> Done:
    """All that the order's flow asks of the warehouse until the carrier has the goods. Where it
    asks for something else first: 409 `flow_waits`, which says for what."""
    use_ship.ship_order(
        by=staff_of(request),
        order_id=order_id,
        now=clock.now(),
        carrier=data.carrier,
        tracking_number=data.tracking_number,
    )
    return Done()


@router.post("/orders/{order_id}/receive", response=Done, summary="Received")
def staff_receive_order(request: HttpRequest, order_id: Id) -> Done:
    """The member told staff that the goods arrived."""
    use_receive.receive_order(order_id=order_id, by=staff_of(request), now=clock.now())
    return Done()


@router.post("/orders/{order_id}/complete", response=CompletedOut, summary="Complete")
def staff_complete_order(request: HttpRequest, order_id: Id, data: OrderCompleteIn) -> CompletedOut:
    """The order enters settlement; while the return window is open: 409, unless skipped."""

    def run() -> dict[str, object]:
        event_id = use_complete.complete_order(
            order_id=order_id,
            now=clock.now(),
            by=staff_of(request),
            skip_window=data.skip_window,
        )
        return {"event_id": event_id}

    return CompletedOut(**keyed_committed(request, run))


@router.post("/orders/{order_id}/cancel", response=Done, summary="Cancel")
def staff_cancel_order(request: HttpRequest, order_id: Id) -> Done:
    """Give up an order; what is paid goes back, as long as its flow waits for second thoughts."""
    use_cancel.cancel_order(order_id=order_id, by=staff_of(request), now=clock.now())
    return Done()


@router.post(
    "/orders/{order_id}/refunds", response={201: RefundAskedOut}, summary="Ask for a refund"
)
def staff_ask_refund(request: HttpRequest, order_id: Id, data: RefundIn) -> Status[RefundAskedOut]:
    """On behalf of the buyer; somebody else decides."""
    asked = use_refund.ask_refund(
        order_id=order_id,
        line_id=data.line_id,
        amount_fen=data.amount_fen,
        reason=data.reason,
        idempotency_key=idempotency_key(request),
        now=clock.now(),
        by=staff_of(request),
    )
    return Status(201, RefundAskedOut.from_orm(asked))


@router.get("/refunds", response=Page[RefundOut], summary="Refunds")
def staff_list_refunds(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    state: Refund.State | None = None,
) -> Page[RefundOut]:
    """Newest first, by state."""
    rows = scope.for_user(Refund.objects.all(), staff_of(request))
    if state is not None:
        rows = rows.filter(state=state)
    return page(rows, shapes.refund, limit=limit, before=before)


@router.post("/refunds/{refund_id}/decide", response=DecidedOut, summary="Decide a refund")
def staff_decide_refund(request: HttpRequest, refund_id: Id, data: DecideRefundIn) -> DecidedOut:
    """Approve or refuse; not what one asked for oneself (403). Before settlement the money goes
    back at once, after it once the refund is settled."""

    def run() -> dict[str, object]:
        decided = use_refund.decide_refund(
            by=staff_of(request),
            refund_id=refund_id,
            approve=data.approve,
            now=clock.now(),
            reason=data.reason,
            restock=data.restock,
        )
        return DecidedOut.from_orm(decided).dict()

    return DecidedOut(**keyed_committed(request, run))


@router.get("/payment-refunds", response=Page[PaymentRefundOut], summary="Money on its way back")
def staff_list_payment_refunds(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    state: PaymentRefund.State | None = None,
) -> Page[PaymentRefundOut]:
    """Newest first, by state; `failed` waits for somebody."""
    rows = PaymentRefund.objects.all()
    if state is not None:
        rows = rows.filter(state=state)
    return page(rows, _payment_refund, limit=limit, before=before)


@router.post("/payment-refunds/{sent_id}/retry", response=SentOut, summary="Try again")
def staff_retry_payment_refund(request: HttpRequest, sent_id: Id) -> SentOut:
    """Ask the gateway again for money that it refused to send back."""

    def run() -> dict[str, object]:
        user = staff_of(request)
        sent = use_pay_refunds.retry_money_back(by=user, payment_refund_id=sent_id, now=clock.now())
        return {"sent": sent}

    return SentOut(**keyed_committed(request, run))


def _visible(request: HttpRequest) -> QuerySet[Order]:
    return scope.for_user(Order.objects.prefetch_related("lines"), staff_of(request))


def _payment_refund(sent: PaymentRefund) -> PaymentRefundOut:
    return PaymentRefundOut(
        id=sent.pk,
        order_id=sent.order_id,
        refund_id=sent.refund_id,
        amount_fen=sent.amount_fen,
        reason=sent.reason,
        state=sent.state,
        error=sent.error,
        paid_at=sent.paid_at,
    )
