"""`/healthz` and `/metrics`: what a watcher asks."""

import hmac
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST

from mingchi.api import metrics
from mingchi.foundation import clock
from mingchi.rebates import queries
from mingchi.rebates.models import Programme

SETTLER_SILENT_S = 30
_tables_current = False


def healthz(_request: HttpRequest) -> HttpResponse:
    """200 where the database answers, its tables are current and the settler was heard from
    in the last 30 s; else 503. Each check says `ok` or what is wrong."""
    checks = _checks(clock.now())
    ok = all(state == "ok" for state in checks.values())
    response = JsonResponse(
        {"status": "ok" if ok else "failing", "checks": checks}, status=200 if ok else 503
    )
    if not ok:
        response["Retry-After"] = "5"
    response["Cache-Control"] = "no-store"
    return response


def metrics_page(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus; behind MINGCHI_METRICS_TOKEN, always so in live mode."""
    token: str | None = settings.METRICS_TOKEN
    if token is not None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token or not hmac.compare_digest(given.encode(), token.encode()):
            raise Http404
    return HttpResponse(
        metrics.requests_text() + metrics.settler_text(), content_type=CONTENT_TYPE_LATEST
    )


def _checks(now: datetime) -> dict[str, str]:
    checks = {"database": "unreachable", "migrations": "unknown", "settler": "unknown"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = "ok"
        checks["migrations"] = "ok" if _migrations_applied() else "missing"
        if checks["migrations"] == "ok":
            checks["settler"] = _settler(now)
    except DatabaseError:
        pass  # what could not be asked stays unknown
    return checks


def _migrations_applied() -> bool:
    global _tables_current
    if not _tables_current:  # reading all migrations takes long, and they don't get unapplied
        executor = MigrationExecutor(connection)
        plan: list[Any] = executor.migration_plan(executor.loader.graph.leaf_nodes())
        _tables_current = not plan
    return _tables_current


def _settler(now: datetime) -> str:
    try:
        seen_at = queries.programme().settler_seen_at
    except Programme.DoesNotExist:
        return "no programme"
    if seen_at is None:
        return "never heard from"
    silent_s = (now - seen_at).total_seconds()
    return "ok" if silent_s <= SETTLER_SILENT_S else f"silent for {silent_s:.0f} s"
