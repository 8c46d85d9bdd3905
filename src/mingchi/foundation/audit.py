"""What staff did, kept for ever."""

from typing import Any

from mingchi.foundation import context
from mingchi.foundation.models import AuditRecord


def record(
    *,
    actor: str,
    action: str,
    subject: str,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str = "",
) -> AuditRecord:
    """Keep one action, in the transaction of what it changed.

    `actor` is `user:ID`, `member:ID` or `system`; `subject` names the thing, `member:7`;
    `before` and `after` hold JSON values and no secrets.
    """
    return AuditRecord.objects.create(
        actor=actor,
        action=action,
        subject=subject,
        before=before,
        after=after,
        reason=reason,
        request_id=context.request_id(),
    )
