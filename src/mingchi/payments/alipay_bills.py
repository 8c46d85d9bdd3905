"""Bills of Alipay: the trade bill (业务明细) and the account's statement (账务明细), each a zip
with a CSV in GBK between lines that begin with `#`. They are there in the next morning."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mingchi.payments.bills import (
    Bill,
    BillError,
    Kind,
    Line,
    cell,
    day_bounds,
    fee_fen,
    fen,
    moment,
    rows,
)

if TYPE_CHECKING:
    from mingchi.payments.alipay_client import AlipayClient

NONE_THERE: Final = (
    "isp.bill_not_exist",
    "isv.bill_not_exist",
    "BILL_NOT_EXIST",
    "EXIST_NO_BILL",
)
READY_AFTER: Final = timedelta(hours=11)
LARGEST: Final = 256 * 1024 * 1024


def fetch(client: "AlipayClient", *, day: date, now: datetime) -> Bill:
    """Both bills of a day as one; GatewayError `no_bill_yet`."""
    trades = _file(client, "trade", day, now)
    account = _file(client, "signcustomer", day, now)
    return Bill(lines=[*read_trades(trades), *read_transfers(account)])


def _file(client: "AlipayClient", kind: str, day: date, now: datetime) -> str:
    from mingchi.payments.gateways import GatewayError

    answer = client.call(
        "alipay.data.dataservice.bill.downloadurl.query",
        {"bill_type": kind, "bill_date": day.isoformat()},
        missing=NONE_THERE,
    )
    if answer is None:
        if now < day_bounds(day)[1] + READY_AFTER:
            raise GatewayError("no_bill_yet")
        return ""
    return unpack(client.download(str(answer["bill_download_url"])))


def unpack(content: bytes) -> str:
    """The details in the zip; the file of sums beside them is left out."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                name = info.filename
                if not info.flag_bits & 0x800:  # names that say not of being UTF-8 are GBK
                    name = name.encode("cp437", "replace").decode("gbk", "replace")
                if name.endswith("明细.csv") and info.file_size <= LARGEST:
                    return archive.read(info).decode("gbk")
    except (zipfile.BadZipFile, UnicodeDecodeError, RuntimeError) as error:
        raise BillError("the archive can't be read") from error
    raise BillError("the archive holds no details")


def read_trades(text: str) -> Iterator[Line]:
    """Payments and refunds with their fees; refunds stand there with negative amounts."""
    for number, row in rows(_table(text)):
        where = f"line {number}"
        refund = "退款" in cell(row, "业务类型", where=where)
        yield Line(
            kind=Kind.REFUND if refund else Kind.PAYMENT,
            number=cell(row, "退款批次号/请求号" if refund else "商户订单号", where=where),
            gateway_no=cell(row, "支付宝交易号", where=where),
            amount_fen=abs(
                fen(cell(row, "订单金额（元）", "订单金额(元)", where=where), where=where)
            ),
            # Theirs: negative for what they keep, positive for what they give back.
            fee_fen=-fee_fen(cell(row, "服务费（元）", "服务费(元)", where=where), where=where),
            at=moment(cell(row, "完成时间", where=where)),
        )


def read_transfers(text: str) -> Iterator[Line]:
    """Money to people, in the statement: its other lines stand in the trade bill."""
    for number, row in rows(_table(text)):
        where = f"line {number}"
        if "转账" not in cell(row, "业务类型", where=where):
            continue
        spent = fen(_out(row, where), where=where)
        if spent:
            yield Line(
                kind=Kind.TRANSFER,
                number=cell(row, "商户订单号", where=where),
                gateway_no=cell(row, "业务流水号", where=where),
                amount_fen=abs(spent),
                at=moment(cell(row, "发生时间", where=where)),
            )


def _out(row: Mapping[str, str], where: str) -> str:
    return cell(row, "支出金额（-元）", "支出金额(-元)", "支出（-元）", where=where)


def _table(text: str) -> list[str]:
    """The header and the rows, without the lines about the file."""
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
