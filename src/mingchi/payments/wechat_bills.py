"""Bills of WeChat Pay: the trade bill (交易账单) and the flow of funds (资金账单), both CSV in
UTF-8 with a grave accent before each value and two lines of totals at the end. A day's bills are
there from ten in the next morning; a day on which nothing happened has none."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mingchi.payments.bills import (
    Bill,
    Kind,
    Line,
    cell,
    day_bounds,
    fee_fen,
    fen,
    lines_of,
    moment,
    rows,
)

if TYPE_CHECKING:
    from mingchi.payments.wechat_client import WechatClient

NONE_THERE = ("NO_STATEMENT_EXIST", "NO_BILL_EXIST", "RESOURCE_NOT_EXISTS")
NOT_YET = ("STATEMENT_CREATING",)
READY_AFTER = timedelta(hours=11)  # an hour after WeChat promises it
# 退款状态: money that went or goes back; what was closed did not.
GONE_BACK = frozenset({"SUCCESS", "PROCESSING"})


def fetch(client: "WechatClient", *, day: date, now: datetime) -> Bill:
    """Both bills of a day as one; GatewayError `no_bill_yet`."""
    trades = _file(client, "trade_bill", day, now)
    funds = _file(client, "fundflow_bill", day, now)
    bill = read_trades(trades)
    return Bill(lines=[*bill.lines, *read_transfers(funds)], claims=bill.claims)


def _file(client: "WechatClient", name: str, day: date, now: datetime) -> str:
    from mingchi.payments.gateways import GatewayError

    answer: Mapping[str, Any] | None
    try:
        answer = client.call(name, missing=NONE_THERE, bill_date=day.isoformat())
    except GatewayError as error:
        raise GatewayError("no_bill_yet" if error.code in NOT_YET else error.code) from error
    if answer is None:
        if now < day_bounds(day)[1] + READY_AFTER:
            raise GatewayError("no_bill_yet")
        return ""
    return client.download(answer).decode("utf-8-sig")


def read_trades(text: str) -> Bill:
    """Payments and refunds with their fees, and what WeChat says they add up to."""
    body, totals = _parts(text)
    lines = [_trade(number, row) for number, row in rows(body)]
    return Bill(lines=[line for line in lines if line is not None], claims=_claims(totals))


def _trade(number: int, row: Mapping[str, str]) -> Line | None:
    where = f"line {number}"
    fee = fee_fen(cell(row, "手续费", where=where), where=where)
    at = moment(cell(row, "交易时间", where=where))
    if row.get("交易状态") == "REFUND":
        if cell(row, "退款状态", where=where) not in GONE_BACK:
            return None
        amount = cell(row, "申请退款金额", "退款金额", where=where)
        return Line(
            kind=Kind.REFUND,
            number=cell(row, "商户退款单号", where=where),
            gateway_no=cell(row, "微信退款单号", where=where),
            amount_fen=fen(amount, where=where),
            fee_fen=fee,
            at=at,
        )
    amount = cell(row, "订单金额", "总金额", where=where)
    return Line(
        kind=Kind.PAYMENT,
        number=cell(row, "商户订单号", where=where),
        gateway_no=cell(row, "微信订单号", where=where),
        amount_fen=fen(amount, where=where),
        fee_fen=fee,
        at=at,
    )


def _claims(totals: Sequence[str]) -> dict[str, int]:
    for _number, row in rows(totals):
        where = "totals"
        return {
            "payment": fen(cell(row, "订单总金额", "总交易额", where=where), where=where),
            "refund": fen(cell(row, "申请退款总金额", "总退款金额", where=where), where=where),
            "fee": fee_fen(cell(row, "手续费总金额", where=where), where=where),
        }
    return {}


def read_transfers(text: str) -> Iterator[Line]:
    """Money to people, in the flow of funds: its other lines stand in the trade bill."""
    body, _totals = _parts(text)
    for number, row in rows(body):
        where = f"line {number}"
        if "转账" not in row.get("业务类型", "") or row.get("收支类型") != "支出":
            continue
        yield Line(
            kind=Kind.TRANSFER,
            number=cell(row, "业务凭证号", where=where),
            gateway_no=cell(row, "微信支付业务单号", where=where),
            amount_fen=fen(cell(row, "收支金额(元)", "收支金额（元）", where=where), where=where),
            at=moment(cell(row, "记账时间", where=where)),
        )


def _parts(text: str) -> tuple[list[str], list[str]]:
    """Header and rows; then header and row of the totals."""
    lines = [line for line in lines_of(text) if line.strip()]
    for place, line in enumerate(lines):
        if line.startswith(("总交易单数", "资金流水总笔数")):
            return lines[:place], lines[place:]
    return lines, []
