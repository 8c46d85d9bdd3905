"""ISO 8601 durations, whole: years, months, weeks, days, hours, minutes, seconds."""

import re
from calendar import monthrange
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

_FORM: Final = re.compile(
    r"P(?=.)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=.)(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,10})S)?)?",
    re.ASCII,
)
_LONGEST_YEARS: Final = 10


class Duration(NamedTuple):
    """Calendar months and exact seconds; P1M is a month of whatever length."""

    months: int
    seconds: int

    def after(self, moment: datetime) -> datetime:
        """The moment this much later. A month after the 31st is the last of a shorter month."""
        if self.months:
            index = moment.year * 12 + moment.month - 1 + self.months
            year, month = divmod(index, 12)
            day = min(moment.day, monthrange(year, month + 1)[1])
            moment = moment.replace(year=year, month=month + 1, day=day)
        return moment + timedelta(seconds=self.seconds)


@lru_cache(maxsize=1024)
def read_duration(text: str) -> Duration:
    """The duration written in `text`. Raises ValueError: no duration, zero, or over ten years."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:40]!r} is no ISO 8601 duration; write P3D, PT24H or P1DT12H")
    years, months, weeks, days, hours, minutes, seconds = (int(x or 0) for x in match.groups())
    months += years * 12
    seconds += ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60
    if not months and not seconds:
        raise ValueError(f"{text!r} is no time at all; a wait must be longer than zero")
    if months * 31 * 86_400 + seconds > _LONGEST_YEARS * 372 * 86_400:
        raise ValueError(f"{text!r} is longer than {_LONGEST_YEARS} years")
    return Duration(months, seconds)
