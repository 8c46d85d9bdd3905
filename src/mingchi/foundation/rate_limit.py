"""How often somebody may try."""

import hashlib
import math
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import clock
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import RateWindow

_HIT = """
INSERT INTO foundation_ratewindow AS w (name, key_hash, started_at, hits)
VALUES (%(name)s, %(key)s, clock_timestamp(), 1)
ON CONFLICT (name, key_hash) DO UPDATE SET
    hits = CASE WHEN w.started_at <= clock_timestamp() - %(window)s THEN 1
                ELSE LEAST(w.hits, 1000000) + 1 END,
    started_at = CASE WHEN w.started_at <= clock_timestamp() - %(window)s
                      THEN clock_timestamp() ELSE w.started_at END
RETURNING hits, extract(epoch FROM started_at + %(window)s - clock_timestamp())
"""


def hit(*, name: str, key: str, limit: int, window_s: int) -> None:
    """Count one try; over `limit` within `window_s` raises `too_many_requests`.

    That is 429 with `retry_after_s`.

    One upsert. Call it outside the transaction of the work: a try that is rolled back counts.
    Keys (phones, addresses) are kept as hashes only.
    """
    values: dict[str, Any] = {
        "name": name,
        "key": hashlib.sha256(key.encode()).hexdigest(),
        "window": timedelta(seconds=window_s),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HIT, values)
        row = cursor.fetchone()
    assert row is not None
    hits, left_s = row
    if hits > limit:
        raise DomainError(
            "too_many_requests",
            _("Too many tries. Wait a little and try again."),
            status=429,
            details={"retry_after_s": max(1, math.ceil(left_s))},
        )


def prune(*, older_than: timedelta = timedelta(days=1)) -> int:
    """Forget windows long over; returns how many."""
    return RateWindow.objects.filter(started_at__lt=clock.now() - older_than).delete()[0]
