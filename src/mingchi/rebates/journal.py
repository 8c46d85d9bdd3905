"""From what the engine did to the row of an entry: accounts, amounts, rules, record.

The text of a row is what COPY sends and what the batch's hash covers; `verify` makes it again.
"""

from collections import defaultdict
from typing import Final, NamedTuple

from mingchi.engine.events import Event as EngineEvent
from mingchi.engine.outcome import Outcome
from mingchi.engine.postings import postings
from mingchi.ledger import accounts, rules
from mingchi.rebates import records

COLUMNS: Final = "id, event_id, accounts, amounts, rules, record"
_COUNT_POINTS: Final = frozenset({"points", "points_issued"})


class Row(NamedTuple):
    """An entry before it is written: parallel postings and the record.

    Accounts and rules are text already: there are few of them, each is written many times.
    """

    accounts: list[str]
    amounts: list[int]
    rules: list[str]
    record: str


class _Owners(dict[str, str]):
    """Account numbers of one kind by owner; "" is the programme or the house."""

    def __init__(self, kind: int, own: int) -> None:
        self._kind = kind
        self[""] = str(accounts.number(kind, own))

    def __missing__(self, owner: str) -> str:
        # Members have ids like `m12`, merchants plain numbers.
        number = self[owner] = str(accounts.number(self._kind, int(owner.lstrip("m"))))
        return number


class Journal:
    """Makes the rows of a programme; sums up what they move in fen, by account."""

    def __init__(self, programme_id: int) -> None:
        ours = (accounts.POOL, accounts.POINTS_ISSUED)
        self._numbers = {
            name: _Owners(kind, programme_id if kind in ours else 0)
            for name, kind in accounts.KINDS.items()
        }
        self._codes = {name: str(code) for name, code in rules.CODES.items()}
        self.moved_fen: defaultdict[str, int] = defaultdict(int)

    def row(self, event: EngineEvent, outcome: Outcome) -> Row:
        """The entry of an event that was applied."""
        numbers, codes, moved_fen = self._numbers, self._codes, self.moved_fen
        row = Row([], [], [], records.record(outcome))
        row_accounts, row_amounts, row_rules, _record = row
        for kind, owner, amount, rule, line in postings(event, outcome):
            account = numbers[kind][owner]
            row_accounts.append(account)
            row_amounts.append(amount)
            row_rules.append(str(100 * line + rules.CODES[rule]) if line else codes[rule])
            if kind not in _COUNT_POINTS:
                moved_fen[account] += amount
        return row


def refused(reason: str) -> Row:
    """The entry of an event that the rules refuse: no postings, and the reason."""
    return Row([], [], [], records.refusal(reason))


def text(entry_id: int, event_id: int, row: Row) -> str:
    """The row in COPY's text format."""
    record = row.record
    if "\\" in record:
        record = record.replace("\\", "\\\\")
    return (
        f"{entry_id}\t{event_id}\t{{{','.join(row.accounts)}}}\t{{{str(row.amounts)[1:-1]}}}\t"
        f"{{{','.join(row.rules)}}}\t{record}\n"
    )
