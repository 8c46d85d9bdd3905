"""Reading JSON Lines: blocks of whole lines from a stream, and strict JSON from their lines.

Only "\\n" ends a line; a byte-order mark at the very beginning, "\\r" before "\\n" and blank lines
are accepted. Memory is bounded by the longest line.
"""

import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final, cast

BLOCK_BYTES: Final = 1 << 18
_BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = " \t\r"
_NEWLINE: Final = "\n"
_BETWEEN: Final = ",true,"
BLANK: Final = object()
"""In place of the value of a blank line."""
_LONGEST_INTEGER: Final = 40
"""Characters of the longest integer read as it stands; none that is in range has more."""
_OUT_OF_RANGE: Final[int] = 10**_LONGEST_INTEGER


class NotJson(ValueError):  # noqa: N818 - it is the line that is not
    """A line that is no JSON."""


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream in blocks of whole lines, each without its last "\\n"; as soon as they come."""
    read = getattr(stream, "read1", stream.read)
    pieces: list[bytes] = []
    first = True
    while piece := read(BLOCK_BYTES):
        whole, newline, rest = piece.rpartition(b"\n")
        if newline:
            pieces.append(whole)
            block = b"".join(pieces)
            yield block.removeprefix(_BOM) if first else block
            first, pieces = False, []
        if rest:
            pieces.append(rest)
    if pieces:
        block = b"".join(pieces)
        yield block.removeprefix(_BOM) if first else block


def values_of(block: bytes) -> Iterable[object]:
    """The values of a block's lines, BLANK where one is blank.

    Raises, upon coming to the line, NotJson, saying why, or UnicodeDecodeError where it is not
    UTF-8.
    """
    try:
        values = _at_once(block.decode())
    except UnicodeDecodeError:
        values = None
    return _one_by_one(block) if values is None else values


def _at_once(text: str) -> list[object] | None:
    """The values of all lines, read as one array, which takes half the time of reading them by
    themselves; None where a line is no bare value, or where it can't be told.

    `true` stands between the lines, which none of them holds: where it comes back after each value
    but the last, each line was a value of its own.
    """
    if "true" in text:
        return None
    array = f"[{text.replace(_NEWLINE, _BETWEEN)}]"
    try:
        values, end = _raw_decode(array)
    except (ValueError, RecursionError):
        return None
    if end != len(array) or len(values) != 2 * text.count(_NEWLINE) + 1:
        return None
    for between in values[1::2]:
        if between is not True:
            return None
    return cast(list[object], values[::2])


def _one_by_one(block: bytes) -> Iterator[object]:
    for line in block.split(b"\n"):
        yield _read(line.decode())


def _read(line: str) -> object:
    """The value a line holds."""
    try:
        value, end = _raw_decode(line)
    except (ValueError, RecursionError):
        return _read_carefully(line)
    return value if end == len(line) else _read_carefully(line)


def _read_carefully(line: str) -> object:
    """Reads a line that is no bare value: with space around it, a long integer, or at fault."""
    if not line.strip(_SPACE):
        return BLANK
    try:
        return _CAREFUL.decode(line)
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON: {error.msg} at column {error.colno}") from None
    except ValueError as error:
        raise NotJson(f"not JSON: {error}") from None
    except RecursionError:
        raise NotJson("not JSON that can be read: nested too deeply") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _integer(digits: str) -> int:
    """An integer of any length: one too long for any field is read as one out of range."""
    if len(digits) <= _LONGEST_INTEGER:
        return int(digits)
    return -_OUT_OF_RANGE if digits.startswith("-") else _OUT_OF_RANGE


_raw_decode: Final = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
_CAREFUL: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_integer)
