"""What was written stays written."""

import pytest
from django.db import IntegrityError, connection, transaction

from mingchi.foundation import audit, context
from mingchi.foundation.models import AuditRecord

CHANGES = [
    "UPDATE foundation_auditrecord SET actor = 'somebody else'",
    "UPDATE foundation_auditrecord SET actor = 'x' WHERE false",
    "DELETE FROM foundation_auditrecord",
    "TRUNCATE foundation_auditrecord",
]


@pytest.mark.django_db
@pytest.mark.parametrize("change", CHANGES)
def test_the_audit_log_refuses(change: str) -> None:
    with context.bound(request_id="request-1"):
        kept = audit.record(
            actor="user:1", action="rank.set", subject="member:1", before={}, after={"rank": "V1"}
        )
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    found = AuditRecord.objects.get()
    assert (found.pk, found.actor, found.request_id) == (kept.pk, "user:1", "request-1")
