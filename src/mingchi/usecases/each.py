"""Many of the same, one transaction each: what fails is logged and does not hold the rest up."""

from collections.abc import Callable, Iterable

import structlog
from django.db import OperationalError

from mingchi.foundation.errors import ConflictError

log = structlog.get_logger(__name__)


def for_each(keys: Iterable[int], work: Callable[[int], bool], *, step: str) -> int:
    """Call `work` with each key; returns how many times it did something.

    A conflict means that somebody was faster. Without a database nothing goes on, so
    OperationalError is raised.
    """
    done = 0
    for key in keys:
        try:
            done += work(key)
        except ConflictError as conflict:
            log.info("step_not_due", step=step, key=key, code=conflict.code)
        except OperationalError:
            raise
        except Exception:
            log.exception("step_failed", step=step, key=key)
    return done
