"""How long to wait before the next try (pure)."""

from datetime import timedelta
from typing import Final

MOST_TRIES: Final = 1_000
_FIRST_S: Final = 5
_LONGEST_S: Final = 3600


def backoff(tries: int) -> timedelta:
    """After so many failed tries: 5 s, 20 s, 80 s, … and an hour at most."""
    return timedelta(seconds=min(_FIRST_S * 4 ** min(tries - 1, 10), _LONGEST_S))
