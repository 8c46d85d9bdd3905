"""Lines are read many at once where they can be, and always as if each were read by itself."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingchi.engine import lines

VALUES = ('{"id": "a", "n": 1}', '{"id": "\\u00e9", "ok": false}', "[[1], [2]]", '"true"', "-0")
BROKEN = (
    *("", " \t", "true", '{"t":true}', "1,2", "1],[2", "[3", "4]", '{"a": [3', "4]}", '{"id": 1}]'),
    *("[", "]", '"x', 'y"', "1]", "[1,true,2", "NaN", '{"n": NaN}', "9" * 41, "9" * 5000, "nul"),
)


def one_by_one(block: bytes) -> list[object]:
    """The values as they should be, up to the first line that is no JSON, in whose place None."""
    found: list[object] = []
    for line in block.decode().split("\n"):
        try:
            found.append(_value(line))
        except ValueError:
            return [*found, None]
    return found


def _value(line: str) -> object:
    if "NaN" in line:
        raise ValueError(line)
    if line.isdigit() and len(line) > 40:
        return 10**40
    return json.loads(line) if line.strip() else lines.BLANK


def read(block: bytes) -> list[object]:
    found: list[object] = []
    try:
        for value in lines.values_of(block):
            found.append(value)
    except lines.NotJson:
        found.append(None)
    return found


@given(st.lists(st.sampled_from(VALUES + BROKEN), min_size=1, max_size=8))
def test_lines_are_read_as_if_by_themselves(texts: list[str]) -> None:
    block = "\n".join(texts).encode()
    assert _plain(read(block)) == _plain(one_by_one(block))


def _plain(values: list[object]) -> list[object]:
    """Integers too long for any field are read as one out of range, how long they are is lost."""
    return [10**40 if type(value) is int and value >= 10**40 else value for value in values]


@pytest.mark.parametrize(
    "texts",
    [
        ('{"a": 1}],[{"b": 2}', '{"a": [[3', "4]]}"),
        ('{"a": 1},{"b": 2}', '{"a": "x', 'y"}'),
        ('{"a": 1}', '{"b": 2}]'),
        ('{"a": 1},true,{"b": 2}', '{"a": [3', "4]}"),
    ],
)
def test_what_is_whole_only_together_is_no_json(texts: tuple[str, ...]) -> None:
    assert read("\n".join(texts).encode())[-1] is None


def test_ordinary_lines_are_read_at_once() -> None:
    assert isinstance(lines.values_of(b'{"a": 1}\r\n{"b": 2}'), list)
