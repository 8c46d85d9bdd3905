"""Requirements: boolean expressions over facts, `reserved and (paid or cash_on_delivery)`.

Read by a parser of four rules, held as alternatives of facts, and never evaluated as Python:

    or  = and ("or" and)*     and = not ("and" not)*     not = "not" not | "(" or ")" | NAME
"""

import re
from collections.abc import Collection
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"\s*(\(|\)|[a-z][a-z0-9_]*)")
_DEEPEST: Final = 20


class Alternative(NamedTuple):
    """Facts that must hold and facts that must not."""

    present: frozenset[str]
    absent: frozenset[str]


class Requirement(NamedTuple):
    """Met where one of its alternatives is. `text` as it was written."""

    text: str
    alternatives: tuple[Alternative, ...]

    def met(self, facts: Collection[str], *, perhaps: Collection[str] = ()) -> bool:
        """Whether these facts fulfil it. `perhaps` are facts that may hold, and count where they
        help."""
        held = frozenset(facts)
        likely = held | frozenset(perhaps)
        return any(one.present <= likely and not one.absent & held for one in self.alternatives)

    @property
    def facts(self) -> frozenset[str]:
        """All facts it names."""
        return frozenset().union(*(one.present | one.absent for one in self.alternatives))


def read_requirement(text: str) -> Requirement:
    """Raises ValueError where `text` has another form."""
    words = []
    end = 0
    while end < len(text.rstrip()):
        match = _WORD.match(text, end)
        if match is None:
            raise ValueError(f"{text[end:].strip()[:20]!r} is no fact, and, or, not or bracket")
        words.append(match.group(1))
        end = match.end()
    reader = _Reader(words)
    alternatives = reader.either(depth=0)
    if reader.words:
        raise ValueError(f"{reader.words[-1]!r} is one too many")
    return Requirement(text, tuple(alternatives))


class _Reader:
    def __init__(self, words: list[str]) -> None:
        self.words = words[::-1]

    def either(self, *, depth: int, negate: bool = False) -> list[Alternative]:
        """`or`; negated it is the `and` of what is negated."""
        found = self._both(depth, negate)
        while self._next("or"):
            found = _combined(found, self._both(depth, negate), every=negate)
        return found

    def _both(self, depth: int, negate: bool) -> list[Alternative]:
        found = self._one(depth, negate)
        while self._next("and"):
            found = _combined(found, self._one(depth, negate), every=not negate)
        return found

    def _one(self, depth: int, negate: bool) -> list[Alternative]:
        if depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
        if self._next("not"):
            return self._one(depth + 1, not negate)
        if self._next("("):
            found = self.either(depth=depth + 1, negate=negate)
            if not self._next(")"):
                raise ValueError("a bracket is not closed")
            return found
        if not self.words or self.words[-1] in (")", "and", "or"):
            raise ValueError("a fact is missing")
        fact = frozenset({self.words.pop()})
        return [Alternative(frozenset(), fact) if negate else Alternative(fact, frozenset())]

    def _next(self, word: str) -> bool:
        if self.words and self.words[-1] == word:
            self.words.pop()
            return True
        return False


def _combined(
    left: list[Alternative], right: list[Alternative], *, every: bool
) -> list[Alternative]:
    if not every:
        return left + right
    pairs = [Alternative(a.present | b.present, a.absent | b.absent) for a in left for b in right]
    return [one for one in pairs if not one.present & one.absent]
