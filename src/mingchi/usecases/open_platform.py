"""A fresh database becomes a platform: roles, the programme with its first plan, a merchant."""

from dataclasses import dataclass
from importlib.resources import files

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import clock, roles
from mingchi.foundation.errors import ConflictError
from mingchi.merchants.models import Merchant
from mingchi.rebates import plans, queries
from mingchi.rebates.models import PlanVersion, Programme

DEFAULT_MERCHANT = "明池自营"


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What stands after opening."""

    programme_id: int
    plan_version_id: int
    merchant_id: int
    created: bool


def baseline() -> str:
    """The plan of a new platform, as TOML."""
    return files("mingchi.usecases").joinpath("plans/baseline.toml").read_text(encoding="utf-8")


def open_platform(*, plan_toml: str | None = None) -> Platform:
    """Make what is missing and leave the rest alone; calling it again changes nothing.

    A programme that stands keeps its opening plan: another `plan_toml` raises
    `platform_open` 409. A faulty plan raises `bad_plan` 422.
    """
    toml = plan_toml or baseline()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mingchi.open_platform'))")
        roles.ensure()
        merchant = Merchant.objects.order_by("id").first() or Merchant.objects.create(
            name=DEFAULT_MERCHANT
        )
        programme = Programme.objects.filter(code=queries.MAIN).first()
        created = programme is None
        if programme is None:
            programme = _programme(toml)
        elif plan_toml is not None and programme.opening_plan != plan_toml:
            raise ConflictError("platform_open", _("The platform stands with another plan."))
        version = plans.active(programme)
    return Platform(
        programme_id=programme.pk,
        plan_version_id=version.pk,
        merchant_id=merchant.pk,
        created=created,
    )


def _programme(toml: str) -> Programme:
    plan = plans.read(toml)
    ratio_fen, ratio_upt = plan.opening_ratio
    programme = Programme.objects.create(
        code=queries.MAIN,
        name=plan.name,
        opening_plan=toml,
        ratio_fen=ratio_fen,
        ratio_upt=ratio_upt,
    )
    PlanVersion.objects.create(
        programme=programme,
        number=1,
        name=plan.name[:80],
        toml=toml,
        state=PlanVersion.State.ACTIVE,
        active_from=clock.now(),
    )
    return programme
