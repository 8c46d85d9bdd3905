"""Members: who they are, what they hold, whom they brought."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import BigIntegerField, ExpressionWrapper, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display, fields, member_panels
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.catalogue import images
from mingchi.foundation import clock
from mingchi.ledger.keys import SPAN
from mingchi.members.models import (
    AgentAppointment,
    Member,
    RankChange,
    ShareholderAppointment,
    SponsorChange,
)
from mingchi.rebates import queries
from mingchi.rebates.models import Participant
from mingchi.usecases import appoint, split
from mingchi.usecases.bind_sponsor import bind_sponsor
from mingchi.usecases.keep_portrait import take_down_portrait

NAME = display.column(_("full name"), lambda row: row.name, order="name")
FROZEN = display.column(
    _("payouts frozen"), lambda row: display.yes(row.is_frozen), order="is_frozen"
)
WHO = ("member__name", "=member__phone", "=member__invitation_code")


def _ranks() -> list[tuple[str, Any]]:
    plan = split.plan_in_force()
    return [("", _("no rank")), *((rank.name, rank.name) for rank in plan.ranks)]


class SponsorForm(ActForm):
    """Who shall stand above."""

    sponsor_id = fields.whole(
        _("key of the new sponsor"),
        low=1,
        required=False,
        help_text=_("The number after m. Left empty: no sponsor."),
    )
    reason = fields.reason()


class RankForm(ActForm):
    """A rank of the plan in force."""

    rank = fields.choice(_("rank"), _ranks, required=False)
    reason = fields.reason(required=False)


class AgentForm(ActForm):
    """A region."""

    region = fields.text(
        _("region code"),
        length=6,
        help_text=_("2 digits for a province, 4 for a city, 6 for a district."),
    )


class WeightForm(ActForm):
    """A share in dividends."""

    weight = fields.whole(_("weight"), help_text=_("0: takes no part in dividends."))


class ReasonForm(ActForm):
    """Why."""

    reason = fields.reason()


def _bind(deed: Deed) -> Any:
    bind_sponsor(by=deed.user, member_id=deed.thing.pk, **deed.values)
    return _("The sponsor is bound anew, for orders settled from here on.")


def _set_rank(deed: Deed) -> Any:
    appoint.set_rank(
        by=deed.user,
        member_id=deed.thing.pk,
        rank=deed.values["rank"] or None,
        reason=deed.values["reason"],
    )
    return _("The rank is on its way to the settler.")


def _appoint_agent(deed: Deed) -> Any:
    appoint.appoint_agent(by=deed.user, member_id=deed.thing.pk, region=deed.values["region"])
    return _("The agent is on the way to the settler.")


def _set_weight(deed: Deed) -> Any:
    appoint.appoint_shareholder(by=deed.user, member_id=deed.thing.pk, weight=deed.values["weight"])
    return _("The weight is on its way to the settler.")


def _freeze(deed: Deed) -> Any:
    frozen = not deed.thing.is_frozen
    appoint.freeze_member(
        by=deed.user, member_id=deed.thing.pk, frozen=frozen, reason=deed.values["reason"]
    )
    return _("Payouts are stopped.") if frozen else _("Payouts go on.")


def _take_down(deed: Deed) -> Any:
    take_down_portrait(by=deed.user, member_id=deed.thing.pk, now=clock.now(), **deed.values)
    return _("The portrait is gone.")


ACTS = (
    Act(
        name="rank",
        label=_("Set rank"),
        right="member.rank",
        form=RankForm,
        run=_set_rank,
        icon="military_tech",
    ),
    Act(
        name="agent",
        label=_("Make agent"),
        right="member.appoint",
        form=AgentForm,
        run=_appoint_agent,
        icon="map",
        explain=_("A region has one agent: this appointment replaces the former."),
    ),
    Act(
        name="shareholder",
        label=_("Set dividend weight"),
        right="member.appoint",
        form=WeightForm,
        run=_set_weight,
        icon="pie_chart",
    ),
    Act(
        name="sponsor",
        label=_("Bind to another sponsor"),
        right="member.bind_sponsor",
        form=SponsorForm,
        run=_bind,
        icon="account_tree",
        explain=_(
            "The tree decides who is paid for whose orders. Members can't change it; this is the "
            "one audited way. It counts for orders settled from here on."
        ),
        variant=ActionVariant.WARNING,
    ),
    Act(
        name="portrait",
        label=_("Take the portrait down"),
        right="portrait.take_down",
        form=ReasonForm,
        run=_take_down,
        shown=lambda member: images.portrait(member) is not None,
        icon="no_photography",
        explain=_("It is erased. The member may show another one."),
        variant=ActionVariant.WARNING,
    ),
    Act(
        name="freeze",
        label=_("Stop payouts"),
        right="member.freeze",
        form=ReasonForm,
        run=_freeze,
        shown=lambda member: not member.is_frozen,
        icon="block",
        variant=ActionVariant.DANGER,
    ),
    Act(
        name="unfreeze",
        label=_("Let payouts go on"),
        right="member.freeze",
        form=ReasonForm,
        run=_freeze,
        shown=lambda member: member.is_frozen,
        icon="lock_open",
    ),
)


@admin.register(Member)
class MemberPage(Page):
    """Members, phones masked."""

    acts = ACTS
    list_display = (
        display.column(_("member"), lambda row: f"m{row.pk}", order="pk"),
        NAME,
        display.column(_("phone"), lambda row: row.masked_phone),
        "invitation_code",
        display.column(
            _("sponsor"), lambda row: f"m{row.sponsor_id}" if row.sponsor_id else display.NOTHING
        ),
        display.column(_("rank"), lambda row: row.rank_now or display.NOTHING),
        display.REGION,
        "joined_at",
        FROZEN,
    )
    list_filter = ("is_frozen", "is_demo", "joined_at")
    search_fields = ("name", "=phone", "=invitation_code", "=pk")
    search_help_text = _("name, whole phone number, invitation code or key")
    fields = (
        (NAME, "joined_at"),
        (display.column(_("phone"), lambda row: row.masked_phone), "invitation_code"),
        (
            display.column(_("sponsor"), lambda row: display.link(row.sponsor)),
            display.column(_("rank"), lambda row: row.rank_now or display.NOTHING),
        ),
        (display.REGION, FROZEN),
        display.column(_("portrait"), lambda row: display.thumbnail(images.portrait(row))),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the rank as of the last batch."""
        participant = Participant.objects.filter(
            id=ExpressionWrapper(
                OuterRef("pk") + queries.programme().pk * SPAN, output_field=BigIntegerField()
            )
        )
        rows: QuerySet[Any] = super().get_queryset(request).select_related("sponsor")
        annotated: QuerySet[Any] = rows.annotate(rank_now=Subquery(participant.values("rank")[:1]))
        return annotated

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Money, tree, points, orders."""
        return [
            member_panels.money(thing),
            member_panels.positions(thing),
            member_panels.awards(thing),
            member_panels.doors(thing),
            member_panels.uplines(thing),
            member_panels.downlines(thing),
            member_panels.orders(thing),
            *member_panels.payouts(thing),
            member_panels.statement(thing, of_points=False),
            member_panels.statement(thing, of_points=True),
        ]


def _member(name: str, label: Any) -> display.Column:
    def read(row: Any) -> Any:
        return display.link(getattr(row, name))

    return display.column(label, read, order=name)


class _Appointments(Page):
    """What staff set by hand, as it was set; changed from the member's page."""

    search_fields: tuple[str, ...] = WHO


