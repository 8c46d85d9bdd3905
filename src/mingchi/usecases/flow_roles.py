"""Which of a flow's roles an account holds at a merchant: one table, asked by every use case of
work items."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mingchi.foundation import roles as platform
from mingchi.foundation.errors import NotFoundError
from mingchi.foundation.models import User
from mingchi.fulfilment import roles
from mingchi.fulfilment.queries import Places
from mingchi.fulfilment.work import Actor
from mingchi.merchants import scope
from mingchi.merchants.models import MerchantStaff
from mingchi.usecases import rights

# A merchant's manager may do what any of the merchant's staff may, a clerk what the warehouse may.
# The buyer's steps are nobody else's, and between buyer and merchant only the platform decides.
OF_MERCHANT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {role: frozenset({role}) for role in roles.OF_MERCHANT}
    | {rights.MANAGER: roles.OF_MERCHANT, rights.CLERK: frozenset({rights.CLERK, rights.WAREHOUSE})}
)
OF_PLATFORM: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        platform.OWNER: roles.STAFF,
        platform.OPERATOR: roles.STAFF,
        platform.FINANCE: frozenset({"finance"}),
        platform.SERVICE: frozenset({"service", roles.ARBITER}),
    }
)


def acting(user: User, merchant_id: int) -> Actor:
    """The account as somebody who works for this merchant. A merchant where it has no business is
    `not_found` 404; an account that may only look holds no role."""
    own = scope.merchant_roles(user, merchant_id)
    if not own and not scope.is_platform_staff(user):
        raise NotFoundError()
    may_act = user.is_active and user.is_staff and not user.is_read_only
    held = _of_merchant(own) | _of_platform(user)
    if own:
        held -= {roles.ARBITER}  # who answers for the merchant does not arbitrate
    return Actor(
        name=rights.actor(user),
        roles=held if may_act else frozenset(),
        may_repair=may_act and _may_repair(user, own),
    )


def places(user: User) -> Places:
    """Where the account works, for the queues."""
    if not user.is_active or not user.is_staff:
        return Places(roles={})
    found = MerchantStaff.objects.filter(user=user).values_list("merchant_id", "role")
    own: dict[int, frozenset[str]] = {}
    for merchant_id, role in found:
        own[merchant_id] = own.get(merchant_id, frozenset()) | OF_MERCHANT[role]
    everywhere = _of_platform(user)
    repairs = {pk for pk in own if rights.may(user, "work.repair", merchant_id=pk)}
    return Places(
        roles=own,
        everywhere=everywhere,
        repairs=None if rights.may(user, "work.repair") else frozenset(repairs),
    )


def everybody(merchant_id: int, role: str) -> frozenset[str]:
    """Who holds a role at a merchant, by their names as actors, for the quorum "all". Where nobody
    was given it, those are meant who hold all: the managers. Nobody of theirs arbitrates."""
    if role == roles.ARBITER:
        return frozenset()
    staff = MerchantStaff.objects.filter(
        merchant=merchant_id, user__is_active=True, user__is_staff=True, user__is_read_only=False
    )
    for one in (role, rights.MANAGER):
        if found := frozenset(staff.filter(role=one).values_list("user", flat=True)):
            return frozenset(f"user:{pk}" for pk in found)
    return frozenset()


def _may_repair(user: User, own: frozenset[str]) -> bool:
    right = rights.RIGHTS["work.repair"]
    mine = right.platform & scope.platform_roles(user) | right.merchant & own
    return user.is_superuser or bool(mine)


def _of_merchant(own: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*(OF_MERCHANT[role] for role in own))


def _of_platform(user: User) -> frozenset[str]:
    if user.is_superuser:
        return roles.STAFF
    held = scope.platform_roles(user)
    return frozenset().union(*(OF_PLATFORM.get(role, frozenset()) for role in held))
