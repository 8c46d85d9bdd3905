"""Staff accounts: taken on, given roles, shown out; the owner's business, and on record."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from mingchi.backoffice import display, fields
from mingchi.backoffice.acts import Act, ActForm, Deed
from mingchi.backoffice.pages import Page
from mingchi.backoffice.panels import Panel
from mingchi.foundation import roles
from mingchi.foundation.models import User
from mingchi.merchants.models import MerchantStaff
from mingchi.usecases import edit_staff

ROLE_NAMES = {
    roles.OWNER: _("owner"),
    roles.OPERATOR: _("operator"),
    roles.FINANCE: _("finance"),
    roles.AUDITOR: _("auditor"),
    roles.COMPLIANCE: _("compliance"),
    roles.SERVICE: _("service"),
}


class PasswordForm(ActForm):
    """A password that the rules for passwords take."""

    password = forms.CharField(
        label=_("password"), max_length=128, widget=UnfoldAdminPasswordWidget(), strip=False
    )

    def clean_password(self) -> str:
        """Long enough, not common, no plain number."""
        password = str(self.cleaned_data["password"])
        validate_password(password)
        return password


class NewStaffForm(PasswordForm):
    """A new account; without a role it can work for a merchant."""

    username = forms.CharField(
        label=_("login"),
        max_length=150,
        validators=[User.username_validator],
        widget=UnfoldAdminTextInputWidget(),
    )
    name = fields.text(_("name"), required=False, length=60)
    role = fields.choice(_("role"), [("", _("none")), *ROLE_NAMES.items()], required=False)
    field_order = ("username", "name", "role", "password")

    def clean_username(self) -> str:
        """Not taken."""
        username = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError(_("There is such an account."))
        return username


class RolesForm(ActForm):
    """All roles at once."""

    roles = forms.MultipleChoiceField(
        label=_("roles"),
        required=False,
        choices=list(ROLE_NAMES.items()),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "bo-checks"}),
    )
    reason = fields.reason()


class WhyForm(ActForm):
    """Why."""

    reason = fields.reason()


def _hire(deed: Deed) -> Any:
    edit_staff.add_staff(by=deed.user, **deed.values)
    return _("The account is made.")


def _set_roles(deed: Deed) -> Any:
    edit_staff.set_roles(by=deed.user, user_id=deed.thing.pk, **deed.values)
    return _("The roles are set.")


def _set_password(deed: Deed) -> Any:
    edit_staff.set_password(by=deed.user, user_id=deed.thing.pk, **deed.values)
    return _("The password is set; the account is signed out everywhere.")


def _set_active(active: bool) -> Any:
    def run(deed: Deed) -> Any:
        edit_staff.set_active(
            by=deed.user, user_id=deed.thing.pk, active=active, reason=deed.values["reason"]
        )
        return _("The account may sign in.") if active else _("The account is shut.")

    return run


def _role_names(user: User) -> str:
    names = [group.name for group in user.groups.all()]
    own = [str(ROLE_NAMES.get(name, name)) for name in names]
    if user.is_superuser:
        own.append(str(_("superuser")))
    return "、".join(own) or display.NOTHING


ACTS = (
    Act(
        name="roles",
        label=_("Set roles"),
        right="staff.edit",
        form=RolesForm,
        run=_set_roles,
        initial=lambda user: {"roles": [group.name for group in user.groups.all()]},
        icon="badge",
    ),
    Act(
        name="password",
        label=_("Set password"),
        right="staff.edit",
        form=PasswordForm,
        run=_set_password,
        icon="key",
    ),
    Act(
        name="shut",
        label=_("Shut the account"),
        right="staff.edit",
        form=WhyForm,
        run=_set_active(False),
        shown=lambda user: user.is_active,
        mine=lambda request, user: user.pk != request.user.pk,
        icon="block",
        variant=ActionVariant.DANGER,
    ),
    Act(
        name="reopen",
        label=_("Open the account again"),
        right="staff.edit",
        form=WhyForm,
        run=_set_active(True),
        shown=lambda user: not user.is_active,
        icon="lock_open",
    ),
)


LOGIN = display.column(_("login"), lambda row: row.username, order="username")
ONLOOKER = display.column(
    _("may only look"), lambda row: display.yes(row.is_read_only), order="is_read_only"
)
ACTIVE = display.column(_("may sign in"), lambda row: display.yes(row.is_active), order="is_active")


@admin.register(User)
class StaffPage(Page):
    """Accounts of the back office."""

    list_acts = (
        Act(
            name="add",
            label=_("New account"),
            right="staff.edit",
            form=NewStaffForm,
            run=_hire,
            icon="person_add",
            variant=ActionVariant.PRIMARY,
        ),
    )
    acts = ACTS
    ordering = ("username",)
    list_display = (
        LOGIN,
        display.column(_("name"), lambda row: row.get_full_name() or display.NOTHING),
        display.column(_("roles"), _role_names),
        ONLOOKER,
        ACTIVE,
        "last_login",
    )
    list_filter = ("is_active", "is_read_only", "groups")
    search_fields = ("username", "first_name")
    fields = (
        (LOGIN, display.column(_("name"), lambda row: row.get_full_name())),
        (display.column(_("roles"), _role_names), ONLOOKER),
        (ACTIVE, "last_login"),
        "date_joined",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With their roles."""
        return super().get_queryset(request).prefetch_related("groups")

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """Where it works."""
        rows = MerchantStaff.objects.filter(user=thing).select_related("merchant")
        return [
            Panel(
                title=_("Works for merchants"),
                headers=[_("merchant"), _("role")],
                rows=[[display.link(row.merchant), row.get_role_display()] for row in rows],
            )
        ]


# Roles are fixed: one group each. What a role may is in a table, not in Django's permissions.
if admin.site.is_registered(Group):
    admin.site.unregister(Group)