@admin.register(RankChange)
class RankChangePage(_Appointments):
    """Ranks set by hand."""

    list_display = ("__str__", _member("member", _("member")), "rank", "reason", "changed_by",
                    "created_at")  # fmt: skip
    list_select_related = ("member", "changed_by")
    list_filter = ("rank", "created_at")
    fields = (_member("member", _("member")), "rank", "reason", "changed_by", "created_at")


@admin.register(AgentAppointment)
class AgentPage(_Appointments):
    """Regional agents."""

    list_display = ("__str__", _member("member", _("member")), display.REGION, "appointed_by",
                    "created_at")  # fmt: skip
    list_select_related = ("member", "appointed_by")
    search_fields = (*WHO, "^region")
    fields = (_member("member", _("member")), display.REGION, "appointed_by", "created_at")


@admin.register(ShareholderAppointment)
class ShareholderPage(_Appointments):
    """Shareholders."""

    list_display = ("__str__", _member("member", _("member")), "weight", "appointed_by",
                    "created_at")  # fmt: skip
    list_select_related = ("member", "appointed_by")
    fields = (_member("member", _("member")), "weight", "appointed_by", "created_at")


@admin.register(SponsorChange)
class SponsorChangePage(_Appointments):
    """Sponsors bound anew."""

    list_display = (
        "__str__",
        _member("member", _("member")),
        _member("before", _("former sponsor")),
        _member("after", _("new sponsor")),
        "reason",
        "changed_by",
        "created_at",
    )
    list_select_related = ("member", "before", "after", "changed_by")
    fields = (
        _member("member", _("member")),
        _member("before", _("former sponsor")),
        _member("after", _("new sponsor")),
        "reason",
        "changed_by",
        "created_at",
    )
