"""Alipay, as far as we use it: signs and verifies with RSA2 and keeps its books for real.

It knows less than Alipay does. What it does know it knows from the public documentation, and
nothing that passes here has been tried against Alipay itself.
"""

import base64
import io
import json
import re
import secrets
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from tests.fakes import serving
from tests.fakes.serving import Answer, DropConnectionError, Faults, share_fen

from mingchi.payments.configuration import AlipayConfig

ZONE = ZoneInfo("Asia/Shanghai")
APPID, SELLER = "2021000000000001", "2088000000000001"
TRADE_HEAD = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,"
    "券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
FUND_HEAD = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,"
    "账户余额（元）,交易渠道,业务类型,备注"
)


class RefusedError(Exception):
    """Alipay's sub code."""


@dataclass
class Trade:
    """A trade at Alipay; it is there once the buyer has opened it."""

    number: str
    amount_fen: int
    notify_url: str
    expires_at: datetime | None = None
    state: str = "WAIT_BUYER_PAY"
    gateway_no: str = field(default_factory=lambda: f"2026{secrets.randbelow(10**24):024d}")
    paid_at: datetime | None = None
    back_fen: int = 0


@dataclass
class Refund:
    """Money back."""

    number: str
    trade: Trade
    amount_fen: int
    at: datetime


@dataclass
class Transfer:
    """Money to a person."""

    number: str
    amount_fen: int
    identity: str
    at: datetime
    state: str = "SUCCESS"
    gateway_no: str = field(default_factory=lambda: f"2026{secrets.randbelow(10**24):024d}")


