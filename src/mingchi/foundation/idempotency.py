"""The same request twice is worked once."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import clock
from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.foundation.models import IdempotencyKey

_CLAIM = """
INSERT INTO foundation_idempotencykey (scope, key, body_hash) VALUES (%s, %s, %s)
ON CONFLICT (scope, key) DO NOTHING
"""


def once(
    *, scope: str, key: str, body: bytes | Mapping[str, Any], run: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Run `run` unless (scope, key) was taken before; returns its answer and whether it ran before.

    Call inside the transaction that does the work: the key is claimed first (a second caller
    waits there until the first commits), the answer is stored with it, and a refusal rolls back
    both, so that it can be tried again. The same key with another body raises
    `idempotency_conflict` (409).
    """
    assert connection.in_atomic_block, "claim the key in the transaction of the work"
    _refuse_bad_key(key)
    body_hash = _hash(body)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [scope, key, body_hash])
        fresh = cursor.rowcount == 1
    if not fresh:
        return _stored(scope, key, body_hash), True
    answer = run()
    IdempotencyKey.objects.filter(scope=scope, key=key).update(answer=answer)
    return answer, False


def once_committed(
    *, scope: str, key: str, body: bytes | Mapping[str, Any], run: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """The same for work that commits by itself, because it calls somebody outside in between.

    Such work must refuse, by its own state, to be done twice: where we die between the work and
    keeping its answer, or two ask at once, it is run again and refuses.
    """
    _refuse_bad_key(key)
    body_hash = _hash(body)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [scope, key, body_hash])
    kept = _matching(scope, key, body_hash)
    if kept.answer is not None:
        return dict(kept.answer), True
    try:
        answer = run()
    except DomainError:
        IdempotencyKey.objects.filter(pk=kept.pk, answer__isnull=True).delete()
        raise
    IdempotencyKey.objects.filter(pk=kept.pk).update(answer=answer)
    return answer, False


def prune(*, older_than: timedelta = timedelta(days=30)) -> int:
    """Forget keys of long ago; returns how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=clock.now() - older_than)
    return old.delete()[0]


def _stored(scope: str, key: str, body_hash: str) -> dict[str, Any]:
    found = _matching(scope, key, body_hash)
    assert found.answer is not None, "claimed inside its own transaction"
    return dict(found.answer)


def _matching(scope: str, key: str, body_hash: str) -> IdempotencyKey:
    found = IdempotencyKey.objects.get(scope=scope, key=key)
    if found.body_hash != body_hash:
        raise ConflictError(
            "idempotency_conflict",
            _("This idempotency key was used for another request. Use a new key."),
            field="Idempotency-Key",
        )
    return found


def _refuse_bad_key(key: str) -> None:
    if not 1 <= len(key) <= 200 or not key.isascii() or not key.isprintable():
        raise DomainError(
            "idempotency_key_invalid",
            _("An idempotency key has 1 to 200 printable ASCII characters."),
            field="Idempotency-Key",
        )


def _hash(body: bytes | Mapping[str, Any]) -> str:
    if not isinstance(body, bytes):
        body = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str).encode()
    return hashlib.sha256(body).hexdigest()
