"""How much room shapes and their names take in a drawing, in whole pixels, as in bpmn-js."""

import unicodedata
from typing import Final, NamedTuple

from mingchi.flows.graph import TASKS, Kind

TASK: Final = (100, 80)
GATEWAY: Final = (50, 50)
EVENT: Final = (36, 36)
GATEWAYS: Final = frozenset({Kind.EXCLUSIVE, Kind.PARALLEL, Kind.EVENTS})
# Names beside shapes: 11 px Arial, lines of 13.2 px, broken at 90 px.
_WIDEST: Final = 90
_LINE: Final = 14
_WIDE: Final = 11
_NARROW: Final = 6


class Box(NamedTuple):
    """Where a shape stands, or its name."""

    x: int
    y: int
    width: int
    height: int

    def moved(self, x: int, y: int) -> "Box":
        return Box(self.x + x, self.y + y, self.width, self.height)


class Size(NamedTuple):
    width: int
    height: int


NOTHING: Final = Size(0, 0)


def of_shape(kind: Kind) -> Size:
    """The size of a shape; a sub-process has that of what stands in it."""
    if kind in TASKS:
        return Size(*TASK)
    return Size(*(GATEWAY if kind in GATEWAYS else EVENT))


def of_name(text: str) -> Size:
    """The size of a name that stands beside its shape, at most 90 px wide."""
    if not text:
        return NOTHING
    lines = [0]
    for word in _words(text):
        width = sum(map(_width, word))
        if lines[-1] and lines[-1] + width > _WIDEST:
            lines.append(0)
        lines[-1] += width
    return Size(min(max(lines), _WIDEST), _LINE * len(lines))


def _words(text: str) -> list[str]:
    """Pieces between which a line may be broken; too long a word is broken anywhere."""
    pieces: list[str] = []
    for word in text.split():
        wide = any(_is_wide(letter) for letter in word)
        step = 1 if wide else _WIDEST // _NARROW
        pieces += [word[place : place + step] for place in range(0, len(word), step)]
        pieces[-1] += " "
    return pieces


def _width(letter: str) -> int:
    return _WIDE if _is_wide(letter) else _NARROW


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"
