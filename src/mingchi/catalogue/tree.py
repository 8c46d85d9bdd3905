"""The tree of categories, read as it stands: it is small, and nothing is kept twice."""

from typing import Any, Final

from django.db import connection
from django.db.models.expressions import RawSQL

from mingchi.catalogue.models import Category

DEEPEST: Final = 4
# UNION, not UNION ALL: should there ever be a ring, it is walked once.
_BELOW = """
WITH RECURSIVE below AS (
    SELECT id FROM catalogue_category WHERE id = %s
    UNION SELECT c.id FROM catalogue_category c JOIN below b ON c.parent_id = b.id
) SELECT id FROM below
"""
_HIDDEN = """
WITH RECURSIVE hidden AS (
    SELECT id FROM catalogue_category WHERE is_hidden
    UNION SELECT c.id FROM catalogue_category c JOIN hidden h ON c.parent_id = h.id
) SELECT id FROM hidden
"""
_ABOVE = """
WITH RECURSIVE above AS (
    SELECT id, parent_id, 1 AS height FROM catalogue_category WHERE id = %s
    UNION SELECT c.id, c.parent_id, a.height + 1
    FROM catalogue_category c JOIN above a ON c.id = a.parent_id WHERE a.height < 100
) SELECT id FROM above ORDER BY height
"""
HIDDEN_SQL: Final = _HIDDEN
_PLACES = """
WITH RECURSIVE walk AS (
    SELECT id, ARRAY[position::bigint, id] AS place FROM catalogue_category WHERE parent_id IS NULL
    UNION ALL SELECT c.id, w.place || ARRAY[c.position::bigint, c.id]
    FROM catalogue_category c JOIN walk w ON c.parent_id = w.id
) SELECT place FROM walk WHERE walk.id = catalogue_category.id
"""


def hold() -> None:
    """One moves categories at a time, until the transaction ends: two moves at once could make a
    ring that neither sees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [0x7EE])


def below(category_id: int) -> list[int]:
    """The category and all under it; empty where there is none."""
    return _ids(_BELOW, category_id)


def above(category_id: int) -> list[int]:
    """The category and all it hangs under, from itself upwards."""
    return _ids(_ABOVE, category_id)


def hidden() -> RawSQL:
    """The hidden ones and all under them, as a subquery."""
    return RawSQL(_HIDDEN, ())  # noqa: S611 - a constant


def places() -> RawSQL:
    """Where each category stands as the tree is read from the top: position and key of all that it
    hangs under and its own, as a subquery of their rows."""
    return RawSQL(_PLACES, ())  # noqa: S611 - a constant


def shown() -> list[Category]:
    """What members see, in its order."""
    rows = Category.objects.exclude(pk__in=hidden()).select_related("icon")
    return list(rows.order_by("position", "id"))


def height(category_id: int) -> int:
    """How many levels hang together from this category downwards, itself counted."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in Category.objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    level, depth = [category_id], 0
    while level and depth < 100:
        level, depth = [child for pk in level for child in children.get(pk, [])], depth + 1
    return depth


def _ids(sql: str, *values: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
