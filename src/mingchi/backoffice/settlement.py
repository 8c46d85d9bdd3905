"""Merchants' money on its way out: where it goes, and payouts decided by another."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.backoffice.payouts import COLOURS, FailForm, PayForm, in_state
from mingchi.foundation import clock
from mingchi.ledger import accounts, balances
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant
from mingchi.payouts.models import MerchantAccount, MerchantPayout
from mingchi.usecases import pay_merchants, rights

State = MerchantPayout.State


class MerchantForm(ActForm):
    """For one of the merchants whose money one may see."""

    merchant_id = fields.choice(_("merchant"), ())

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """With what each has."""
        user: Any = request.user
        own = scope.for_user(Merchant.objects.order_by("pk"), user, among=rights.SEE_MERCHANT_MONEY)
        field = self.fields["merchant_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(row.pk, f"{row} · {_available(row.pk)}") for row in own]


class AskForm(MerchantForm):
    """How much."""

    amount_fen = fields.YuanField(label=_("amount (yuan)"))
    once = forms.CharField(widget=forms.HiddenInput, max_length=64, initial=lambda: uuid4().hex)


class AccountForm(MerchantForm):
    """Where the merchant's money goes from now on."""

    holder = fields.text(_("account holder"), length=80)
    bank = fields.text(_("bank and branch"), length=80)
    number = fields.text(_("account number"), length=48)


class RefuseForm(ActForm):
    """Why not."""

    reason = fields.text(_("reason of the decision"))


def _available(merchant_id: int) -> str:
    return display.yuan(balances.balance(accounts.merchant(merchant_id)).available_fen)


def _ask(deed: Deed) -> Any:
    pay_merchants.ask_payout(
        by=deed.user,
        merchant_id=int(deed.values["merchant_id"]),
        amount_fen=deed.values["amount_fen"],
        idempotency_key=deed.values["once"],
        now=clock.now(),
    )
    return _("The payout is proposed; somebody else decides.")


def _state_account(deed: Deed) -> Any:
    said = {**deed.values, "merchant_id": int(deed.values["merchant_id"])}
    pay_merchants.state_account(by=deed.user, now=clock.now(), **said)
    return _("The bank account is stated.")


def _decide(*, approve: bool) -> Any:
    def run(deed: Deed) -> Any:
        pay_merchants.decide_payout(
            by=deed.user,
            payout_id=deed.thing.pk,
            approve=approve,
            now=clock.now(),
            reason=deed.values.get("reason", ""),
        )
        return _("The payout is approved.") if approve else _("The payout is refused.")

    return run


def _pay(deed: Deed) -> Any:
    number = pay_merchants.pay_payout(
        by=deed.user, payout_id=deed.thing.pk, now=clock.now(), **deed.values
    )
    return _("The payout is paid: %(number)s.") % {"number": number}


def _fail(deed: Deed) -> Any:
    pay_merchants.fail_payout(by=deed.user, payout_id=deed.thing.pk, **deed.values)
    return _("It is the merchant's again.")


def _not_mine(request: HttpRequest, payout: Any) -> bool:
    user: Any = request.user
    asked = payout.asked_by == rights.actor(user)
    return not asked and not scope.merchant_roles(user, payout.merchant_id)


def _account(request: HttpRequest, payout: Any) -> list[Panel]:
    """In full, since whoever pays must type it; on record."""
    user: Any = request.user
    found = pay_merchants.look_at_account(by=user, payout_id=payout.pk)
    return [
        Panel(
            title=_("bank account"),
            figures=[
                (_("account holder"), found.holder),
                (_("bank and branch"), found.bank),
                (_("account number"), display.mono(found.number)),
                (_("amount (yuan)"), display.yuan(payout.amount_fen)),
            ],
        )
    ]


