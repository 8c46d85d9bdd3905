"""Redemptions, and withdrawals with their approval."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.views import ChangeList

from mingchi.backoffice import display, explain, fields, member_panels
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.filters import GatewayFilter
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import clock
from mingchi.payouts.models import Redemption, Transfer, Withdrawal
from mingchi.usecases.withdraw import (
    decide_withdrawal,
    fail_withdrawal,
    pay_withdrawal,
    send_withdrawal,
)

COLOURS = {
    "asked": "warning",
    "approved": "info",
    "sending": "warning",
    "refused": "danger",
    "paid": "success",
    "failed": "danger",
}


class NoteForm(ActForm):
    """A reason, if there is one."""

    reason = fields.text(_("reason"), required=False)


class RefuseForm(ActForm):
    """A reason."""

    reason = fields.text(_("reason"))


class PayForm(ActForm):
    """The bank's number."""

    transfer_no = fields.text(
        _("transfer number"),
        required=False,
        length=40,
        help_text=_("The bank's number. In the sandbox it may be left empty."),
    )


class FailForm(ActForm):
    """What the bank said."""

    error = fields.text(_("what the bank said"))


def decide(*, approve: bool) -> Any:
    """The act that approves or refuses a withdrawal."""

    def run(deed: Deed) -> Any:
        decide_withdrawal(
            by=deed.user,
            withdrawal_id=deed.thing.pk,
            approve=approve,
            now=clock.now(),
            reason=deed.values["reason"],
        )
        return _("The withdrawal is approved.") if approve else _("The withdrawal is refused.")

    return run


def _pay(deed: Deed) -> Any:
    number = pay_withdrawal(
        by=deed.user,
        withdrawal_id=deed.thing.pk,
        now=clock.now(),
        transfer_no=deed.values["transfer_no"],
    )
    return _("The withdrawal is paid: %(number)s.") % {"number": number}


def _send(deed: Deed) -> Any:
    state = send_withdrawal(by=deed.user, withdrawal_id=deed.thing.pk, now=clock.now())
    said = {
        "sending": _("It is on its way; the gateway will tell."),
        "paid": _("The gateway has paid it."),
    }
    return said.get(state, _("The gateway refused; its reason stands at the withdrawal."))


def _fail(deed: Deed) -> Any:
    fail_withdrawal(by=deed.user, withdrawal_id=deed.thing.pk, error=deed.values["error"])
    return _("The money is in the wallet again.")


def in_state(state: str) -> Callable[[Any], bool]:
    """Whether an act is shown: where the row is in this state."""
    return lambda row: bool(row.state == state)


