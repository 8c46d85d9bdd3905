"""Objects of models from statements written by hand, for what is asked many times a second: making
the query costs the ORM more than the database takes to answer it."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import JSONField, Model

M = TypeVar("M", bound=Model)


@lru_cache(maxsize=64)
def columns(model: type[Model], alias: str = "") -> str:
    """The columns of the model's table, in the order that `read` takes; `alias` stands before."""
    before = f"{alias}." if alias else ""
    return ", ".join(f'{before}"{field.column}"' for field in model._meta.concrete_fields)


@lru_cache(maxsize=64)
def width(model: type[Model]) -> int:
    """How many columns that are."""
    return len(model._meta.concrete_fields)


@lru_cache(maxsize=64)
def select(model: type[Model]) -> str:
    """SELECT all columns FROM the model's table; `read` makes objects of the rows."""
    return f"SELECT {columns(model)} FROM {model._meta.db_table}"  # noqa: S608 - columns of ours


def read(model: type[M], values: Sequence[Any]) -> M:
    """An object of a row of such columns."""
    names, parsed = _reading(model)
    row = list(values)
    for place in parsed:
        if row[place] is not None:
            row[place] = json.loads(row[place])
    return model.from_db(connection.alias, names, row)


def by_key(model: type[M], key: int) -> M | None:
    """The row of this key."""
    return next(iter(find(model, "id = %s", [key])), None)


def find(model: type[M], where: str, values: Sequence[Any]) -> list[M]:
    """The rows for which `where` holds, which may go on with an order and a lock."""
    with connection.cursor() as cursor:
        cursor.execute(f"{select(model)} WHERE {where}", values)
        return [read(model, row) for row in cursor.fetchall()]


def insert(objects: Sequence[Model]) -> None:
    """Write new rows of one model, all with keys or all without, which get theirs."""
    if not objects:
        return
    model, keyed = type(objects[0]), objects[0].pk is not None
    fields = written(model, keyed)
    rows = [{field.column: field.pre_save(one, True) for field in fields} for one in objects]
    with connection.cursor() as cursor:
        statement = f"{inserting(model, keyed)} RETURNING id"
        cursor.execute(statement, [json.dumps(rows, default=datetime.isoformat)])
        keys = cursor.fetchall()
    for one, (key,) in zip(objects, keys, strict=True):
        one.pk = key
        one._state.adding, one._state.db = False, connection.alias


@lru_cache(maxsize=64)
def written(model: type[Model], keyed: bool = False) -> list[Any]:
    """The columns that a new row states: all, or all but its key."""
    return [one for one in model._meta.concrete_fields if keyed or not one.primary_key]


@lru_cache(maxsize=64)
def inserting(model: type[Model], keyed: bool = False) -> str:
    """INSERT of rows given as one JSON text: an array a column would cost several times as much to
    bind. Rows come back as they went."""
    fields = written(model, keyed)
    names = ", ".join(f'"{field.column}"' for field in fields)
    typed = ", ".join(f'"{field.column}" {field.db_type(connection)}' for field in fields)
    return (
        f"INSERT INTO {model._meta.db_table} ({names}) "  # noqa: S608 - columns of ours
        f"SELECT {names} FROM json_to_recordset(%s::json) AS new({typed})"
    )


@lru_cache(maxsize=64)
def _reading(model: type[Model]) -> tuple[list[str], tuple[int, ...]]:
    """Names of the columns, and the places of those that hold JSON."""
    fields = model._meta.concrete_fields
    places = [place for place, field in enumerate(fields) if isinstance(field, JSONField)]
    return [field.attname for field in fields], tuple(places)
