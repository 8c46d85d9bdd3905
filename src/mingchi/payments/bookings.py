"""The cash entries of payments: which account gives, which gets."""

from mingchi.ledger import accounts, cash
from mingchi.payments.models import BillDay, Payment, PaymentRefund


def payment_taken(payment: Payment, *, shipping_fen: int = 0) -> None:
    """Money came in at the gateway; we hold it for the order."""
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


def promised_back(sent: PaymentRefund) -> None:
    """Money of an order that is not settled is owed back to the buyer."""
    cash.post(
        key=f"hold:{sent.pk}",
        kind="refund_before_settlement",
        postings=[
            (accounts.order_held(), -sent.amount_fen),
            (accounts.refund_pending(), sent.amount_fen),
        ],
        memo=sent.out_refund_no,
    )


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
