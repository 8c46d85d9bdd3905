"""Idempotency for use cases: the key is claimed before anything is read."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from mingchi.foundation import idempotency

R = TypeVar("R")


def once(
    *,
    action: str,
    actor: str,
    key: str,
    body: Mapping[str, Any],
    run: Callable[[], R],
    result: Callable[..., R],
) -> R:
    """Run, or give the answer of the first run. `result` is the dataclass that `run` returns; its
    fields are JSON values."""
    answer, _again = idempotency.once(
        scope=f"{action}:{actor}",
        key=key,
        body=body,
        run=lambda: asdict(run()),  # type: ignore[call-overload]
    )
    return result(**answer)
