"""Draft, check, publish: how a drawing becomes a version that orders run on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Max, Q
from django.utils.translation import gettext_lazy as _

from mingchi.flows.findings import Finding
from mingchi.flows.reading import read_flow
from mingchi.flows.tables import TableError, read_table
from mingchi.flows.xml import MOST_BYTES
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.fulfilment import checking, compiled, subjects
from mingchi.fulfilment.models import (
    DecisionTable,
    DecisionTableVersion,
    FlowDefinition,
    FlowSelector,
    FlowVersion,
    TablePin,
)

Status = FlowVersion.Status


def define(*, merchant_id: int | None, kind: str, key: str, name: str) -> FlowDefinition:
    """The merchant's flow of this kind and key, made where it is not there. None: the
    platform's."""
    made, _created = FlowDefinition.objects.get_or_create(
        merchant_id=merchant_id, kind=kind, key=key, defaults={"name": name}
    )
    return made


def draft(*, definition: FlowDefinition, bpmn: bytes, by: str) -> FlowVersion:
    """A new draft; it may still have faults. Errors: `flow_too_large` 413."""
    _refuse_large(bpmn)
    FlowDefinition.objects.select_for_update().get(pk=definition.pk)
    last = FlowVersion.objects.filter(definition=definition).aggregate(last=Max("number"))["last"]
    return FlowVersion.objects.create(
        definition=definition, number=(last or 0) + 1, bpmn_xml=bpmn, created_by=by
    )


def edit(version: FlowVersion, *, bpmn: bytes) -> None:
    """Change a draft, which then has to be checked anew. Errors: `flow_not_draft` 409,
    `flow_too_large` 413."""
    _refuse_large(bpmn)
    _refuse_published(version)
    version.bpmn_xml = bpmn
    version.findings, version.checked_sha256, version.graph, version.digest = None, "", None, ""
    version.save()


def check(version: FlowVersion) -> Sequence[Finding]:
    """Check a version and keep what was found, while it is a draft. Errors: none; a file that can't
    be read is a finding."""
    found = _look(version)
    if version.status == Status.DRAFT:
        graph = found.graph
        version.graph = None if graph is None else graph.to_json()
        version.digest = "" if graph is None else graph.digest
        version.findings = checking.to_json(found.findings)
        version.checked_sha256 = checking.sha256(bytes(version.bpmn_xml))
        version.save()
    return found.findings


def publish(version: FlowVersion, *, by: str, now: datetime) -> None:
    """Check once more, pin the decision tables as they are, and let new subjects have it.

    What runs keeps its version. Errors: `flow_not_draft` 409, `flow_broken` 422 with the findings.
    """
    _refuse_published(version)
    if found := check(version):
        raise DomainError(
            "flow_broken",
            _("The flow has %(count)s faults; see the findings.") % {"count": len(found)},
            status=422,
            details={"findings": checking.to_json(found)},
        )
    TablePin.objects.bulk_create(
        TablePin(version=version, table=table) for table in _tables(version).values()
    )
    _put_in_force(version, by=by, now=now)


def restore(version: FlowVersion, *, by: str, now: datetime) -> None:
    """Put a retired version in force again. It is checked anew, since steps may have changed.
    Errors: `flow_not_retired` 409, `flow_broken` 422."""
    if version.status != Status.RETIRED:
        raise ConflictError("flow_not_retired", _("Only a retired version can be restored."))
    loaded = compiled.load(version.pk)
    found = checking.findings(loaded.graph, kind=loaded.kind, tables=loaded.tables)
    if found:
        raise DomainError(
            "flow_broken",
            _("The flow has %(count)s faults; see the findings.") % {"count": len(found)},
            status=422,
            details={"findings": checking.to_json(found)},
        )
    _put_in_force(version, by=by, now=now)


def retire(definition: FlowDefinition) -> None:
    """No new subject gets this flow any more. The platform's standard flow stays: it is what a
    checkout falls back to. Errors: `flow_needed` 409."""
    from mingchi.fulfilment.defaults import STANDARD

    if definition.merchant_id is None and definition.key == STANDARD:
        raise ConflictError("flow_needed", _("The standard flow of the platform always stays."))
    FlowVersion.objects.filter(definition=definition, status=Status.PUBLISHED).update(
        status=Status.RETIRED
    )


