"""Figures for Prometheus.

Request times are kept by process. Where several processes answer (granian with workers), set
PROMETHEUS_MULTIPROC_DIR to a folder emptied at the start: each writes its figures there and
whichever is asked adds them up. What the settler does is read from the database at the time of
asking, since it is a process of its own.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

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
