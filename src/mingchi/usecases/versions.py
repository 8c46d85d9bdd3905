"""Two who edit the same thing: the second one is told what the first one changed."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.foundation.models import AuditRecord

_LONGEST = 200
_MOST = 20


def claim(row: Any, *, version: int | None) -> int:
    """The row's next version, for whoever saw the present one; `version` None did not say.

    `row` is locked. Errors: `changed_meanwhile` 409 with `version` and `changes`, what others did
    since: who, when, and the fields as they are now.
    """
    if version is not None and version != row.version:
        raise ConflictError(
            "changed_meanwhile",
            _("Somebody else has changed this meanwhile. Look at it again, then save."),
            field="version",
            details={"version": row.version, "changes": changes(row, since=version)},
        )
    return int(row.version) + 1


def subject(row: Model) -> str:
    """How the audit log names a thing."""
    return f"{row._meta.model_name}:{row.pk}"


def changes(row: Any, *, since: int) -> Sequence[dict[str, Any]]:
    """What was done to a thing after that version, the oldest first, 20 at most."""
    records = AuditRecord.objects.filter(subject=subject(row), after__version__gt=since)
    return [
        {
            "by": record.actor,
            "at": record.at.isoformat(),
            "action": record.action,
            "fields": {
                name: _shortened(value)
                for name, value in record.after.items()
                if name != "version" and record.before.get(name) != value
            },
        }
        for record in records.order_by("-pk")[:_MOST][::-1]
    ]


def _shortened(value: Any) -> Any:
    return value[:_LONGEST] + "…" if isinstance(value, str) and len(value) > _LONGEST else value
