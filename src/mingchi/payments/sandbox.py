"""A gateway that moves no money, with callbacks signed as a real one's are."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from mingchi.foundation import clock
from mingchi.payments.bills import Bill, Kind, Line, day_bounds
from mingchi.payments.gateways import (
    Client,
    Closing,
    GatewayError,
    Notice,
    RefundNotice,
    Request,
    Standing,
)
from mingchi.payments.models import SandboxDeal

TOLERANCE_S = 300
TIMESTAMP, NONCE, SIGNATURE = "x-mingchi-timestamp", "x-mingchi-nonce", "x-mingchi-signature"


class SandboxGateway:
    """Signs `timestamp LF nonce LF body LF` with HMAC-SHA256; a notice is good for five minutes."""

    code = "sandbox"

    def __init__(self, *, secret: str) -> None:
        self._secret = secret.encode()

    def channels(self, client: Client) -> Sequence[str]:
        """From anywhere: its page is ours."""
        return ("page",)

    def pay_data(self, request: Request) -> dict[str, str]:
        """What the sandbox's pay page shows."""
        return {
            "kind": "sandbox",
            "out_trade_no": request.out_trade_no,
            "amount_fen": str(request.amount_fen),
            "subject": request.subject,
        }

    def read_notice(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice:
        """Signature first, then time, then form."""
        timestamp, nonce = headers.get(TIMESTAMP, ""), headers.get(NONCE, "")
        wanted = self._signature(timestamp, nonce, body)
        # As bytes: compare_digest takes text of ASCII only.
        if not hmac.compare_digest(wanted.encode(), headers.get(SIGNATURE, "").encode()):
            raise GatewayError("bad_signature")
        if not timestamp.isdigit() or abs(now.timestamp() - int(timestamp)) > TOLERANCE_S:
            raise GatewayError("stale_notice")
        if len(nonce) < 8:
            raise GatewayError("malformed_notice")
        return _parse(body)

    def find_payment(self, *, out_trade_no: str) -> Notice | None:
        """What stands in its book."""
        deal = _deal(out_trade_no)
        if deal is None:
            return None
        return Notice(
            out_trade_no=out_trade_no,
            gateway_no=f"SB{out_trade_no}",
            amount_fen=deal.amount_fen,
            at=deal.dealt_at,
        )

    def close(self, *, out_trade_no: str) -> Closing:
        """Nothing to close; what stands in its book was paid."""
        return Closing.PAID if _deal(out_trade_no) else Closing.CLOSED

    def send_back(
        self, *, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int
    ) -> RefundNotice:
        """Always works: there is no money."""
        if not 0 < amount_fen <= total_fen:
            raise GatewayError("refund_exceeds_payment")
        deal = self.note(out_refund_no, amount_fen, kind=SandboxDeal.Kind.REFUND)
        return RefundNotice(out_refund_no=out_refund_no, standing=Standing.DONE, at=deal.dealt_at)

    def find_refund(self, *, out_trade_no: str, out_refund_no: str) -> RefundNotice | None:
        """What stands in its book."""
        deal = _deal(out_refund_no)
        if deal is None:
            return None
        return RefundNotice(
            out_refund_no=out_refund_no,
            standing=Standing.DONE,
            amount_fen=deal.amount_fen,
            at=deal.dealt_at,
        )

    def note(
        self,
        number: str,
        amount_fen: int,
        *,
        kind: SandboxDeal.Kind = SandboxDeal.Kind.PAYMENT,
        at: datetime | None = None,
    ) -> SandboxDeal:
        """Write a deal into the sandbox's book, once; returns it as it stands there."""
        values = {"amount_fen": amount_fen, "kind": kind, "dealt_at": at or clock.now()}
        return SandboxDeal.objects.get_or_create(number=number, defaults=values)[0]

    def bill(self, *, day: date, now: datetime) -> Bill:
        """Its book of that day; it keeps no fee."""
        start, end = day_bounds(day)
        if now < end:
            raise GatewayError("no_bill_yet")
        deals = SandboxDeal.objects.filter(dealt_at__gte=start, dealt_at__lt=end)
        return Bill(
            lines=[
                Line(
                    kind=Kind(deal.kind),
                    number=deal.number,
                    gateway_no=f"SB{deal.number}",
                    amount_fen=deal.amount_fen,
                    at=deal.dealt_at,
                )
                for deal in deals.order_by("id")
            ]
        )

    def notice(
        self, *, out_trade_no: str, amount_fen: int, now: datetime, gateway_no: str = ""
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of the callback that this gateway sends when somebody has paid."""
        body = json.dumps(
            {
                "out_trade_no": out_trade_no,
                "gateway_no": gateway_no or f"SB{out_trade_no}",
                "amount_fen": amount_fen,
                "result": "success",
            },
            separators=(",", ":"),
        ).encode()
        timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(8)
        signature = self._signature(timestamp, nonce, body)
        return body, {TIMESTAMP: timestamp, NONCE: nonce, SIGNATURE: signature}

    def _signature(self, timestamp: str, nonce: str, body: bytes) -> str:
        text = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()


def _deal(number: str) -> SandboxDeal | None:
    return SandboxDeal.objects.filter(number=number).first()


def _parse(body: bytes) -> Notice:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise GatewayError("malformed_notice") from error
    if not isinstance(data, dict) or data.get("result") != "success":
        raise GatewayError("malformed_notice")
    out_trade_no, gateway_no = data.get("out_trade_no"), data.get("gateway_no")
    amount_fen = data.get("amount_fen")
    if not (
        isinstance(out_trade_no, str)
        and isinstance(gateway_no, str)
        and len(gateway_no) <= 80
        and (out_trade_no + gateway_no).isascii()
        and (out_trade_no + gateway_no).isprintable()
        and type(amount_fen) is int
    ):
        raise GatewayError("malformed_notice")
    return Notice(out_trade_no=out_trade_no, gateway_no=gateway_no, amount_fen=amount_fen)
