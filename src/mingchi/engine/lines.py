"""Reading JSON Lines: blocks of whole lines from a stream, and strict JSON from a line.

Only "\\n" ends a line; a byte-order mark at the very beginning, "\\r" before "\\n" and blank lines
are accepted. Memory is bounded by the longest line.
"""

import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

BLOCK_BYTES: Final = 1 << 18
_BOM: Final = b"\xef\xbb\xbf"
_BLANK: Final = " \t\r"
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


def lines_of(block: bytes) -> Iterable[str]:
    """The lines of a block. Raises UnicodeDecodeError upon coming to a line that is not UTF-8."""
    block = block.replace(b"\r\n", b"\n")
    try:
        return block.decode().split("\n")
    except UnicodeDecodeError:
        return _one_by_one(block)


def _one_by_one(block: bytes) -> Iterator[str]:
    for line in block.split(b"\n"):
        yield line.decode()


def is_blank(line: str) -> bool:
    """Whether a line holds nothing but space."""
    return not line.strip(_BLANK)


def read_json(line: str) -> object:
    """The value a line holds; None where it is blank. Raises NotJson, saying why."""
    try:
        value, end = _raw_decode(line)
    except (ValueError, RecursionError):
        return _read_carefully(line)
    return value if end == len(line) else _read_carefully(line)


def _read_carefully(line: str) -> object:
    """Reads a line that is no bare value: with space around it, a long integer, or at fault."""
    if is_blank(line):
        return None
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
