"""What members are told of the whole pool: figures of the books, never rosier than they are."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from mingchi.engine.answers import price_text
from mingchi.engine.units import PPM
from mingchi.ledger import accounts
from mingchi.ledger.keys import SPAN
from mingchi.rebates import queries
from mingchi.rebates.models import Programme
from mingchi.rebates.queries import Standing

# Counting positions reads all of them; a few minutes do not change a share of them.
_COUNTED_FOR_S: Final = 300

# Entries are for ever, so what was summed up to one of them stays: only later ones are read.
_MOVED = """
SELECT coalesce(max(e.id), 0),
       coalesce(-sum(m.amount) FILTER (WHERE m.rule = 1 AND m.account = %(held)s), 0)::bigint
         - coalesce(sum(m.amount) FILTER (WHERE m.rule = 11), 0)::bigint,
       coalesce(sum(m.amount) FILTER (WHERE m.rule IN (3, 5)), 0)::bigint,
       coalesce(-sum(m.amount) FILTER (WHERE m.rule IN (8, 9, 13)), 0)::bigint,
       coalesce(sum(m.amount) FILTER (WHERE m.rule = 10), 0)::bigint
FROM ledger_entry e,
     LATERAL (SELECT account, amount, rule %% 100 AS rule
              FROM unnest(e.accounts, e.amounts, e.rules) AS p (account, amount, rule)
              WHERE account = %(pool)s OR account = %(held)s AND rule %% 100 = 1
                 OR account = %(refunds)s AND rule %% 100 = 11) m
WHERE e.id > %(after)s AND e.id < %(end)s
"""
# What a position has paid out and would bring now, the fee taken off, against what was spent.
_REPAID = """
SELECT count(*), count(*) FILTER (
    WHERE paid_fen + gross - ceil(gross * %(fee_ppm)s / 1000000) >= spend_fen)
FROM (SELECT paid_fen, spend_fen, floor(held_upt::numeric * %(fen)s / %(upt)s) AS gross
      FROM rebates_position
      WHERE id >= %(first)s AND id < %(end)s AND spend_fen > 0) worth
"""
# The last price of each day: one look into the index a day, however many batches there were.
_DAILY = """
SELECT p.at, p.pool_fen, p.supply_upt
FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS day (until, place),
     LATERAL (SELECT at, pool_fen, supply_upt FROM rebates_pricepoint
              WHERE programme_id = %s AND at < day.until ORDER BY at DESC, id DESC LIMIT 1) p
WHERE p.supply_upt > 0
ORDER BY day.place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Sums in fen over all entries up to `entry` (its key): what members spent, net of refunds;
    what of it went into the pool; what the pool paid for points; what subsidies brought."""

    entry: int = 0
    spent_fen: int = 0
    contributed_fen: int = 0
    paid_fen: int = 0
    subsidy_fen: int = 0

    def and_then(self, later: "Moved") -> "Moved":
        """With what came later."""
        added = {
            field.name: getattr(self, field.name) + getattr(later, field.name)
            for field in fields(self)
        }
        return Moved(**{**added, "entry": max(self.entry, later.entry)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosures:
    """A programme in figures: fen, ppm rounded down, the price without subsidies as text."""

    standing: Standing
    moved: Moved
    subsidy_fen: int
    contributed_ppm: int
    positions: int
    repaid_positions: int
    repaid_ppm: int
    price_without_subsidy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPrice:
    """The price as text at the end of a day, or now."""

    at: datetime
    price: str


def disclosures(*, redeem_fee_ppm: int, of: Programme | None = None) -> Disclosures:
    """What the member pages tell. Subsidies count in full as long as the pool holds as much: what
    was redeemed since took its share of them, so the pool may stand on them less than is said,
    never more."""
    of = of or queries.programme()
    standing = queries.standing(of)
    moved = _moved(of)
    positions, repaid = _repaid(standing, redeem_fee_ppm)
    subsidy_fen = min(moved.subsidy_fen, standing.pool_fen)
    own_fen = standing.pool_fen - subsidy_fen
    return Disclosures(
        standing=standing,
        moved=moved,
        subsidy_fen=subsidy_fen,
        contributed_ppm=_share_ppm(moved.contributed_fen, moved.spent_fen),
        positions=positions,
        repaid_positions=repaid,
        repaid_ppm=_share_ppm(repaid, positions),
        price_without_subsidy=(
            price_text((own_fen, standing.supply_upt)) if standing.supply_upt else standing.price
        ),
    )


def daily_prices(*, days: int, now: datetime, of: Programme | None = None) -> list[DayPrice]:
    """The price at the end of each of the latest `days` days of the shop, oldest first; days
    before the first point was granted are left out."""
    of = of or queries.programme()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    ends = [midnight + timedelta(days=1 - back) for back in range(days)][::-1]
    with connection.cursor() as cursor:
        cursor.execute(_DAILY, [ends, of.pk])
        return [
            DayPrice(at=at, price=price_text((pool_fen, supply_upt)))
            for at, pool_fen, supply_upt in cursor.fetchall()
        ]


def _moved(of: Programme) -> Moved:
    key = f"disclosures.moved.{of.pk}"
    before: Moved = cache.get(key) or Moved(entry=of.pk * SPAN)
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVED,
            {
                "pool": accounts.pool(of.pk),
                "held": accounts.order_held(),
                "refunds": accounts.refund_pending(),
                "after": before.entry,
                "end": (of.pk + 1) * SPAN,
            },
        )
        entry, spent_fen, contributed_fen, paid_fen, subsidy_fen = cursor.fetchone()
    later = Moved(
        entry=entry,
        spent_fen=spent_fen,
        contributed_fen=contributed_fen,
        paid_fen=paid_fen,
        subsidy_fen=subsidy_fen,
    )
    moved = before.and_then(later)
    cache.set(key, moved, None)
    return moved


def _repaid(standing: Standing, redeem_fee_ppm: int) -> tuple[int, int]:
    """How many positions there are, and how many of them have brought what was spent."""
    key = f"disclosures.repaid.{standing.programme_id}"
    counted: tuple[int, int] | None = cache.get(key)
    if counted is None:
        fen, upt = standing.ratio
        with connection.cursor() as cursor:
            cursor.execute(
                _REPAID,
                {
                    "fen": fen,
                    "upt": upt,
                    "fee_ppm": redeem_fee_ppm,
                    "first": standing.programme_id * SPAN,
                    "end": (standing.programme_id + 1) * SPAN,
                },
            )
            positions, repaid = cursor.fetchone()
        counted = (positions, repaid)
        cache.set(key, counted, _COUNTED_FOR_S)
    return counted


def _share_ppm(part: int, whole: int) -> int:
    return part * PPM // whole if whole else 0