@admin.register(Withdrawal)
class WithdrawalPage(Page):
    """Money on its way out of wallets."""

    acts = (
        Act(
            name="approve",
            label=_("Approve"),
            right="withdrawal.decide",
            form=NoteForm,
            run=decide(approve=True),
            shown=in_state(Withdrawal.State.ASKED),
            icon="check",
            variant=ActionVariant.PRIMARY,
            panels=lambda request, row: [member_panels.money(row.member)],
        ),
        Act(
            name="refuse",
            label=_("Refuse"),
            right="withdrawal.decide",
            form=RefuseForm,
            run=decide(approve=False),
            shown=in_state(Withdrawal.State.ASKED),
            icon="close",
            variant=ActionVariant.DANGER,
            explain=_("The money is free in the wallet again."),
        ),
        Act(
            name="send",
            label=_("Pay through the gateway"),
            right="withdrawal.pay",
            run=_send,
            shown=lambda row: row.state == Withdrawal.State.APPROVED and bool(row.gateway),
            icon="send",
            variant=ActionVariant.PRIMARY,
            explain=_("WeChat asks the receiver to confirm; not taken in a day, it comes back."),
        ),
        Act(
            name="pay",
            label=_("Mark as paid"),
            right="withdrawal.pay",
            form=PayForm,
            run=_pay,
            shown=in_state(Withdrawal.State.APPROVED),
            icon="payments",
            variant=ActionVariant.PRIMARY,
        ),
        Act(
            name="fail",
            label=_("Came back"),
            right="withdrawal.pay",
            form=FailForm,
            run=_fail,
            shown=in_state(Withdrawal.State.APPROVED),
            icon="undo",
            variant=ActionVariant.WARNING,
        ),
    )
    list_display = (
        display.column(_("withdrawal"), str, order="pk"),
        display.column(_("member"), lambda row: f"m{row.member_id} {row.member.name}"),
        display.column(_("state"), lambda row: (row.state, row.get_state_display()),
                       order="state", labels=COLOURS),
        display.yuan_column("amount_fen", _("amount (yuan)")),
        display.GATEWAY,
        "asked_at",
        "paid_at",
        "transfer_no",
    )  # fmt: skip
    list_select_related = ("member",)
    list_filter = ("state", GatewayFilter, "asked_at")
    search_fields = ("member__name", "=member__phone", "transfer_no")
    search_help_text = _("member's name, whole phone number or number of the transfer")
    fields = (
        (
            display.column(_("member"), lambda row: display.link(row.member)),
            display.column(_("state"), lambda row: row.get_state_display()),
        ),
        (display.yuan_column("amount_fen", _("amount (yuan)")), "transfer_no"),
        (display.GATEWAY, display.column(_("payee's account there"), lambda row: row.masked_payee)),
        ("asked_at", "paid_at"),
        "decided_at",
        (
            display.column(_("decided by"), lambda row: display.actor(row.proposal.decided_by)),
            display.column(_("reason"), lambda row: row.proposal.reason or display.NOTHING),
        ),
        "error",
    )

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """The member's wallet, and the transfers."""
        rows = Transfer.objects.filter(withdrawal=thing).order_by("-id")
        shown = Panel(
            title=_("transfers"),
            headers=[_("our number"), _("state"), _("gateway's number"), _("ended at"), _("error")],
            rows=[
                [row.out_transfer_no, row.get_state_display(), row.gateway_no,
                 display.moment(row.ended_at), row.error]
                for row in rows
            ],
        )  # fmt: skip
        return [member_panels.money(thing.member), *([shown] if shown.rows else [])]


class _Redemptions(ChangeList):
    """Fetches what became of a page's redemptions at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        answers = explain.answers("redeem", [row.pk for row in self.result_list])
        for row in self.result_list:
            row.answer = answers[row.pk]


def _answer(row: Any) -> explain.Answer:
    found: explain.Answer | None = getattr(row, "answer", None)
    return found or explain.answers("redeem", [row.pk])[row.pk]


def _status(row: Any) -> tuple[str, Any]:
    answer = _answer(row)
    return answer.status, answer.label


STATUS_COLOURS = {
    "settled": "success",
    "refused": "danger",
    "set_aside": "danger",
    "pending": "warning",
}


@admin.register(Redemption)
class RedemptionPage(Page):
    """Points turned into money."""

    list_display = (
        display.column(_("redemption"), lambda row: row.key, order="pk"),
        display.column(_("member"), lambda row: f"m{row.member_id} {row.member.name}"),
        display.column(
            _("points"),
            lambda row: display.points(row.points_upt) if row.points_upt else _("all"),
            order="points_upt",
        ),
        display.yuan_column("quoted_net_fen", _("quoted net (yuan)")),
        display.column(_("net (yuan)"), lambda row: display.yuan(_answer(row).net_fen)),
        display.column(_("status"), _status, labels=STATUS_COLOURS),
        "asked_at",
    )
    list_select_related = ("member",)
    list_filter = ("asked_at",)
    search_fields = ("member__name", "=member__phone")
    fields = (
        display.column(_("member"), lambda row: display.link(row.member)),
        (
            display.points_column("points_upt", _("points")),
            display.yuan_column("quoted_net_fen", _("quoted net (yuan)")),
        ),
        (
            display.column(_("net (yuan)"), lambda row: display.yuan(_answer(row).net_fen)),
            display.column(_("status"), lambda row: _status(row)[1]),
        ),
        "asked_at",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With the answers."""
        return _Redemptions

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """The postings."""
        from mingchi.backoffice import order_panels

        return order_panels.settled(request, "redeem", thing)
