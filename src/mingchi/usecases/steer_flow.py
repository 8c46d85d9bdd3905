"""Staff act on a running flow as a whole: cancel it, move it to another version, put a stray
signal aside."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.foundation.models import User
from mingchi.fulfilment import instances, migrating, services, subjects
from mingchi.fulfilment.instances import Locked
from mingchi.fulfilment.migrating import Preview
from mingchi.fulfilment.models import FlowInstance, Signal
from mingchi.usecases import rights


def cancel_flow(*, by: User, instance_id: int, now: datetime, reason: str = "") -> None:
    """Withdraw all that waits and undo what was done, latest first. Errors: `on_hold` 409,
    `not_waiting` 409, `not_found` 404, `not_allowed` 403."""
    with transaction.atomic():
        instance = _locked(by, instance_id, "flow.cancel", now)
        services.cancel(instance, actor=rights.actor(by))
        instance.write()
        _audit(by, "flow.cancel", instance.row, {}, reason)


def preview_migration(
    *,
    by: User,
    instance_id: int,
    version_id: int,
    mapping: Mapping[str, str | None],
    now: datetime,
) -> Preview:
    """What would map, and what can't and why. Changes nothing. Errors: `not_found` 404 also for a
    version of another merchant, another kind, or a draft."""
    with transaction.atomic():
        instance = _locked(by, instance_id, "flow.migrate", now)
        target = migrating.target_for(instance.row, version_id)
        return migrating.preview(instance, target, mapping)


def migrate_flow(
    *,
    by: User,
    instance_id: int,
    version_id: int,
    mapping: Mapping[str, str | None],
    now: datetime,
) -> Preview:
    """Move an instance to another version. Errors: `cannot_migrate` 409 with the problems; those of
    the preview."""
    with transaction.atomic():
        instance = _locked(by, instance_id, "flow.migrate", now)
        target = migrating.target_for(instance.row, version_id)
        done = migrating.migrate(instance, target, mapping, actor=rights.actor(by))
        instance.write()
        after = {"version_id": version_id, "mapping": dict(mapping)}
        _audit(by, "flow.migrate", instance.row, after, "")
    return done


def dismiss_signal(*, by: User, signal_id: int, now: datetime) -> None:
    """A stray has been looked at. Errors: `not_a_stray` 409, `not_found` 404."""
    with transaction.atomic():
        stray = Signal.objects.select_for_update().filter(pk=signal_id).first()
        if stray is None:
            raise NotFoundError()
        rights.require(by, "signal.dismiss", merchant_id=stray.merchant_id)
        if stray.status != Signal.Status.STRAY:
            raise ConflictError("not_a_stray", services.NOT_STRAY)
        stray.status, stray.closed_at = Signal.Status.DISMISSED, now
        stray.closed_by = rights.actor(by)
        stray.save(update_fields=["status", "closed_at", "closed_by"])
        audit.record(
            actor=rights.actor(by),
            action="signal.dismiss",
            subject=stray.subject,
            before={"signal": stray.name},
            after={},
        )


def _locked(by: User, instance_id: int, action: str, now: datetime) -> Locked:
    found = FlowInstance.objects.filter(pk=instance_id).first()
    if found is None:
        raise NotFoundError()
    rights.require(by, action, merchant_id=found.merchant_id)
    subjects.of(found.kind).lock(found.subject)
    return instances.lock(instance_id, now=now)


def _audit(by: User, action: str, row: FlowInstance, after: dict[str, object], reason: str) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=row.subject,
        before={"instance_id": row.pk},
        after=after,
        reason=reason,
    )
