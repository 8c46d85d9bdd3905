"""How long an order waits from its own durable commit to its settlement, at a steady rate.

Clients accept orders with the inbox's own statement, one durable commit each; `mingchi settle`
runs beside them as a process of its own; a watcher looks every five milliseconds for what is
settled.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final

import psycopg

from mingchi.bench import _settle_world as world
from mingchi.bench._driving import settler

ORDERS_A_SECOND: Final = 1_500
_CLIENTS: Final = 4
_LOOK_EVERY_S: Final = 0.005
_MEMBERS: Final = 20_000


def p99(url: str, *, seconds: int) -> dict[str, Any]:
    """The 99th percentile in milliseconds at ORDERS_A_SECOND, beside the median."""
    programme_id = world.found_programme("latency", members=_MEMBERS, exits="3")
    context = multiprocessing.get_context("spawn")
    ready, start, accepted_at = context.Semaphore(0), context.Value("d", 0.0), context.Queue()
    clients = [
        context.Process(
            target=_accept,
            args=(url, programme_id, n, seconds, ready, start, accepted_at),
            daemon=True,
        )
        for n in range(_CLIENTS)
    ]
    with _settling(url, programme_id):
        for client in clients:
            client.start()
        for _ in clients:
            ready.acquire()
        start.value = time.monotonic() + 0.5
        total = _CLIENTS * (ORDERS_A_SECOND // _CLIENTS) * seconds
        settled = _watch(url, programme_id, total, until=start.value + seconds + 30)
    accepted: dict[int, float] = {}
    for _ in clients:
        accepted.update(accepted_at.get())
    waits = sorted(settled[event] - at for event, at in accepted.items())
    span = max(accepted.values()) - min(accepted.values())
    return {
        "bench": "settle",
        "case": f"accepted-to-settled at {round(len(accepted) / span)} orders/s",
        "value": round(waits[len(waits) * 99 // 100] * 1000),
        "unit": "ms, 99th percentile",
        "against": "median, ms",
        "against_value": round(waits[len(waits) // 2] * 1000),
    }


@contextmanager
def _settling(url: str, programme_id: int) -> Iterator[None]:
    """`mingchi settle` beside us, from the moment it has taken the programme over."""
    with settler(url) as process:
        with psycopg.connect(url, autocommit=True) as connection:
            taken = "SELECT fence > 0 FROM rebates_programme WHERE id = %s"
            while connection.execute(taken, [programme_id]).fetchone() != (True,):
                assert process.poll() is None, "the settler ended before it began"
                time.sleep(0.05)
        yield


def _accept(
    url: str,
    programme_id: int,
    client: int,
    seconds: int,
    ready: Any,
    start: Any,
    accepted_at: Any,
) -> None:
    """One client: an order every so often, each its own commit; tells when each was accepted."""
    os.environ["DATABASE_URL"] = url
    import django

    django.setup()
    from mingchi.rebates import inbox

    connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
    every = _CLIENTS / ORDERS_A_SECOND
    chance = Random(client)  # noqa: S311 - seeded on purpose
    accepted: dict[int, float] = {}
    ready.release()
    while not start.value:
        time.sleep(0.01)
    for n in range(ORDERS_A_SECOND // _CLIENTS * seconds):
        due = start.value + (n + client / _CLIENTS) * every
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        order = world.order(n * _CLIENTS + client + 1, members=_MEMBERS, chance=chance)
        row = connection.execute(inbox.INSERT, inbox.columns(programme_id, order)).fetchone()
        assert row is not None
        accepted[row[0]] = time.monotonic()
    accepted_at.put(accepted)


def _watch(url: str, programme_id: int, total: int, *, until: float) -> dict[int, float]:
    """When each event's entry was first seen."""
    from mingchi.ledger.keys import SPAN

    settled: dict[int, float] = {}
    last = programme_id * SPAN
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        while len(settled) < total:
            rows = connection.execute(
                "SELECT id, event_id FROM ledger_entry WHERE id > %s AND id < %s ORDER BY id",
                [last, (programme_id + 1) * SPAN],
            ).fetchall()
            seen = time.monotonic()
            for key, event_id in rows:
                settled[event_id], last = seen, key
            assert seen < until, f"only {len(settled)} of {total} orders were settled in time"
            time.sleep(_LOOK_EVERY_S)
    return settled