def _put_in_force(version: FlowVersion, *, by: str, now: datetime) -> None:
    FlowVersion.objects.filter(definition=version.definition_id, status=Status.PUBLISHED).update(
        status=Status.RETIRED
    )
    version.status, version.published_by, version.published_at = Status.PUBLISHED, by, now
    version.save(update_fields=["status", "published_by", "published_at"])


def _look(version: FlowVersion) -> checking.Checked:
    kind = version.definition.kind
    return checking.look(bytes(version.bpmn_xml), kind=kind, tables=table_data(version))


def table_data(version: FlowVersion) -> list[Any]:
    """The decision tables of a version, as plain data."""
    return [table.data for table in _tables(version).values()]


def _tables(version: FlowVersion) -> dict[str, DecisionTableVersion]:
    """By name: the pinned tables of a published version; of a draft those it names, the latest of
    its merchant before the platform's."""
    if version.status != Status.DRAFT:
        pins = TablePin.objects.filter(version=version).select_related("table__table")
        return {pin.table.table.name: pin.table for pin in pins}
    read = read_flow(bytes(version.bpmn_xml)).graph
    names = checking.tables_named(read) if read is not None else frozenset()
    found = (
        DecisionTableVersion.objects.filter(
            Q(table__merchant=version.definition.merchant_id) | Q(table__merchant__isnull=True),
            table__name__in=names,
        )
        .select_related("table")
        .order_by(F("table__merchant").desc(nulls_first=True), "number")
    )
    return {one.table.name: one for one in found}


def add_table(*, merchant_id: int | None, kind: str, data: Any, by: str) -> DecisionTableVersion:
    """A new version of the decision table that `data` names. Errors: `bad_table` 422."""
    name = _read(kind, data).name
    table, _made = DecisionTable.objects.get_or_create(merchant_id=merchant_id, name=name)
    DecisionTable.objects.select_for_update().get(pk=table.pk)
    last = table.versions.aggregate(last=Max("number"))["last"]
    return DecisionTableVersion.objects.create(
        table=table, number=(last or 0) + 1, data=data, created_by=by
    )


def set_selector(*, merchant_id: int, kind: str, data: Any, by: str) -> FlowSelector:
    """From now on this table decides which flow a subject gets. Every flow it gives must be
    published. Errors: `bad_table` 422, `flow_unknown` 422 with the keys."""
    table = _read(kind, data)
    usable = FlowDefinition.objects.filter(
        Q(merchant=merchant_id) | Q(merchant__isnull=True),
        kind=kind,
        versions__status=Status.PUBLISHED,
    )
    unknown = sorted(table.results - set(usable.values_list("key", flat=True)))
    if unknown:
        raise DomainError(
            "flow_unknown",
            _("These flows are not published: %(keys)s") % {"keys": ", ".join(unknown)},
            field="table",
            status=422,
            details={"keys": unknown},
        )
    with connection.cursor() as cursor:
        key = f"mingchi.flow_selector:{merchant_id}:{kind}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])
    last = FlowSelector.objects.filter(merchant=merchant_id, kind=kind)
    number = (last.aggregate(last=Max("number"))["last"] or 0) + 1
    return FlowSelector.objects.create(
        merchant_id=merchant_id, kind=kind, number=number, data=data, created_by=by
    )


def _read(kind: str, data: Any) -> Any:
    try:
        return read_table(data, context=subjects.of(kind).context)
    except TableError as error:
        raise DomainError(
            "bad_table",
            _("The table can't be taken: %(error)s") % {"error": error},
            field="table",
            status=422,
        ) from None


def find(version_id: int) -> FlowVersion:
    """A version, its row held; `not_found` 404."""
    assert connection.in_atomic_block
    found = FlowVersion.objects.select_for_update(of=("self",)).select_related("definition")
    version = found.filter(pk=version_id).first()
    if version is None:
        raise NotFoundError()
    return version


def _refuse_published(version: FlowVersion) -> None:
    if version.status != Status.DRAFT:
        raise ConflictError(
            "flow_not_draft", _("A published version never changes. Draw a new one.")
        )


def _refuse_large(bpmn: bytes) -> None:
    if len(bpmn) > MOST_BYTES:
        raise DomainError(
            "flow_too_large", _("A flow file has at most 256 KB."), field="bpmn", status=413
        )
