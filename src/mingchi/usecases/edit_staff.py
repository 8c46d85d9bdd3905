"""The owner says who works in the back office, and as what; every change is on record."""

from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import audit, roles
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.foundation.passwords import refuse_weak
from mingchi.merchants.models import MerchantStaff
from mingchi.usecases import checks, rights


def add_staff(*, by: User, username: str, password: str, name: str = "", role: str = "") -> int:
    """A new account, with a platform role or none.

    Errors: `staff_taken` 409, `role_invalid`, `password_weak`.
    """
    rights.require(by, "staff.edit")
    username = checks.text(username, field="username", longest=150, needed=True)
    name = checks.text(name, field="name", longest=60)
    refuse_weak(password)
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise ConflictError("staff_taken", _("There is such an account."), field="username")
        user = User(username=username, first_name=name, is_staff=True)
        user.set_password(password)
        user.save()
        if role:
            user.groups.set(_groups([role]))
        _audit(by, user, "staff.add", {}, {"username": username, "roles": [role] if role else []})
    return user.pk


def set_roles(*, by: User, user_id: int, roles: Sequence[str], reason: str) -> None:
    """Give an account these platform roles and no others.

    Errors: `role_invalid`, `merchant_staff` 409 for who works for a merchant, `own_account` 403:
    nobody changes his own.
    """
    rights.require(by, "staff.edit")
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        user = _other(by, user_id)
        if roles and MerchantStaff.objects.filter(user=user).exists():
            raise ConflictError("merchant_staff", _("This account works for a merchant."))
        before = sorted(user.groups.values_list("name", flat=True))
        user.groups.set(_groups(roles))
        _audit(by, user, "staff.roles", {"roles": before}, {"roles": sorted(roles)}, reason)


def set_password(*, by: User, user_id: int, password: str) -> None:
    """A new password; sessions of the account end, as they hold a part of the old one's hash.

    Errors: `password_weak`.
    """
    rights.require(by, "staff.edit")
    refuse_weak(password)
    with transaction.atomic():
        user = _locked(user_id)
        user.set_password(password)
        user.save(update_fields=["password"])
        _audit(by, user, "staff.password", {}, {})


def set_active(*, by: User, user_id: int, active: bool, reason: str) -> None:
    """Shut an account, or open it again. Errors: `own_account` 403."""
    rights.require(by, "staff.edit")
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        user = _other(by, user_id)
        before = user.is_active
        user.is_active = active
        user.save(update_fields=["is_active"])
        _audit(by, user, "staff.active", {"active": before}, {"active": active}, reason)


def _locked(user_id: int) -> User:
    found = User.objects.select_for_update().filter(pk=user_id).first()
    if found is None:
        raise NotFoundError()
    return found


def _other(by: User, user_id: int) -> User:
    if user_id == by.pk:
        raise DomainError(
            "own_account", _("Nobody changes his own roles. Ask a colleague."), status=403
        )
    return _locked(user_id)


def _groups(names: Sequence[str]) -> list[Group]:
    if not set(names) <= set(roles.ALL):
        raise DomainError("role_invalid", _("There is no such role."), field="role")
    return list(Group.objects.filter(name__in=names))


def _audit(
    by: User,
    user: User,
    action: str,
    before: dict[str, object],
    after: dict[str, object],
    reason: str = "",
) -> None:
    audit.record(
        actor=rights.actor(by),
        action=action,
        subject=f"user:{user.pk}",
        before=before,
        after=after,
        reason=reason,
    )
