"""One JSON line an occurrence, with the request id, and no phone number in it."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from mingchi.foundation import masking


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask mobile numbers wherever in the line they stand."""
    return {name: masking.anything(value, name=name) for name, value in event.items()}


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure() -> None:
    """Send structlog through the standard library, so that one formatter writes every line."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class StandardError(logging.Handler):
    """Writes to standard error as it is at that moment: what was configured while a command's
    output went elsewhere does not write to a stream that is closed by then."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


def formatter() -> logging.Formatter:
    """Renders our lines and those of Django and other libraries alike."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    )


def django_logging(*, level: str = "INFO") -> dict[str, Any]:
    """Django's LOGGING setting: everything to standard error as JSON."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "mingchi.foundation.logs.formatter"}},
        "handlers": {"stderr": {"()": StandardError, "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "procrastinate.blueprints": {"level": "WARNING"},
            # It would write addresses down, and those of WeChat hold secrets.
            "urllib3": {"level": "INFO"},
            # Our own middleware writes one line a request, with its id and time.
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }
