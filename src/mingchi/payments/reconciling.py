"""A gateway's bill beside our books: pure, so that every law of it can be tried."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mingchi.payments.bills import Bill, Kind, Line
from mingchi.payments.models import BillDifference

What = BillDifference.Kind
Key = tuple[Kind, str]

REMEDIES: Final[Mapping[str, str | Promise]] = {
    What.MISSING_HERE: _(
        "Look the number up at the gateway: another system of this merchant, or data of ours that "
        "is lost. Send the money back there by hand if nobody owed it."
    ),
    What.MISSING_THERE: _(
        "Ask the gateway under this number. Where it knows of nothing, our row was booked wrongly: "
        "stop deliveries and tell the developers."
    ),
    What.AMOUNT: _(
        "Ask the gateway under this number which amount it moved. Send back what was too much; "
        "correct the books only with a second person."
    ),
    What.UNBOOKED: _(
        "A notice was lost, or came late. The worker asks the gateway again by itself; compare the "
        "day once more, and ask the developers where it stays."
    ),
    What.UNOWED: _("Nothing to do while the money is on its way back; see the refund."),
    What.TWICE: _("Ask the gateway which of the two is right, and why there are two."),
    What.SUMS: _("Fetch the bill again; where it stays so, ask the gateway."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A row of our books. `done`: booked as finished; `of_day`: finished on the bill's day by the
    gateway's clock, so that the bill has to have it; `unowed_fen`: how
    much of it nobody waited for."""

    kind: Kind
    number: str
    row: str
    amount_fen: int
    done: bool
    of_day: bool
    unowed_fen: int = 0

    @property
    def key(self) -> Key:
        """What it is found by in a bill."""
        return self.kind, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that differs, with both amounts where there are two. Of money that was not owed
    `our_fen` is what of the payment was."""

    kind: BillDifference.Kind
    about: str
    number: str = ""
    gateway_no: str = ""
    gateway_fen: int | None = None
    our_fen: int | None = None
    row: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """A bill lists it once."""
        return str(self.kind), self.about, self.number


def compare(
    bill: Bill, ours: Collection[Ours], *, elsewhere: Collection[Key] = ()
) -> list[Difference]:
    """Every difference, each once. `ours` holds whatever the bill's numbers name and all that was
    finished on its day; `elsewhere` the keys that bills of the days around it have: midnight is
    not at the same moment for both."""
    known = {each.key: each for each in ours}
    count = Counter((line.kind, line.number) for line in bill.lines)
    seen: set[Key] = set()
    found: list[Difference] = []
    for line in bill.lines:
        key = (line.kind, line.number)
        if key not in seen:
            seen.add(key)
            found += _of_line(line, known.get(key), twice=count[key] > 1)
    for each in ours:
        if each.of_day and each.done and each.key not in count and each.key not in elsewhere:
            found.append(
                Difference(
                    kind=What.MISSING_THERE,
                    about=each.kind,
                    number=each.number,
                    our_fen=each.amount_fen,
                    row=each.row,
                )
            )
    return found + list(_of_sums(bill))


def _of_line(line: Line, ours: Ours | None, *, twice: bool) -> Iterator[Difference]:
    def differs(kind: BillDifference.Kind, *, less_fen: int = 0) -> Difference:
        return Difference(
            kind=kind,
            about=line.kind,
            number=line.number,
            gateway_no=line.gateway_no,
            gateway_fen=line.amount_fen,
            our_fen=ours.amount_fen - less_fen if ours else None,
            row=ours.row if ours else "",
        )

    if twice:
        yield differs(What.TWICE)
    if ours is None:
        yield differs(What.MISSING_HERE)
        return
    if line.amount_fen != ours.amount_fen:
        yield differs(What.AMOUNT)
    if not ours.done:
        yield differs(What.UNBOOKED)
    elif ours.unowed_fen:
        yield differs(What.UNOWED, less_fen=ours.unowed_fen)


def _of_sums(bill: Bill) -> Iterator[Difference]:
    """`our_fen` is what the lines add up to."""
    for about, claimed in bill.claims.items():
        adds_up = bill.fee_fen if about == "fee" else bill.total_fen(Kind(about))
        if claimed != adds_up:
            yield Difference(kind=What.SUMS, about=about, gateway_fen=claimed, our_fen=adds_up)


def is_balanced(found: Collection[Difference]) -> bool:
    """Whether nobody has to do anything: money that went back by itself is only told."""
    return all(each.kind == What.UNOWED for each in found)
