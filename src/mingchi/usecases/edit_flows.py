"""A merchant draws its flows: draft, check, publish, compare; decision tables; which order gets
which flow. `merchant_id` None: the platform's own, by staff of the platform."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.flows import Graph
from mingchi.flows.findings import Finding
from mingchi.foundation import audit
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.fulfilment import authoring, comparing
from mingchi.fulfilment.comparing import Difference
from mingchi.fulfilment.models import FlowDefinition, FlowVersion, Kind
from mingchi.usecases import checks, rights


def draft_flow(
    *, by: User, merchant_id: int | None, kind: str, key: str, name: str, bpmn: bytes
) -> int:
    """A new draft of the merchant's flow `key`, made where it is not there; returns the version's
    key. It may still have faults. Errors: `kind_invalid`, `key_invalid`, `text_invalid`,
    `flow_too_large` 413, `not_allowed` 403."""
    rights.require(by, "flow.draft", merchant_id=merchant_id)
    _refuse_bad_key(kind, key)
    name = checks.text(name, field="name", longest=80, needed=True)
    with transaction.atomic():
        definition = authoring.define(merchant_id=merchant_id, kind=kind, key=key, name=name)
        version = authoring.draft(definition=definition, bpmn=bpmn, by=rights.actor(by))
        _audit(by, "flow.draft", version)
    return version.pk


def edit_flow(*, by: User, version_id: int, bpmn: bytes) -> None:
    """Change a draft. Errors: `flow_not_draft` 409, `flow_too_large` 413, `not_found` 404."""
    with transaction.atomic():
        version = _version(by, version_id, "flow.draft")
        authoring.edit(version, bpmn=bpmn)
        _audit(by, "flow.edit", version)


def check_flow(*, by: User, version_id: int) -> Sequence[Finding]:
    """What is wrong with a version; of a draft it is kept."""
    with transaction.atomic():
        return authoring.check(_version(by, version_id, "flow.draft"))


def publish_flow(*, by: User, version_id: int, now: datetime) -> None:
    """New subjects get this version from now on; what runs keeps its own. Errors: `flow_broken`
    422 with the findings, `flow_not_draft` 409, `not_found` 404."""
    with transaction.atomic():
        version = _version(by, version_id, "flow.publish")
        authoring.publish(version, by=rights.actor(by), now=now)
        _audit(by, "flow.publish", version)


def restore_flow(*, by: User, version_id: int, now: datetime) -> None:
    """Go back to a version that was in force before. Errors: `flow_not_retired` 409, `flow_broken`
    422 where steps have changed since."""
    with transaction.atomic():
        version = _version(by, version_id, "flow.publish")
        authoring.restore(version, by=rights.actor(by), now=now)
        _audit(by, "flow.restore", version)


def retire_flow(*, by: User, definition_id: int) -> None:
    """No new subject gets this flow. Errors: `flow_needed` 409 for the platform's standard."""
    with transaction.atomic():
        definition = FlowDefinition.objects.select_for_update().filter(pk=definition_id).first()
        if definition is None:
            raise NotFoundError()
        _require(by, "flow.publish", definition.merchant_id)
        authoring.retire(definition)
        audit.record(
            actor=rights.actor(by),
            action="flow.retire",
            subject=f"flow:{definition.pk}",
            before={},
            after={"key": definition.key},
        )


def set_table(*, by: User, merchant_id: int | None, kind: str, data: Any) -> int:
    """A new version of a decision table, for the flows that are published from now on. Returns its
    number. Errors: `bad_table` 422, `kind_invalid`."""
    rights.require(by, "flow.draft", merchant_id=merchant_id)
    _refuse_bad_kind(kind)
    with transaction.atomic():
        made = authoring.add_table(
            merchant_id=merchant_id, kind=kind, data=data, by=rights.actor(by)
        )
        audit.record(
            actor=rights.actor(by),
            action="flow.table",
            subject=f"table:{made.table_id}",
            before={},
            after={"name": made.table.name, "number": made.number},
        )
    return made.number


def set_selector(*, by: User, merchant_id: int, kind: str, data: Any) -> int:
    """From now on this table decides which flow an order gets; returns its number. Errors:
    `bad_table` 422, `flow_unknown` 422, `kind_invalid`."""
    rights.require(by, "flow.publish", merchant_id=merchant_id)
    _refuse_bad_kind(kind)
    with transaction.atomic():
        made = authoring.set_selector(
            merchant_id=merchant_id, kind=kind, data=data, by=rights.actor(by)
        )
        audit.record(
            actor=rights.actor(by),
            action="flow.select",
            subject=f"merchant:{merchant_id}",
            before={},
            after={"kind": kind, "number": made.number},
        )
    return made.number


def compare_flows(*, by: User, before_id: int, after_id: int) -> Difference:
    """What differs between two versions of one merchant's flows. Errors: `flow_unreadable` 409
    where a draft can't be read; check it first."""
    with transaction.atomic():
        before, after = (_version(by, pk, "flow.draft") for pk in (before_id, after_id))
        return comparing.compare(graph(before), graph(after))


def graph(version: FlowVersion) -> Graph:
    """The compiled flow of a version as it stands; `flow_unreadable` 409."""
    if version.graph is None:
        authoring.check(version)
    if version.graph is None:
        raise ConflictError("flow_unreadable", _("This draft can't be read; check it first."))
    return Graph.from_json(version.graph)


def _version(by: User, version_id: int, action: str) -> FlowVersion:
    version = authoring.find(version_id)
    _require(by, action, version.definition.merchant_id)
    return version


def _require(by: User, action: str, merchant_id: int | None) -> None:
    """What is the platform's does not exist for a merchant's account that wants to change it."""
    if merchant_id is None and not rights.may(by, action):
        raise NotFoundError()
    rights.require(by, action, merchant_id=merchant_id)


def _refuse_bad_kind(kind: str) -> None:
    if kind not in Kind.values:
        raise DomainError("kind_invalid", _("There is no such kind of flow."), field="kind")


def _refuse_bad_key(kind: str, key: str) -> None:
    _refuse_bad_kind(kind)
    if not 1 <= len(key) <= 40 or not key.isascii() or not key.replace("-", "_").isidentifier():
        raise DomainError(
            "key_invalid",
            _("A key has 1 to 40 letters, digits and dashes, and begins with a letter."),
            field="key",
        )


def _audit(by: User, action: str, version: FlowVersion) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"flow:{version.definition_id}",
        before={},
        after={"number": version.number, "digest": version.digest},
    )
