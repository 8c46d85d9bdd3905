"""Staff stop a subject, whatever its flow, and let it go on."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import User
from mingchi.fulfilment import holds, subjects
from mingchi.fulfilment.models import Kind
from mingchi.usecases import checks, rights


def place_hold(*, by: User, kind: str, subject: str, reason: str, now: datetime) -> int:
    """Nothing of the subject, or of what is part of it, goes on; returns the hold's key. Errors:
    `kind_invalid`, `text_invalid`, `not_found` 404, `not_allowed` 403."""
    if kind not in Kind.values:
        raise DomainError("kind_invalid", _("There is no such kind of flow."), field="kind")
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        merchant_id = subjects.of(kind).merchant(subject)
        rights.require(by, "flow.hold", merchant_id=merchant_id)
        subjects.of(kind).lock(subject)
        hold = holds.place(
            merchant_id=merchant_id,
            subject=subject,
            reason=reason,
            actor=rights.actor(by),
            now=now,
        )
        _audit(by, "flow.hold", subject, reason)
    return hold.pk


def lift_hold(*, by: User, hold_id: int, now: datetime) -> None:
    """What waited goes on. Errors: `hold_lifted` 409, `not_found` 404, `not_allowed` 403."""
    with transaction.atomic():
        hold = holds.find(hold_id)
        rights.require(by, "flow.hold", merchant_id=hold.merchant_id)
        holds.lift(hold, actor=rights.actor(by), now=now)
        _audit(by, "flow.lift", hold.subject, hold.reason)


def _audit(by: User, action: str, subject: str, reason: str) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=subject,
        before={},
        after={},
        reason=reason,
    )
