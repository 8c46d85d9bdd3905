"""How orders and refunds look from outside, for members and for staff."""

from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from mingchi.api.fields import Fen, Id, Input, Line, Qty
from mingchi.foundation import masking
from mingchi.orders import stages
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.orders.stages import Stage
from mingchi.payments.gateways import Client


class OrderStageOut(Schema):
    """One step from the goods to what is to pay."""

    code: Literal[
        "goods", "price_cut", "merchant_coupon", "shipping", "platform_coupon", "price_change"
    ]
    label: str = Field(description="its name; a coupon's own")
    amount_fen: int = Field(description="negative: taken off")
    paid_by: Literal["merchant", "platform"] | None = Field(description="whose coupon it is")


class OrderLineOut(Schema):
    id: int
    position: int
    sku_id: int
    title: str
    qty: int
    price_fen: int
    amount_fen: int = Field(description="after the shop's coupon")
    goods_fen: int = Field(description="what the member pays of it; the platform pays the rest")
    delivery_fen: int = Field(description="what the member pays for sending it")
    refunding_fen: int = Field(description="refund asked for, not decided")
    refunded_fen: int
    refundable_fen: int = Field(description="what may still be asked back, delivery in it")
    stages: list[OrderStageOut] = Field(description="they sum to `goods_fen` + `delivery_fen`")


class OrderOut(Schema):
    id: int
    checkout_id: int
    number: str
    state: str
    member_id: int
    merchant_id: int
    region: str | None
    recipient: str
    recipient_phone: str = Field(description="masked")
    address: str
    note: str = Field(description="the buyer's")
    goods_fen: int
    shipping_fen: int
    total_fen: int = Field(description="what the member pays")
    subsidy_fen: int = Field(description="what the platform adds by its coupon")
    carrier: str
    tracking_number: str
    placed_at: datetime
    pay_by: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    received_at: datetime | None
    complete_due_at: datetime | None = Field(description="end of the return window")
    completed_at: datetime | None
    stages: list[OrderStageOut] = Field(description="they sum to `total_fen`")
    lines: list[OrderLineOut]


class RefundOut(Schema):
    id: int
    order_id: int
    line_id: int
    amount_fen: int
    reason: str
    state: str
    asked_at: datetime
    decided_at: datetime | None
    decision_reason: str
    paid_at: datetime | None


class ItemIn(Input):
    sku_id: Id
    qty: Qty


class RefundIn(Input):
    line_id: Id
    amount_fen: Fen
    reason: Line = ""


class RefundAskedOut(Schema):
    refund_id: int
    state: str
    amount_fen: int


class PayIn(Input):
    gateway: str = Field(default="sandbox", pattern="^[a-z]{1,20}$")
    client: Client = Field(default=Client.BROWSER, description="where the buyer pays")
    payer: str = Field(
        default="",
        max_length=100,
        pattern="^[!-~]*$",
        description="the payer's id at Alipay, where the way needs it; never WeChat's: that is "
        "asked of WeChat (`POST /api/payments/payer`)",
    )


class PayOut(Schema):
    """`data` is what the buyer's device hands to the gateway; its `kind` says how: `qr` (show
    `code_url`), `redirect` (go to `url`), `wechat` (wx.requestPayment or WeixinJSBridge),
    `alipay_app` (`order_string`), `alipay_mini` (my.tradePay with `trade_no`), `sandbox`."""

    payment_id: int
    out_trade_no: str
    amount_fen: int
    gateway: str
    data: dict[str, str]


def order(found: Order) -> OrderOut:
    """An order with its lines; the recipient's phone is masked."""
    lines = sorted(found.lines.all(), key=lambda line: line.position)
    return OrderOut(
        id=found.pk,
        checkout_id=found.checkout_id,
        number=found.number,
        state=found.state,
        member_id=found.member_id,
        merchant_id=found.merchant_id,
        region=found.region,
        recipient=found.recipient,
        recipient_phone=masking.phone(found.recipient_phone),
        address=found.address,
        note=found.note,
        goods_fen=found.goods_fen,
        shipping_fen=found.shipping_fen,
        total_fen=found.total_fen,
        subsidy_fen=found.subsidy_fen,
        carrier=found.carrier,
        tracking_number=found.tracking_number,
        placed_at=found.placed_at,
        pay_by=found.pay_by,
        paid_at=found.paid_at,
        shipped_at=found.shipped_at,
        received_at=found.received_at,
        complete_due_at=found.complete_due_at,
        completed_at=found.completed_at,
        stages=[_stage(stage) for stage in stages.of_order(found, lines)],
        lines=[_line(found, line) for line in lines],
    )


def refund(found: Refund) -> RefundOut:
    """A refund."""
    return RefundOut(
        id=found.pk,
        order_id=found.order_id,
        line_id=found.line_id,
        amount_fen=found.amount_fen,
        reason=found.reason,
        state=found.state,
        asked_at=found.asked_at,
        decided_at=found.decided_at,
        decision_reason=found.decision_reason,
        paid_at=found.paid_at,
    )


def _stage(stage: Stage) -> OrderStageOut:
    return OrderStageOut.model_validate(
        {
            "code": stage.code,
            "label": str(stage.label),
            "amount_fen": stage.amount_fen,
            "paid_by": stages.PAID_BY.get(stage.code),
        }
    )


def _line(order: Order, line: OrderLine) -> OrderLineOut:
    return OrderLineOut(
        id=line.pk,
        position=line.position,
        sku_id=line.sku_id,
        title=line.title,
        qty=line.qty,
        price_fen=line.price_fen,
        amount_fen=line.amount_fen,
        goods_fen=line.goods_fen,
        delivery_fen=line.delivery_fen,
        refunding_fen=line.refunding_fen,
        refunded_fen=line.refunded_fen,
        refundable_fen=line.refundable_fen,
        stages=[_stage(stage) for stage in stages.of_line(order, line)],
    )
