"""How the domain of a kind answers for its subjects: a registry, since flows know no orders.

`config` loads what registers here, as it loads the registered steps.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import DatabaseError

from mingchi.flows import DecisionError
from mingchi.flows.context import Context

NOBODY: Final = ""


def _itself(subject: str) -> str:
    return subject


def _nobody(subject: str) -> str:
    return NOBODY


def unmoved(subject: str, now: datetime) -> None:
    """Nothing follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """What flows ask of the subjects of a kind; each takes the subject (`order:17`).

    `context`: the variables that conditions may read. `values`: these, by name; money in whole
    fen. `merchant`: whose it is; raises NotFoundError. `lock`: holds the rows that a step of the
    subject may change, the order's first, until the transaction ends. `family`: what it is part of
    (a shipment group's order). `owner`: the buyer, `member:7`. `recent`: the latest so many of a
    merchant, newest first, for trying out a drawing. `started`: what follows from the start of its
    flow, `cancelled`: from its cancellation as a whole; each in the same
    transaction, the subject's rows locked. `ended`: what follows from its end, however that came,
    in the same transaction; it may send signals and nothing else.
    """

    context: Context
    values: Callable[[str], Mapping[str, object]]
    merchant: Callable[[str], int]
    lock: Callable[[str], None]
    recent: Callable[[int, int], Sequence[str]]
    family: Callable[[str], str] = _itself
    owner: Callable[[str], str] = _nobody
    started: Callable[[str, datetime], None] = unmoved
    cancelled: Callable[[str, datetime], None] = unmoved
    ended: Callable[[str, datetime], None] = unmoved
    facts: frozenset[str] = frozenset()


_kinds: dict[str, Subjects] = {}


def register(kind: str, answers: Subjects) -> None:
    """Who answers for a kind; a second registration takes the first one's place."""
    _kinds[kind] = answers


def of(kind: str) -> Subjects:
    """Who answers for this kind. A kind that nobody registered is a fault of the wiring."""
    assert kind in _kinds, f"nobody answers for subjects of kind {kind!r}"
    return _kinds[kind]


class Values(Mapping[str, object]):
    """The values of a subject, read when first asked for: most advances decide nothing.

    Whatever goes wrong on reading is a decision without an answer, so that the flow waits for a
    person there instead of failing whoever moved it.
    """

    def __init__(self, kind: str, subject: str) -> None:
        self._kind = kind
        self._subject = subject
        self._read: Mapping[str, object] | None = None

    def _values(self) -> Mapping[str, object]:
        if self._read is None:
            try:
                self._read = of(self._kind).values(self._subject)
            except DatabaseError:
                raise
            except Exception as error:
                raise DecisionError(f"{self._subject} could not be read: {error}") from error
        return self._read

    def __getitem__(self, name: str) -> object:
        return self._values()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())
