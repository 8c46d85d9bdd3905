"""Emptying the database after a test that commits.

Django's `flush` truncates every table and makes content types and permissions anew, a second a
test; here only what holds rows is emptied, and what migrations made stays.
"""

from typing import Final

from django.db import connection, transaction

_MADE_BY_MIGRATIONS: Final = {"django_content_type", "auth_permission", "django_site"}
_LARGE_BYTES: Final = 1 << 20
"""What is larger is truncated, so that no dead rows are left to wade through."""


def empty() -> None:
    """Empty all tables of the project's. The superuser of the test database switches triggers off
    for it, since append-only tables refuse."""
    ours = set(connection.introspection.django_table_names(only_existing=True))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"
        )
        found = [row for row in cursor.fetchall() if row[0] in ours - _MADE_BY_MIGRATIONS]
        large = [f'"{name}"' for name, size in found if size > _LARGE_BYTES]
        small = [name for name, size in found if size <= _LARGE_BYTES]
        emptied = [f'DELETE FROM "{name}"' for name in small]  # noqa: S608 - names of ours
        if large:
            emptied.append(f"TRUNCATE {', '.join(large)} CASCADE")
        if emptied:
            cursor.execute(";".join(["SET LOCAL session_replication_role = replica", *emptied]))
