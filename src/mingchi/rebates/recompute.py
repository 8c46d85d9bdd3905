"""The settlement journal made again from the events alone, entry by entry."""

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import zip_longest
from typing import Any, NamedTuple

from django.db import connection

from mingchi.engine import events
from mingchi.engine.exits import ExitQueue
from mingchi.engine.orders import PackedOrders
from mingchi.engine.programme import Programme as Engine
from mingchi.engine.state import Refused, State, Waiting
from mingchi.ledger import accounts, sealing
from mingchi.ledger.keys import SPAN
from mingchi.ledger.models import Batch
from mingchi.ledger.verify import Difference
from mingchi.rebates import journal, plans
from mingchi.rebates.models import Event, Programme

_CHUNK = 5_000
_ENTRIES = """
SELECT n.id, n.event_id, n.accounts, n.amounts, n.rules, n.record, e.key, e.payload, e.digest
FROM ledger_entry n LEFT JOIN rebates_event e ON e.id = n.event_id
WHERE n.id > %s AND n.id < %s ORDER BY n.id LIMIT %s
"""


class Stored(NamedTuple):
    """An entry and its event as they stand in the tables."""

    id: int
    event_id: int
    accounts: list[int]
    amounts: list[int]
    rules: list[int]
    record: str
    key: str | None
    payload: str
    digest: bytes


