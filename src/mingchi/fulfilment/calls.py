"""A call of the interpreter as plain data, so that one that failed can be made again later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from mingchi.flows import Advance, Decide, Graph, State, interpreter

_CALLS: Final[Mapping[str, Any]] = {
    "start": lambda graph, state, **words: interpreter.start(graph, **words),
    "complete": interpreter.complete,
    "job_done": interpreter.job_done,
    "job_failed": interpreter.job_failed,
    "retry": interpreter.retry,
    "fire": interpreter.fire,
    "signal": interpreter.signal,
    "cancel": interpreter.cancel,
    "close": interpreter.close,
}


@dataclass(frozen=True, slots=True)
class Call:
    """Which function of the interpreter, and its arguments but for graph, state and time."""

    name: str
    words: Mapping[str, Any] = field(default_factory=dict)

    def make(self, graph: Graph, state: State, *, now: datetime, decide: Decide) -> Advance:
        """Raises FlowError, as the interpreter does."""
        advance = _CALLS[self.name](graph, state, **self.words, now=now, decide=decide)
        assert isinstance(advance, Advance)
        return advance

    @property
    def token(self) -> int:
        """The token it is about, 0 for the whole instance."""
        return int(self.words.get("token", 0))

    def to_json(self) -> dict[str, Any]:
        return {"call": self.name, **self.words}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Call":
        words = dict(data)
        return cls(words.pop("call"), words)


def start() -> Call:
    return Call("start")


def complete(*, token: int, outcome: str) -> Call:
    return Call("complete", {"token": token, "outcome": outcome})


def job_done(*, token: int, outcome: str) -> Call:
    return Call("job_done", {"token": token, "outcome": outcome})


def job_failed(*, token: int, reason: str) -> Call:
    return Call("job_failed", {"token": token, "reason": reason})


def retry(*, token: int) -> Call:
    return Call("retry", {"token": token})


def fire(*, token: int, node: str) -> Call:
    return Call("fire", {"token": token, "node": node})


def signal(*, name: str) -> Call:
    return Call("signal", {"name": name})


def cancel() -> Call:
    return Call("cancel")


def close() -> Call:
    return Call("close")
