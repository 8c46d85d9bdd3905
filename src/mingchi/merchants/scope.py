"""Whose data a staff account may see: the one place that every query of a merchant's data asks."""

from collections.abc import Collection
from typing import Any, Final, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

from mingchi.foundation import roles
from mingchi.foundation.models import User
from mingchi.merchants.models import MerchantStaff

M = TypeVar("M", bound=Model)
# One message, by hand: every step of a flow and every door of a merchant's asks this.
_ROLES: Final = """
SELECT true, role FROM merchants_merchantstaff WHERE user_id = %s AND merchant_id = %s
UNION ALL
SELECT false, g.name FROM auth_group g JOIN foundation_user_groups m ON m.group_id = g.id
WHERE m.user_id = %s AND g.name = ANY (%s)
"""


def for_user(
    queryset: QuerySet[M], user: User, *, among: Collection[str] | None = None
) -> QuerySet[M]:
    """The rows of the merchants `user` works for (as one of these, where roles are named);
    platform staff see all, anybody else nothing.

    The model says in MERCHANT_PATH how to get from a row to its merchant.
    """
    if not user.is_active or not user.is_staff:
        return queryset.none()
    if is_platform_staff(user):
        return queryset
    path: str = _path(queryset.model)
    own = MerchantStaff.objects.filter(user=user).values("merchant")
    if among is not None:
        own = own.filter(role__in=among)
    return queryset.filter(**{f"{path}__in": own})


def is_platform_staff(user: User) -> bool:
    """Whether the account has a platform role (or is a superuser)."""
    return user.is_superuser or bool(platform_roles(user))


def platform_roles(user: User) -> frozenset[str]:
    """The platform's roles of an account; kept on it, so that a request asks once."""
    found: frozenset[str] | None = getattr(user, "_platform_roles", None)
    if found is None:
        names = user.groups.filter(name__in=roles.ALL).values_list("name", flat=True)
        found = frozenset(names)
        user._platform_roles = found  # type: ignore[attr-defined]
    return found


def merchant_roles(user: User, merchant_id: int) -> frozenset[str]:
    """What an account is for this merchant; empty where it does not work there."""
    with connection.cursor() as cursor:
        cursor.execute(_ROLES, [user.pk, merchant_id, user.pk, list(roles.ALL)])
        found = cursor.fetchall()
    user._platform_roles = frozenset(name for own, name in found if not own)  # type: ignore[attr-defined]
    return frozenset(name for own, name in found if own)


def _path(model: type[Any]) -> str:
    path = getattr(model, "MERCHANT_PATH", None)
    assert isinstance(path, str), f"{model.__name__} does not say whose it is"
    return path
