"""Sums over all entries of a programme and over its orders, kept as far as somebody has come.

Entries are for ever, so what was summed up to one of them stays. The worker goes on from there, so
many entries at a time; who looks adds only what came since.
"""

from dataclasses import dataclass, fields
from typing import Final

from django.db import connection, transaction

from mingchi.ledger import accounts
from mingchi.ledger.keys import SPAN
from mingchi.rebates import queries
from mingchi.rebates.models import Figures, Programme

_AT_ONCE: Final = 20_000
_MOVED: Final = """
SELECT coalesce(max(e.id), 0),
       coalesce(-sum(m.amount) FILTER (WHERE m.rule = 1 AND m.account = %(held)s), 0)::bigint
         - coalesce(sum(m.amount) FILTER (WHERE m.rule = 11), 0)::bigint,
       coalesce(sum(m.amount) FILTER (WHERE m.rule IN (3, 5)), 0)::bigint,
       coalesce(-sum(m.amount) FILTER (WHERE m.rule IN (8, 9, 13)), 0)::bigint,
       coalesce(sum(m.amount) FILTER (WHERE m.rule = 10), 0)::bigint
FROM ledger_entry e
LEFT JOIN LATERAL (SELECT account, amount, rule %% 100 AS rule
                   FROM unnest(e.accounts, e.amounts, e.rules) AS p (account, amount, rule)
                   WHERE account = %(pool)s OR account = %(held)s AND rule %% 100 = 1
                      OR account = %(refunds)s AND rule %% 100 = 11) m ON true
WHERE e.id > %(after)s AND e.id <= %(until)s
"""
# An order's record begins with its buyer, its position (0: none) and the points granted.
_SHARES: Final = """
INSERT INTO rebates_ordershare (entry_id, position_id, spend_fen, granted_upt)
SELECT e.id, %(base)s + nullif((o.record ->> 1)::bigint, 0), m.spend, (o.record ->> 2)::bigint
FROM ledger_entry e,
     LATERAL (SELECT e.record::json -> 'order' AS record) o,
     LATERAL (SELECT -sum(amount)::bigint AS spend
              FROM unnest(e.accounts, e.amounts, e.rules) AS p (account, amount, rule)
              WHERE account = %(held)s AND rule %% 100 = 1) m
WHERE e.id > %(after)s AND e.id <= %(until)s AND o.record IS NOT NULL
ON CONFLICT (entry_id) DO NOTHING
"""
# An order has got back its part, by its points, of what its position has paid and would bring now,
# the fee taken off. What was refunded of it is neither spent nor granted.
_REPAID: Final = """
SELECT count(*), count(*) FILTER (WHERE (w.paid_fen + w.gross
        - ceil(w.gross * %(fee_ppm)s / 1000000)) * o.points >= o.spend * w.granted_upt)
FROM (SELECT s.position_id, s.spend_fen - coalesce(b.fen, 0) AS spend,
             s.granted_upt - floor(s.granted_upt::numeric * coalesce(b.fen, 0) / s.spend_fen)
                 AS points
      FROM rebates_ordershare s
      LEFT JOIN (SELECT order_entry_id, sum(refunded_fen) AS fen
                 FROM rebates_refunded GROUP BY order_entry_id) b ON b.order_entry_id = s.entry_id
      WHERE s.entry_id >= %(first)s AND s.entry_id < %(end)s) o
LEFT JOIN (SELECT id, paid_fen, granted_upt, floor(held_upt::numeric * %(fen)s / %(upt)s) AS gross
           FROM rebates_position WHERE granted_upt > 0) w ON w.id = o.position_id
WHERE o.spend > 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Sums in fen over all entries up to `entry` (its key): what members spent, net of refunds;
    what of it went into the pool; what the pool paid for points; what subsidies brought."""

    entry: int
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
class Told:
    """The sums as they stand; of orders, as they were counted last."""

    moved: Moved
    orders: int
    repaid_orders: int


def told(of: Programme) -> Told:
    """What was kept, and what came since."""
    kept = Figures.objects.filter(programme=of).first()
    before = Moved(entry=of.pk * SPAN) if kept is None else _moved(kept)
    return Told(
        moved=before.and_then(_read(of, before.entry, (of.pk + 1) * SPAN - 1)),
        orders=kept.orders if kept else 0,
        repaid_orders=kept.repaid_orders if kept else 0,
    )


def keep(of: Programme, *, redeem_fee_ppm: int) -> int:
    """Go on to the last entry, then count the orders anew; returns how many entries were added."""
    added = 0
    while (more := _go_on(of)) > 0:
        added += more
    _count(of, redeem_fee_ppm)
    return added


@transaction.atomic
def _go_on(of: Programme) -> int:
    Figures.objects.get_or_create(programme=of, defaults={"entry": of.pk * SPAN})
    kept = Figures.objects.select_for_update().get(programme=of)
    before, until = _moved(kept), kept.entry + _AT_ONCE
    later = _read(of, before.entry, until)
    if later.entry <= before.entry:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, {**_places(of, before.entry, later.entry), "base": of.pk * SPAN})
    moved = before.and_then(later)
    sums = {field.name: getattr(moved, field.name) for field in fields(moved)}
    Figures.objects.filter(programme=of).update(**sums)
    return moved.entry - before.entry


def _count(of: Programme, redeem_fee_ppm: int) -> None:
    fen, upt = queries.standing(of).ratio
    within = {"first": of.pk * SPAN, "end": (of.pk + 1) * SPAN}
    with connection.cursor() as cursor:
        cursor.execute(_REPAID, {"fen": fen, "upt": upt, "fee_ppm": redeem_fee_ppm, **within})
        orders, repaid = cursor.fetchone()
    Figures.objects.filter(programme=of).update(orders=orders, repaid_orders=repaid)


def _read(of: Programme, after: int, until: int) -> Moved:
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, _places(of, after, until))
        entry, spent_fen, contributed_fen, paid_fen, subsidy_fen = cursor.fetchone()
    return Moved(
        entry=entry,
        spent_fen=spent_fen,
        contributed_fen=contributed_fen,
        paid_fen=paid_fen,
        subsidy_fen=subsidy_fen,
    )


def _places(of: Programme, after: int, until: int) -> dict[str, int]:
    return {
        "pool": accounts.pool(of.pk),
        "held": accounts.order_held(),
        "refunds": accounts.refund_pending(),
        "after": after,
        "until": until,
    }


def _moved(kept: Figures) -> Moved:
    return Moved(**{field.name: getattr(kept, field.name) for field in fields(Moved)})
