"""Whether the database is reached through a proxy that lends a session for one transaction at a
time (PgBouncer with `pool_mode = transaction`). Locks that a session holds beyond its transaction,
which the settler and the calls of flows to gateways stand on, would then be held by anybody."""

from collections.abc import Callable
from typing import Any, Final, Protocol

REFUSED: Final = """\
The database is reached through a proxy that pools transactions. The settler's lock and the locks of
calls to gateways would not hold, and money could be moved twice. Let DATABASE_URL name the server
itself, or a proxy that pools sessions (PgBouncer: pool_mode = session)."""


class Session(Protocol):
    """A connection as a client sees it."""

    def backend(self) -> int:
        """The process of the server that answers now."""

    def begin(self) -> None:
        """Begins a transaction, which is not ended."""

    def close(self) -> None:
        """Gives it back."""


def are_shared(connect: Callable[[], Session]) -> bool:
    """Whether two clients get the same session, or one client two: what one used is asked for by
    another, which keeps it, and then by the first again."""
    first, second = connect(), connect()
    try:
        before = first.backend()
        second.begin()
        return second.backend() == before or first.backend() != before
    finally:
        second.close()
        first.close()


def refuse_shared() -> None:
    """Raises SystemExit with what to do where sessions are shared."""
    if are_shared(_Connection):
        raise SystemExit(REFUSED)


class _Connection:
    """A connection of Django's, beside those in use."""

    def __init__(self) -> None:
        from django.db import connections

        self._connection: Any = connections.create_connection("default")

    def backend(self) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    def begin(self) -> None:
        self._connection.set_autocommit(False)

    def close(self) -> None:
        self._connection.close()
