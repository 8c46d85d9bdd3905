"""Cash on delivery: a carrier takes the money, staff write it down. It calls nobody."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from mingchi.orders.models import Order, Shipment
from mingchi.payments.bills import Bill, Kind, Line, day_bounds
from mingchi.payments.gateways import (
    Client,
    Closing,
    GatewayError,
    Notice,
    RefundNotice,
    Request,
)


class AtTheDoor:
    """The way money came in at the buyer's door. It goes back by hand: `send_back` refuses with
    `by_hand`, so that the refund stands as failed until staff have paid it out."""

    code = "cod"

    def channels(self, client: Client) -> Sequence[str]:
        """An order says at its placing that it is paid so, not at its paying."""
        return ()

    def pay_data(self, request: Request) -> dict[str, str]:
        """Nobody pays by a device here."""
        raise GatewayError("paid_at_the_door")

    def read_notice(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice:
        """There are no notices."""
        raise GatewayError("paid_at_the_door")

    def find_payment(self, *, out_trade_no: str) -> Notice | None:
        """Nobody to ask."""
        return None

    def close(self, *, out_trade_no: str) -> Closing:
        """Nothing is open."""
        return Closing.CLOSED

    def send_back(
        self, *, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int
    ) -> RefundNotice:
        """Cash goes back by a person's hand only."""
        raise GatewayError("by_hand")

    def find_refund(self, *, out_trade_no: str, out_refund_no: str) -> RefundNotice | None:
        """Nobody to ask."""
        return None

    def bill(self, *, day: date, now: datetime) -> Bill:
        """What carriers owe us for that day: the orders that were delivered with their cash to be
        taken, by the number of the order. What finance noted as collected is compared with it."""
        start, end = day_bounds(day)
        if now < end:
            raise GatewayError("no_bill_yet")
        delivered = Shipment.objects.filter(
            order__payment_method=Order.PaymentMethod.COD,
            case=None,
            state=Shipment.State.DELIVERED,
            delivered_at__gte=start,
            delivered_at__lt=end,
        )
        lines = {
            each.order.number: Line(
                kind=Kind.PAYMENT,
                number=each.order.number,
                gateway_no=each.tracking_number,
                amount_fen=each.order.total_fen,
                at=each.delivered_at,
            )
            for each in delivered.select_related("order").order_by("id")
            if not _earlier(each, start)
        }
        return Bill(lines=list(lines.values()))


def _earlier(shipment: Shipment, start: datetime) -> bool:
    """Whether another parcel of the order was delivered on a day before: the money is due with
    the first."""
    others = Shipment.objects.filter(order_id=shipment.order_id, case=None)
    return others.filter(state=Shipment.State.DELIVERED, delivered_at__lt=start).exists()
