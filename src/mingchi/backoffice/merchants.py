"""Merchants and who works for them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from mingchi.backoffice import access, display, explain, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation.models import User
from mingchi.ledger import accounts, balances, statements
from mingchi.merchants.models import Merchant, MerchantStaff
from mingchi.usecases import edit_merchants

SHOWN = 20
DEMO = display.column(_("demo merchant"), lambda row: display.yes(row.is_demo), order="is_demo")


def _free_accounts() -> list[tuple[int, str]]:
    """Staff accounts without a platform role: only those may work for a merchant."""
    free = User.objects.filter(is_staff=True, is_active=True, is_superuser=False)
    rows = free.filter(Q(groups__isnull=True)).order_by("username")
    return [(user.pk, f"{user.username} {user.get_full_name()}".strip()) for user in rows]


class MerchantForm(ActForm):
    """A new merchant."""

    name = fields.text(_("name"), length=80)


class StaffForm(ActForm):
    """Who, and as what."""

    user_id = fields.choice(_("staff account"), _free_accounts)
    role = fields.choice(_("role"), MerchantStaff.Role.choices)


def _add(deed: Deed) -> Any:
    edit_merchants.add_merchant(by=deed.user, name=deed.values["name"])
    return _("The merchant is taken in.")


def _add_staff(deed: Deed) -> Any:
    edit_merchants.add_merchant_staff(
        by=deed.user,
        merchant_id=deed.thing.pk,
        user_id=int(deed.values["user_id"]),
        role=deed.values["role"],
    )
    return _("The account works for this merchant now.")


def _set_status(status: str) -> Any:
    def run(deed: Deed) -> Any:
        edit_merchants.set_merchant_status(by=deed.user, merchant_id=deed.thing.pk, status=status)
        return _("The shop is open.") if status == "open" else _("The shop is closed.")

    return run


def _remove(deed: Deed) -> Any:
    edit_merchants.remove_merchant_staff(by=deed.user, staff_id=deed.thing.pk)
    return _("The account does not work there any more.")


@admin.register(Merchant)
class MerchantPage(Page):
    """Merchants; their own staff see theirs."""

    list_acts = (
        Act(
            name="add",
            label=_("Take in a merchant"),
            right="merchant.edit",
            form=MerchantForm,
            run=_add,
            icon="add_business",
            variant=ActionVariant.PRIMARY,
        ),
    )
    acts = (
        Act(
            name="staff",
            label=_("Add staff"),
            right="merchant.edit",
            form=StaffForm,
            run=_add_staff,
            icon="group_add",
        ),
        Act(
            name="close",
            label=_("Close the shop"),
            right="merchant.edit",
            run=_set_status("closed"),
            shown=lambda merchant: merchant.status == Merchant.Status.OPEN,
            explain=_("Its articles are on sale no longer; what is ordered goes on."),
            icon="lock",
            variant=ActionVariant.DANGER,
        ),
        Act(
            name="open",
            label=_("Open the shop"),
            right="merchant.edit",
            run=_set_status("open"),
            shown=lambda merchant: merchant.status == Merchant.Status.CLOSED,
            icon="lock_open",
        ),
    )
    list_display = ("name", "status", DEMO, "created_at")
    list_filter = ("status",)
    search_fields = ("name",)
    fields = (("name", "status"), (DEMO, "created_at"))

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """What it is owed, and its staff; of money only those who deal with money."""
        panels = [_staff(thing)]
        roles = access.MONEY | {access.OPERATOR, access.MANAGER, access.CASHIER}
        if access.may(request.user, roles):
            panels = [_money(thing), *panels, _statement(thing)]
        return panels


def _money(merchant: Merchant) -> Panel:
    balance = balances.balance(accounts.merchant(merchant.pk))
    return Panel(
        title=_("Owed to the merchant"),
        figures=[(_("balance (yuan)"), display.yuan(balance.balance_fen))],
        note=_("The cost of goods of settled orders, refunds taken off."),
    )


def _staff(merchant: Merchant) -> Panel:
    rows = MerchantStaff.objects.filter(merchant=merchant).select_related("user")
    return Panel(
        title=_("staff"),
        headers=[_("staff account"), _("role")],
        rows=[[row.user.username, row.get_role_display()] for row in rows],
    )


def _statement(merchant: Merchant) -> Panel:
    found = statements.statement(accounts.merchant(merchant.pk), limit=SHOWN)
    return Panel(
        title=_("Statement"),
        headers=[_("at"), _("rule"), _("amount (yuan)")],
        rows=[
            [display.moment(line.at), explain.line_reason(line), display.yuan(line.amount)]
            for line in found.lines
        ],
        right=frozenset({2}),
        note=_("As of %(time)s.") % {"time": display.moment(found.as_of)} if found.as_of else "",
    )


@admin.register(MerchantStaff)
class MerchantStaffPage(Page):
    """Who works for which merchant."""

    acts = (
        Act(
            name="remove",
            label=_("Take off"),
            right="merchant.edit",
            run=_remove,
            icon="person_remove",
            variant=ActionVariant.DANGER,
            to=lambda thing: reverse("admin:merchants_merchantstaff_changelist"),
        ),
    )
    list_display = ("user", "merchant", "role", "created_at")
    list_select_related = ("user", "merchant")
    list_filter = ("merchant", "role")
    search_fields = ("user__username", "merchant__name")
    fields = ("user", "merchant", "role", "created_at")
