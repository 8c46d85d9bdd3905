"""Staff act on a running flow as a whole: cancel it, move it to another version, put a stray
signal aside."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, NotFoundError
from mingchi.foundation.models import User
from mingchi.fulfilment import instances, migrating, services, subjects
from mingchi.fulfilment.instances import Locked
from mingchi.fulfilment.migrating import Preview
from mingchi.fulfilment.models import FlowInstance, Signal, Subscription
from mingchi.usecases import rights
from mingchi.usecases.follow_flow import (
    APPEALED,
    CANCEL,
    PAID,
    PARCELS_CLOSED,
    SUPPLIED,
    WITHDRAWN,
)

# The word of the gateway, the buyer, other flows; staff cancel through the door of orders.
_NOT_FOR_STAFF = (PAID, CANCEL, WITHDRAWN, SUPPLIED, APPEALED, PARCELS_CLOSED)


def cancel_flow(*, by: User, instance_id: int, now: datetime, reason: str = "") -> None:
    """Withdraw all that waits and undo what was done, latest first; an order that is not paid is
    given up with it. Errors: `on_hold` 409, `not_waiting` 409, `not_found` 404, `not_allowed` 403.
    """
    with transaction.atomic():
        instance = _locked(by, instance_id, "flow.cancel", now)
        services.cancel(instance, actor=rights.actor(by))
        subjects.of(instance.row.kind).cancelled(instance.row.subject, now)
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


def tell_flow(*, by: User, instance_id: int, name: str, now: datetime) -> None:
    """Tell a flow what has happened, of what it waits for now: goods on pre-order came in, a parcel
    was refused. What only the gateway or the buyer can say is not for staff.

    Errors: `not_told_so` 409 where it does not wait for that, or staff don't say it, `on_hold` 409,
    `not_found` 404, `not_allowed` 403.
    """
    with transaction.atomic():
        instance = _locked(by, instance_id, "flow.tell", now)
        row = instance.row
        instance.refuse_held()
        if name not in tellable(instance_id):
            raise ConflictError(
                "not_told_so",
                _("The flow does not wait for this message now, or it is not for staff to say."),
                field="name",
                details={"tellable": tellable(instance_id)},
            )
        key = f"{name}:{now.isoformat()}"
        services.signal(kind=row.kind, subject=row.subject, name=name, dedupe_key=key, now=now)
        _audit(by, "flow.tell", row, {"signal": name}, "")


def tellable(instance_id: int) -> list[str]:
    """The messages that staff may tell this flow now, in order of their names."""
    waiting = Subscription.objects.filter(instance=instance_id).exclude(signal__in=_NOT_FOR_STAFF)
    return sorted(set(waiting.values_list("signal", flat=True)))


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
