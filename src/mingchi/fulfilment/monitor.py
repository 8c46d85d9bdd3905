"""Where subjects wait and for how long, and the figures to watch. SQL: percentiles over five
tables are nothing for the ORM."""

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection

from mingchi.fulfilment.timers import NOT_HELD

# Every token rests on something: work, a job, a timer or a signal.
_WAITING: Final = """
SELECT v.definition_id, waits.node, min(waits.what), count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY waits.seconds),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY waits.seconds), max(waits.seconds)
FROM (
    SELECT instance_id, token, min(node) AS node, min(what) AS what,
           extract(epoch FROM %(now)s - min(since)) AS seconds
    FROM (
        SELECT instance_id, token, node, 'work' AS what, opened_at AS since
        FROM fulfilment_workitem WHERE status = 'open'
        UNION ALL
        SELECT instance_id, token, node, 'job', queued_at
        FROM fulfilment_stepjob WHERE status = 'queued'
        UNION ALL
        SELECT instance_id, token, node, 'signal', since FROM fulfilment_subscription s
        WHERE NOT EXISTS (SELECT 1 FROM fulfilment_workitem w WHERE w.status = 'open'
                          AND w.instance_id = s.instance_id AND w.token = s.token)
        UNION ALL
        SELECT instance_id, token, node, 'timer', set_at FROM fulfilment_timer t
        WHERE NOT EXISTS (SELECT 1 FROM fulfilment_workitem w WHERE w.status = 'open'
                          AND w.instance_id = t.instance_id AND w.token = t.token)
    ) AS each GROUP BY instance_id, token
) AS waits
JOIN fulfilment_flowinstance i ON i.id = waits.instance_id
JOIN fulfilment_flowversion v ON v.id = i.version_id
WHERE i.status = 'running' AND i.merchant_id = ANY (%(merchants)s)
GROUP BY v.definition_id, waits.node ORDER BY count(*) DESC, waits.node
"""
_DONE: Final = """
SELECT v.definition_id, each.node, min(each.what), count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY each.seconds),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY each.seconds), max(each.seconds)
FROM (
    SELECT instance_id, node, 'work' AS what,
           extract(epoch FROM closed_at - opened_at) AS seconds
    FROM fulfilment_workitem WHERE status = 'done' AND closed_at >= %(since)s
    UNION ALL
    SELECT instance_id, node, 'job', extract(epoch FROM finished_at - queued_at)
    FROM fulfilment_stepjob WHERE status = 'done' AND finished_at >= %(since)s
) AS each
JOIN fulfilment_flowinstance i ON i.id = each.instance_id
JOIN fulfilment_flowversion v ON v.id = i.version_id
WHERE i.merchant_id = ANY (%(merchants)s)
GROUP BY v.definition_id, each.node ORDER BY count(*) DESC, each.node
"""
# Of some merchants, or of all where there is no list.
_THEIRS: Final = "(%(merchants)s::bigint[] IS NULL OR {}.merchant_id = ANY (%(merchants)s))"
_DUE: Final = f"""
FROM fulfilment_timer t JOIN fulfilment_flowinstance i ON i.id = t.instance_id
WHERE t.due_at <= %(now)s AND i.status = 'running' AND {NOT_HELD} AND {_THEIRS.format("i")}"""
_JOBS: Final = f"""
FROM fulfilment_stepjob j JOIN fulfilment_flowinstance i ON i.id = j.instance_id
WHERE j.status IN ('queued', 'withdrawn') AND {_THEIRS.format("i")}"""
_FIGURES: Final = f"""
SELECT
    (SELECT count(*) {_DUE}),
    (SELECT min(t.due_at) {_DUE}),
    (SELECT count(*) {_JOBS}),
    (SELECT min(j.next_try_at) {_JOBS} AND j.next_try_at <= %(now)s AND {NOT_HELD}),
    (SELECT count(*) FROM fulfilment_workitem w
     WHERE status = 'open' AND repair <> '' AND {_THEIRS.format("w")}),
    (SELECT count(*) FROM fulfilment_workitem w
     WHERE status = 'open' AND due_at <= %(now)s AND {_THEIRS.format("w")}),
    (SELECT count(*) FROM fulfilment_signal s WHERE status = 'stray' AND {_THEIRS.format("s")}),
    (SELECT count(*) FROM fulfilment_flowinstance i
     WHERE status = 'queued' AND tries > 0 AND {_THEIRS.format("i")}),
    (SELECT count(*) FROM fulfilment_hold h WHERE lifted_at IS NULL AND {_THEIRS.format("h")})
"""  # noqa: S608 - constants of ours


class Wait(NamedTuple):
    """How many wait (or waited) at a node of a flow. `what`: work, job, signal or timer."""

    definition_id: int
    node: str
    what: str
    number: int
    median_s: float
    p95_s: float
    longest_s: float


class Figures(NamedTuple):
    """What to watch; docs/operating/flows.md says when to worry."""

    due_timers: int
    timer_lag_s: float
    jobs: int
    job_lag_s: float
    repairs: int
    overdue: int
    strays: int
    not_started: int
    holds: int


def waiting(*, merchant_ids: list[int], now: datetime) -> list[Wait]:
    """Per node: how many wait now, and for how long they have."""
    return _waits(_WAITING, {"merchants": merchant_ids, "now": now})


def waited(*, merchant_ids: list[int], now: datetime, days: int = 30) -> list[Wait]:
    """Per node: how many were done in the last days, and how long they took from when they came."""
    return _waits(_DONE, {"merchants": merchant_ids, "since": now - timedelta(days=days)})


def figures(*, now: datetime, merchant_ids: list[int] | None = None) -> Figures:
    """Of the whole platform, or of these merchants."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"now": now, "merchants": merchant_ids})
        row: Any = cursor.fetchone()
    due, oldest_due, jobs, oldest_job, *rest = row
    return Figures(due, _age(oldest_due, now), jobs, _age(oldest_job, now), *rest)


def _waits(sql: str, values: dict[str, Any]) -> list[Wait]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[Any] = cursor.fetchall()
    return [
        Wait(definition, node, what, number, float(median), float(p95), float(longest))
        for definition, node, what, number, median, p95, longest in rows
    ]


def _age(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at else 0.0
