"""What anybody may read, and recompute with `mingchi replay`: plan, events, batch heads, price."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Field, Schema

from mingchi.api.fields import Before, Limit, Page
from mingchi.api.paging import page
from mingchi.api.routing import GuardedRouter
from mingchi.engine.answers import price_text
from mingchi.foundation import clock
from mingchi.ledger.keys import SPAN
from mingchi.ledger.models import Batch
from mingchi.rebates import disclosures, plans, queries
from mingchi.rebates.models import PricePoint

router = GuardedRouter(tags=["programme"])
Journal = Literal["settlement", "cash"]
CHUNK = 2000
_SETTLED = """
SELECT e.id, v.payload FROM ledger_entry e JOIN rebates_event v ON v.id = e.event_id
WHERE e.id > %s AND e.id < %s ORDER BY e.id LIMIT %s
"""


class PoolOut(Schema):
    pool_fen: int
    supply_upt: int
    price: str = Field(description="yuan per point, rounded down to 6 decimals")
    ratio_fen: int = Field(description="the exact price is ratio_fen / ratio_upt")
    ratio_upt: int
    last_entry: int
    as_of: datetime | None


class PriceOut(Schema):
    batch: int
    pool_fen: int
    supply_upt: int
    price: str | None = Field(description="null while nobody holds points")
    at: datetime


class DayPriceOut(Schema):
    price: str
    at: datetime


class DisclosuresOut(Schema):
    """The figures that member pages must tell, of the whole pool and as they are."""

    pool_fen: int
    supply_upt: int
    price: str
    spent_fen: int = Field(description="what members spent, settled orders net of refunds")
    contributed_fen: int = Field(description="what of it went into the pool")
    contributed_ppm: int
    paid_fen: int = Field(description="what the pool has paid for points")
    subsidy_fen: int = Field(description="what of the pool the platform put in, at most")
    price_without_subsidy: str
    orders: int = Field(description="settled, and not refunded in full")
    repaid_orders: int = Field(
        description="those whose points have brought, or would bring now, the fee taken off, what "
        "was spent on them: of what their position has paid and holds, their part by points granted"
    )
    repaid_ppm: int
    redeem_fee_ppm: int
    as_of: datetime | None


class PlanOut(Schema):
    number: int
    name: str
    active_from: datetime | None
    toml: str
    opening_toml: str = Field(description="the plan that the events start from")


class BatchOut(Schema):
    journal: str = Field(description="settlement or cash")
    number: int
    first_entry: int
    last_entry: int
    digest: str = Field(description="hexadecimal; covers the batch and the one before")
    previous_digest: str
    at: datetime


@router.get("/pool", response=PoolOut, summary="The pool and its price")
def get_pool(request: HttpRequest) -> PoolOut:
    """As after the last batch."""
    standing = queries.standing()
    return PoolOut(
        pool_fen=standing.pool_fen,
        supply_upt=standing.supply_upt,
        price=standing.price,
        ratio_fen=standing.ratio[0],
        ratio_upt=standing.ratio[1],
        last_entry=standing.last_entry,
        as_of=standing.as_of,
    )


@router.get("/prices", response=list[PriceOut], summary="Price history")
def list_prices(request: HttpRequest, limit: Limit = 100) -> list[PriceOut]:
    """The pool after the latest batches, newest first."""
    points = queries.price_history(queries.programme(), limit=limit)
    return [_price(point) for point in points]


@router.get("/daily-prices", response=list[DayPriceOut], summary="Price history by day")
def list_daily_prices(
    request: HttpRequest, days: Annotated[int, Field(ge=1, le=366)] = 90
) -> list[DayPriceOut]:
    """The price at the end of each of the latest days, oldest first; what was, nothing else."""
    found = disclosures.daily_prices(days=days, now=clock.now())
    return [DayPriceOut(price=one.price, at=one.at) for one in found]


@router.get("/disclosures", response=DisclosuresOut, summary="What members are to know")
def get_disclosures(request: HttpRequest) -> DisclosuresOut:
    """Computed from the books; shares are rounded down. Orders are counted anew every ten minutes,
    all else is as after the last batch."""
    of = queries.programme()
    fee_ppm = plans.read(plans.active(of).toml).redeem_fee_ppm
    found = disclosures.disclosures(of)
    return DisclosuresOut(
        pool_fen=found.standing.pool_fen,
        supply_upt=found.standing.supply_upt,
        price=found.standing.price,
        spent_fen=found.moved.spent_fen,
        contributed_fen=found.moved.contributed_fen,
        contributed_ppm=found.contributed_ppm,
        paid_fen=found.moved.paid_fen,
        subsidy_fen=found.subsidy_fen,
        price_without_subsidy=found.price_without_subsidy,
        orders=found.orders,
        repaid_orders=found.repaid_orders,
        repaid_ppm=found.repaid_ppm,
        redeem_fee_ppm=fee_ppm,
        as_of=found.standing.as_of,
    )


@router.get("/plan", response=PlanOut, summary="The plan in force")
def get_plan(request: HttpRequest) -> PlanOut:
    """The plan under which orders settle now."""
    programme = queries.programme()
    plan = plans.active(programme)
    return PlanOut(
        number=plan.number,
        name=plan.name,
        active_from=plan.active_from,
        toml=plan.toml,
        opening_toml=programme.opening_plan,
    )


@router.get("/batches", response=Page[BatchOut], summary="Batch heads")
def list_batches(
    request: HttpRequest, limit: Limit = 20, before: Before = None, journal: Journal = "settlement"
) -> Page[BatchOut]:
    """Hashes of the batches; whoever keeps them can tell a chain that was rewritten."""
    rows = Batch.objects.filter(
        programme_id=Batch.CASH if journal == "cash" else queries.programme().pk
    )
    return page(rows, _batch, limit=limit, before=before)


@router.get("/events.jsonl", summary="Settled events")
def export_events(
    request: HttpRequest,
    after: Annotated[int, Field(ge=0, lt=SPAN)] = 0,
    limit: Annotated[int, Field(ge=1, le=100_000)] = 100_000,
) -> StreamingHttpResponse:
    """Events in the order in which they settled, as JSON Lines: with `opening_toml` of the plan,
    what `mingchi replay` takes. `after`: how many of the first to leave out."""
    first = queries.programme().pk * SPAN
    lines = _settled(first + after, first + SPAN, limit)
    return StreamingHttpResponse(lines, content_type="application/x-ndjson")


def _settled(after: int, end: int, limit: int) -> Iterator[bytes]:
    while limit > 0:
        with connection.cursor() as cursor:
            cursor.execute(_SETTLED, [after, end, min(limit, CHUNK)])
            rows = cursor.fetchall()
        if not rows:
            return
        yield "".join(f"{payload}\n" for _id, payload in rows).encode()
        after, limit = rows[-1][0], limit - len(rows)


def _price(point: PricePoint) -> PriceOut:
    return PriceOut(
        batch=point.batch,
        pool_fen=point.pool_fen,
        supply_upt=point.supply_upt,
        price=price_text((point.pool_fen, point.supply_upt)) if point.supply_upt else None,
        at=point.at,
    )


def _batch(batch: Batch) -> BatchOut:
    return BatchOut(
        journal="cash" if batch.programme_id == Batch.CASH else "settlement",
        number=batch.number,
        first_entry=batch.first_entry,
        last_entry=batch.last_entry,
        digest=bytes(batch.digest).hex(),
        previous_digest=bytes(batch.previous_digest).hex(),
        at=batch.created_at,
    )
