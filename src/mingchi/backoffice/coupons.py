"""Coupons: drawn up, given out, granted; what came of them and what they cost whom."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import coupon_form, display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.coupon_form import CouponForm, NewCouponForm
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.members.models import Member
from mingchi.pricing import queries
from mingchi.pricing.models import Coupon, MemberCoupon
from mingchi.usecases import edit_coupons

STATE_COLOURS = {"draft": "info", "asked": "warning", "open": "success", "closed": "danger"}
CLAIM_COLOURS = {"claimed": "info", "locked": "warning", "used": "success", "expired": "danger"}
State = Coupon.State


class GrantForm(ActForm):
    """To whom, and why."""

    members = fields.text(
        _("members"), length=4000, help_text=_("Their numbers, as 7, 12, 40: at most 500.")
    )
    reason = fields.reason()

    def clean_members(self) -> list[int]:
        """Numbers with whatever between them; m7 is 7."""
        words = self.cleaned_data["members"].replace(",", " ").replace("，", " ").split()
        numbers = [word.removeprefix("m") for word in words]
        if not all(number.isascii() and number.isdigit() for number in numbers):
            self.add_error("members", _("These are no numbers of members."))
            return []
        return [int(number) for number in numbers]


class ReasonForm(ActForm):
    """Why."""

    reason = fields.reason()


class OpenForm(ActForm):
    """A note for whoever decides."""

    reason = fields.text(_("reason"), required=False)


def in_words(coupon: Coupon) -> str:
    """What it takes off, in a line."""
    minimum = display.yuan(coupon.min_spend_fen)
    words = {"off": display.yuan(coupon.most_fen), "rate": display.percent(coupon.off_ppm)}
    said = {
        Coupon.Kind.FIXED: _("%(off)s yuan off"),
        Coupon.Kind.THRESHOLD: _("%(off)s yuan off"),
        Coupon.Kind.PERCENTAGE: _("%(rate)s off, at most %(off)s yuan"),
        Coupon.Kind.FREE_SHIPPING: _("free shipping, up to %(off)s yuan"),
    }[Coupon.Kind(coupon.kind)]
    text = str(said % words)
    if coupon.min_spend_fen:
        return str(_("from %(minimum)s yuan: %(off)s") % {"minimum": minimum, "off": text})
    return text


def payer(coupon: Coupon) -> Any:
    """Who pays for it."""
    return _("the platform") if coupon.merchant_id is None else coupon.merchant


def _add(deed: Deed) -> Any:
    key = deed.values["payer"]
    edit_coupons.add_coupon(
        by=deed.user, merchant_id=int(key) if key else None, data=coupon_form.data(deed.values)
    )
    return _("The coupon is drawn up. It is given out by its button.")


def _edit(deed: Deed) -> Any:
    edit_coupons.edit_coupon(
        by=deed.user, coupon_id=deed.thing.pk, data=coupon_form.data(deed.values)
    )
    return _("The coupon is changed.")


def _open(deed: Deed) -> Any:
    state = edit_coupons.open_coupon(
        by=deed.user, coupon_id=deed.thing.pk, now=clock.now(), reason=deed.values["reason"]
    )
    if state == State.ASKED and deed.thing.merchant_id is not None:
        return _("The merchant pays for it, so the merchant is asked.")
    if state == State.ASKED:
        return _("It may cost much, so somebody else decides.")
    return _("The coupon is given out.")


def _answer(*, approve: bool) -> Any:
    def answer(deed: Deed) -> Any:
        edit_coupons.accept_coupon(
            by=deed.user,
            coupon_id=deed.thing.pk,
            approve=approve,
            now=clock.now(),
            reason=deed.values["reason"],
        )
        return _("The coupon is given out.") if approve else _("The coupon is a draft again.")

    return answer


def _is_asked_of_merchant(coupon: Coupon) -> bool:
    return coupon.state == State.ASKED and bool(coupon.asked_by)


def _close(deed: Deed) -> Any:
    edit_coupons.close_coupon(by=deed.user, coupon_id=deed.thing.pk, reason=deed.values["reason"])
    return _("No more of it is given out.")


def _grant(deed: Deed) -> Any:
    granted = edit_coupons.grant_coupon(
        by=deed.user,
        coupon_id=deed.thing.pk,
        member_ids=deed.values["members"],
        now=clock.now(),
        reason=deed.values["reason"],
    )
    return _("%(count)s members have it now.") % {"count": granted}


def _is(*states: str) -> Any:
    return lambda coupon: coupon.state in states


@admin.register(Coupon)
class CouponPage(Page):
    """Coupons; a merchant's staff see those that it pays for."""

    list_acts = (
        Act(
            name="add",
            label=_("Draw up a coupon"),
            right="coupon.edit",
            form=NewCouponForm,
            run=_add,
            template="backoffice/coupon.html",
            icon="add",
            variant=ActionVariant.PRIMARY,
            explain=_(
                "Who pays decides what it is: a merchant's coupon lowers the price of its goods, "
                "and what it gets for them; the platform's leaves the price alone, and the "
                "platform pays the rest."
            ),
        ),
    )
    acts = (
        Act(
            name="open",
            label=_("Give it out"),
            right="coupon.edit",
            form=OpenForm,
            run=_open,
            shown=_is(State.DRAFT),
            panels=lambda request, coupon: [_terms(coupon)],
            icon="redeem",
            variant=ActionVariant.PRIMARY,
            explain=_("From its first day on. It can't be changed any more then."),
        ),
        Act(
            name="accept",
            label=_("Accept to pay for it"),
            right="coupon.accept",
            form=OpenForm,
            run=_answer(approve=True),
            shown=_is_asked_of_merchant,
            panels=lambda request, coupon: [_terms(coupon)],
            icon="check",
            variant=ActionVariant.PRIMARY,
            explain=_("The platform wants to give it out at the merchant's cost."),
        ),
        Act(
            name="decline",
            label=_("Decline"),
            right="coupon.accept",
            form=ReasonForm,
            run=_answer(approve=False),
            shown=_is_asked_of_merchant,
            icon="block",
            variant=ActionVariant.DANGER,
        ),
        Act(
            name="edit",
            label=_("Edit"),
            right="coupon.edit",
            form=CouponForm,
            run=_edit,
            initial=coupon_form.initial,
            shown=_is(State.DRAFT),
            template="backoffice/coupon.html",
            icon="edit",
            submit=_("Save"),
        ),
        Act(
            name="grant",
            label=_("Grant to members"),
            right="coupon.grant",
            form=GrantForm,
            run=_grant,
            shown=lambda coupon: (
                coupon.state == State.OPEN and coupon.channel == Coupon.Channel.GRANT
            ),
            icon="volunteer_activism",
        ),
        Act(
            name="close",
            label=_("Close"),
            right="coupon.edit",
            form=ReasonForm,
            run=_close,
            shown=_is(State.OPEN),
            icon="block",
            variant=ActionVariant.DANGER,
            explain=_("No more of it is given out; those in members' hands stay good."),
        ),
    )
    list_display = (
        "name",
        display.column(_("takes off"), in_words),
        display.column(_("paid by"), payer, order="merchant"),
        display.column(_("state"), lambda row: (row.state, row.get_state_display()),
                       order="state", labels=STATE_COLOURS),
        display.column(_("taken of all"), lambda row: f"{row.taken:,} / {row.total:,}",
                       order="taken"),
        "ends_at",
    )  # fmt: skip
    list_select_related = ("merchant",)
    list_filter = ("state", "kind", "channel", "merchant")
    search_fields = ("name", "code")
    fields = (
        ("name", display.column(_("state"), lambda row: row.get_state_display())),
        (display.column(_("takes off"), in_words), display.column(_("paid by"), payer)),
        (
            display.column(_("good for"), lambda row: row.get_scope_display()),
            display.column(_("channel"), lambda row: row.get_channel_display()),
        ),
        (display.column(_("coupon code"), lambda row: row.code or display.NOTHING), "per_member"),
        ("starts_at", "ends_at"),
        (
            display.column(_("good for days"), lambda row: row.valid_days or display.NOTHING),
            display.column(_("new members only"), lambda row: display.yes(row.new_members_only)),
        ),
        display.column(_("proposal"), lambda row: display.link(row.proposal)),
    )

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """What came of it, its budget, and what it is good for."""
        panels = [_figures(thing), _budget(thing)]
        if thing.scope != Coupon.Scope.ALL:
            names = queries.target_names(thing)
            panels.append(Panel(title=_("Good for"), text=" · ".join(names)))
        return panels


