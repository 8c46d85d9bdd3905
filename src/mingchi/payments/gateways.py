"""What a payment gateway does for us, and which there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, Protocol, runtime_checkable

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import DomainError
from mingchi.payments.bills import Bill
from mingchi.payments.configuration import GatewayConfig, WechatConfig

NAMES: Final = {
    "wechat": _("WeChat Pay"),
    "alipay": _("Alipay"),
    "sandbox": _("Sandbox (no money)"),
    "cod": _("cash on delivery"),
}
"""What people call them."""


class GatewayError(Exception):
    """The gateway said no, or what came in its name can't be believed. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class GatewayDownError(Exception):
    """The gateway gave no answer that can be believed: nobody knows what became of the call.
    Ask it before doing it again."""


class Client(StrEnum):
    """Where a buyer pays: decides which ways there are."""

    BROWSER = "browser"  # on a phone
    DESKTOP = "desktop"
    APP = "app"
    WECHAT = "wechat"  # the browser inside WeChat
    WECHAT_MINI = "wechat_mini"
    ALIPAY_MINI = "alipay_mini"


class Standing(StrEnum):
    """How money on its way stands at the gateway."""

    DONE = "done"
    UNDER_WAY = "under_way"
    UNCONFIRMED = "unconfirmed"  # a transfer that waits for its receiver
    EXPIRED = "expired"  # a transfer that its receiver did not take, or that was called back
    FAILED = "failed"  # for good


class Closing(StrEnum):
    """What came of closing an attempt."""

    CLOSED = "closed"  # nobody can pay it any more
    PAID = "paid"
    UNKNOWN = "unknown"  # the gateway has not seen it yet, so somebody may still open it


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An attempt to pay, as the gateway is asked for it. `payer` is the payer's id there (WeChat
    openid, Alipay open id) where the channel needs one."""

    out_trade_no: str
    amount_fen: int
    subject: str
    channel: str = ""
    payer: str = ""
    client_ip: str = "127.0.0.1"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A payment as the gateway tells it; `at` is the gateway's own time of it."""

    out_trade_no: str
    gateway_no: str
    amount_fen: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNotice:
    """Money going back, as the gateway tells it."""

    out_refund_no: str
    standing: Standing
    gateway_no: str = ""
    amount_fen: int | None = None
    at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferNotice:
    """Money to a person, as the gateway tells it. `confirm` is what the receiver's device needs
    to take it, where the gateway asks for that."""

    out_transfer_no: str
    standing: Standing
    gateway_no: str = ""
    amount_fen: int | None = None
    at: datetime | None = None
    error: str = ""
    confirm: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoNews:
    """A notice that is right and tells of nothing that concerns us."""

    number: str = ""


Told = Notice | RefundNotice | TransferNotice | NoNews


class Gateway(Protocol):
    """A payment gateway. `code` names it in the database and as the place of its cash account.

    Methods that call the gateway raise GatewayError where it refuses and GatewayDownError where
    its answer is lost; they are called outside of transactions.
    """

    code: str

    def channels(self, client: Client) -> Sequence[str]:
        """How one may pay with it from there, the best first; empty for not at all."""
        ...

    def pay_data(self, request: Request) -> dict[str, str]:
        """What the buyer's device needs to pay; `kind` says what to do with it. The same request
        again is the same attempt."""
        ...

    def read_notice(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> Told:
        """What a callback tells; raises GatewayError where the signature, the time or the form is
        wrong. Header names are in lower case."""
        ...

    def find_payment(self, *, out_trade_no: str) -> Notice | None:
        """The payment under our number as the gateway knows it; None where nobody has paid."""
        ...

    def close(self, *, out_trade_no: str) -> Closing:
        """Let nobody pay this attempt any more."""
        ...

    def send_back(
        self, *, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int
    ) -> RefundNotice:
        """Give money back. The same `out_refund_no` again is done once."""
        ...

    def find_refund(self, *, out_trade_no: str, out_refund_no: str) -> RefundNotice | None:
        """What became of money it was to give back under our number, None where it knows of none:
        asked before it is asked to again."""
        ...

    def bill(self, *, day: date, now: datetime) -> Bill:
        """What it says it did on a day (Asia/Shanghai); GatewayError `no_bill_yet`."""
        ...


@runtime_checkable
class WechatApps(Protocol):
    """A gateway that knows people by their openid at an app of ours at WeChat."""

    def app_id(self, channel: str) -> str | None:
        """The app at which the payer must be known; None where nobody need be."""
        ...

    def payee_apps(self) -> Sequence[str]:
        """The apps at which a payee may be known, where they take the money best first."""
        ...


@runtime_checkable
class TransferGateway(Protocol):
    """A gateway that also sends money to people, where it is set up for that."""

    sends_money: bool

    def transfer(
        self,
        *,
        out_transfer_no: str,
        amount_fen: int,
        payee: str,
        payee_name: str,
        remark: str,
        payee_app: str = "",
    ) -> TransferNotice:
        """Send money to whom `payee` is at the gateway, at this app of ours where it has several
        (its usual one where none is named). The same number again is done once; numbers are letters
        and digits."""
        ...

    def find_transfer(self, *, out_transfer_no: str) -> TransferNotice | None:
        """What became of it, None where the gateway knows of none."""
        ...


def get(code: str) -> Gateway:
    """The gateway of this name; `unknown_gateway` where it does not exist in this mode."""
    from mingchi.payments.at_the_door import AtTheDoor
    from mingchi.payments.sandbox import SandboxGateway

    if code == AtTheDoor.code:
        return AtTheDoor()
    if code == SandboxGateway.code and not settings.LIVE:
        return SandboxGateway(secret=settings.GATEWAY_SECRET)
    config = settings.GATEWAYS.get(code)
    if config is None:
        raise DomainError("unknown_gateway", _("There is no such way to pay."), field="gateway")
    return _made(config)


@lru_cache(maxsize=8)  # reading keys takes tens of milliseconds
def _made(config: GatewayConfig) -> Gateway:
    from mingchi.payments.alipay import AlipayGateway
    from mingchi.payments.wechat import WechatGateway

    return WechatGateway(config) if isinstance(config, WechatConfig) else AlipayGateway(config)


def codes() -> list[str]:
    """The gateways of this platform, cash on delivery last."""
    sandbox = [] if settings.LIVE else ["sandbox"]
    return [*settings.GATEWAYS, *sandbox, "cod"]


def for_transfers(code: str) -> TransferGateway:
    """The gateway, where it sends money to people; else `unknown_gateway`."""
    found = get(code)
    if not isinstance(found, TransferGateway) or not found.sends_money:
        raise DomainError("unknown_gateway", _("It sends no money to people."), field="gateway")
    return found


def transfer_codes() -> list[str]:
    """The gateways of this platform that send money to people."""
    return [code for code in settings.GATEWAYS if getattr(get(code), "sends_money", False)]
