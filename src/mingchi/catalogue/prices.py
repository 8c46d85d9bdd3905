"""At which price what was on offer; and whether a price may be struck through.

A price struck through says that it was asked before. The rules on price marking
(明码标价和禁止价格欺诈规定, in force since 1 July 2022) forbid one without a ground, and one
that was raised for a moment to have something to lower. So nobody types such a price freely: it
must have been asked for seven days of the last thirty, and it disappears thirty days after it was
last asked.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue.models import PriceRecord
from mingchi.catalogue.tree import HIDDEN_SQL
from mingchi.foundation.errors import DomainError

WINDOW: Final = timedelta(days=30)
STOOD: Final = timedelta(days=7)
# A record a change: what is offered now against what was recorded last. A sale put off before
# it began never was: a record that nothing is offered comes before that of its new time.
_NOTE = f"""
WITH hidden AS MATERIALIZED ({HIDDEN_SQL}), offer AS (
    SELECT s.id AS sku_id,
        CASE WHEN p.status = 'on_sale' AND m.status = 'open' AND s.retired_at IS NULL
             AND p.category_id NOT IN (SELECT id FROM hidden) THEN s.price_fen END AS price_fen,
        greatest(%(now)s, p.on_sale_at) AS at
    FROM catalogue_sku s JOIN catalogue_product p ON p.id = s.product_id
    JOIN merchants_merchant m ON m.id = p.merchant_id
    WHERE s.id = ANY(%(skus)s)
), changed AS (
    SELECT o.sku_id, o.price_fen, CASE WHEN o.price_fen IS NULL THEN %(now)s ELSE o.at END AS at,
        latest.at > %(now)s AND o.at > latest.at AS is_put_off
    FROM offer o LEFT JOIN LATERAL (
        SELECT r.price_fen, r.at FROM catalogue_pricerecord r
        WHERE r.sku_id = o.sku_id ORDER BY r.id DESC LIMIT 1
    ) latest ON true
    WHERE o.price_fen IS DISTINCT FROM latest.price_fen
       OR (o.price_fen IS NOT NULL AND o.at <> latest.at AND latest.at > %(now)s)
)
INSERT INTO catalogue_pricerecord (sku_id, price_fen, at)
SELECT sku_id, price_fen, at FROM (
    SELECT sku_id, NULL::bigint AS price_fen, %(now)s AS at, 1 AS place FROM changed
    WHERE is_put_off
    UNION ALL SELECT sku_id, price_fen, at, 2 FROM changed
) written ORDER BY sku_id, place
"""  # noqa: S608 - put together of constants


class Stood(NamedTuple):
    """A price was asked from a moment until another."""

    price_fen: int
    since: datetime
    until: datetime


def note(sku_ids: Collection[int], *, now: datetime) -> None:
    """Record what these SKUs are offered for from now on, where that changed. In the transaction of
    whatever changes price, status, merchant or category."""
    if sku_ids:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, {"skus": list(sku_ids), "now": now})


def history(sku_id: int, *, now: datetime) -> list[Stood]:
    """What was asked for a SKU and when, up to now, the oldest first."""
    records = list(
        PriceRecord.objects.filter(sku_id=sku_id).order_by("pk").values_list("price_fen", "at")
    )
    ends = [at for _price, at in records[1:]] + [now]
    return [
        Stood(price_fen, since, min(until, now))
        for (price_fen, since), until in zip(records, ends, strict=True)
        if price_fen is not None and since < min(until, now)
    ]


def struck_until(stood: Collection[Stood], market_fen: int, *, now: datetime) -> datetime:
    """Until when this price may be shown struck through; `market_price_unproven` where it was not
    asked for seven days of the last thirty."""
    opens = now - WINDOW
    spans = [each for each in stood if each.price_fen == market_fen and each.until > opens]
    asked = sum((each.until - max(each.since, opens) for each in spans), timedelta())
    if asked < STOOD:
        raise DomainError(
            "market_price_unproven",
            _("A price struck through must have been asked for 7 days of the last 30."),
            field="market_price_fen",
            details={"asked_days": asked // timedelta(days=1), "needed_days": STOOD.days},
        )
    return max(each.until for each in spans) + WINDOW
