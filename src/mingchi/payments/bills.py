"""A gateway's own account of a day, whatever file it comes in."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

# The day of a bill, and every time in it, whatever the machine's own zone is.
ZONE: Final = ZoneInfo("Asia/Shanghai")


class Kind(StrEnum):
    """What a line is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    TRANSFER = "transfer"


class BillError(Exception):
    """The file is not what its gateway promises; says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One payment, refund or transfer. `number` is ours; `amount_fen` is never negative;
    `fee_fen` is what the gateway kept for it, negative where it gave some back."""

    kind: Kind
    number: str
    gateway_no: str
    amount_fen: int
    fee_fen: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """All of a day. `claims` is what the gateway says its lines add up to, in fen by kind, and
    `fee`: checked against them."""

    lines: Sequence[Line]
    claims: Mapping[str, int] = field(default_factory=dict)

    @property
    def fee_fen(self) -> int:
        """What the gateway kept in all."""
        return sum(line.fee_fen for line in self.lines)

    def total_fen(self, kind: Kind) -> int:
        """What the lines of a kind add up to."""
        return sum(line.amount_fen for line in self.lines if line.kind == kind)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """From when (inclusive) to when (exclusive) a day lasts."""
    start = datetime.combine(day, time(), ZONE)
    return start, start + timedelta(days=1)


def day_of(at: datetime) -> date:
    """The day of a moment."""
    return at.astimezone(ZONE).date()


def moment(text: str) -> datetime | None:
    """`2026-11-22 10:00:00` as gateways write it, None where there is none."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
    except ValueError:
        return None


def fen(yuan: str, *, where: str) -> int:
    """Yuan as bills write them, `12.30` or `-0.5`, in fen; no part of a fen."""
    amount = _decimal(yuan, where) * 100
    if amount != int(amount):
        raise BillError(f"{where}: {yuan!r} has parts of a fen")
    return int(amount)


def fee_fen(yuan: str, *, where: str) -> int:
    """The same for fees, which some bills give to five decimals: half a fen goes up."""
    return int((_decimal(yuan, where) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _decimal(yuan: str, where: str) -> Decimal:
    try:
        amount = Decimal(yuan.strip() or "0")
    except InvalidOperation as error:
        raise BillError(f"{where}: {yuan!r} is no amount") from error
    if not amount.is_finite() or abs(amount) > 10**10:
        raise BillError(f"{where}: {yuan!r} is no amount")
    return amount


def rows(lines: Iterable[str], *, strip: str = "`\t ") -> Iterator[tuple[int, dict[str, str]]]:
    """The rows below a header by the names of their columns, with their line number: gateways
    change the order of columns and put marks before values."""
    header: list[str] | None = None
    for number, cells in enumerate(csv.reader(lines), start=1):
        values = [cell.strip().lstrip(strip).rstrip("\t ") for cell in cells]
        if header is None:
            header = values
            continue
        if any(values):
            yield number, dict(zip(header, values, strict=False))


def lines_of(text: str) -> list[str]:
    """The lines of a file, a byte-order mark left out."""
    return io.StringIO(text.lstrip("\ufeff")).read().splitlines()


def cell(row: Mapping[str, str], *names: str, where: str) -> str:
    """A cell by whichever of the names its column has in this bill."""
    for name in names:
        if name in row:
            return row[name]
    raise BillError(f"{where}: no column {names[0]}")