@dataclass
class FakeAlipay:
    """`by`: whether keys or certificates are exchanged."""

    by: str = "certificates"
    port: int = 0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    transfer_state: str = "SUCCESS"
    trades: dict[str, Trade] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    _files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app, self.platform = serving.key("merchant"), serving.key("alipay")
        self.server = serving.Server(self._handle, self.port)
        self.address = f"{self.server.address}/gateway.do"

    def close(self) -> None:
        """Stop answering."""
        self.server.close()

    def environment(self, public_url: str = "http://127.0.0.1:8000") -> dict[str, str]:
        """What a platform must be told to use it."""
        known = {"MINGCHI_ALIPAY_PUBLIC_KEY": serving.public_pem(self.platform)}
        if self.by == "certificates":
            root = serving.certificate(serving.key("root"), "root")
            pairs = {
                "MINGCHI_ALIPAY_APP_CERTIFICATE": serving.certificate(self.app, "app"),
                "MINGCHI_ALIPAY_CERTIFICATE": serving.certificate(self.platform, "alipay"),
                "MINGCHI_ALIPAY_ROOT_CERTIFICATE": root,
            }
            known = {name: serving.certificate_pem(each) for name, each in pairs.items()}
        return {
            "MINGCHI_PUBLIC_URL": public_url,
            "MINGCHI_ALIPAY_ADDRESS": self.address,
            "MINGCHI_ALIPAY_APPID": APPID,
            "MINGCHI_ALIPAY_SELLER_ID": SELLER,
            "MINGCHI_ALIPAY_PRIVATE_KEY": serving.private_pem(self.app),
            **known,
        }

    def config(self) -> AlipayConfig:
        """The same as the gateway takes it."""
        given = self.environment()
        return AlipayConfig(
            address=self.address,
            public_url="http://127.0.0.1:8000",
            appid=APPID,
            seller_id=SELLER,
            private_key=given["MINGCHI_ALIPAY_PRIVATE_KEY"],
            public_key=given.get("MINGCHI_ALIPAY_PUBLIC_KEY", ""),
            app_certificate=given.get("MINGCHI_ALIPAY_APP_CERTIFICATE", ""),
            alipay_certificate=given.get("MINGCHI_ALIPAY_CERTIFICATE", ""),
            root_certificate=given.get("MINGCHI_ALIPAY_ROOT_CERTIFICATE", ""),
        )

    # -- what happens at Alipay

    def open(self, signed: str) -> Trade:
        """The buyer's device brings our signed request (an address, or an app's order string)."""
        given = dict(parse_qsl(urlsplit(signed).query or signed, keep_blank_values=True))
        if not self._is_ours(given):
            raise RefusedError("ILLEGAL_SIGN")
        content = json.loads(given["biz_content"])
        return self._open(content, given["notify_url"])

    def pay(self, number: str, *, at: datetime | None = None) -> None:
        """The buyer pays; refused for what is closed, expired or paid."""
        trade, now = self.trades[number], at or self.clock()
        if trade.state != "WAIT_BUYER_PAY" or (trade.expires_at and now > trade.expires_at):
            raise RefusedError("ACQ.TRADE_HAS_CLOSE")
        trade.state, trade.paid_at = "TRADE_SUCCESS", now

    # -- notices

    def notice(
        self, number: str, *, at: datetime, forged: bool = False, **change: str
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of the callback about a trade, or about a refund of one; `change` puts
        other values into what is signed; `forged` signs by somebody else's key."""
        refund = self.refunds.get(number)
        trade = refund.trade if refund else self.trades[number]
        data = {
            "notify_time": _time(at),
            "notify_type": "trade_status_sync",
            "notify_id": secrets.token_hex(16),
            "app_id": APPID,
            "seller_id": SELLER,
            "charset": "utf-8",
            "version": "1.0",
            "trade_no": trade.gateway_no,
            "out_trade_no": trade.number,
            "trade_status": trade.state,
            "total_amount": _yuan(trade.amount_fen),
        }
        if trade.paid_at is not None:
            data["gmt_payment"] = _time(trade.paid_at)
        if refund is not None:
            data |= {"gmt_refund": _time(refund.at), "out_biz_no": refund.number}
            data["refund_fee"] = _yuan(trade.back_fen)
        data.update(change)
        text = "&".join(f"{name}={value}" for name, value in sorted(data.items()))
        key = serving.key("stranger") if forged else self.platform
        data |= {"sign": base64.b64encode(serving.sign(key, text)).decode(), "sign_type": "RSA2"}
        return urlencode(data).encode(), {"Content-Type": "application/x-www-form-urlencoded"}

    # -- HTTP

    def _handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        where = urlsplit(path)
        if where.path.startswith("/bill/"):
            content = self._files.get(where.path)
            return Answer(404) if content is None else Answer(200, content)
        given = dict(parse_qsl(body.decode() or where.query, keep_blank_values=True))
        operation = given.get("method", "").removeprefix("alipay.").replace(".", "_")
        self.calls.append(operation)
        serving.wait(self.faults)
        if self.faults.once("break_", operation):
            raise DropConnectionError
        if self.faults.once("down", operation):
            return Answer(502)
        answer = self._answer(operation, given)
        if self.faults.once("lose", operation):
            raise DropConnectionError
        return self._signed(given.get("method", ""), answer, operation)

    def _answer(self, operation: str, given: dict[str, str]) -> dict[str, object]:
        if not self._is_ours(given):
            return {
                "code": "40002",
                "msg": "Invalid Arguments",
                "sub_code": "isv.invalid-signature",
            }
        try:
            if operation in self.faults.refuse:
                raise RefusedError(self.faults.refuse.pop(operation))
            content = json.loads(given["biz_content"])
            answer = getattr(self, f"_do_{operation}")(content, given.get("notify_url", ""))
        except RefusedError as error:
            return {"code": "40004", "msg": "Business Failed", "sub_code": str(error)}
        return {"code": "10000", "msg": "Success", **answer}

    def _is_ours(self, given: dict[str, str]) -> bool:
        """The application's signature, and a request of these minutes by Shanghai's clock."""
        text = "&".join(f"{k}={v}" for k, v in sorted(given.items()) if k != "sign")
        at = datetime.strptime(given["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
        return (
            (given.get("app_id"), given.get("sign_type")) == (APPID, "RSA2")
            and abs((datetime.now(UTC) - at).total_seconds()) < 300
            and serving.is_signed(self.app, text, base64.b64decode(given.get("sign", "")))
        )

    def _signed(self, method: str, answer: dict[str, object], operation: str) -> Answer:
        text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        forged = self.faults.once("forge", operation)
        key = serving.key("stranger") if forged else self.platform
        sign = base64.b64encode(serving.sign(key, text)).decode()
        name = method.replace(".", "_") + "_response"
        body = f'{{"{name}":{text},"sign":"{sign}"}}'
        return Answer(200, body.encode(), {"Content-Type": "text/html;charset=utf-8"})

    def _open(self, content: dict[str, str], notify_url: str) -> Trade:
        number, amount_fen = content["out_trade_no"], _fen(content["total_amount"])
        if not re.fullmatch(r"\w{1,64}", number, re.ASCII) or amount_fen < 1:
            raise RefusedError("ACQ.INVALID_PARAMETER")
        expires = content.get("time_expire")
        until = (
            datetime.strptime(expires, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
            if expires
            else None
        )
        trade = self.trades.setdefault(number, Trade(number, amount_fen, notify_url, until))
        if trade.amount_fen != amount_fen:
            raise RefusedError("ACQ.CONTEXT_INCONSISTENT")
        if trade.state == "TRADE_CLOSED":
            raise RefusedError("ACQ.TRADE_HAS_CLOSE")
        if trade.state != "WAIT_BUYER_PAY":
            raise RefusedError("ACQ.TRADE_HAS_SUCCESS")
        return trade

    def _do_trade_create(self, content: dict[str, str], notify_url: str) -> dict[str, object]:
        if not content.get("buyer_open_id"):
            raise RefusedError("ACQ.INVALID_PARAMETER")
        trade = self._open(content, notify_url)
        return {"out_trade_no": trade.number, "trade_no": trade.gateway_no}

    def _do_trade_query(self, content: dict[str, str], _: str) -> dict[str, object]:
        trade = self._known(content)
        said: dict[str, object] = {
            "out_trade_no": trade.number,
            "trade_no": trade.gateway_no,
            "trade_status": trade.state,
            "total_amount": _yuan(trade.amount_fen),
        }
        if trade.paid_at is not None:
            said["send_pay_date"] = _time(trade.paid_at)
        return said

    def _known(self, content: dict[str, str]) -> Trade:
        trade = self.trades.get(content["out_trade_no"])
        if trade is None:
            raise RefusedError("ACQ.TRADE_NOT_EXIST")
        return trade

    def _do_trade_close(self, content: dict[str, str], _: str) -> dict[str, object]:
        trade = self._known(content)
        if trade.state != "WAIT_BUYER_PAY":
            raise RefusedError("ACQ.TRADE_STATUS_ERROR")
        trade.state = "TRADE_CLOSED"
        return {"out_trade_no": trade.number, "trade_no": trade.gateway_no}

    def _do_trade_refund(self, content: dict[str, str], _: str) -> dict[str, object]:
        trade, number = self._known(content), content["out_request_no"]
        amount_fen, known = _fen(content["refund_amount"]), self.refunds.get(number)
        if known is not None and known.amount_fen != amount_fen:
            raise RefusedError("ACQ.DISCORDANT_REPEAT_REQUEST")
        if known is None:
            if trade.paid_at is None:
                raise RefusedError("ACQ.TRADE_NOT_ALLOW_REFUND")
            if not 0 < amount_fen <= trade.amount_fen - trade.back_fen:
                raise RefusedError("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
            trade.back_fen += amount_fen
            if trade.back_fen == trade.amount_fen:
                trade.state = "TRADE_CLOSED"
            self.refunds[number] = Refund(number, trade, amount_fen, self.clock())
        return {
            "out_trade_no": trade.number,
            "trade_no": trade.gateway_no,
            "fund_change": "Y" if known is None else "N",
            "refund_fee": _yuan(trade.back_fen),
        }

    def _do_trade_fastpay_refund_query(self, content: dict[str, str], _: str) -> dict[str, object]:
        self._known(content)
        refund = self.refunds.get(content["out_request_no"])
        if refund is None:
            return {}
        return {
            "out_request_no": refund.number,
            "trade_no": refund.trade.gateway_no,
            "refund_status": "REFUND_SUCCESS",
            "refund_amount": _yuan(refund.amount_fen),
            "gmt_refund_pay": _time(refund.at),
        }

    def _do_fund_trans_uni_transfer(self, content: dict[str, object], _: str) -> dict[str, object]:
        number, amount_fen = str(content["out_biz_no"]), _fen(str(content["trans_amount"]))
        payee = content["payee_info"]
        assert isinstance(payee, dict)
        if payee["identity_type"] == "ALIPAY_LOGON_ID" and not payee.get("name"):
            raise RefusedError("INVALID_PARAMETER")
        known = self.transfers.setdefault(
            number,
            Transfer(
                number, amount_fen, payee["identity"], self.clock(), state=self.transfer_state
            ),
        )
        if (known.amount_fen, known.identity) != (amount_fen, payee["identity"]):
            raise RefusedError("REQUEST_PROCESSING")
        return {
            "out_biz_no": number,
            "order_id": known.gateway_no,
            "status": known.state,
            "trans_date": _time(known.at),
        }

    def _do_fund_trans_common_query(self, content: dict[str, str], _: str) -> dict[str, object]:
        known = self.transfers.get(content["out_biz_no"])
        if known is None:
            raise RefusedError("ORDER_NOT_EXIST")
        return {
            "out_biz_no": known.number,
            "order_id": known.gateway_no,
            "status": known.state,
            "trans_amount": _yuan(known.amount_fen),
            "pay_date": _time(known.at),
            "error_code": "PAYEE_NOT_EXIST" if known.state == "FAIL" else "",
        }

    def _do_data_dataservice_bill_downloadurl_query(
        self, content: dict[str, str], _: str
    ) -> dict[str, object]:
        day = date.fromisoformat(content["bill_date"])
        trades = content["bill_type"] == "trade"
        rows = self.trade_rows(day) if trades else self.fund_rows(day)
        if not rows:
            raise RefusedError("isp.bill_not_exist")
        path = f"/bill/{secrets.token_hex(8)}"
        name, head = ("业务明细", TRADE_HEAD) if trades else ("账务明细", FUND_HEAD)
        self._files[path] = _zip(day, name, head, rows)
        return {"bill_download_url": self.server.address + path}

    # -- bills

    def trade_rows(self, day: date) -> list[list[str]]:
        """All payments and refunds of a day."""
        rows = []
        for trade in self.trades.values():
            if trade.paid_at and trade.paid_at.astimezone(ZONE).date() == day:
                rows.append(_trade_row(trade, "交易", trade.paid_at, trade.amount_fen, ""))
        for refund in self.refunds.values():
            if refund.at.astimezone(ZONE).date() == day:
                row = _trade_row(refund.trade, "退款", refund.at, -refund.amount_fen, refund.number)
                rows.append(row)
        return rows

    def fund_rows(self, day: date) -> list[list[str]]:
        """The account's statement: transfers, and what stands in the trade bill too."""
        rows = [
            ["1", each.gateway_no, each.number, "提现", _time(each.at), "li***@x", "",
             f"-{_yuan(each.amount_fen)}", "9.00", "支付宝", "转账", ""]
            for each in self.transfers.values()
            if each.state == "SUCCESS" and each.at.astimezone(ZONE).date() == day
        ]  # fmt: skip
        for trade in self.trades.values():
            if trade.paid_at and trade.paid_at.astimezone(ZONE).date() == day:
                paid = _yuan(trade.amount_fen)
                row = ["2", trade.gateway_no, trade.number, "茶", _time(trade.paid_at), "", paid]
                rows.append([*row, "", "9.00", "支付宝", "在线支付", ""])
        return rows


def _trade_row(trade: Trade, what: str, at: datetime, amount_fen: int, back: str) -> list[str]:
    fee = -share_fen(amount_fen) if amount_fen > 0 else share_fen(-amount_fen)
    cells = [trade.gateway_no, trade.number, what, "茶", _time(at), _time(at), "", "", "", ""]
    cells += ["li***@x", _yuan(amount_fen), _yuan(amount_fen), *["0.00"] * 5, "", "0.00", "0.00"]
    return [*cells, back, _yuan(fee), "0.00", ""]


def _zip(day: date, name: str, head: str, rows: list[list[str]]) -> bytes:
    line = "-" * 20
    text = "\r\n".join(
        [
            f"#支付宝{name}查询",
            f"#账号：[{SELLER}0156]",
            f"#起始日期：[{day}]",
            f"#{line}{name}列表{line}",
            head,
            *(",".join(f"{cell}\t" for cell in row) for row in rows),
            f"#{line}{name}列表结束{line}",
            "#导出时间：[2026年01月01日 06:27:10]",
            "",
        ]
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{SELLER}0156_{day:%Y%m%d}_{name}(汇总).csv", "#".encode("gbk"))
        archive.writestr(f"{SELLER}0156_{day:%Y%m%d}_{name}.csv", text.encode("gbk"))
    return packed.getvalue()


def _time(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


def _yuan(amount_fen: int) -> str:
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"


def _fen(yuan: str) -> int:
    whole, _, part = yuan.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))
