"""What others may ask about a programme; reads the state after the last batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from mingchi.engine import pool
from mingchi.engine.answers import price_text
from mingchi.engine.events import CloseEvent
from mingchi.engine.exits import ExitQueue
from mingchi.engine.programme import Programme as Engine
from mingchi.engine.state import State
from mingchi.foundation.errors import ConflictError
from mingchi.ledger.models import Batch, Entry
from mingchi.rebates import loading, plans, records
from mingchi.rebates.models import Event, Position, PricePoint, Programme
from mingchi.rebates.store import Store

MAIN = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A pool after the last batch: fen, micro-points, and the price as a ratio and as text."""

    programme_id: int
    pool_fen: int
    supply_upt: int
    ratio: tuple[int, int]
    price: str
    last_entry: int
    as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a redemption would bring now: micro-points and fen."""

    points_upt: int
    gross_fen: int
    fee_fen: int
    net_fen: int
    standing: Standing


def programme() -> Programme:
    """The programme of this platform."""
    return Programme.objects.get(code=MAIN)


def standing(of: Programme | None = None) -> Standing:
    """The pool and its price after the last batch."""
    of = of or programme()
    ratio = (of.pool_fen, of.supply_upt) if of.supply_upt else (of.ratio_fen, of.ratio_upt)
    return Standing(
        programme_id=of.id,
        pool_fen=of.pool_fen,
        supply_upt=of.supply_upt,
        ratio=ratio,
        price=price_text(ratio),
        last_entry=of.last_entry,
        as_of=of.settler_seen_at,
    )


def holding(member_id: int) -> int:
    """The micro-points that a member holds."""
    held = Position.objects.filter(member_id=member_id).aggregate(held=Sum("held_upt"))["held"]
    return int(held or 0)


def positions(member_id: int) -> Sequence[Position]:
    """A member's positions in the order in which they opened, closed ones too."""
    return list(Position.objects.filter(member_id=member_id).order_by("id"))


def quote(member_id: int, points_upt: int | Literal["all"]) -> Quote:
    """What redeeming would bring now; raises `insufficient_points` (409) with what is held.

    The settled net is never less: the price does not fall, and the redemption carries the
    quoted net as its `min_net`.
    """
    of = programme()
    held_upt = holding(member_id)
    wanted_upt = held_upt if points_upt == "all" else points_upt
    if not 0 < wanted_upt <= held_upt:
        raise ConflictError(
            "insufficient_points",
            _("You hold fewer points than that."),
            field="points_upt",
            details={"held_upt": held_upt},
        )
    plan = plans.read(plans.active(of).toml)
    state = State(plan=plan, orders={}, exits=ExitQueue())
    state.pool_fen, state.supply_upt = of.pool_fen, of.supply_upt
    _member, _points, gross_fen, fee_fen, net_fen = pool.quote(
        state, member="", points_upt=wanted_upt, fee_ppm=plan.redeem_fee_ppm
    )
    return Quote(
        points_upt=wanted_upt,
        gross_fen=gross_fen,
        fee_fen=fee_fen,
        net_fen=net_fen,
        standing=standing(of),
    )


def price_history(of: Programme, *, limit: int = 500) -> Sequence[PricePoint]:
    """The pool after the latest batches, newest first."""
    return list(PricePoint.objects.filter(programme=of).order_by("-id")[:limit])


def events(of: Programme, *, limit: int = 100, before: int | None = None) -> Sequence[Event]:
    """Events as they came in, newest first."""
    found = Event.objects.filter(programme=of)
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found.order_by("-id")[:limit])


def entries_of(event_ids: Sequence[int]) -> dict[int, Entry]:
    """The entries of events that are settled, by event."""
    return {entry.event_id: entry for entry in Entry.objects.filter(event_id__in=event_ids)}


_QUEUE = """
SELECT count(*), min(e.created_at)
FROM rebates_pending p JOIN rebates_event e ON e.id = p.event_id WHERE p.programme_id = %s
"""


def settler_stats(of: Programme | None = None) -> dict[str, Any]:
    """Queue length, oldest event that waits, last batch's size and time, when the settler was
    last heard from; for health checks and metrics."""
    of = of or programme()
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, [of.id])
        queued, oldest_at = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM rebates_setaside WHERE programme_id = %s", [of.id])
        set_aside = cursor.fetchone()[0]
    last = Batch.objects.filter(programme_id=of.id, number=of.last_batch).first()
    return {
        "queued": queued,
        "oldest_at": oldest_at,
        "set_aside": set_aside,
        "last_batch": of.last_batch,
        "last_batch_size": last.size if last else 0,
        "last_batch_ms": last.elapsed_ms if last else 0,
        "last_batch_at": last.created_at if last else None,
        "settler_seen_at": of.settler_seen_at,
    }


def close_preview(of: Programme) -> dict[str, Any]:
    """What a close would do after the last batch, by the engine itself; changes nothing.

    `awards` and `promotions` as in the public answer, `unclaimed` the awards that would miss
    their target, in fen.
    """
    store = Store(of)
    close = CloseEvent(id="c0", period="preview")
    loading.load(store, [close])
    outcome = Engine(store.state).apply(close)
    answer = records.public_answer(close.id, records.record(outcome))
    return {
        "awards": answer.get("awards", []),
        "promotions": answer.get("promotions", []),
        "unclaimed": [
            {"member": forfeit.award.member, "amount": forfeit.amount_fen}
            for forfeit in outcome.forfeits
        ],
        "as_of_entry": of.last_entry,
    }