class Recomputation:
    """Replays a programme from its opening plan; afterwards `state` is what should stand."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.state = State(
            plan=plans.read(programme.opening_plan), orders=PackedOrders(), exits=ExitQueue()
        )
        self.entries = 0
        self.period_first_entry = 1
        self.refunded_fen: dict[tuple[str, int], int] = {}
        self.waiting: dict[tuple[str, int], Waiting] = {}  # all that ever waited
        self.batches = 0
        self.digest = sealing.GENESIS
        self.plan_event: str | None = None  # the key of the event that brought the plan in force
        self._engine = Engine(self.state)
        self._journal = journal.Journal(programme.id)

    def differences(self) -> Iterator[Difference]:
        """What differs in events, entries and batches, in order of number."""
        yield from self._changed_since()
        chain = _Chain(self)
        for stored in self._stored():
            self.entries += 1
            number = stored.id % SPAN
            if number != self.entries:
                yield _about(stored.key or "?", "entry number", self.entries, number)
                return
            found = self._event_difference(stored) or self._entry_difference(stored)
            found = found or chain.difference(stored)
            if found is not None:
                yield found
                return
        yield from chain.rest(self.entries)
        self.batches, self.digest = chain.number, chain.digest

    @property
    def moved_fen(self) -> dict[str, int]:
        """What the entries so far add up to by account, in fen."""
        return self._journal.moved_fen

    @property
    def settled_fen(self) -> dict[int, int]:
        """What the settlement journal adds up to by account, in fen."""
        return {int(account): fen for account, fen in self.moved_fen.items()}

    def event(self, key: str) -> events.Event:
        """The event of that key, as the engine reads it."""
        payload = Event.objects.values_list("payload", flat=True).get(
            programme=self.programme, key=key
        )
        return events.parse(json.loads(payload))

    def _changed_since(self) -> Iterator[Difference]:
        """The batch that was verified last, where this goes on after it and it is another now."""
        if not self.batches:
            return
        batch = Batch.objects.filter(programme_id=self.programme.id, number=self.batches).first()
        found = "none" if batch is None else bytes(batch.digest).hex()
        if found != self.digest.hex():
            yield _about(f"batch {self.batches}", "verified hash", self.digest.hex(), found)

    def _stored(self) -> Iterator[Stored]:
        after, end = self.programme.id * SPAN + self.entries, (self.programme.id + 1) * SPAN
        while True:
            with connection.cursor() as cursor:
                cursor.execute(_ENTRIES, [after, end, _CHUNK])
                rows = cursor.fetchall()
            for row in rows:
                yield Stored(*row)
            if len(rows) < _CHUNK:
                return
            after = rows[-1][0]

    def _event_difference(self, stored: Stored) -> Difference | None:
        if stored.key is None:
            return _about(f"#{stored.event_id}", "event", "there", "gone")
        digest = sha256(stored.payload.encode())
        if digest.digest() != bytes(stored.digest):
            return _about(
                stored.key, "event's hash", bytes(stored.digest).hex(), digest.hexdigest()
            )
        return None

    def _entry_difference(self, stored: Stored) -> Difference | None:
        assert stored.key is not None
        try:
            event = events.parse(json.loads(stored.payload))
            if event.id != stored.key:
                return _about(stored.key, "event's id", stored.key, event.id)
            row = self._row(event)
        except Exception as error:  # whatever a changed payload may lead to
            why = f"{type(error).__name__}: {error}"
            return _about(stored.key, "event", "one that the engine can take", why)
        return _posting_difference(stored, row)

    def _row(self, event: events.Event) -> journal.Row:
        try:
            outcome = self._engine.apply(event)
        except Refused as refusal:
            return journal.refused(refusal.reason)
        if outcome.refund is not None and outcome.order is not None:
            key = outcome.order, outcome.refund.line
            self.refunded_fen[key] = self.refunded_fen.get(key, 0) + outcome.refund.amount_fen
        elif isinstance(event, events.OrderEvent):
            for place, award in enumerate(outcome.awards):
                if award.waiting:
                    self.waiting[event.id, place] = self.state.waiting[event.id, place]
        elif isinstance(event, events.CloseEvent):
            self.period_first_entry = self.entries + 1
        elif isinstance(event, events.PlanEvent):
            self.plan_event = event.id
        return self._journal.row(event, outcome)


class _Chain:
    """The hashes of the batches, checked as the entries go by."""

    def __init__(self, recomputed: Recomputation) -> None:
        """From where the recomputation stands."""
        batches = Batch.objects.filter(
            programme_id=recomputed.programme.id, number__gt=recomputed.batches
        )
        self._waiting = batches.order_by("number").iterator()
        self._batch = next(self._waiting, None)
        self._first_entry = recomputed.entries + 1
        self.number = recomputed.batches
        self.digest = recomputed.digest
        self._texts: list[bytes] = []
        self._event_digests: list[bytes] = []

    def difference(self, stored: Stored) -> Difference | None:
        """The batch that ends with this entry, if its hash does not hold."""
        batch = self._batch
        if batch is None:
            return _about(stored.key or "?", "batch", "one that covers the entry", "none")
        row = journal.Row(
            list(map(str, stored.accounts)),
            stored.amounts,
            list(map(str, stored.rules)),
            stored.record,
        )
        self._texts.append(journal.text(stored.id, stored.event_id, row).encode())
        self._event_digests.append(bytes(stored.digest))
        if stored.id % SPAN < batch.last_entry:
            return None
        digest = sealing.chain(self.digest, b"".join(self._event_digests), *self._texts)
        expected = {
            "hash": digest.hex(),
            "hash of the batch before": self.digest.hex(),
            "number": self.number + 1,
            "first entry": self._first_entry,
            "last entry": stored.id % SPAN,
        }
        found = {
            "hash": bytes(batch.digest).hex(),
            "hash of the batch before": bytes(batch.previous_digest).hex(),
            "number": batch.number,
            "first entry": batch.first_entry,
            "last entry": batch.last_entry,
        }
        for what, should in expected.items():
            if found[what] != should:
                return _about(f"batch {batch.number}", what, should, found[what])
        self.digest, self.number, self._first_entry = digest, batch.number, batch.last_entry + 1
        self._texts, self._event_digests = [], []
        self._batch = next(self._waiting, None)
        return None

    def rest(self, entries: int) -> Iterator[Difference]:
        """A batch whose entries are gone."""
        if self._batch is not None:
            yield _about(
                f"batch {self._batch.number}", "last entry", self._batch.last_entry, entries
            )


def _posting_difference(stored: Stored, row: journal.Row) -> Difference | None:
    assert stored.key is not None
    expected = list(zip(map(int, row.accounts), row.amounts, map(int, row.rules), strict=True))
    found = list(zip_longest(stored.accounts, stored.amounts, stored.rules))
    for should, does in zip_longest(expected, found):
        if should != does:
            account = (should or does)[0]
            name = accounts.name(account) if account is not None else "posting"
            return _about(stored.key, name, _amount(should), _amount(does))
    if stored.record != row.record:
        return _about(stored.key, "record", row.record, stored.record)
    return None


def _amount(posting: tuple[Any, ...] | None) -> str:
    return "no posting" if posting is None else f"{posting[1]} on {accounts.name(posting[0] or 0)}"


def _about(event: str, what: str, expected: object, found: object) -> Difference:
    return Difference(event=event, account=what, expected=str(expected), found=str(found))
