"""A plan as TOML text, from its object; only what plans hold: strings, integers, lists, tables."""

import json
from typing import Any

Table = dict[str, Any]


def dump(plan: Table) -> str:
    """The text of a plan; reading it gives the same object."""
    parts = [_table(name, plan[name]) for name in ("plan", "split", "points") if name in plan]
    for name in ("ranks", "awards"):
        parts += [_table(name, row, many=True) for row in plan.get(name, [])]
    return "\n".join(parts)


def _table(name: str, values: Table, *, many: bool = False) -> str:
    head = f"[[{name}]]" if many else f"[{name}]"
    return "\n".join([head, *(f"{key} = {_value(value)}" for key, value in values.items())]) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # TOML's basic strings escape as JSON does
    assert type(value) is int
    return str(value)
