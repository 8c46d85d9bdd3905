"""Moving running orders to the version in force: what would become of each, and doing it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.foundation.errors import DomainError
from mingchi.fulfilment.models import FlowDefinition, FlowInstance, FlowVersion
from mingchi.usecases import steer_flow

AT_ONCE: Final = 200
SHOWN: Final = 50


def run(*, by: Any, flow: FlowDefinition, now: datetime) -> tuple[int, int]:
    """How many moved, and how many stay. Each moves in a transaction of its own."""
    target = _target(flow)
    moved = stayed = 0
    for instance in _running(flow, target):
        try:
            steer_flow.migrate_flow(
                by=by, instance_id=instance.pk, version_id=target, mapping={}, now=now
            )
            moved += 1
        except DomainError:
            stayed += 1
    return moved, stayed


def panels(by: Any, flow: FlowDefinition) -> Sequence[Panel]:
    """Every order on an older version (the first so many), with what stands in its way."""
    target = _target(flow)
    found = list(_running(flow, target))
    rows = [_row(by, instance, target) for instance in found[:SHOWN]]
    note = _("%(count)s in all; at most %(most)s move at once.") % {
        "count": len(found),
        "most": AT_ONCE,
    }
    return [
        Panel(
            title=_("What would become of them"),
            headers=[_("order"), _("version"), _("stands at"), _("what stands in the way")],
            rows=rows,
            empty=_("No order runs on an older version."),
            note=note if found else "",
        )
    ]


def _row(by: Any, instance: FlowInstance, target: int) -> list[Any]:
    try:
        seen = steer_flow.preview_migration(
            by=by, instance_id=instance.pk, version_id=target, mapping={}, now=clock.now()
        )
    except DomainError as error:
        return [instance.subject, f"v{_number(instance)}", "", error.message]
    where = "、".join(f"{old} → {new}" if old != new else old for _token, old, new in seen.moves)
    problems = "; ".join(seen.problems)
    return [instance.subject, f"v{_number(instance)}", where, problems or _("nothing: it can move")]


def _number(instance: FlowInstance) -> int:
    assert instance.version is not None
    return instance.version.number


def _target(flow: FlowDefinition) -> int:
    return flow.versions.get(status=FlowVersion.Status.PUBLISHED).pk


def _running(flow: FlowDefinition, target: int) -> Iterator[FlowInstance]:
    rows = FlowInstance.objects.filter(
        version__definition=flow, status=FlowInstance.Status.RUNNING
    ).exclude(version=target)
    yield from rows.select_related("version").order_by("pk")[:AT_ONCE]
