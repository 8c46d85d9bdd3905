"""Boxes beside a thing's own fields: a table, or a few figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mingchi.backoffice.display import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A titled box. `rows` are cells under `headers`; `figures` are label and value; `chart` is
    what Chart.js draws; `text` is shown as it is; `note` stands below. `right` names columns,
    counted from 0, that are set to the right."""

    title: Text
    headers: Sequence[Text] = ()
    rows: Sequence[Sequence[Any]] = ()
    figures: Sequence[tuple[Text, Any]] = ()
    chart: str = ""
    note: Text = ""
    more: str = ""
    text: Any = ""
    empty: Text = ""
    right: frozenset[int] = field(default_factory=frozenset)

    @property
    def cells(self) -> Sequence[Sequence[tuple[Any, Text, bool]]]:
        """Rows of (value, label, set to the right)."""
        return [
            [
                (cell, self.headers[place] if self.headers else "", place in self.right)
                for place, cell in enumerate(row)
            ]
            for row in self.rows
        ]

    @property
    def heads(self) -> Sequence[tuple[Text, bool]]:
        """Headers with their side."""
        return [(head, place in self.right) for place, head in enumerate(self.headers)]