def _figures(coupon: Coupon) -> Panel:
    found = queries.figures(coupon)
    used = 100 * found["used"] // coupon.taken if coupon.taken else 0
    return Panel(
        title=_("What came of it"),
        figures=[
            (_("taken"), f"{coupon.taken:,}"),
            (_("left"), f"{coupon.total - coupon.taken:,}"),
            (_("to be used"), f"{found['claimed']:,}"),
            (_("kept for an order"), f"{found['locked']:,}"),
            (_("used"), f"{found['used']:,} ({used}%)"),
            (_("expired"), f"{found['expired']:,}"),
        ],
    )


def _budget(coupon: Coupon) -> Panel:
    found = queries.figures(coupon)
    return Panel(
        title=_("What it costs"),
        figures=[
            (_("paid by"), payer(coupon)),
            (_("cost so far (yuan)"), display.yuan(found["used_fen"])),
            (_("kept for orders (yuan)"), display.yuan(found["locked_fen"])),
            (_("budget: the most it can cost (yuan)"), display.yuan(coupon.budget_fen)),
        ],
    )


def _terms(coupon: Coupon) -> Panel:
    return Panel(
        title=coupon.name,
        figures=[
            (_("takes off"), in_words(coupon)),
            (_("paid by"), payer(coupon)),
            (_("how many"), f"{coupon.total:,}"),
            (_("budget: the most it can cost (yuan)"), display.yuan(coupon.budget_fen)),
        ],
    )


