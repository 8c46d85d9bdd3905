"""Figures for Prometheus.

Request times are kept by process. Where several processes answer (granian with workers), set
PROMETHEUS_MULTIPROC_DIR to a folder emptied at the start: each writes its figures there and
whichever is asked adds them up. What the settler does is read from the database at the time of
asking, since it is a process of its own.
"""

import os
from datetime import datetime

from django.db import DatabaseError
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from mingchi.foundation import clock
from mingchi.fulfilment import monitor
from mingchi.rebates import queries
from mingchi.rebates.models import Programme

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
_own = CollectorRegistry()
_request_time = Histogram(
    "mingchi_request_seconds",
    "Time a request took, by method, route and status",
    ["method", "route", "status"],
    buckets=_BUCKETS,
    registry=_own,
)
_requests = Counter(
    "mingchi_requests",
    "Requests answered, by method, route and status",
    ["method", "route", "status"],
    registry=_own,
)


def request_done(*, method: str, route: str, status: int, took_s: float) -> None:
    """Count one request. `route` is the pattern, not the path, so that there are few."""
    _request_time.labels(method, route, str(status)).observe(took_s)
    _requests.labels(method, route, str(status)).inc()


def requests_text() -> bytes:
    """What all web processes counted, as Prometheus reads it."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(_own)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)


def settler_text() -> bytes:
    """Queue, lag and last batch of the settler, the pool, and what flows wait for; from the
    database, now."""
    registry = CollectorRegistry()
    up = Gauge("mingchi_database_up", "1 where the database answers", registry=registry)
    try:
        figures = {**_settler_figures(), **_flow_figures()}
    except DatabaseError:
        return generate_latest(registry)
    up.set(1)
    for name, (says, value) in figures.items():
        Gauge(f"mingchi_{name}", says, registry=registry).set(value)
    return generate_latest(registry)


def _settler_figures() -> dict[str, tuple[str, float]]:
    programme = Programme.objects.filter(code=queries.MAIN).first()
    if programme is None:
        return {}
    stats, now = queries.settler_stats(programme), clock.now()
    return {
        "settler_queue_events": ("Events that wait for the settler", stats["queued"]),
        "settler_lag_seconds": (
            "Age of the oldest event that waits",
            _age(stats["oldest_at"], now),
        ),
        "settler_silent_seconds": (
            "Time since the settler was last heard from",
            _age(stats["settler_seen_at"], now),
        ),
        "settler_set_aside_events": ("Events the engine could not take", stats["set_aside"]),
        "settler_batches": ("Batches settled so far", stats["last_batch"]),
        "settler_entries": ("Entries settled so far", programme.last_entry),
        "settler_last_batch_events": ("Entries of the last batch", stats["last_batch_size"]),
        "settler_last_batch_seconds": ("Time of the last batch", stats["last_batch_ms"] / 1000),
        "pool_fen": ("The pool after the last batch", programme.pool_fen),
        "points_supply_upt": ("Circulating micro-points", programme.supply_upt),
    }


def _flow_figures() -> dict[str, tuple[str, float]]:
    found = monitor.figures(now=clock.now())
    return {
        "flow_timers_due": ("Timers that are due and have not fired", found.due_timers),
        "flow_timer_lag_seconds": ("Age of the oldest timer that is due", found.timer_lag_s),
        "flow_jobs": ("Steps that wait for the worker", found.jobs),
        "flow_job_lag_seconds": ("Age of the oldest step whose time has come", found.job_lag_s),
        "flow_repairs": ("Work items that say what went wrong", found.repairs),
        "flow_overdue": ("Work items past their due time", found.overdue),
        "flow_stray_signals": ("Signals that nothing waits for", found.strays),
        "flow_not_started": ("Subjects whose flow could not be started", found.not_started),
        "flow_holds": ("Holds that stand", found.holds),
    }


def _age(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at else 0.0
