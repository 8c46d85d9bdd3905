"""Decision tables: typed inputs, rows, the first row that fits decides, one output.

    {"name": "reviewer", "inputs": [{"name": "amount_fen"}, {"name": "channel"}],
     "output": {"type": "string"},
     "rows": [{"when": {"amount_fen": {"from": 100000}, "channel": ["app", "web"]},
               "then": "manager"}],
     "default": "clerk"}

A cell is a value; for whole numbers also {"from": a, "to": b}, both included, one may be left out;
for strings also a list of values or {"not": [values]}. An input that a row leaves out fits always.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final

from mingchi.flows.context import OUTCOME, Context, Type
from mingchi.flows.durations import read_duration

MOST_ROWS: Final = 200
MOST_INPUTS: Final = 8
_MOST_SAMPLES: Final = 20_000
_LONGEST: Final = 200
_KEYS: Final = frozenset({"name", "inputs", "output", "rows", "default", "hit"})
OTHER: Final = "(any other)"


class TableError(ValueError):
    """A decision table that does not have its form. The message names the place."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What an input must be: within a range of numbers, or in (or out of) a set of values."""

    lowest: int | None = None
    highest: int | None = None
    values: frozenset[object] | None = None
    negated: bool = False

    def fits(self, value: object) -> bool:
        if self.values is not None:
            return (value in self.values) is not self.negated
        assert isinstance(value, int)
        low = self.lowest is None or value >= self.lowest
        return low and (self.highest is None or value <= self.highest)


@dataclass(frozen=True, slots=True)
class Row:
    """Cells by the name of their input; what the table gives where all fit."""

    when: Mapping[str, Cell]
    then: str


@dataclass(frozen=True, slots=True)
class Table:
    """`inputs`: name → type. `durations`: what it gives is a time, not an outcome."""

    name: str
    inputs: Mapping[str, Type]
    durations: bool
    rows: tuple[Row, ...]
    default: str | None

    def look_up(self, values: Mapping[str, object]) -> str | None:
        """What the first row gives that fits, else the default, else None."""
        for row in self.rows:
            if all(cell.fits(values[name]) for name, cell in row.when.items()):
                return row.then
        return self.default

    @property
    def results(self) -> frozenset[str]:
        """All it can give."""
        found = {row.then for row in self.rows}
        return frozenset(found if self.default is None else found | {self.default})


def read_table(data: object, *, context: Context) -> Table:
    """The table in this plain data. Raises TableError."""
    table = _object("the table", data)
    if unknown := table.keys() - _KEYS:
        raise TableError(f"there is no key {sorted(unknown)[0]!r}")
    if table.get("hit", "first") != "first":
        raise TableError('hit: only "first" is taken')
    name = _text("name", table.get("name"))
    inputs = _inputs(table.get("inputs"), context)
    durations = _object("output", table.get("output", {"type": "string"})).get("type") == "duration"
    rows = _list("rows", table.get("rows"))
    if len(rows) > MOST_ROWS:
        raise TableError(f"rows: at most {MOST_ROWS}")
    default = table.get("default")
    return Table(
        name=name,
        inputs=inputs,
        durations=durations,
        rows=tuple(_row(number, row, inputs, durations) for number, row in enumerate(rows, 1)),
        default=None if default is None else _result("default", default, durations),
    )


def uncovered(table: Table) -> Mapping[str, object] | None:
    """Inputs that no row takes, where there is no default; None: all are covered. Exact: only the
    values that cells name, their neighbours, and one other make a difference."""
    if table.default is not None:
        return None
    samples = {name: _samples(table, name, kind) for name, kind in table.inputs.items()}
    if prod(len(values) for values in samples.values()) > _MOST_SAMPLES:
        return dict.fromkeys(table.inputs, "(too many cases to look at; add a default)")
    for case in product(*samples.values()):
        values = dict(zip(table.inputs, case, strict=True))
        if table.look_up(values) is None:
            return values
    return None


