"""What members are told of the whole pool: figures of the books, never rosier than they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from mingchi.engine.answers import price_text
from mingchi.engine.units import PPM
from mingchi.rebates import figures, queries
from mingchi.rebates.figures import Moved
from mingchi.rebates.models import Programme
from mingchi.rebates.queries import Standing

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
class Disclosures:
    """A programme in figures: fen, ppm rounded down, the price without subsidies as text."""

    standing: Standing
    moved: Moved
    subsidy_fen: int
    contributed_ppm: int
    orders: int
    repaid_orders: int
    repaid_ppm: int
    price_without_subsidy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPrice:
    """The price as text at the end of a day, or now."""

    at: datetime
    price: str


def disclosures(of: Programme | None = None) -> Disclosures:
    """What the member pages tell. Subsidies count in full as long as the pool holds as much: what
    was redeemed since took its share of them, so the pool may stand on them less than is said,
    never more."""
    of = of or queries.programme()
    standing = queries.standing(of)
    told = figures.told(of)
    moved = told.moved
    subsidy_fen = min(moved.subsidy_fen, standing.pool_fen)
    own_fen = standing.pool_fen - subsidy_fen
    return Disclosures(
        standing=standing,
        moved=moved,
        subsidy_fen=subsidy_fen,
        contributed_ppm=_share_ppm(moved.contributed_fen, moved.spent_fen),
        orders=told.orders,
        repaid_orders=told.repaid_orders,
        repaid_ppm=_share_ppm(told.repaid_orders, told.orders),
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


def _share_ppm(part: int, whole: int) -> int:
    return part * PPM // whole if whole else 0
