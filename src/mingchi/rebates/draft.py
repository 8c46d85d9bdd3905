"""A batch while it is worked out: everything that will be written, collected event by event."""

from collections.abc import Callable
from typing import Any, Final

from mingchi.engine.events import (
    AgentEvent,
    CloseEvent,
    Event,
    MemberEvent,
    OrderEvent,
    PlanEvent,
    RankEvent,
    RefundEvent,
    ShareholderEvent,
    SponsorEvent,
)
from mingchi.engine.orders import order_from_record
from mingchi.engine.outcome import Outcome
from mingchi.engine.programme import Programme as Engine
from mingchi.engine.state import Position, Refused, State
from mingchi.ledger.keys import SPAN
from mingchi.rebates.ids import primary_key
from mingchi.rebates.journal import Journal, refused, text


class Draft:
    """What a batch changes. Sums are kept by account, positions once however often touched."""

    def __init__(
        self, *, programme_id: int, first_entry: int, state: State, journal: Journal
    ) -> None:
        self.programme_id = programme_id
        self.base = programme_id * SPAN
        self.first_entry = self.next_entry = first_entry
        self.first_position = state.next_position
        self.state = state
        self.entries: list[str] = []
        self.sales: list[str] = []
        self.positions: dict[int, Position] = {}
        self.joined: list[MemberEvent] = []
        self.rebound: dict[str, str | None] = {}
        self.ranks: dict[str, str | None] = {}
        self.agents: dict[str, str] = {}
        self.weights: dict[str, int] = {}
        self.plans: list[str] = []
        self.refunded_fen: dict[tuple[str, int], int] = {}
        self.is_close = False
        self._engine = Engine(state)
        self._journal = journal
        journal.moved_fen.clear()

    @property
    def moved_fen(self) -> dict[str, int]:
        """What the batch adds to each account that counts fen, by account number as text."""
        return self._journal.moved_fen

    @property
    def last_entry(self) -> int:
        """The number of the last entry."""
        return self.next_entry - 1

    def add(self, event_id: int, event: Event) -> None:
        """Apply an event and note what it did. A refusal is an entry too, without postings."""
        entry_id = self.base + self.next_entry
        try:
            outcome = self._engine.apply(event)
        except Refused as refusal:
            row = refused(refusal.reason)
        else:
            row = self._journal.row(event, outcome)
            for position in outcome.positions:
                self.positions[position.number] = position
            note = _NOTES.get(type(event))
            if note is not None:
                note(self, entry_id, event, outcome)
        self.entries.append(text(entry_id, event_id, row))
        self.next_entry += 1

    def _order(self, entry_id: int, event: OrderEvent, outcome: Outcome) -> None:
        goods_fen = 0
        for line in outcome.lines:
            goods_fen += line.goods_fen
        self.sales.append(f"{entry_id}\t{event.member[1:]}\t{goods_fen}\n")

    def _refund(self, entry_id: int, event: RefundEvent, outcome: Outcome) -> None:
        refund = outcome.refund
        assert refund is not None
        assert outcome.record is not None
        member = primary_key(refund.member)
        self.sales.append(f"{entry_id}\t{member}\t{-refund.amount_fen}\n")
        order = order_from_record(event.order, outcome.record)
        self.refunded_fen[order.id, refund.line] = order.refunded_fen[refund.line]

    def _join(self, _entry_id: int, event: MemberEvent, _outcome: Outcome) -> None:
        self.joined.append(event)

    def _rebind(self, _entry_id: int, event: SponsorEvent, _outcome: Outcome) -> None:
        self.rebound[event.member] = event.sponsor

    def _rank(self, _entry_id: int, event: RankEvent, _outcome: Outcome) -> None:
        self.ranks[event.member] = event.rank

    def _agent(self, _entry_id: int, event: AgentEvent, _outcome: Outcome) -> None:
        self.agents[event.region] = event.member

    def _weight(self, _entry_id: int, event: ShareholderEvent, _outcome: Outcome) -> None:
        self.weights[event.member] = event.weight

    def _plan(self, _entry_id: int, event: PlanEvent, _outcome: Outcome) -> None:
        self.plans.append(event.id)

    def _close(self, _entry_id: int, _event: CloseEvent, outcome: Outcome) -> None:
        self.is_close = True
        self.ranks.update(outcome.promotions)


_Note = Callable[[Draft, int, Any, Outcome], None]
# What has to be written besides the entry, its balances and positions.
_NOTES: Final[dict[type, _Note]] = {
    OrderEvent: Draft._order,
    RefundEvent: Draft._refund,
    MemberEvent: Draft._join,
    SponsorEvent: Draft._rebind,
    RankEvent: Draft._rank,
    AgentEvent: Draft._agent,
    ShareholderEvent: Draft._weight,
    PlanEvent: Draft._plan,
    CloseEvent: Draft._close,
}
