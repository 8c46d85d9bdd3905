"""Versions of a plan: drawn up, proposed, approved by somebody else, active from a date."""

import tomllib
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from mingchi.engine.plan import PlanError, plan_from_toml
from mingchi.engine.rules import Plan
from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.foundation.models import User
from mingchi.rebates.models import PlanVersion, Programme

_ACTIVE_TOML: Final = """
SELECT v.toml FROM rebates_planversion v JOIN rebates_programme p ON p.id = v.programme_id
WHERE p.code = %s AND v.state = 'active'
"""


def check(toml: str) -> list[str]:
    """What is wrong with a plan: messages that name the key, none when it can be used."""
    try:
        plan_from_toml(toml)
    except PlanError as error:
        return [str(error)]
    return []


def read(toml: str) -> Plan:
    """The plan; raises `bad_plan` (422) with the engine's message, which names the key."""
    try:
        return plan_from_toml(toml)
    except PlanError as error:
        raise DomainError(
            "bad_plan",
            _("The plan cannot be used: %(fault)s") % {"fault": error},
            field=error.key or "toml",
            status=422,
        ) from None


def payload(toml: str) -> dict[str, Any]:
    """The plan as the object that a `plan` event carries."""
    read(toml)
    return tomllib.loads(toml)


def active(programme: Programme) -> PlanVersion:
    """The version that governs orders settled now."""
    return PlanVersion.objects.get(programme=programme, state=PlanVersion.State.ACTIVE)


def active_toml(code: str) -> str:
    """The text of that version, by the code of the programme."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE_TOML, [code])
        found = cursor.fetchone()
    if found is None:
        raise PlanVersion.DoesNotExist
    return str(found[0])


@transaction.atomic
def draft(*, programme: Programme, toml: str, by: User | None) -> PlanVersion:
    """A new draft. A plan with faults may be kept as a draft; it cannot be proposed."""
    # The programme's row is the settler's; versions are numbered under their own lock.
    versions = PlanVersion.objects.select_for_update().filter(programme=programme)
    list(versions.values_list("id", flat=True))
    last = PlanVersion.objects.filter(programme=programme).aggregate(Max("number"))["number__max"]
    return PlanVersion.objects.create(
        programme=programme, number=(last or 0) + 1, name=_name(toml), toml=toml, created_by=by
    )


@transaction.atomic
def edit_draft(*, version_id: int, toml: str) -> PlanVersion:
    """Change a draft; raises `plan_not_draft` (409) for one that was proposed."""
    version = PlanVersion.objects.select_for_update().get(id=version_id)
    if version.state != PlanVersion.State.DRAFT:
        raise ConflictError(
            "plan_not_draft",
            _("Only a draft can be edited; draw up a new version instead."),
        )
    version.toml, version.name = toml, _name(toml)
    version.save(update_fields=["toml", "name"])
    return version


def _name(toml: str) -> str:
    try:
        return plan_from_toml(toml).name[:80]
    except PlanError:
        return str(_("draft"))
