"""Conditions: the part of CEL that a merchant may write, compiled once, always quick.

CEL itself has no loops but its macros. Those are not offered, nor regular expressions: names that
are called must stand in FUNCTIONS. What is left costs at most its length times that of its values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from cel_expr_python import cel

from mingchi.flows.context import OUTCOME, OUTCOMES, Context
from mingchi.flows.graph import OUTCOME_READ, outcomes_read

LONGEST: Final = 1_000
FUNCTIONS: Final = frozenset({"size", "contains", "startsWith", "endsWith", "has"})
_WORDS: Final = frozenset({"true", "false", "in"})
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<name>[A-Za-z_]\w*)
    |(?P<number>\d+)
    |(?P<operator>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE | re.ASCII,
)
# What a condition may be made of for its samples to tell all about it (see `worlds`).
_ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "%", "?", ":"})


class ConditionError(ValueError):
    """An expression that can't be used. The message says what, and where in it."""


@dataclass(frozen=True)
class Condition:
    """A compiled condition. `names`: the variables it reads. `strings` and `numbers`: the literals
    in it. `plain`: nothing but comparisons, so that samples around its literals tell all."""

    text: str
    names: tuple[str, ...]
    strings: frozenset[str]
    numbers: frozenset[int]
    plain: bool
    program: Any

    @cached_property
    def outcome_nodes(self) -> tuple[str, ...]:
        """The nodes whose outcomes it reads by name."""
        return tuple(sorted(outcomes_read(self.text)[0]))

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds for these values. Raises ConditionError where it has no answer."""
        try:
            result = self.program.eval(data=values).value()
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:
            raise ConditionError(f"{self.text}: {_reason(error)}") from None
        if result is not True and result is not False:
            raise ConditionError(f"{self.text}: {result}")
        return result


class Conditions:
    """The conditions that are possible over a context; compiles each once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        variables = {name: cel.Type(one.type.value) for name, one in context.items()}
        variables[OUTCOME] = cel.Type.STRING
        variables[OUTCOMES] = cel.Type.Map(cel.Type.STRING, cel.Type.STRING)
        self._env = cel.NewEnv(variables=variables)
        self._compiled: dict[str, Condition] = {}

    def compile(self, text: str) -> Condition:
        """Raises ConditionError: too long, not of the part offered, an unknown name, types that
        don't fit, or not a bool."""
        found = self._compiled.get(text)
        if found is None:
            if len(self._compiled) > 10_000:  # a process that has seen that many starts anew
                self._compiled.clear()
            found = self._compiled[text] = self._compile(text)
        return found

    def _compile(self, text: str) -> Condition:
        if len(text) > LONGEST:
            raise ConditionError(f"a condition has at most {LONGEST} characters")
        tokens = _tokens(text)
        _calls(tokens)
        try:
            program = self._env.compile(text)
            type_name = str(program.return_type())
        except (RuntimeError, ValueError, OverflowError) as error:
            raise ConditionError(_reason(error)) from None
        if type_name != "BOOL":
            raise ConditionError(f"it gives {type_name}, where yes or no is asked")
        names = {word for kind, word in tokens if kind == "name"} - _WORDS
        known = names & (self.context.keys() | {OUTCOME, OUTCOMES})
        called = names & FUNCTIONS
        operators = {word for kind, word in tokens if kind == "operator"}
        tokens = _tokens(OUTCOME_READ.sub(OUTCOMES, text))  # a node's name is no literal
        return Condition(
            text=text,
            names=tuple(sorted(known)),
            strings=frozenset(_unquoted(word) for kind, word in tokens if kind == "string"),
            numbers=frozenset(int(word) for kind, word in tokens if kind == "number"),
            plain=not called and not operators & _ARITHMETIC and "\\" not in text,
            program=program,
        )


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    end = 0
    while end < len(text):
        match = _TOKEN.match(text, end)
        if match is None:
            raise ConditionError(f"column {end + 1}: {text[end]!r} can't stand in a condition")
        if match.lastgroup != "space":
            found.append((match.lastgroup or "", match.group()))
        end = match.end()
    return found


def _calls(tokens: list[tuple[str, str]]) -> None:
    """Refuse what is called and not offered, the macros of CEL among it, and literals with a
    prefix (r"…", b"…")."""
    for (kind, word), (next_kind, next_word) in pairwise([*tokens, ("", "")]):
        if kind == "name" and next_word == "(" and word not in FUNCTIONS | {"in"}:
            offered = ", ".join(sorted(FUNCTIONS))
            raise ConditionError(f"{word}(…) is not offered; there are {offered}")
        if kind == "name" and next_kind == "string" and word != "in":
            raise ConditionError(f"{word}{next_word}: only plain strings are taken")
        if kind == next_kind == "string":
            raise ConditionError("two strings in a row; three quotes are not taken")


def _unquoted(literal: str) -> str:
    return literal[1:-1]


def _reason(error: Exception) -> str:
    """CEL's message without its code and its drawing."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    text = re.sub(r"^[A-Z_]+: (?:ERROR: )?| \[[A-Z_]+\]$", "", text)
    return re.sub(r"<input>:\d+:(\d+)", r"column \1", text)[:300]