class MoneyPage(Page):
    """A merchant's own, for its manager and its finance."""

    def get_queryset(self, request: HttpRequest) -> Any:
        """Not for those who work for the merchant as something else."""
        user: Any = request.user
        return scope.for_user(super().get_queryset(request), user, among=rights.SEE_MERCHANT_MONEY)


@admin.register(MerchantAccount)
class AccountPage(MoneyPage):
    """Where merchants' money goes; masked."""

    empty = _("Payouts need one: state where the merchant's money goes.")
    list_acts = (
        Act(
            name="state",
            label=_("State a bank account"),
            right="merchant_account.state",
            form=AccountForm,
            run=_state_account,
            icon="account_balance",
            explain=_("Payouts that are proposed from now on go there. On record."),
        ),
    )
    list_display = (
        "merchant",
        "holder",
        "bank",
        display.column(_("account number"), lambda row: row.masked_number),
        display.column(_("in use"), lambda row: display.yes(row.retired_at is None)),
        "set_at",
    )
    list_select_related = ("merchant",)
    list_filter = ("merchant",)
    fields = (
        ("merchant", "holder"),
        ("bank", display.column(_("account number"), lambda row: row.masked_number)),
        (display.column(_("stated by"), lambda row: display.actor(row.set_by)), "set_at"),
        "retired_at",
    )


@admin.register(MerchantPayout)
class PayoutPage(MoneyPage):
    """Money on its way to merchants; who asks never decides."""

    empty = _("Propose one: what a merchant has earned and is not reserved can be paid out.")
    list_acts = (
        Act(
            name="ask",
            label=_("Propose a payout"),
            right="payout.ask",
            form=AskForm,
            run=_ask,
            icon="payments",
            explain=_("The money is set aside at once. A debt is carried over to later sales."),
        ),
    )
    acts = (
        Act(
            name="approve",
            label=_("Approve the payout"),
            right="payout.decide",
            run=_decide(approve=True),
            shown=in_state(State.ASKED),
            mine=_not_mine,
            icon="check",
            variant=ActionVariant.PRIMARY,
        ),
        Act(
            name="refuse",
            label=_("Refuse the payout"),
            right="payout.decide",
            form=RefuseForm,
            run=_decide(approve=False),
            shown=in_state(State.ASKED),
            mine=_not_mine,
            icon="close",
            variant=ActionVariant.DANGER,
        ),
        Act(
            name="pay",
            label=_("Mark as paid"),
            right="payout.pay",
            form=PayForm,
            run=_pay,
            shown=in_state(State.APPROVED),
            icon="account_balance",
            variant=ActionVariant.PRIMARY,
            panels=_account,
        ),
        Act(
            name="fail",
            label=_("Came back"),
            right="payout.pay",
            form=FailForm,
            run=_fail,
            shown=in_state(State.APPROVED),
            icon="undo",
            variant=ActionVariant.DANGER,
        ),
    )
    list_display = (
        display.column(_("payout"), str, order="pk"),
        "merchant",
        display.yuan_column("amount_fen", _("amount (yuan)")),
        display.column(
            _("state"),
            lambda row: (row.state, row.get_state_display()),
            order="state",
            labels=COLOURS,
        ),
        display.column(_("bank account"), lambda row: str(row.account)),
        "asked_at",
        "paid_at",
    )
    list_select_related = ("merchant", "account")
    list_filter = ("state", "merchant", "asked_at")
    search_fields = ("merchant__name", "transfer_no", "=pk")
    search_help_text = _("merchant, number of the transfer or of the payout without mp")
    fields = (
        ("merchant", display.yuan_column("amount_fen", _("amount (yuan)"))),
        (display.column(_("state"), lambda row: row.get_state_display()),
         display.column(_("bank account"), lambda row: str(row.account))),
        (display.column(_("asked by"), lambda row: display.actor(row.asked_by)), "asked_at"),
        (display.column(_("decided by"), lambda row: display.actor(row.decided_by)),
         "decided_at"),
        ("reason", "error"),
        ("transfer_no", "paid_at"),
    )  # fmt: skip
