"""Settlement: the settler against a transaction an order, on the production tables.

All schemes pay the same awards on the same tables, triggers and hashes, durably (fsync and
synchronous_commit on), in the same run, interleaved. See `_settle_rivals` for what the rivals are
spared.
"""

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, Final

from django.db import connection

from mingchi.bench import _settle_latency as latency
from mingchi.bench import _settle_world as world
from mingchi.bench._plans import all_awards
from mingchi.bench._settle_rivals import Procedure, Rival, RowLock, orders_per_second

_SQL: Final = Path(__file__).with_name("_settle_procedure.sql")
_REPEATS: Final = 3
_TABLES: Final = (
    "ledger_entry",
    "rebates_sale",
    "rebates_position",
    "ledger_accountbalance",
    "ledger_batch",
    "rebates_pricepoint",
)


def run(quick: bool) -> Iterator[dict[str, Any]]:
    """Yields accepted-to-settled, `against-row-lock`, `against-procedure`, `growth`, `bytes`."""
    with world.database() as url:
        yield latency.p99(url, seconds=5 if quick else 30)
        yield from _against(url, quick)
        yield from _growth(past=50_000 if quick else 1_000_000)


def _against(url: str, quick: bool) -> Iterator[dict[str, Any]]:
    members = 20_000
    batch, row_lock, procedure = (30_000, 800, 1_600) if quick else (100_000, 4_000, 8_000)
    with connection.cursor() as cursor:
        cursor.execute(_SQL.read_text())
    ours = world.found_programme("settler", members=members)
    rivals: list[tuple[Rival, int, int]] = [
        (RowLock, world.found_programme("row-lock", members=members), row_lock),
        (Procedure, world.found_programme("procedure", members=members), procedure),
    ]
    _assert_equal_work(url, ours, rivals, members)
    rates: dict[str, list[float]] = {"settler": [], "RowLock": [], "Procedure": []}
    for repeat in range(1 if quick else _REPEATS):
        first = 1_000_000 * (repeat + 1)
        world.queue_orders(ours, first=first, count=batch, members=members)
        rates["settler"].append(settle_all(ours))
        for rival, programme_id, count in rivals:
            orders = world.queue_orders(programme_id, first=first, count=count, members=members)
            toml = all_awards(exits="0")
            rate = orders_per_second(rival, url, programme_id, toml, orders)
            rates[rival.__name__].append(rate)
    settler = median(rates["settler"])
    for case, name in (("against-row-lock", "RowLock"), ("against-procedure", "Procedure")):
        yield {
            "bench": "settle",
            "case": case,
            "value": round(settler),
            "unit": "orders/s",
            "against": f"{name}, 8 clients",
            "against_value": round(median(rates[name])),
            "ratio": round(settler / median(rates[name]), 1),
        }


def _assert_equal_work(
    url: str, ours: int, rivals: list[tuple[Rival, int, int]], members: int
) -> None:
    """All schemes must book the same: compared over the first orders, one client each."""
    toml = all_awards(exits="0")
    world.queue_orders(ours, first=1, count=200, members=members)
    settle_all(ours)
    expected = _books(ours)
    for rival, programme_id, _count in rivals:
        client = rival(url, programme_id, toml)
        for event_id in world.queue_orders(programme_id, first=1, count=200, members=members):
            client.settle(event_id)
        assert _books(programme_id) == expected, f"{rival.__name__} books something else"


_BOOKS: Final = """
SELECT e.key, array_agg(moved.text ORDER BY moved.text)
FROM (SELECT n.id, n.event_id, (p.account, sum(p.amount))::text AS text
      FROM ledger_entry n,
           unnest(n.accounts, n.amounts) AS raw (number, amount),
           -- Accounts of the programme itself by their kind: they are named by its key.
           LATERAL (SELECT CASE WHEN raw.number %% 100 IN (12, 51) THEN raw.number %% 100
                                ELSE raw.number END AS account, raw.amount) p
      WHERE n.id / 1000000000000 = %s
      GROUP BY n.id, n.event_id, p.account HAVING sum(p.amount) <> 0) moved
JOIN rebates_event e ON e.id = moved.event_id
GROUP BY e.key, moved.id ORDER BY moved.id
"""


def _books(programme_id: int) -> list[Any]:
    """What each order moved, by account."""
    with connection.cursor() as cursor:
        cursor.execute(_BOOKS, [programme_id])
        return list(cursor.fetchall())


def settle_all(programme_id: int) -> float:
    """Settles all that waits as `mingchi settle` does; orders a second."""
    from mingchi.rebates.settlement import Settler

    gc.collect()
    gc.disable()
    try:
        with ThreadPoolExecutor(max_workers=1) as writer:
            settler = Settler(programme_id, submit=writer.submit)
            settler.take_over(wait=True)
            began = time.perf_counter()
            total = 0
            while done := settler.settle():
                total += done
            rate = total / (time.perf_counter() - began)
            settler.release()
            writer.submit(lambda: connection.close()).result()
        return rate
    finally:
        gc.enable()


def _growth(past: int) -> Iterator[dict[str, Any]]:
    """The rate after many past orders against the rate after few, exits and all; and the disk."""
    members, step = 20_000, 50_000
    programme = world.found_programme("growth", members=members, exits="3")
    before = _bytes()
    world.queue_orders(programme, first=1, count=10_000, members=members)
    settle_all(programme)
    rates = []
    done = 10_000
    while done < past + 2 * step:
        world.queue_orders(programme, first=done + 1, count=step, members=members)
        rates.append(settle_all(programme))
        done += step
    few, many = median(rates[:2]), median(rates[-2:])
    yield {
        "bench": "settle",
        "case": "growth",
        "value": round(many),
        "unit": f"orders/s after {past} orders",
        "against": "after 10000 orders",
        "against_value": round(few),
        "ratio": round(many / few, 2),
    }
    yield {
        "bench": "settle",
        "case": "bytes",
        "value": round((_bytes() - before) / done),
        "unit": "bytes an order, indexes included",
    }


def _bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(%s::text[]) AS t",
            [list(_TABLES)],
        )
        return int(cursor.fetchone()[0])