def proposed(payload: dict[str, Any]) -> Sequence[Panel]:
    """The coupon that a proposal is about."""
    coupon = Coupon.objects.select_related("merchant").filter(pk=payload["coupon_id"]).first()
    if coupon is None:
        return []
    link = Panel(title=_("coupon"), figures=[(_("coupon"), display.link(coupon))])
    return [_terms(coupon), link]


@admin.register(MemberCoupon)
class MemberCouponPage(Page):
    """Coupons in members' hands."""

    list_display = (
        display.column(_("coupon"), lambda row: display.link(row.coupon)),
        display.column(_("member"), lambda row: _member(row)),
        display.column(_("state"), lambda row: (row.state, row.get_state_display()),
                       order="state", labels=CLAIM_COLOURS),
        "claimed_at",
        "good_until",
        display.column(_("kept for"), lambda row: row.locked_for or display.NOTHING),
        display.yuan_column("saved_fen", _("took off (yuan)")),
    )  # fmt: skip
    list_select_related = ("coupon", "member")
    list_filter = ("state", "coupon__merchant", "claimed_at")
    search_fields = ("coupon__name", "=member__id", "=locked_for")
    search_help_text = _("coupon, number of the member, or what it is kept for")
    fields = (
        (
            display.column(_("coupon"), lambda row: display.link(row.coupon)),
            display.column(_("member"), lambda row: _member(row)),
        ),
        (
            display.column(_("state"), lambda row: row.get_state_display()),
            display.column(_("kept for"), lambda row: row.locked_for or display.NOTHING),
        ),
        ("claimed_at", "good_until"),
        ("used_at", display.yuan_column("saved_fen", _("took off (yuan)"))),
        display.column(_("granted by"), lambda row: row.granted_by or display.NOTHING),
    )


def _member(row: MemberCoupon) -> Any:
    return display.link_to(Member, row.member_id, row.member)
