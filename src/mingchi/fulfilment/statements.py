"""Several SQL statements in one message to the database: a step writes seven tables, and waiting
for an answer to each would take longer than the work.

psycopg binds parameters on our side (Django's default), so they may stand in one text. Rows go as
one JSON text a statement: binding an array a column costs several times as much.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from mingchi.foundation import rows


class Statements:
    """Statements in the order in which they are to be executed."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._values: list[Any] = []

    def of_rows(self, text: str, given: Iterable[Mapping[str, Any]], *first: Any) -> None:
        """A statement over json_to_recordset(…), after the values `first`; nothing where there are
        no rows."""
        found = list(given)
        if found:
            self._texts.append(text)
            self._values += [*first, _to_json(found)]

    def insert(self, objects: Sequence[Model], *, conflict: str = "") -> None:
        """New rows of one model. They get no keys."""
        if objects:
            model = type(objects[0])
            fields = rows.written(model)
            stated = [
                {field.column: getattr(one, field.attname) for field in fields} for one in objects
            ]
            self.of_rows(f"{rows.inserting(model)} {conflict}", stated)

    def execute(self) -> None:
        """Send them all."""
        if self._texts:
            with connection.cursor() as cursor:
                cursor.execute(";\n".join(self._texts), self._values)


def _to_json(given: list[Mapping[str, Any]]) -> str:
    return json.dumps(given, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    """A time to the microsecond; what a decision saw beyond plain data, as text."""
    return value.isoformat() if isinstance(value, datetime) else str(value)
