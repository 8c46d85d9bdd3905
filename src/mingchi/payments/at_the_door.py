"""Cash on delivery: a carrier takes the money, staff write it down. It calls nobody."""

from collections.abc import Mapping
from datetime import datetime

from mingchi.payments.gateways import GatewayError, Notice


class AtTheDoor:
    """The way money came in at the buyer's door. It goes back by hand: `send_back` refuses with
    `by_hand`, so that the refund stands as failed until staff have paid it out."""

    code = "cod"

    def pay_data(self, *, out_trade_no: str, amount_fen: int, subject: str) -> dict[str, str]:
        """Nobody pays by a device here."""
        raise GatewayError("paid_at_the_door")

    def read_notice(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice:
        """There are no notices."""
        raise GatewayError("paid_at_the_door")

    def send_back(
        self, *, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int
    ) -> None:
        """Cash goes back by a person's hand only."""
        raise GatewayError("by_hand")

    def find_payment(self, *, out_trade_no: str) -> Notice | None:
        """Nobody to ask."""
        return None

    def find_refund(self, *, out_refund_no: str) -> bool:
        """Nobody to ask."""
        return False
