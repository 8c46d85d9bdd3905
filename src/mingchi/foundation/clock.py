"""The time, read at the edge only; below it, `now` is an argument."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """This moment, aware."""
    return timezone.now()
