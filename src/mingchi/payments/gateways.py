"""What a payment gateway does for us, and which there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import DomainError


class GatewayError(Exception):
    """The gateway said no, or what came in its name can't be believed. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A payment as the gateway tells it."""

    out_trade_no: str
    gateway_no: str
    amount_fen: int


class Gateway(Protocol):
    """A payment gateway. `code` names it in the database and as the place of its cash account."""

    code: str

    def pay_data(self, *, out_trade_no: str, amount_fen: int, subject: str) -> dict[str, str]:
        """What the buyer's device needs to pay."""
        ...

    def read_notice(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice:
        """The payment that a callback tells of; raises GatewayError where the signature, the time
        or the form is wrong. Header names are in lower case."""
        ...

    def send_back(
        self, *, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int
    ) -> None:
        """Give money back. The same `out_refund_no` again is done once; raises GatewayError where
        the gateway refuses."""
        ...

    def find_payment(self, *, out_trade_no: str) -> Notice | None:
        """The payment under our number as the gateway knows it; None where nobody has paid."""
        ...

    def find_refund(self, *, out_refund_no: str) -> bool:
        """Whether it gave money back under our number: asked before it is asked to again."""
        ...


def get(code: str) -> Gateway:
    """The gateway of this name; `unknown_gateway` where it does not exist in this mode."""
    from mingchi.payments.at_the_door import AtTheDoor
    from mingchi.payments.sandbox import SandboxGateway

    if code == AtTheDoor.code:
        return AtTheDoor()
    if code == SandboxGateway.code and not settings.LIVE:
        return SandboxGateway(secret=settings.GATEWAY_SECRET)
    raise DomainError("unknown_gateway", _("There is no such way to pay."), field="gateway")
