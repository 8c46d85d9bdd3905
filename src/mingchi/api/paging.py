"""Pages by cursor: newest first, `before` the last one seen."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet

from mingchi.api.fields import Page

Row = TypeVar("Row", bound=Model)
Out = TypeVar("Out")
Extra = TypeVar("Extra")


def page(
    rows: QuerySet[Row],
    show: Callable[[Row], Out],
    *,
    limit: int,
    before: int | None,
    as_of: datetime | None = None,
) -> Page[Out]:
    """At most `limit` rows with a smaller key than `before`, shown, and where to go on."""
    shown, following = _cut(rows, limit, before)
    return Page[Out](items=[show(row) for row in shown], next=following, as_of=as_of)


def page_with(
    rows: QuerySet[Row],
    gather: Callable[[Sequence[Row]], Mapping[int, Extra]],
    show: Callable[[Row, Extra | None], Out],
    *,
    limit: int,
    before: int | None,
) -> Page[Out]:
    """The same where something is gathered for all rows of the page at once, by key."""
    shown, following = _cut(rows, limit, before)
    extra = gather(shown)
    return Page[Out](items=[show(row, extra.get(row.pk)) for row in shown], next=following)


def _cut(rows: QuerySet[Row], limit: int, before: int | None) -> tuple[list[Row], int | None]:
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = found[:limit]
    return shown, shown[-1].pk if len(found) > limit else None
