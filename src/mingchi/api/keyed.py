"""Idempotency for routes whose use case takes no key itself."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from mingchi.api.principals import idempotency_key
from mingchi.foundation import context, idempotency

Answer = dict[str, Any]


def keyed(request: HttpRequest, run: Callable[[], Answer]) -> Answer:
    """Do it once under the request's key, key and work in one transaction."""
    with transaction.atomic():
        answer, _again = idempotency.once(
            scope=_scope(request), key=idempotency_key(request), body=_body(request), run=run
        )
    return answer


def keyed_committed(request: HttpRequest, run: Callable[[], Answer]) -> Answer:
    """The same for a use case that commits by itself, as it calls a gateway in between, and that
    refuses to be done twice."""
    answer, _again = idempotency.once_committed(
        scope=_scope(request), key=idempotency_key(request), body=_body(request), run=run
    )
    return answer


def _scope(request: HttpRequest) -> str:
    match = request.resolver_match
    return f"{match.url_name if match else request.path}:{context.actor()}"[:100]


def _body(request: HttpRequest) -> bytes:
    return request.path.encode() + b"\n" + request.body
