"""Which flow a new subject gets: the merchant's choice, else its standard flow, else the
platform's, which is always there. Whatever is wrong with a choice is said, and passed over."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from django.db.models import F, Q

from mingchi.flows import DecisionError
from mingchi.flows.deciding import Decider
from mingchi.flows.tables import TableError, read_table
from mingchi.fulfilment import compiled, defaults, subjects
from mingchi.fulfilment.models import FlowSelector, FlowVersion

STANDARD: Final = defaults.STANDARD
_TABLE: Final = "flow"


class Choice(NamedTuple):
    """A version to start under. `trouble`: why those before it were not taken."""

    version_id: int
    trouble: str


def choices(*, kind: str, merchant_id: int, values: Mapping[str, object]) -> Iterator[Choice]:
    """The versions to try, the best first; the last is the platform's own."""
    trouble = []
    keys = [STANDARD]
    try:
        chosen = selected(kind=kind, merchant_id=merchant_id, values=values)
        if chosen is not None and chosen != STANDARD:
            keys.insert(0, chosen)
    except DecisionError as error:
        trouble.append(f"the choice of flows gave no answer: {error}")
    for key in keys:
        version_id = published(kind=kind, key=key, merchant_id=merchant_id)
        if version_id is not None:
            yield Choice(version_id, "; ".join(trouble))
        elif key != STANDARD:
            trouble.append(f"the flow {key!r} is not published")
    yield Choice(defaults.ensure(kind), "; ".join(trouble))


def selected(*, kind: str, merchant_id: int, values: Mapping[str, object]) -> str | None:
    """The key that the merchant's selector gives; None where it has none. Raises DecisionError."""
    found = FlowSelector.objects.filter(merchant_id=merchant_id, kind=kind)
    selector = found.order_by("-number").first()
    return None if selector is None else look_up(kind, selector.data, values)


def look_up(kind: str, data: Any, values: Mapping[str, object]) -> str:
    """What a selector's table gives for these values. Raises DecisionError."""
    try:
        table = read_table(data, context=subjects.of(kind).context)
    except TableError as error:
        raise DecisionError(str(error)) from None
    decide = Decider(compiled.conditions(kind), values, {_TABLE: table})
    return str(decide.look_up(_TABLE, "").value)


def published(*, kind: str, key: str, merchant_id: int) -> int | None:
    """The published version of the merchant's flow of this key, else of the platform's."""
    found = FlowVersion.objects.filter(
        Q(definition__merchant=merchant_id) | Q(definition__merchant__isnull=True),
        definition__kind=kind,
        definition__key=key,
        status=FlowVersion.Status.PUBLISHED,
    ).order_by(F("definition__merchant").asc(nulls_last=True))
    return found.values_list("pk", flat=True).first()
