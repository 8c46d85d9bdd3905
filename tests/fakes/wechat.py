"""WeChat Pay's API v3, as far as we use it: signs, verifies, encrypts and keeps its books for real;
and whom its people's codes are of.

It knows less than WeChat does. What it does know it knows from the public documentation, and
nothing that passes here has been tried against WeChat itself.
"""

import base64
import gzip
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.fakes import serving
from tests.fakes.people import APPID, MINI_APPID, SECRETS, People
from tests.fakes.serving import Answer, DropConnectionError, Faults, share_fen

from mingchi.members.wechat_client import WechatSignIn
from mingchi.payments.configuration import WechatConfig

ZONE = ZoneInfo("Asia/Shanghai")
MCHID = "1900000001"
APIV3_KEY = "0123456789abcdef0123456789abcdef"
KEY_ID = "PUB_KEY_ID_0119000000012026010100000001"
CERT_SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
TRADE_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,"
    "货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
    "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
TRADE_SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
FUND_HEAD = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
FUND_SUMS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


class RefusedError(Exception):
    """WeChat's own code, with its HTTP status."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


@dataclass
class Trade:
    """An order at WeChat."""

    number: str
    amount_fen: int
    notify_url: str
    kind: str
    expires_at: datetime | None
    openid: str = ""
    appid: str = APPID
    state: str = "NOTPAY"
    gateway_no: str = ""
    paid_at: datetime | None = None
    back_fen: int = 0


@dataclass
class Refund:
    """Money back."""

    number: str
    trade: Trade
    amount_fen: int
    notify_url: str
    at: datetime
    state: str = "PROCESSING"
    gateway_no: str = field(default_factory=lambda: f"50{secrets.randbelow(10**24):024d}")
    done_at: datetime | None = None


@dataclass
class Transfer:
    """Money to a person."""

    number: str
    amount_fen: int
    openid: str
    at: datetime
    appid: str = APPID
    state: str = "WAIT_USER_CONFIRM"
    reason: str = ""
    gateway_no: str = field(default_factory=lambda: f"13{secrets.randbelow(10**24):024d}")


@dataclass
class FakeWechat:
    """`by`: whether it signs by the newer public key or by a platform certificate."""

    by: str = "key"
    refunds_at_once: bool = False
    port: int = 0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    trades: dict[str, Trade] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    people: People = field(default_factory=People)
    _files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.merchant, self.platform = serving.key("merchant"), serving.key("wechat")
        self.certificate = serving.certificate(self.platform, "wechat")
        self.server = serving.Server(self._handle, self.port)
        self.address = self.server.address

    def close(self) -> None:
        """Stop answering."""
        self.server.close()

    @property
    def serial(self) -> str:
        """What it signs with."""
        return KEY_ID if self.by == "key" else f"{self.certificate.serial_number:X}"

    def environment(self, public_url: str = "http://127.0.0.1:8000") -> dict[str, str]:
        """What a platform must be told to use it."""
        known = (
            {
                "MINGCHI_WECHAT_PUBLIC_KEY": serving.public_pem(self.platform),
                "MINGCHI_WECHAT_PUBLIC_KEY_ID": KEY_ID,
            }
            if self.by == "key"
            else {"MINGCHI_WECHAT_PLATFORM_CERTIFICATES": serving.certificate_pem(self.certificate)}
        )
        return {
            "MINGCHI_PUBLIC_URL": public_url,
            "MINGCHI_WECHAT_ADDRESS": self.address,
            "MINGCHI_WECHAT_MCHID": MCHID,
            "MINGCHI_WECHAT_APPID": APPID,
            "MINGCHI_WECHAT_MINI_APPID": MINI_APPID,
            "MINGCHI_WECHAT_CERT_SERIAL": CERT_SERIAL,
            "MINGCHI_WECHAT_PRIVATE_KEY": serving.private_pem(self.merchant),
            "MINGCHI_WECHAT_API_KEY": APIV3_KEY,
            "MINGCHI_WECHAT_TRANSFER_SCENE": "1000",
            **known,
        }

    def environment_of_sign_in(self) -> dict[str, str]:
        """What a platform must be told besides, so that people sign in by it."""
        return {
            "MINGCHI_WECHAT_SIGN_IN_ADDRESS": self.address,
            "MINGCHI_WECHAT_OPEN_ADDRESS": self.address,
            "MINGCHI_WECHAT_SECRET": SECRETS[APPID],
            "MINGCHI_WECHAT_MINI_SECRET": SECRETS[MINI_APPID],
        }

    def sign_in(self) -> WechatSignIn:
        """The same as signing in takes it."""
        return WechatSignIn(
            address=self.address,
            open_address=self.address,
            appid=APPID,
            secret=SECRETS[APPID],
            mini_appid=MINI_APPID,
            mini_secret=SECRETS[MINI_APPID],
        )

    def config(self) -> WechatConfig:
        """The same as the gateway takes it."""
        prefix = "MINGCHI_WECHAT_"
        values = {
            name.removeprefix(prefix).lower(): value
            for name, value in self.environment().items()
            if name.startswith(prefix)
        }
        return WechatConfig(public_url="http://127.0.0.1:8000", **values)

    # -- what happens at WeChat

    def pay(self, number: str, *, at: datetime | None = None) -> None:
        """The buyer pays; refused for what is closed, expired or paid."""
        trade, now = self.trades[number], at or self.clock()
        if trade.state != "NOTPAY" or (trade.expires_at and now > trade.expires_at):
            raise RefusedError("ORDER_CLOSED")
        trade.state, trade.paid_at = "SUCCESS", now
        trade.gateway_no = f"42{secrets.randbelow(10**26):026d}"

    def end_refund(
        self, number: str, state: str = "SUCCESS", *, at: datetime | None = None
    ) -> None:
        """A refund that was under way ends: SUCCESS, CLOSED or ABNORMAL."""
        refund = self.refunds[number]
        refund.state, refund.done_at = state, at or self.clock()
        if state == "CLOSED":
            refund.trade.back_fen -= refund.amount_fen

    def end_transfer(self, number: str, state: str, reason: str = "") -> None:
        """The receiver takes it (SUCCESS), lets it lie (FAIL, OVERDUE_CLOSE) …"""
        self.transfers[number].state, self.transfers[number].reason = state, reason

    # -- notices

    def notice(
        self, number: str, *, at: datetime, forged: bool = False, **change: object
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of the callback about a trade, refund or transfer; `change` puts other
        values into what is signed; `forged` signs by somebody else's key."""
        if number in self.trades:
            event, data = "TRANSACTION.SUCCESS", self._trade(self.trades[number])
        elif number in self.refunds:
            refund = self.refunds[number]
            event, data = f"REFUND.{refund.state}", self._refund(refund)
            data["refund_status"] = data.pop("status")
            data["mchid"] = MCHID
        else:
            event, data = "MCHTRANSFER.BILL.FINISHED", self._transfer(self.transfers[number])
            data["mch_id"] = MCHID
        data.update(change)
        nonce, associated = secrets.token_hex(6), "transaction"
        sealed = AESGCM(APIV3_KEY.encode()).encrypt(
            nonce.encode(), json.dumps(data).encode(), associated.encode()
        )
        body = json.dumps(
            {
                "id": secrets.token_hex(16),
                "create_time": at.isoformat(),
                "resource_type": "encrypt-resource",
                "event_type": event,
                "resource": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": base64.b64encode(sealed).decode(),
                    "nonce": nonce,
                    "associated_data": associated,
                },
            }
        ).encode()
        return body, self._signed(body, at, forged=forged)

    def _signed(self, body: bytes, at: datetime, *, forged: bool = False) -> dict[str, str]:
        stamp, nonce = str(int(at.timestamp())), secrets.token_hex(16)
        key = serving.key("stranger") if forged else self.platform
        signature = serving.sign(key, f"{stamp}\n{nonce}\n{body.decode()}\n")
        return {
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    # -- HTTP

    def _handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        where = urlsplit(path)
        told = self.people.answer(path)
        if told is not None:
            return told
        if where.path == "/v3/billdownload/file":
            content = self._files.get(parse_qs(where.query)["token"][0])
            return Answer(404) if content is None else Answer(200, content)
        if not self._is_ours(method, path, headers, body):
            return self._json(401, {"code": "SIGN_ERROR", "message": "signature"}, "")
        for pattern, name in ROUTES:
            match = re.fullmatch(pattern, f"{method} {where.path}")
            if match:
                query = {key: value[0] for key, value in parse_qs(where.query).items()}
                data = json.loads(body) if body else {}
                return self._operate(name, {**query, **data, **match.groupdict()})
        return self._json(404, {"code": "NOT_FOUND", "message": path}, "")

    def _is_ours(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bool:
        """The merchant's signature, by the certificate it named."""
        given = dict(re.findall(r'(\w+)="([^"]*)"', headers.get("Authorization", "")))
        text = f"{method}\n{path}\n{given.get('timestamp')}\n{given.get('nonce_str')}\n"
        return (
            (given.get("mchid"), given.get("serial_no")) == (MCHID, CERT_SERIAL)
            and abs(int(given["timestamp"]) - datetime.now(UTC).timestamp()) < 300
            and serving.is_signed(
                self.merchant, text + body.decode() + "\n", base64.b64decode(given["signature"])
            )
        )

    def _operate(self, name: str, data: dict[str, object]) -> Answer:
        self.calls.append(name)
        serving.wait(self.faults)
        if self.faults.once("break_", name):
            raise DropConnectionError
        if self.faults.once("down", name):
            return self._json(500, {"code": "SYSTEM_ERROR", "message": ""}, name)
        try:
            if name in self.faults.refuse:
                raise RefusedError(self.faults.refuse.pop(name))
            answer = getattr(self, f"_do_{name}")(data)
        except RefusedError as error:
            return self._json(error.status, {"code": error.code, "message": error.code}, name)
        if self.faults.once("lose", name):
            raise DropConnectionError
        return self._json(204 if answer is None else 200, answer, name)

    def _json(self, status: int, answer: object, name: str) -> Answer:
        body = b"" if answer is None else json.dumps(answer).encode()
        signed = self._signed(body, datetime.now(UTC), forged=self.faults.once("forge", name))
        return Answer(status, body, {"Content-Type": "application/json", **signed})

    def _do_pay(self, data: dict[str, object]) -> dict[str, str]:
        number, kind = str(data["out_trade_no"]), str(data["kind"])
        amount_fen = data["amount"]["total"]  # type: ignore[index]
        appid = data["appid"]
        if data["mchid"] != MCHID or appid not in (APPID, MINI_APPID):
            raise RefusedError("APPID_MCHID_NOT_MATCH")
        if not re.fullmatch(r"[0-9a-zA-Z_|*-]{6,32}", number) or amount_fen < 1:
            raise RefusedError("PARAM_ERROR")
        if kind == "jsapi" and not data["payer"]["openid"]:  # type: ignore[index]
            raise RefusedError("PARAM_ERROR")
        expires = data.get("time_expire")
        trade = self.trades.setdefault(
            number,
            Trade(
                number,
                amount_fen,
                str(data["notify_url"]),
                kind,
                datetime.fromisoformat(str(expires)) if expires else None,
                data["payer"]["openid"] if kind == "jsapi" else "",  # type: ignore[index]
                str(appid),
            ),
        )
        if trade.state == "CLOSED":
            raise RefusedError("ORDER_CLOSED")
        if trade.state != "NOTPAY":
            raise RefusedError("ORDERPAID")
        if trade.amount_fen != amount_fen:
            raise RefusedError("OUT_TRADE_NO_USED", 403)
        if kind == "native":
            return {"code_url": f"weixin://wxpay/bizpayurl?pr={number}"}
        if kind == "h5":
            return {"h5_url": f"{self.address}/pay/{number}"}
        return {"prepay_id": f"wx{number}"}

    def _do_query(self, data: dict[str, object]) -> dict[str, object]:
        return self._trade(self._known(data))

    def _do_close(self, data: dict[str, object]) -> None:
        trade = self._known(data)
        if trade.state in ("SUCCESS", "REFUND"):
            raise RefusedError("ORDERPAID")
        trade.state = "CLOSED"

    def _known(self, data: dict[str, object]) -> Trade:
        if data.get("mchid") != MCHID:
            raise RefusedError("MCH_NOT_EXISTS")
        trade = self.trades.get(str(data["number"]))
        if trade is None:
            raise RefusedError("ORDER_NOT_EXIST", 404)
        return trade

    def _do_refund(self, data: dict[str, object]) -> dict[str, object]:
        trade = self.trades.get(str(data["out_trade_no"]))
        if trade is None or trade.state not in ("SUCCESS", "REFUND"):
            raise RefusedError("RESOURCE_NOT_EXISTS", 404)
        number, amount = str(data["out_refund_no"]), data["amount"]
        refund_fen, total_fen = amount["refund"], amount["total"]  # type: ignore[index]
        known = self.refunds.get(number)
        if known is not None:
            if (known.trade, known.amount_fen) != (trade, refund_fen):
                raise RefusedError("INVALID_REQUEST")
            return self._refund(known)
        if total_fen != trade.amount_fen:
            raise RefusedError("PARAM_ERROR")
        if not 0 < refund_fen <= trade.amount_fen - trade.back_fen:
            raise RefusedError("INVALID_REQUEST")
        trade.back_fen += refund_fen
        trade.state = "REFUND"
        refund = Refund(number, trade, refund_fen, str(data["notify_url"]), self.clock())
        self.refunds[number] = refund
        if self.refunds_at_once:
            self.end_refund(number)
        return self._refund(refund)

    def _do_query_refund(self, data: dict[str, object]) -> dict[str, object]:
        if str(data["number"]) not in self.refunds:
            raise RefusedError("RESOURCE_NOT_EXISTS", 404)
        return self._refund(self.refunds[str(data["number"])])

    def _do_transfer(self, data: dict[str, object]) -> dict[str, object]:
        number, amount_fen = str(data["out_bill_no"]), data["transfer_amount"]
        assert isinstance(amount_fen, int)
        if not re.fullmatch(r"[0-9a-zA-Z]{1,32}", number) or data["transfer_scene_id"] != "1000":
            raise RefusedError("PARAM_ERROR")
        known = self.transfers.get(number)
        if known is not None and (known.amount_fen, known.openid) != (amount_fen, data["openid"]):
            raise RefusedError("ALREADY_EXISTS")
        if data["appid"] not in (APPID, MINI_APPID):
            raise RefusedError("PARAM_ERROR")
        openid, appid = str(data["openid"]), str(data["appid"])
        known = known or Transfer(number, amount_fen, openid, self.clock(), appid)
        self.transfers[number] = known
        return self._transfer(known)

    def _do_query_transfer(self, data: dict[str, object]) -> dict[str, object]:
        if str(data["number"]) not in self.transfers:
            raise RefusedError("NOT_FOUND", 404)
        found = self.transfers[str(data["number"])]
        return {**self._transfer(found), "appid": found.appid}

    def _do_trade_bill(self, data: dict[str, object]) -> dict[str, str]:
        return self._file(self.trade_bill(date.fromisoformat(str(data["bill_date"]))))

    def _do_fund_bill(self, data: dict[str, object]) -> dict[str, str]:
        return self._file(self.fund_bill(date.fromisoformat(str(data["bill_date"]))))

    def _file(self, text: str) -> dict[str, str]:
        if not text:
            raise RefusedError("NO_STATEMENT_EXIST", 404)
        token = secrets.token_hex(8)
        self._files[token] = gzip.compress(text.encode())
        return {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(text.encode()).hexdigest(),  # noqa: S324 - theirs
            "download_url": f"{self.address}/v3/billdownload/file?token={token}",
        }

    # -- what it says

    def _trade(self, trade: Trade) -> dict[str, object]:
        said: dict[str, object] = {
            "mchid": MCHID,
            "appid": trade.appid,
            "out_trade_no": trade.number,
            "trade_state": trade.state,
            "trade_state_desc": trade.state,
        }
        if trade.paid_at is not None:
            said |= {
                "transaction_id": trade.gateway_no,
                "trade_type": trade.kind.upper(),
                "success_time": trade.paid_at.astimezone(ZONE).isoformat(),
                "amount": {"total": trade.amount_fen, "currency": "CNY"},
            }
        return said

    def _refund(self, refund: Refund) -> dict[str, object]:
        said: dict[str, object] = {
            "refund_id": refund.gateway_no,
            "out_refund_no": refund.number,
            "transaction_id": refund.trade.gateway_no,
            "out_trade_no": refund.trade.number,
            "status": refund.state,
            "amount": {"total": refund.trade.amount_fen, "refund": refund.amount_fen},
        }
        if refund.state == "SUCCESS" and refund.done_at is not None:
            said["success_time"] = refund.done_at.astimezone(ZONE).isoformat()
        return said

    def _transfer(self, transfer: Transfer) -> dict[str, object]:
        said: dict[str, object] = {
            "out_bill_no": transfer.number,
            "transfer_bill_no": transfer.gateway_no,
            "state": transfer.state,
            "transfer_amount": transfer.amount_fen,
            "update_time": transfer.at.astimezone(ZONE).isoformat(),
        }
        if transfer.state == "WAIT_USER_CONFIRM":
            said["package_info"] = f"affffddafdfafddffda=={transfer.number}"
        if transfer.reason:
            said["fail_reason"] = transfer.reason
        return said

    def trade_bill(self, day: date) -> str:
        """All payments and refunds of a day; empty where there are none."""
        rows, sums, fees = [], [0, 0], 0
        for trade in self.trades.values():
            if trade.paid_at and trade.paid_at.astimezone(ZONE).date() == day:
                fee = share_fen(trade.amount_fen)
                rows.append(self._bill_row(trade, trade.paid_at, trade.amount_fen, None, fee))
                sums[0] += trade.amount_fen
                fees += fee
        for refund in self.refunds.values():
            if refund.at.astimezone(ZONE).date() == day and refund.state != "CLOSED":
                fee = -share_fen(refund.amount_fen)
                rows.append(self._bill_row(refund.trade, refund.at, 0, refund, fee))
                sums[1] += refund.amount_fen
                fees += fee
        if not rows:
            return ""
        total = [str(len(rows)), _yuan(sums[0]), _yuan(sums[1]), "0.00", _yuan(fees)]
        total += [_yuan(sums[0]), _yuan(sums[1])]
        return "\r\n".join(["\ufeff" + TRADE_HEAD, *rows, TRADE_SUMS, _marked(total), ""])

    def _bill_row(
        self, trade: Trade, at: datetime, paid_fen: int, refund: Refund | None, fee_fen: int
    ) -> str:
        back = ["0", "0", "0.00", "0.00", "", ""]
        if refund is not None:
            state = {"ABNORMAL": "CHANGE"}.get(refund.state, refund.state)
            amount = _yuan(refund.amount_fen)
            back = [refund.gateway_no, refund.number, amount, "0.00", "ORIGINAL", state]
        what = "SUCCESS" if refund is None else "REFUND"
        kind = trade.kind.upper()
        cells = [f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}", APPID, MCHID, "0", ""]
        cells += [trade.gateway_no, trade.number, "openid", kind, what, "OTHERS", "CNY"]
        cells += [_yuan(paid_fen), "0.00", *back, "茶", "", f"{_yuan(fee_fen)}000", "0.60%"]
        cells += [_yuan(paid_fen), back[2], ""]
        return _marked(cells)

    def fund_bill(self, day: date) -> str:
        """The flow of funds: here transfers, and the first payment so that it is mixed."""
        rows = []
        for transfer in self.transfers.values():
            if transfer.state == "SUCCESS" and transfer.at.astimezone(ZONE).date() == day:
                cells = [f"{transfer.at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}", transfer.gateway_no]
                cells += ["F1", "商家转账", "商家转账", "支出", _yuan(transfer.amount_fen), "9.00"]
                rows.append(_marked([*cells, "API", "提现", transfer.number]))
        for trade in list(self.trades.values())[:1]:
            if trade.paid_at and trade.paid_at.astimezone(ZONE).date() == day:
                cells = [f"{trade.paid_at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}", trade.gateway_no]
                cells += ["F2", "交易", "交易", "收入", _yuan(trade.amount_fen), "9.00"]
                rows.append(_marked([*cells, "system", "", trade.number]))
        if not rows:
            return ""
        sums = _marked([str(len(rows)), "0", "0.00", "0", "0.00"])
        return "\r\n".join(["\ufeff" + FUND_HEAD, *rows, FUND_SUMS, sums, ""])


ROUTES = (
    (r"POST /v3/pay/transactions/(?P<kind>jsapi|h5|native)", "pay"),
    (r"GET /v3/pay/transactions/out-trade-no/(?P<number>[^/]+)", "query"),
    (r"POST /v3/pay/transactions/out-trade-no/(?P<number>[^/]+)/close", "close"),
    (r"POST /v3/refund/domestic/refunds", "refund"),
    (r"GET /v3/refund/domestic/refunds/(?P<number>[^/]+)", "query_refund"),
    (r"POST /v3/fund-app/mch-transfer/transfer-bills", "transfer"),
    (r"GET /v3/fund-app/mch-transfer/transfer-bills/out-bill-no/(?P<number>\w+)", "query_transfer"),
    (r"GET /v3/bill/tradebill", "trade_bill"),
    (r"GET /v3/bill/fundflowbill", "fund_bill"),
)


def _yuan(amount_fen: int) -> str:
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{abs(amount_fen) // 100}.{abs(amount_fen) % 100:02d}"


def _marked(cells: list[str]) -> str:
    return ",".join(f"`{cell}" for cell in cells)