def _samples(table: Table, name: str, kind: Type) -> list[object]:
    cells = [row.when[name] for row in table.rows if name in row.when]
    if kind is Type.BOOL:
        return [False, True]
    if kind is Type.INT:
        edges = {0}
        for cell in cells:
            named = [x for x in cell.values or () if isinstance(x, int)]
            edges.update(named, (x for x in (cell.lowest, cell.highest) if x is not None))
        return [*sorted({near for edge in edges for near in (edge - 1, edge, edge + 1)})]
    strings = {str(value) for cell in cells for value in cell.values or ()}
    return [*sorted(strings), OTHER]


def _inputs(data: object, context: Context) -> dict[str, Type]:
    inputs: dict[str, Type] = {}
    for number, entry in enumerate(_list("inputs", data), 1):
        name = _text(f"input {number}", _object(f"input {number}", entry).get("name"))
        if name in inputs:
            raise TableError(f"input {name!r} stands there twice")
        known = Type.STRING if name == OUTCOME else None
        if name in context:
            known = context[name].type
        if known is None:
            raise TableError(f"input {name!r} is not in the context")
        if known is Type.STRINGS:
            raise TableError(f"input {name!r} is a list; a table compares single values")
        if entry.get("type", known.value) != known.value:
            raise TableError(f"input {name!r} is of type {known.value}")
        inputs[name] = known
    if not 1 <= len(inputs) <= MOST_INPUTS:
        raise TableError(f"inputs: 1 to {MOST_INPUTS}")
    return inputs


def _row(number: int, data: object, inputs: Mapping[str, Type], durations: bool) -> Row:
    place = f"row {number}"
    row = _object(place, data)
    when = _object(f"{place}, when", row.get("when", {}))
    cells = {}
    for name, cell in when.items():
        if name not in inputs:
            raise TableError(f"{place}: {name!r} is no input")
        cells[name] = _cell(f"{place}, {name}", cell, inputs[name])
    return Row(cells, _result(f"{place}, then", row.get("then"), durations))


def _cell(place: str, data: object, kind: Type) -> Cell:
    if kind is Type.INT and isinstance(data, dict):
        if not data or data.keys() - {"from", "to"}:
            raise TableError(f"{place}: a range has `from`, `to` or both")
        low, high = (None if data.get(x) is None else _value(place, data[x], kind) for x in _RANGE)
        if low is not None and high is not None and low > high:
            raise TableError(f"{place}: {low} to {high} holds nothing")
        return Cell(lowest=low, highest=high)
    negated = isinstance(data, dict)
    if isinstance(data, dict):
        if data.keys() != {"not"}:
            raise TableError(f'{place}: a value, a list of values, or {{"not": [values]}}')
        data = data["not"]
    values = data if isinstance(data, list) else [data]
    if not values:
        raise TableError(f"{place}: an empty list")
    return Cell(values=frozenset(_value(place, value, kind) for value in values), negated=negated)


_RANGE: Final = ("from", "to")
_PYTHON: Final = {Type.INT: int, Type.STRING: str, Type.BOOL: bool}


def _value(place: str, data: object, kind: Type) -> Any:
    if type(data) is not _PYTHON[kind]:  # True is an int to Python, not to us
        raise TableError(f"{place}: {data!r} is no {kind.value}")
    if isinstance(data, str) and len(data) > _LONGEST:
        raise TableError(f"{place}: at most {_LONGEST} characters")
    return data


def _result(place: str, data: object, durations: bool) -> str:
    text = _text(place, data)
    if durations:
        try:
            read_duration(text)
        except ValueError as error:
            raise TableError(f"{place}: {error}") from None
    return text


def _object(place: str, data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise TableError(f"{place} must be an object")
    return data


def _list(place: str, data: object) -> list[Any]:
    if not isinstance(data, list):
        raise TableError(f"{place} must be a list")
    return data


def _text(place: str, data: object) -> str:
    if not isinstance(data, str) or not data or len(data) > _LONGEST:
        raise TableError(f"{place} must be a text of 1 to {_LONGEST} characters")
    return data
