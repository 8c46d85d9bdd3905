"""The `decide` of the interpreter over the values of one order: conditions by CEL, tables by rows.

conditions = Conditions(ORDER)                   # once a process
decide = Decider(conditions, values, tables)     # once a call; `values` may be a lazy mapping
"""

from collections.abc import Mapping
from typing import Any

from mingchi.flows.advancing import Answer
from mingchi.flows.conditions import ConditionError, Conditions
from mingchi.flows.context import OUTCOME, OUTCOMES
from mingchi.flows.errors import DecisionError
from mingchi.flows.tables import Table


class Decider:
    """Answers from `values` (by name of the context's variables) and pinned `tables`. Only what a
    decision reads is looked up; that is also what the log gets to see."""

    def __init__(
        self,
        conditions: Conditions,
        values: Mapping[str, Any],
        tables: Mapping[str, Table] | None = None,
    ) -> None:
        self._conditions = conditions
        self._values = values
        self._tables = tables or {}

    def holds(self, condition: str, outcome: str, outcomes: Mapping[str, str]) -> Answer:
        """Whether a condition holds. Raises DecisionError."""
        try:
            compiled = self._conditions.compile(condition)
            seen: dict[str, Any] = {}
            for name in compiled.names:
                if name == OUTCOMES:
                    known = {node: outcomes.get(node, "") for node in compiled.outcome_nodes}
                    seen[name] = {**outcomes, **known}
                else:
                    seen[name] = self._value(name, outcome)
            return Answer(compiled.holds(seen), seen)
        except ConditionError as error:
            raise DecisionError(str(error)) from None

    def look_up(self, table: str, outcome: str) -> Answer:
        """What a table gives. Raises DecisionError."""
        found = self._tables.get(table)
        if found is None:
            raise DecisionError(f"there is no decision table {table!r}")
        seen = {name: self._value(name, outcome) for name in found.inputs}
        result = found.look_up(seen)
        if result is None:
            raise DecisionError(f"no row of the table {table!r} fits {seen}")
        return Answer(result, seen)

    def _value(self, name: str, outcome: str) -> Any:
        if name == OUTCOME:
            return outcome
        try:
            return self._values[name]
        except KeyError:
            raise DecisionError(f"the order has no value for {name!r}") from None
