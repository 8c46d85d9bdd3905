"""Pages by cursor: newest first, `before` the last one seen."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet

from mingchi.api.fields import Page

Row = TypeVar("Row", bound=Model)
Out = TypeVar("Out")


def page(
    rows: QuerySet[Row],
    show: Callable[[Row], Out],
    *,
    limit: int,
    before: int | None,
    as_of: datetime | None = None,
) -> Page[Out]:
    """At most `limit` rows with a smaller key than `before`, shown, and where to go on."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: limit + 1])
    more = len(found) > limit
    shown = found[:limit]
    return Page[Out](
        items=[show(row) for row in shown],
        next=shown[-1].pk if more else None,
        as_of=as_of,
    )
