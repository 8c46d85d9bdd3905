"""What one has asked and another must decide."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.views import ChangeList

from mingchi.backoffice import (
    access,
    audit,
    close_preview,
    coupons,
    display,
    explain,
    fields,
    member_panels,
    plan_panels,
)
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.foundation.models import Proposal
from mingchi.members.models import Member
from mingchi.payouts.models import Withdrawal
from mingchi.rebates.models import PlanVersion
from mingchi.usecases.close_period import decide_close
from mingchi.usecases.edit_coupons import decide_coupon
from mingchi.usecases.publish_plan import decide_plan
from mingchi.usecases.subsidise import decide_subsidy
from mingchi.usecases.withdraw import decide_withdrawal

Kind = Proposal.Kind
COLOURS = {"asked": "warning", "approved": "success", "refused": "danger"}


class ApproveForm(ActForm):
    """A note, if there is one."""

    reason = fields.text(_("reason of the decision"), required=False)


class RefuseForm(ActForm):
    """Why not."""

    reason = fields.text(_("reason of the decision"))


def _decide_plan(deed: Deed, approve: bool, reason: str) -> None:
    decide_plan(
        by=deed.user,
        proposal_id=deed.thing.pk,
        approve=approve,
        now=clock.now(),
        reason=reason,
    )


def _decide_withdrawal(deed: Deed, approve: bool, reason: str) -> None:
    decide_withdrawal(
        by=deed.user,
        withdrawal_id=deed.thing.withdrawal.pk,
        approve=approve,
        now=clock.now(),
        reason=reason,
    )


def _decide_subsidy(deed: Deed, approve: bool, reason: str) -> None:
    decide_subsidy(by=deed.user, proposal_id=deed.thing.pk, approve=approve, reason=reason)


def _decide_close(deed: Deed, approve: bool, reason: str) -> None:
    decide_close(by=deed.user, proposal_id=deed.thing.pk, approve=approve, reason=reason)


def _decide_coupon(deed: Deed, approve: bool, reason: str) -> None:
    decide_coupon(
        by=deed.user,
        proposal_id=deed.thing.pk,
        approve=approve,
        now=clock.now(),
        reason=reason,
    )


DECIDERS: dict[str, Callable[[Deed, bool, str], None]] = {
    "withdrawal": _decide_withdrawal,
    "subsidy": _decide_subsidy,
    "plan": _decide_plan,
    "close": _decide_close,
    "coupon": _decide_coupon,
}


def _run(kind: str, *, approve: bool) -> Any:
    def run(deed: Deed) -> Any:
        DECIDERS[kind](deed, approve, deed.values["reason"])
        return _("The proposal is approved.") if approve else _("The proposal is refused.")

    return run


def _shown(kind: str) -> Any:
    return lambda proposal: proposal.kind == kind and proposal.state == Proposal.State.ASKED


def not_mine(request: HttpRequest, proposal: Any) -> bool:
    """Who asked does not decide."""
    return bool(proposal.asked_by != f"user:{request.user.pk}")


def _acts() -> tuple[Act, ...]:
    found = []
    for kind in DECIDERS:
        common: dict[str, Any] = {
            "right": f"{kind}.decide",
            "shown": _shown(kind),
            "mine": not_mine,
            "panels": lambda request, proposal: _panels(proposal),
        }
        found.append(
            Act(
                name=f"approve-{kind}",
                label=_("Approve"),
                form=ApproveForm,
                run=_run(kind, approve=True),
                icon="check",
                variant=ActionVariant.PRIMARY,
                **common,
            )
        )
        found.append(
            Act(
                name=f"refuse-{kind}",
                label=_("Refuse"),
                form=RefuseForm,
                run=_run(kind, approve=False),
                icon="close",
                variant=ActionVariant.DANGER,
                **common,
            )
        )
    return tuple(found)


def subject(proposal: Proposal) -> str:
    """What it is about, in a line."""
    payload = proposal.payload
    if proposal.kind in (Kind.SUBSIDY, Kind.WITHDRAWAL):
        return explain.in_yuan(payload["amount_fen"])
    if proposal.kind == Kind.COUPON:
        return f"{payload['name']} · {explain.in_yuan(payload['amount_fen'])}"
    if proposal.kind == Kind.PLAN:
        return str(_("version %(number)s") % {"number": payload.get("number")})
    return str(payload.get("period", ""))


def waiting_for(user: Any) -> int:
    """How many proposals this account may decide now."""
    kinds = [kind for kind in DECIDERS if access.may_do(user, f"{kind}.decide")]
    if not kinds:
        return 0
    rows = Proposal.objects.filter(kind__in=kinds, state=Proposal.State.ASKED)
    return rows.exclude(asked_by=f"user:{user.pk}").count()


@admin.register(Proposal)
class ProposalPage(Page):
    """Four eyes."""

    acts = _acts()
    ordering = ("-pk",)
    list_display = (
        display.column(_("proposal"), lambda row: f"#{row.pk}", order="pk"),
        display.column(_("kind"), lambda row: row.get_kind_display(), order="kind"),
        display.column(_("about"), subject),
        display.column(_("state"), lambda row: (row.state, row.get_state_display()),
                       order="state", labels=COLOURS),
        display.column(_("asked by"), lambda row: audit.who(row, "asked_by")),
        "asked_at",
        display.column(_("decided by"), lambda row: audit.who(row, "decided_by")),
    )  # fmt: skip
    list_filter = ("state", "kind", "asked_at")
    fields = (
        (
            display.column(_("kind"), lambda row: row.get_kind_display()),
            display.column(_("state"), lambda row: row.get_state_display()),
        ),
        display.column(_("about"), subject),
        (display.column(_("asked by"), lambda row: audit.who(row, "asked_by")), "asked_at"),
        (display.column(_("decided by"), lambda row: audit.who(row, "decided_by")), "decided_at"),
        ("reason", "executed_at"),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With names."""
        return audit.Named

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """What it would do, and why this account can't decide it, if it can't."""
        panels = list(_panels(thing))
        if thing.state == Proposal.State.ASKED and not not_mine(request, thing):
            note = _("You asked for this; somebody else decides.")
            return [Panel(title=_("Your own proposal"), note=note), *panels]
        return panels


def _panels(proposal: Proposal) -> Sequence[Panel]:
    if proposal.kind == Kind.CLOSE:
        return close_preview.panels(
            proposal.payload.get("preview", {}), title=_("As it stood when it was asked")
        )
    if proposal.kind == Kind.COUPON:
        return coupons.proposed(proposal.payload)
    if proposal.kind == Kind.PLAN:
        version = PlanVersion.objects.filter(pk=proposal.payload["version_id"]).first()
        return plan_panels.of_version(version) if version else []
    if proposal.kind == Kind.WITHDRAWAL:
        withdrawal = Withdrawal.objects.filter(proposal=proposal).first()
        member = Member.objects.filter(pk=proposal.payload["member_id"]).first()
        if member is None or withdrawal is None:
            return []
        about = Panel(
            title=_("withdrawal"),
            figures=[
                (_("withdrawal"), display.link(withdrawal)),
                (_("member"), display.link(member)),
                (_("amount (yuan)"), display.yuan(withdrawal.amount_fen)),
            ],
        )
        return [about, member_panels.money(member)]
    return []
