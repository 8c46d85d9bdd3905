"""Alipay: pay in its page (WAP), from an app, in its mini-program; refunds; money to people."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from mingchi.payments import alipay_bills
from mingchi.payments.alipay_client import AlipayClient, form
from mingchi.payments.bills import ZONE, Bill, BillError, fen, moment
from mingchi.payments.configuration import AlipayConfig
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

CHANNELS: Final[Mapping[Client, Sequence[str]]] = {
    Client.BROWSER: ("wap",),
    Client.APP: ("app",),
    Client.ALIPAY_MINI: ("mini",),
}
PAID: Final = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})
TRANSFERS: Final = {
    "SUCCESS": Standing.DONE,
    "DEALING": Standing.UNDER_WAY,
    "INIT": Standing.UNDER_WAY,
    "WAIT_PAY": Standing.UNDER_WAY,
    "FAIL": Standing.FAILED,
    "REFUND": Standing.FAILED,
    "CLOSED": Standing.FAILED,
}
NO_TRADE: Final = ("ACQ.TRADE_NOT_EXIST",)
TOLERANCE_S: Final = 300


def yuan(amount_fen: int) -> str:
    """`1234` → `12.34`."""
    return f"{amount_fen // 100}.{amount_fen % 100:02d}"


class AlipayGateway:
    """Signed with RSA2, by key or by certificates."""

    code = "alipay"

    def __init__(self, config: AlipayConfig) -> None:
        self._config = config
        self._client = AlipayClient(config)
        # Alipay pays people only those who sign by certificate.
        self.sends_money = self._client.by_certificate

    def channels(self, client: Client) -> Sequence[str]:
        """Phones, apps, its own mini-program."""
        return CHANNELS.get(client, ())

    def pay_data(self, request: Request) -> dict[str, str]:
        """`redirect` with `url`, `alipay_app` with `order_string`, or `alipay_mini` with
        `trade_no` for my.tradePay."""
        content: dict[str, Any] = {
            "out_trade_no": request.out_trade_no,
            "total_amount": yuan(request.amount_fen),
            "subject": request.subject,
        }
        if request.expires_at is not None:
            local = request.expires_at.astimezone(ZONE)
            content["time_expire"] = local.strftime("%Y-%m-%d %H:%M:%S")
        if request.channel == "wap":
            content["product_code"] = "QUICK_WAP_WAY"
            return {
                "kind": "redirect",
                "url": self._client.page_address("alipay.trade.wap.pay", content),
            }
        if request.channel == "app":
            content["product_code"] = "QUICK_MSECURITY_PAY"
            return {
                "kind": "alipay_app",
                "order_string": self._client.order_string("alipay.trade.app.pay", content),
            }
        if request.channel == "mini":
            return self._mini(request, content)
        raise GatewayError("unknown_channel")

    def _mini(self, request: Request, content: dict[str, Any]) -> dict[str, str]:
        if not request.payer:
            raise GatewayError("payer_needed")
        content |= {"product_code": "JSAPI_PAY", "buyer_open_id": request.payer}
        answer = self._client.call("alipay.trade.create", content, notified=True)
        return {"kind": "alipay_mini", "trade_no": _text(answer, "trade_no")}

    def read_notice(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> Told:
        """Signature, time, whether it is for us, then what it tells. A refund's notice is a
        payment's with more in it: whoever got money back has paid."""
        data = form(body)
        if data.get("sign_type") != "RSA2":
            raise GatewayError("bad_signature")
        if not self._client.verify(data):
            raise GatewayError("bad_signature")
        sent = moment(data.get("notify_time", ""))
        if sent is None or abs((now - sent).total_seconds()) > TOLERANCE_S:
            raise GatewayError("stale_notice")
        ours = (self._config.appid, self._config.seller_id)
        if (data.get("app_id"), data.get("seller_id")) != ours:
            raise GatewayError("not_ours")
        number = data.get("out_trade_no", "")
        refunded = "gmt_refund" in data and data.get("trade_status") == "TRADE_CLOSED"
        if data.get("trade_status") not in PAID and not refunded:
            return NoNews(number=number)
        try:
            return _payment(data, "gmt_payment")
        except (KeyError, BillError) as error:
            raise GatewayError("malformed_notice") from error

    def find_payment(self, *, out_trade_no: str) -> Notice | None:
        """By our number. A trade that was closed after it was paid was paid."""
        answer = self._client.call(
            "alipay.trade.query", {"out_trade_no": out_trade_no}, missing=NO_TRADE
        )
        if answer is None:
            return None
        paid = answer.get("trade_status") in PAID
        if not paid and not (
            answer.get("trade_status") == "TRADE_CLOSED" and answer.get("send_pay_date")
        ):
            return None
        try:
            return _payment(answer, "send_pay_date")
        except (KeyError, BillError) as error:
            raise GatewayDownError("malformed_answer") from error

    def close(self, *, out_trade_no: str) -> Closing:
        """Alipay knows a trade only once the buyer opened it: until our address expires it may
        still come to be."""
        try:
            answer = self._client.call(
                "alipay.trade.close", {"out_trade_no": out_trade_no}, missing=NO_TRADE
            )
        except GatewayError as error:
            if error.code in ("ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID"):
                paid = self.find_payment(out_trade_no=out_trade_no) is not None
                return Closing.PAID if paid else Closing.CLOSED
            raise
        return Closing.UNKNOWN if answer is None else Closing.CLOSED

    def send_back(
        self, *, out_trade_no: str, out_refund_no: str, amount_fen: int, total_fen: int
    ) -> RefundNotice:
        """Done at once, says Alipay by `fund_change`; else it has to be asked."""
        answer = self._client.call(
            "alipay.trade.refund",
            {
                "out_trade_no": out_trade_no,
                "out_request_no": out_refund_no,
                "refund_amount": yuan(amount_fen),
            },
        )
        if answer.get("fund_change") != "Y":
            found = self.find_refund(out_trade_no=out_trade_no, out_refund_no=out_refund_no)
            if found is None:
                raise GatewayDownError("refund_unclear")
            return found
        return RefundNotice(
            out_refund_no=out_refund_no,
            standing=Standing.DONE,
            gateway_no=str(answer.get("trade_no", "")),
            at=moment(str(answer.get("gmt_refund_pay", ""))),
        )

    def find_refund(self, *, out_trade_no: str, out_refund_no: str) -> RefundNotice | None:
        """By both numbers; an answer without a status is a refund that is not there."""
        answer = self._client.call(
            "alipay.trade.fastpay.refund.query",
            {
                "out_trade_no": out_trade_no,
                "out_request_no": out_refund_no,
                "query_options": ["gmt_refund_pay"],
            },
            missing=NO_TRADE,
        )
        if answer is None or answer.get("refund_status") != "REFUND_SUCCESS":
            return None
        return RefundNotice(
            out_refund_no=out_refund_no,
            standing=Standing.DONE,
            gateway_no=str(answer.get("trade_no", "")),
            amount_fen=_answered_fen(answer, "refund_amount"),
            at=moment(str(answer.get("gmt_refund_pay", ""))),
        )

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
        """To an Alipay account, `payee` its id (2088…) or its login; arrives at once mostly."""
        by_id = payee.isdigit() and payee.startswith("2088") and len(payee) == 16
        if not by_id and not payee_name:
            raise GatewayError("payee_name_needed")
        answer = self._client.call(
            "alipay.fund.trans.uni.transfer",
            {
                "out_biz_no": out_transfer_no,
                "trans_amount": yuan(amount_fen),
                "product_code": "TRANS_ACCOUNT_NO_PWD",
                "biz_scene": "DIRECT_TRANSFER",
                "order_title": remark,
                "payee_info": {
                    "identity": payee,
                    "identity_type": "ALIPAY_USER_ID" if by_id else "ALIPAY_LOGON_ID",
                    **({"name": payee_name} if payee_name else {}),
                },
            },
        )
        return _transfer(answer, out_transfer_no)

    def find_transfer(self, *, out_transfer_no: str) -> TransferNotice | None:
        """By our number."""
        answer = self._client.call(
            "alipay.fund.trans.common.query",
            {
                "out_biz_no": out_transfer_no,
                "product_code": "TRANS_ACCOUNT_NO_PWD",
                "biz_scene": "DIRECT_TRANSFER",
            },
            missing=("ORDER_NOT_EXIST",),
        )
        return None if answer is None else _transfer(answer, out_transfer_no)

    def bill(self, *, day: date, now: datetime) -> Bill:
        """The trade bill, and the account's statement for transfers."""
        return alipay_bills.fetch(self._client, day=day, now=now)


