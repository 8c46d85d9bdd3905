"""Versions of the plan: drawn up, checked, proposed, compared; never edited once proposed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display, fields, plan_form, plan_panels
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.rebates import plans, queries
from mingchi.rebates.models import PlanVersion
from mingchi.usecases.publish_plan import LIVE_NOTICE_DAYS, ask_plan, draft_plan, edit_plan

State = PlanVersion.State
COLOURS = {
    "draft": "info",
    "proposed": "warning",
    "approved": "primary",
    "active": "success",
    "retired": "",
    "refused": "danger",
}


class TomlForm(ActForm):
    """The text itself."""

    toml = fields.long_text(_("plan (TOML)"), rows=32)


class ProposeForm(ActForm):
    """From when."""

    active_from = fields.moment(_("active from"))
    reason = fields.text(_("reason"), required=False)


def _edit(deed: Deed) -> Any:
    edit_plan(by=deed.user, version_id=deed.thing.pk, toml=deed.values["toml"])
    faults = plans.check(deed.values["toml"])
    if faults:
        return _("The draft is kept. It cannot be used yet: %(fault)s") % {"fault": faults[0]}
    return _("The draft is kept.")


def _copy(deed: Deed) -> Any:
    draft_plan(by=deed.user, toml=deed.thing.toml)
    return _("A new draft is drawn up.")


def _new(deed: Deed) -> Any:
    draft_plan(by=deed.user, toml=deed.values["toml"])
    return _("A new draft is drawn up.")


def _ask(deed: Deed) -> Any:
    ask_plan(
        by=deed.user,
        version_id=deed.thing.pk,
        active_from=deed.values["active_from"],
        now=clock.now(),
        reason=deed.values["reason"],
    )
    return _("The plan is proposed; somebody else decides.")


def _next_day(thing: Any) -> dict[str, Any]:
    days = LIVE_NOTICE_DAYS + 1 if settings.LIVE else 0
    return {"active_from": timezone.localtime(clock.now() + timedelta(days=days))}


def _in_force(thing: Any) -> dict[str, Any]:
    return {"toml": plans.active(queries.programme()).toml}


def _is_draft(version: PlanVersion) -> bool:
    return version.state == State.DRAFT


def _to_list(thing: Any) -> str:
    return reverse("admin:rebates_planversion_changelist")


ACTS = (
    Act(
        name="edit",
        label=_("Edit as a form"),
        right="plan.draft",
        form=plan_form.PlanForm,
        run=_edit,
        initial=plan_form.initial,
        shown=_is_draft,
        template="backoffice/plan_form.html",
        submit=_("Save the draft"),
        icon="edit",
        explain=_(
            "Rates as 30% or 0.3; money in yuan. Rows left empty are ignored; save to get more."
        ),
    ),
    Act(
        name="toml",
        label=_("Edit as TOML"),
        right="plan.draft",
        form=TomlForm,
        run=_edit,
        initial=lambda version: {"toml": version.toml},
        submit=_("Save the draft"),
        shown=_is_draft,
        icon="code",
    ),
    Act(
        name="propose",
        label=_("Propose"),
        right="plan.ask",
        form=ProposeForm,
        run=_ask,
        initial=_next_day,
        shown=_is_draft,
        icon="how_to_vote",
        variant=ActionVariant.PRIMARY,
        panels=lambda request, version: plan_panels.of_version(version),
        explain=_(
            "Once proposed it is never edited again. Somebody else decides; approved, it governs "
            "every event settled from its date on."
        ),
    ),
    Act(
        name="copy",
        label=_("Draw up a new version from this"),
        right="plan.draft",
        run=_copy,
        to=_to_list,
        icon="content_copy",
    ),
)


@admin.register(PlanVersion)
class PlanPage(Page):
    """Plan versions."""

    list_acts = (
        Act(
            name="new",
            label=_("Draw up a new version"),
            right="plan.draft",
            form=TomlForm,
            run=_new,
            initial=_in_force,
            submit=_("Save the draft"),
            icon="add",
            variant=ActionVariant.PRIMARY,
            explain=_("It starts from the plan in force."),
        ),
    )
    acts = ACTS
    ordering = ("-number",)
    list_display = (
        "number",
        "name",
        display.column(_("state"), lambda row: (row.state, row.get_state_display()),
                       order="state", labels=COLOURS),
        "active_from",
        "created_by",
        "created_at",
    )  # fmt: skip
    list_select_related = ("created_by",)
    list_filter = ("state",)
    fields = (
        ("number", "name"),
        (display.column(_("state"), lambda row: row.get_state_display()), "active_from"),
        ("created_by", "created_at"),
    )

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Rules, faults, differences."""
        return plan_panels.of_version(thing)
