"""What the checks find: one shape for all of them, with place and path."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a flow file. `element`: id of the element, or of the next around it that has one,
    "" for the file; `line`: 1-based, 0 where there is none; `path`: the ids of nodes, from the
    start, on which it happens."""

    code: str
    message: str
    element: str = ""
    line: int = 0
    path: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data, as `mingchi flow check --json` prints it."""
        return {
            "code": self.code,
            "element": self.element or None,
            "line": self.line or None,
            "message": self.message,
            "path": list(self.path),
        }

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        element = f"{self.element}: " if self.element else ""
        path = f"\n    path: {' → '.join(self.path)}" if self.path else ""
        return f"{where}{element}{self.message} [{self.code}]{path}"


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """By line, then as found; each once."""
    return sorted(dict.fromkeys(findings), key=lambda finding: finding.line)
