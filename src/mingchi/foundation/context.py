"""Who is asking, and under which request: known everywhere below the edge without being passed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

from structlog.contextvars import bound_contextvars

SYSTEM = "system"
_request_id: ContextVar[str] = ContextVar("request_id", default="")
_actor: ContextVar[str] = ContextVar("actor", default=SYSTEM)
_VALID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_id() -> str:
    """The request's id, `""` outside a request. Events and cash entries keep it."""
    return _request_id.get()


def actor() -> str:
    """Who acts: `member:ID`, `user:ID` (staff) or `system`."""
    return _actor.get()


def set_actor(actor: str) -> None:
    """Name who acts for the rest of the request, once it is known."""
    _actor.set(actor)


def new_request_id() -> str:
    return uuid4().hex


def valid_request_id(text: str) -> bool:
    """8 to 64 letters, digits, `.`, `_`, `-`: nothing that could break a log line."""
    return _VALID.fullmatch(text) is not None


@contextmanager
def bound(*, request_id: str = "", actor: str = SYSTEM) -> Iterator[None]:
    """Everything inside happens under this request and for this actor; log lines say so."""
    id_token, actor_token = _request_id.set(request_id), _actor.set(actor)
    try:
        with bound_contextvars(request_id=request_id):
            yield
    finally:
        _actor.reset(actor_token)
        _request_id.reset(id_token)
