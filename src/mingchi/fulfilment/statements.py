"""Several SQL statements in one message to the database: a step writes seven tables, and waiting
for an answer to each would take longer than the work.

psycopg binds parameters on our side (Django's default), so they may stand in one text.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from django.db import connection
from django.db.models import Field, JSONField, Model

_ARRAYS: Final = {
    "BigIntegerField": "bigint",
    "IntegerField": "int",
    "PositiveSmallIntegerField": "int",
    "BooleanField": "boolean",
    "DateTimeField": "timestamptz",
}


class Statements:
    """Statements in the order in which they are to be executed."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._values: list[Any] = []

    def add(self, text: str, values: Sequence[Any]) -> None:
        self._texts.append(text)
        self._values += values

    def of_rows(self, text: str, rows: Iterable[tuple[Any, ...]], *first: Any) -> None:
        """A statement over unnest(…), an array a column, after the values `first`; nothing where
        there are no rows."""
        columns = [list(column) for column in zip(*rows, strict=True)]
        if columns:
            self.add(text, [*first, *columns])

    def insert(self, objects: Sequence[Model], *, conflict: str = "") -> None:
        """New rows of one model. They get no keys."""
        if not objects:
            return
        fields = _fields(type(objects[0]))
        rows = ([_value(field, one) for field in fields] for one in objects)
        self.add(
            f"{_insert(type(objects[0]))} {conflict}",
            [list(column) for column in zip(*rows, strict=True)],
        )

    def execute(self) -> None:
        """Send them all."""
        if self._texts:
            with connection.cursor() as cursor:
                cursor.execute(";\n".join(self._texts), self._values)


@lru_cache(maxsize=32)
def _fields(model: type[Model]) -> "tuple[Field[Any, Any], ...]":
    return tuple(field for field in model._meta.concrete_fields if not field.primary_key)


@lru_cache(maxsize=32)
def _insert(model: type[Model]) -> str:
    fields = _fields(model)
    names = ", ".join(f'"{field.column}"' for field in fields)
    arrays = ", ".join(f"%s::{_array(field)}[]" for field in fields)
    chosen = ", ".join(
        f'"{field.column}"{"::jsonb" if isinstance(field, JSONField) else ""}' for field in fields
    )
    table = model._meta.db_table
    return f"INSERT INTO {table} ({names}) SELECT {chosen} FROM unnest({arrays}) AS new({names})"  # noqa: S608


def _array(field: "Field[Any, Any]") -> str:
    target = field.target_field if field.is_relation else field  # type: ignore[attr-defined]
    kind = target.get_internal_type()
    return "bigint" if kind == "BigAutoField" else _ARRAYS.get(kind, "text")


def _value(field: "Field[Any, Any]", one: Model) -> Any:
    value = getattr(one, field.attname)
    if isinstance(field, JSONField) and value is not None:
        return json.dumps(value, cls=field.encoder, ensure_ascii=False, separators=(",", ":"))
    return value
