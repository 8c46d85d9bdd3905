"""A batch worked out: what is to be written, as text and plain values.

The engine goes on with the next batch while this one is written, so nothing here points into
its state any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mingchi.engine.state import Position
from mingchi.ledger.arrays import array_text
from mingchi.ledger.keys import SPAN
from mingchi.rebates.draft import Draft
from mingchi.rebates.ids import primary_key

Columns = Sequence[str | Sequence[Any]]
_NULL: Final = "\\N"


@dataclass(slots=True, kw_only=True)
class Changes:
    """Rows in COPY's text format, and columns of arrays for upserts; empty where none."""

    base: int
    is_close: bool
    programme: dict[str, Any]
    entries: bytes = b""
    sales: bytes = b""
    participants: bytes = b""
    new_positions: bytes = b""
    positions: Columns = ()
    moved_fen: Sequence[tuple[int, int]] = ()
    rebound: Columns = ()
    ranks: Columns = ()
    refunded: Columns = ()
    waiting: Columns = ()
    unclaimed: Sequence[str] = ()
    agents: dict[str, int] = field(default_factory=dict)
    weights: dict[int, int] = field(default_factory=dict)
    plans: Sequence[int] = ()

    @property
    def programme_id(self) -> int:
        """The programme they are of."""
        return self.base // SPAN


def changes(draft: Draft) -> Changes:
    """What `draft` changes, in order of key where rows are locked, so that writers never wait
    for each other in a ring."""
    state, base = draft.state, draft.base
    touched = [draft.positions[number] for number in sorted(draft.positions)]
    fresh = [p for p in touched if p.number >= draft.first_position]
    known = [_position(base, p) for p in touched if p.number < draft.first_position]
    moved = [(int(account), fen) for account, fen in draft.moved_fen.items()]
    return Changes(
        base=base,
        is_close=draft.is_close,
        programme=_programme(draft),
        entries="".join(draft.entries).encode(),
        sales="".join(draft.sales).encode(),
        participants="".join([_joined(base, e.id, e.sponsor) for e in draft.joined]).encode(),
        new_positions="".join([_new_position(base, p) for p in fresh]).encode(),
        positions=[array_text(column) for column in _columns(known)],
        moved_fen=moved,
        rebound=_columns((_key(base, m), _key(base, s)) for m, s in draft.rebound.items()),
        ranks=_columns((_key(base, m), rank) for m, rank in draft.ranks.items()),
        refunded=_columns((key, line, fen) for (key, line), fen in draft.refunded_fen.items()),
        waiting=_columns(
            (order, place, w.amount_fen, primary_key(w.earner), w.target_fen, w.unclaimed_to)
            for (order, place), w in state.waiting.items()
        ),
        unclaimed=[f"{order}:{place}" for order, place in state.forfeited],
        agents={region: primary_key(member) for region, member in draft.agents.items()},
        weights={primary_key(member): weight for member, weight in draft.weights.items()},
        plans=[primary_key(key) for key in draft.plans],
    )


def _programme(draft: Draft) -> dict[str, Any]:
    """The programme's row after the batch."""
    state = draft.state
    ratio_fen, ratio_upt = state.price_ratio()
    row = {
        "pool_fen": state.pool_fen,
        "supply_upt": state.supply_upt,
        "ratio_fen": ratio_fen,
        "ratio_upt": ratio_upt,
        "period_platform_fen": state.period_platform_fen,
        "last_entry": draft.last_entry,
        "last_position": state.next_position - 1,
    }
    if draft.is_close:
        row["period_first_entry"] = draft.last_entry + 1
    return row


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _key(base: int, member: str | None) -> int | None:
    return None if member is None else base + primary_key(member)


def _joined(base: int, member: str, sponsor: str | None) -> str:
    above = _NULL if sponsor is None else base + primary_key(sponsor)
    return f"{base + primary_key(member)}\t{above}\t0\t0\n"


def _position(base: int, p: Position) -> tuple[int, ...]:
    return (
        base + p.number,
        p.spend_fen,
        p.granted_upt,
        p.held_upt,
        p.redeemed_upt,
        p.paid_fen,
    )


def _new_position(base: int, p: Position) -> str:
    return (
        f"{base + p.number}\t{primary_key(p.member)}\t{'member' if p.shared else 'order'}\t"
        f"{p.spend_fen}\t{p.granted_upt}\t{p.held_upt}\t{p.redeemed_upt}\t{p.paid_fen}\t"
        f"{p.exit_multiple_ppm}\t{p.exit_fee_ppm}\n"
    )
