"""Staff put an event back that the engine could not take, once what stopped it is mended."""

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.errors import NotFoundError
from mingchi.foundation.models import User
from mingchi.rebates import inbox
from mingchi.rebates.models import SetAside
from mingchi.usecases import checks, rights


def put_back_event(*, by: User, event_id: int, reason: str) -> None:
    """Queue it again, as it came. Errors: `not_found` 404 where it is not set aside."""
    rights.require(by, "event.put_back")
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        aside = (
            SetAside.objects.select_for_update(of=("self",))
            .select_related("event")
            .filter(pk=event_id)
        )
        found = aside.first()
        if found is None:
            raise NotFoundError()
        event, error = found.event, found.error
        inbox.put_back(event)
        audit.record(
            actor=rights.actor(by),
            action="event.put_back",
            subject=f"event:{event.key}",
            before={"error": error},
            after={"queued": True},
            reason=reason,
        )