def _payment(data: Mapping[str, Any], at: str) -> Notice:
    return Notice(
        out_trade_no=str(data["out_trade_no"]),
        gateway_no=str(data["trade_no"])[:80],
        amount_fen=fen(str(data["total_amount"]), where="total_amount"),
        at=moment(str(data.get(at, ""))),
    )


def _transfer(answer: Mapping[str, Any], number: str) -> TransferNotice:
    standing = TRANSFERS.get(str(answer.get("status")))
    if standing is None:
        raise GatewayDownError("malformed_answer")
    failed = standing == Standing.FAILED
    return TransferNotice(
        out_transfer_no=number,
        standing=standing,
        gateway_no=str(answer.get("order_id", ""))[:80],
        amount_fen=_answered_fen(answer, "trans_amount") if "trans_amount" in answer else None,
        at=moment(str(answer.get("trans_date") or answer.get("pay_date") or "")),
        error=str(answer.get("error_code") or "failed")[:60] if failed else "",
    )


def _answered_fen(answer: Mapping[str, Any], name: str) -> int:
    try:
        return fen(_text(answer, name), where=name)
    except BillError as error:
        raise GatewayDownError("malformed_answer") from error


def _text(answer: Mapping[str, Any], name: str) -> str:
    if name not in answer:
        raise GatewayDownError("malformed_answer")
    return str(answer[name])
