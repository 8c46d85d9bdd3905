"""From what the engine did to the row of an entry: accounts, amounts, rules, record.

The text of a row is what COPY sends and what the batch's hash covers; `verify` makes it again.
"""

from typing import Final, NamedTuple

from mingchi.engine.events import Event as EngineEvent
from mingchi.engine.outcome import Outcome
from mingchi.engine.postings import postings
from mingchi.ledger import accounts, rules
from mingchi.ledger.sealing import array_text
from mingchi.rebates import records

COLUMNS: Final = "id, event_id, accounts, amounts, rules, record"


class Row(NamedTuple):
    """An entry before it is written: parallel postings, and the record."""

    accounts: list[int]
    amounts: list[int]
    rules: list[int]
    record: str


class Journal:
    """Knows the account numbers of a programme."""

    def __init__(self, programme_id: int) -> None:
        # Owner "" stands for the programme or the house, by the kind of account.
        self._numbers: dict[tuple[str, str], int] = {
            (name, ""): accounts.number(
                kind, programme_id if kind in (accounts.POOL, accounts.POINTS_ISSUED) else 0
            )
            for name, kind in accounts.KINDS.items()
        }

    def row(self, event: EngineEvent, outcome: Outcome) -> Row:
        """The entry of an event that was applied."""
        numbers, codes = self._numbers, rules.CODES
        row = Row([], [], [], records.record(outcome))
        for kind, owner, amount, rule, line in postings(event, outcome):
            try:
                account = numbers[kind, owner]
            except KeyError:
                account = numbers[kind, owner] = _number(kind, owner)
            row.accounts.append(account)
            row.amounts.append(amount)
            row.rules.append(codes[rule] if not line else codes[rule] + 100 * line)
        return row


def refused(reason: str) -> Row:
    """The entry of an event that the rules refuse: no postings, and the reason."""
    return Row([], [], [], records.refusal(reason))


def _number(kind: str, owner: str) -> int:
    """Members have ids like `m12`, merchants plain numbers."""
    return accounts.number(accounts.KINDS[kind], int(owner.lstrip("m")))


def text(entry_id: int, event_id: int, row: Row) -> str:
    """The row in COPY's text format."""
    record = row.record
    if "\\" in record:
        record = record.replace("\\", "\\\\")
    return (
        f"{entry_id}\t{event_id}\t{array_text(row.accounts)}\t{array_text(row.amounts)}\t"
        f"{array_text(row.rules)}\t{record}\n"
    )
