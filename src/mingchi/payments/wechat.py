"""WeChat Pay, API v3, for a merchant of its own (直连商户)."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeVar

from wechatpayv3 import WeChatPayType

from mingchi.payments import wechat_bills
from mingchi.payments.bills import ZONE, Bill
from mingchi.payments.configuration import WechatConfig
from mingchi.payments.gateways import (
    Client,
    Closing,
    GatewayDownError,
    GatewayError,
    NoNews,
    Notice,
    RefundNotice,
    Request,
    Standing,
    Told,
    TransferNotice,
)
from mingchi.payments.wechat_client import WechatClient

R = TypeVar("R")
CHANNELS: Final[Mapping[Client, Sequence[str]]] = {
    Client.BROWSER: ("h5",),
    Client.DESKTOP: ("native",),
    Client.WECHAT: ("jsapi",),
    Client.WECHAT_MINI: ("mini",),
}
TYPES: Final = {
    "jsapi": WeChatPayType.JSAPI,
    "mini": WeChatPayType.MINIPROG,
    "h5": WeChatPayType.H5,
    "native": WeChatPayType.NATIVE,
}
NEED_PAYER: Final = frozenset({"jsapi", "mini"})
# trade_state: what was refunded later was paid all the same.
PAID: Final = frozenset({"SUCCESS", "REFUND"})
REFUNDS: Final = {
    "SUCCESS": Standing.DONE,
    "PROCESSING": Standing.UNDER_WAY,
    "CLOSED": Standing.FAILED,
    "ABNORMAL": Standing.FAILED,
}
TRANSFERS: Final = {
    "ACCEPTED": Standing.UNDER_WAY,
    "PROCESSING": Standing.UNDER_WAY,
    "WAIT_USER_CONFIRM": Standing.UNCONFIRMED,
    "TRANSFERING": Standing.UNDER_WAY,
    "CANCELING": Standing.UNDER_WAY,
    "SUCCESS": Standing.DONE,
    "FAIL": Standing.FAILED,
    "CANCELLED": Standing.EXPIRED,
}
# `fail_reason` of a transfer that its receiver let lie or turned down: the money is with us.
NOT_TAKEN: Final = frozenset({"OVERDUE_CLOSE", "USER_CANCEL", "TRANSFER_RISK_REJECT_BY_USER"})
# What reading a JSON of another form raises.
MALFORMED: Final = (AttributeError, KeyError, TypeError, ValueError)
NO_TRADE: Final = ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", "NOT_FOUND")


class WechatGateway:
    """JSAPI, mini-program, H5 and Native; refunds; money to people (商家转账); bills."""

    code = "wechat"

    def __init__(self, config: WechatConfig) -> None:
        self._config = config
        self._client = WechatClient(config)
        self.sends_money = bool(config.transfer_scene)

    def channels(self, client: Client) -> Sequence[str]:
        """One for each kind of client but apps and Alipay's own."""
        found = CHANNELS.get(client, ())
        return () if "mini" in found and not self._config.mini_appid else found

    def app_id(self, channel: str) -> str | None:
        """The official account or the mini-program; none for H5 and Native."""
        return self._appid(channel) if channel in NEED_PAYER else None

    def payee_apps(self) -> Sequence[str]:
        """The mini-program, whose page takes a transfer, before the official account."""
        apps = (self._config.mini_appid, self._config.appid)
        return [app_id for app_id in apps if app_id]

    def pay_data(self, request: Request) -> dict[str, str]:
        """`qr` with `code_url`, `redirect` with `url`, or `wechat` with what wx.requestPayment and
        WeixinJSBridge take."""
        if request.channel not in TYPES:
            raise GatewayError("unknown_channel")
        more: dict[str, Any] = {}
        if request.channel in NEED_PAYER:
            if not request.payer:
                raise GatewayError("payer_needed")
            more["payer"] = {"openid": request.payer}
        if request.channel == "h5":
            more["scene_info"] = {
                "payer_client_ip": request.client_ip,
                "h5_info": {"type": "Wap"},
            }
        if request.expires_at is not None:
            local = request.expires_at.astimezone(ZONE)
            more["time_expire"] = local.replace(microsecond=0).isoformat()
        answer = self._client.call(
            "pay",
            description=request.subject,
            out_trade_no=request.out_trade_no,
            amount={"total": request.amount_fen, "currency": "CNY"},
            appid=self._appid(request.channel),
            pay_type=TYPES[request.channel],
            **more,
        )
        return self._for_device(request.channel, answer)

    def _for_device(self, channel: str, answer: Mapping[str, Any]) -> dict[str, str]:
        if channel == "native":
            return {"kind": "qr", "code_url": str(answer["code_url"])}
        if channel == "h5":
            return {"kind": "redirect", "url": str(answer["h5_url"])}
        stamp = str(int(datetime.now(ZONE).timestamp()))
        nonce, package = secrets.token_hex(16), f"prepay_id={answer['prepay_id']}"
        appid = self._appid(channel)
        return {
            "kind": "wechat",
            "appId": appid,
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._client.sign(appid, stamp, nonce, package),
        }

    def _appid(self, channel: str) -> str:
        return self._config.mini_appid if channel == "mini" else self._config.appid

    def read_notice(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> Told:
        """Serial, signature, time, then what it tells."""
        told = self._client.read(body=body, headers=headers, now=now)
        event, resource = str(told.get("event_type", "")), told["resource"]
        if resource.get("mchid", resource.get("mch_id")) != self._config.mchid:
            raise GatewayError("not_ours")
        try:
            if event.startswith("TRANSACTION."):
                return _payment(resource) or NoNews(number=str(resource.get("out_trade_no", "")))
            if event.startswith("REFUND."):
                return _refund(resource, "refund_status")
            if event.startswith("MCHTRANSFER."):
                return _transfer(resource, {})
        except MALFORMED as error:
            raise GatewayError("malformed_notice") from error
        return NoNews()

    def find_payment(self, *, out_trade_no: str) -> Notice | None:
        """By our number."""
        answer = self._client.call("query", missing=NO_TRADE, out_trade_no=out_trade_no)
        return None if answer is None else _answered(_payment, answer)

    def close(self, *, out_trade_no: str) -> Closing:
        """WeChat closes what it knows; what it does not know was never opened to the buyer, or
        its answer is still on the way."""
        try:
            answer = self._client.call("close", missing=NO_TRADE, out_trade_no=out_trade_no)
        except GatewayError as error:
            if error.code in ("ORDERPAID", "ORDER_PAID"):
                return Closing.PAID
            if error.code in ("ORDER_CLOSED", "ORDERCLOSED"):
                return Closing.CLOSED
            raise
        return Closing.UNKNOWN if answer is None else Closing.CLOSED

    def send_back(
        self, *, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int
    ) -> RefundNotice:
        """Mostly UNDER_WAY: the result comes by notice or by asking."""
        answer = self._client.call(
            "refund",
            out_trade_no=out_trade_no,
            out_refund_no=out_refund_no,
            amount={"refund": amount_fen, "total": total_fen, "currency": "CNY"},
        )
        return _answered(_refund, answer, "status")

    def find_refund(self, *, out_trade_no: str, out_refund_no: str) -> RefundNotice | None:
        """By our number."""
        answer = self._client.call("query_refund", missing=NO_TRADE, out_refund_no=out_refund_no)
        return None if answer is None else _answered(_refund, answer, "status")

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
        """The receiver confirms it in WeChat within a day, or it ends. From 2 000 yuan on WeChat
        wants the name, which it compares."""
        if amount_fen >= 200_000 and not payee_name:
            raise GatewayError("payee_name_needed")
        answer = self._client.call(
            "mch_transfer_bills",
            out_bill_no=out_transfer_no,
            transfer_scene_id=self._config.transfer_scene,
            openid=payee,
            transfer_amount=amount_fen,
            transfer_remark=remark[:32],
            user_name=payee_name or None,
            appid=payee_app or None,
        )
        return _answered(_transfer, answer, self._confirm(answer, payee_app))

    def find_transfer(self, *, out_transfer_no: str) -> TransferNotice | None:
        """By our number."""
        answer = self._client.call(
            "mch_transfer_bills_query", missing=NO_TRADE, out_bill_no=out_transfer_no
        )
        if answer is None:
            return None
        app_id = str(answer.get("appid") or "")
        return _answered(_transfer, answer, self._confirm(answer, app_id))

    def _confirm(self, answer: Mapping[str, Any], app_id: str) -> dict[str, str]:
        """What wx.requestMerchantTransfer takes, in that app."""
        if not answer.get("package_info"):
            return {}
        return {
            "mchId": self._config.mchid,
            "appId": app_id or self._config.appid,
            "package": str(answer["package_info"]),
        }

    def bill(self, *, day: date, now: datetime) -> Bill:
        """The trade bill, and the flow of funds for transfers; both from ten in the morning."""
        return wechat_bills.fetch(self._client, day=day, now=now)


def _answered(read: Callable[..., R], *words: Any) -> R:
    """What an answer says; one without its fields is none that we believe."""
    try:
        return read(*words)
    except MALFORMED as error:
        raise GatewayDownError("malformed_answer") from error


def _payment(data: Mapping[str, Any]) -> Notice | None:
    if data["trade_state"] not in PAID:
        return None
    amount = data["amount"]
    if amount.get("currency", "CNY") != "CNY":
        raise ValueError(amount)
    return Notice(
        out_trade_no=str(data["out_trade_no"]),
        gateway_no=str(data["transaction_id"])[:80],
        amount_fen=_fen(amount["total"]),
        at=_at(data.get("success_time")),
    )


def _refund(data: Mapping[str, Any], status: str) -> RefundNotice:
    standing = REFUNDS[data[status]]
    return RefundNotice(
        out_refund_no=str(data["out_refund_no"]),
        standing=standing,
        gateway_no=str(data["refund_id"])[:80],
        amount_fen=_fen(data["amount"]["refund"]),
        at=_at(data.get("success_time")),
        error=str(data[status]).lower() if standing == Standing.FAILED else "",
    )


def _transfer(data: Mapping[str, Any], confirm: dict[str, str]) -> TransferNotice:
    standing, reason = TRANSFERS[data["state"]], str(data.get("fail_reason") or "")
    if standing == Standing.FAILED and reason in NOT_TAKEN:
        standing = Standing.EXPIRED
    amount = data.get("transfer_amount")
    return TransferNotice(
        out_transfer_no=str(data["out_bill_no"]),
        standing=standing,
        gateway_no=str(data.get("transfer_bill_no", ""))[:80],
        amount_fen=None if amount is None else _fen(amount),
        at=_at(data.get("update_time")),
        error=reason[:60] or (data["state"].lower() if standing == Standing.FAILED else ""),
        confirm=confirm if standing == Standing.UNCONFIRMED else {},
    )


def _fen(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def _at(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
