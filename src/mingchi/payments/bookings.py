"""The cash entries of payments: which account gives, which gets."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from django.db.models import Sum

from mingchi.ledger import accounts, cash
from mingchi.ledger.models import CashEntry
from mingchi.orders.models import Order, OrderLine, Refund
from mingchi.payments.models import BillDay, Payment, PaymentRefund

FREIGHT: Final = "freight"
REFUNDED: Final = "refunded"


def payment_taken(payment: Payment, *, paid: Sequence[Order]) -> None:
    """Money came in at the gateway; we hold it for the orders that it paid, and what paid none of
    them until it is promised back."""
    shipping_fen = sum(order.shipping_fen for order in paid)
    postings = [
        (accounts.order_held(), payment.amount_fen - shipping_fen),
        (accounts.cash(payment.gateway), -payment.amount_fen),
    ]
    if shipping_fen:
        postings.append((accounts.shipping(), shipping_fen))
    cash.post(
        key=f"payment:{payment.pk}",
        kind="payment",
        postings=postings,
        memo=payment.out_trade_no,
    )


def subsidy_added(order: Order, *, goods_fen: int) -> None:
    """The platform pays its part of an order in the member's place: `goods_fen` of the goods, the
    rest of the shipping. So the merchant has the price in full."""
    postings = [
        (accounts.coupon_cost(), -order.subsidy_fen),
        (accounts.order_held(), goods_fen),
        (accounts.shipping(), order.subsidy_fen - goods_fen),
    ]
    cash.post(
        key=f"coupons:{order.pk}",
        kind="coupons",
        postings=[posting for posting in postings if posting[1]],
        memo=order.number,
    )


def freight_earned(order: Order) -> None:
    """An order is completed, or nothing but its delivery is left of it: what is left of its freight
    is the merchant's, who sent it. Callers hold the order's lock."""
    charged = OrderLine.objects.filter(order=order).aggregate(fen=Sum("freight_fen"))["fen"]
    back = Refund.objects.filter(order=order).aggregate(fen=Sum("freight_fen"))["fen"]
    freight_fen = (charged or 0) - (back or 0)
    if freight_fen:
        cash.post(
            key=_freight_key(order.pk),
            kind=FREIGHT,
            postings=[
                (accounts.shipping(), -freight_fen),
                (accounts.merchant(order.merchant_id), freight_fen),
            ],
            memo=order.number,
        )


def promised_back(sent: PaymentRefund) -> None:
    """Money that nobody owes is owed back to the buyer."""
    cash.post(
        key=f"hold:{sent.pk}",
        kind="refund_before_settlement",
        postings=[
            (accounts.order_held(), -sent.amount_fen),
            (accounts.refund_pending(), sent.amount_fen),
        ],
        memo=sent.out_refund_no,
    )


def refunded(refund: Refund) -> None:
    """What of a refund the settler does not move: its freight, and what the platform has back.

    Of the goods, those of an order that is not settled are still held; of one that is, the settler
    has moved their price to `refund_pending`, from where only the buyer's part goes out. Freight
    that is the merchant's by now is taken back from it, even where that leaves a debt.
    """
    goods = accounts.order_held() if refund.before_settlement else accounts.refund_pending()
    postings: dict[int, int] = defaultdict(int)
    postings[goods] -= refund.price_fen
    postings[_freight_account(refund)] -= refund.freight_fen
    postings[accounts.coupon_cost()] += refund.subsidy_fen
    postings[accounts.refund_pending()] += refund.amount_fen
    if any(postings.values()):
        cash.post(
            key=f"{REFUNDED}:{refund.pk}",
            kind="refund_before_settlement" if refund.before_settlement else "refund_split",
            postings=[posting for posting in postings.items() if posting[1]],
            memo=refund.key,
        )


def _freight_account(refund: Refund) -> int:
    """Where the freight of a refund's order lies now."""
    earned = CashEntry.objects.filter(key=_freight_key(refund.order_id))
    if refund.freight_fen and earned.exists():
        return accounts.merchant(refund.order.merchant_id)
    return accounts.shipping()


def sent_back(sent: PaymentRefund) -> None:
    """Money left through the gateway."""
    cash.post(
        key=f"refund:{sent.pk}",
        kind="refund",
        postings=[
            (accounts.refund_pending(), -sent.amount_fen),
            (accounts.cash(sent.payment.gateway), sent.amount_fen),
        ],
        memo=sent.out_refund_no,
    )


def fees_kept(bill: BillDay) -> None:
    """What the gateway kept that day, less what was booked of it: a bill that says more, or less,
    when it is fetched again is booked by the difference. Saves nothing of the bill."""
    delta_fen = bill.fee_fen - bill.fee_booked_fen
    if not delta_fen:
        return
    cash.post(
        key=f"gateway-fee:{bill.pk}:{bill.fee_entries}",
        kind="gateway_fee",
        postings=[
            (accounts.gateway_fee(), -delta_fen),
            (accounts.cash(bill.gateway), delta_fen),
        ],
        memo=str(bill),
    )
    bill.fee_entries += 1
    bill.fee_booked_fen = bill.fee_fen


def _freight_key(order_id: int) -> str:
    return f"freight:{order_id}"
