"""A progress bar for a terminal."""

from typing import Final, TextIO

_WIDTH: Final = 30


class ProgressBar:
    """Redraws one line of `out`. `total_bytes` None: not known, events are counted instead."""

    __slots__ = ("_out", "_total_bytes")

    def __init__(self, out: TextIO, *, total_bytes: int | None) -> None:
        self._out = out
        self._total_bytes = total_bytes

    def show(self, *, done_bytes: int, events: int) -> None:
        """Draws how far it is."""
        if self._total_bytes:
            percent = min(100, 100 * done_bytes // self._total_bytes)
            filled = _WIDTH * percent // 100
            bar = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {percent:3d}% "
        else:
            bar = ""
        self._out.write(f"\r{bar}{events:,} events\x1b[K")
        self._out.flush()

    def clear(self) -> None:
        """Takes the line away."""
        self._out.write("\r\x1b[K")
        self._out.flush()
