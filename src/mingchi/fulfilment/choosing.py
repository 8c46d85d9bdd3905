"""Which flow a new subject gets: the merchant's choice, else its standard flow, else the
platform's, which is always there. Whatever is wrong with a choice is said, and passed over."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from django.db import connection

from mingchi.flows import DecisionError
from mingchi.flows.deciding import Decider
from mingchi.flows.tables import TableError, read_table
from mingchi.fulfilment import compiled, defaults, subjects

STANDARD: Final = defaults.STANDARD
_TABLE: Final = "flow"
# The merchant's selector, and what is published of the merchant's flows and of the platform's.
_STANDING: Final = """
(SELECT s.data, NULL, NULL, false FROM fulfilment_flowselector s
 WHERE s.merchant_id = %s AND s.kind = %s ORDER BY s.number DESC LIMIT 1)
UNION ALL
SELECT NULL, d.key, v.id, d.merchant_id IS NOT NULL
FROM fulfilment_flowversion v JOIN fulfilment_flowdefinition d ON d.id = v.definition_id
WHERE d.kind = %s AND (d.merchant_id = %s OR d.merchant_id IS NULL) AND v.status = 'published'
"""


class Choice(NamedTuple):
    """A version to start under. `trouble`: why those before it were not taken."""

    version_id: int
    trouble: str


def choices(*, kind: str, merchant_id: int, values: Mapping[str, object]) -> Iterator[Choice]:
    """The versions to try, the best first; the last is the platform's own."""
    selector, published = _standing(kind, merchant_id)
    trouble = []
    keys = [STANDARD]
    try:
        chosen = None if selector is None else look_up(kind, selector, values)
        if chosen is not None and chosen != STANDARD:
            keys.insert(0, chosen)
    except DecisionError as error:
        trouble.append(f"the choice of flows gave no answer: {error}")
    for key in keys:
        if key in published:
            yield Choice(published[key], "; ".join(trouble))
        elif key != STANDARD:
            trouble.append(f"the flow {key!r} is not published")
    yield Choice(defaults.ensure(kind), "; ".join(trouble))


def _standing(kind: str, merchant_id: int) -> tuple[Any, dict[str, int]]:
    """The merchant's selector, if any, and the published version of each key: the merchant's own,
    else the platform's."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [merchant_id, kind, kind, merchant_id])
        rows = cursor.fetchall()
    selector = next((json.loads(data) for data, key, _pk, _own in rows if key is None), None)
    versions = sorted((own, key, pk) for _data, key, pk, own in rows if key is not None)
    return selector, {key: pk for _own, key, pk in versions}


def look_up(kind: str, data: Any, values: Mapping[str, object]) -> str:
    """What a selector's table gives for these values. Raises DecisionError."""
    try:
        table = read_table(data, context=subjects.of(kind).context)
    except TableError as error:
        raise DecisionError(str(error)) from None
    decide = Decider(compiled.conditions(kind), values, {_TABLE: table})
    return str(decide.look_up(_TABLE, "").value)
