"""What the editors of flows need beside `edit_flows`: who sees which drawing, saving without losing
somebody else's work, files from elsewhere, and a drawing for a file that has none."""

import hashlib
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from mingchi.flows import Graph
from mingchi.flows.reading import Reading, read_flow
from mingchi.flows.writing import write_flow
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.fulfilment import authoring, checking, comparing
from mingchi.fulfilment.comparing import Difference
from mingchi.fulfilment.models import DecisionTable, FlowDefinition, FlowVersion
from mingchi.merchants import scope
from mingchi.usecases import edit_flows, rights

DRAFT: Final = "flow.draft"
NO_TEMPLATE: Final = _("There is no such template for this kind of flow.")


def flows(user: User) -> QuerySet[FlowDefinition]:
    """The flows this account may look at: its merchants' and the platform's; all for staff of the
    platform."""
    own = scope.for_user(FlowDefinition.objects.all(), user).values("pk")
    shared = Q(merchant__isnull=True) if user.is_active and user.is_staff else Q(pk__in=[])
    return FlowDefinition.objects.filter(Q(pk__in=own) | shared).select_related("merchant")


def tables(user: User) -> QuerySet[DecisionTable]:
    """The decision tables this account may look at, as with flows."""
    own = scope.for_user(DecisionTable.objects.all(), user).values("pk")
    shared = Q(merchant__isnull=True) if user.is_active and user.is_staff else Q(pk__in=[])
    return DecisionTable.objects.filter(Q(pk__in=own) | shared).select_related("merchant")


def seen(user: User, version_id: int) -> FlowVersion:
    """A version that this account may look at; `not_found` 404."""
    found = FlowVersion.objects.filter(pk=version_id, definition__in=flows(user))
    version = found.select_related("definition__merchant").first()
    if version is None:
        raise NotFoundError()
    return version


def revision(bpmn: bytes) -> str:
    """What names the state of a draft that somebody has before them."""
    return hashlib.sha256(bpmn).hexdigest()


def save_drawing(*, by: User, version_id: int, bpmn: bytes, revision_seen: str) -> str:
    """Change a draft, unless somebody else has changed it since `revision_seen`; returns the new
    revision. Errors: `flow_changed` 409 with what stands there now, and those of `edit_flow`."""
    with transaction.atomic():
        version = authoring.find(version_id)
        _require_draft(by, version)
        standing = bytes(version.bpmn_xml)
        if revision(standing) != revision_seen and standing != bpmn:
            raise _changed(standing, version.edited_at)
        if standing != bpmn:
            edit_flows.edit_flow(by=by, version_id=version_id, bpmn=bpmn)
    return revision(bpmn)


def import_flow(*, by: User, merchant_id: int | None, kind: str, key: str, name: str, bpmn: bytes
) -> int:  # fmt: skip
    """A draft of a file from elsewhere. Errors: `flow_refused` 422 with every element that is not
    of the subset, by id and line; and those of `draft_flow`."""
    rights.require(by, DRAFT, merchant_id=merchant_id)
    laid_out, reading = draw(bpmn)
    if reading.graph is None:
        raise DomainError(
            "flow_refused",
            _("The file can't be taken: %(count)s findings.") % {"count": len(reading.findings)},
            field="bpmn",
            status=422,
            details={"findings": checking.to_json(reading.findings)},
        )
    return edit_flows.draft_flow(
        by=by, merchant_id=merchant_id, kind=kind, key=key, name=name, bpmn=laid_out
    )


def draw(bpmn: bytes) -> tuple[bytes, Reading]:
    """The file with a drawing: its own, or where it has none one laid out from left to right."""
    reading = read_flow(bpmn)
    if reading.graph is None or b"BPMNShape" in bpmn:
        return bpmn, reading
    return write_flow(reading.graph), reading


def compare(*, by: User, before_id: int, after_id: int) -> Difference:
    """What differs between two versions that this account may look at. Errors: `flow_unreadable`
    409."""
    before, after = (seen(by, pk) for pk in (before_id, after_id))
    return comparing.compare(_graph(before), _graph(after))


def _graph(version: FlowVersion) -> Graph:
    graph = read_flow(bytes(version.bpmn_xml)).graph
    if graph is None:
        raise ConflictError("flow_unreadable", _("This draft can't be read; check it first."))
    return graph


def _require_draft(by: User, version: FlowVersion) -> None:
    """What an account may not see does not exist for it."""
    seen(by, version.pk)
    rights.require(by, DRAFT, merchant_id=version.definition.merchant_id)


def _changed(standing: bytes, edited_at: datetime) -> ConflictError:
    return ConflictError(
        "flow_changed",
        _("Somebody else has saved this draft meanwhile. Nothing of yours is lost."),
        details={
            "bpmn": standing.decode(errors="replace"),
            "revision": revision(standing),
            "edited_at": edited_at.isoformat(),
        },
    )
