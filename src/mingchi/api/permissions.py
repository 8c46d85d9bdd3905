"""Who may call what: one table, read by every route as it is registered.

Routes that change something for staff name the action of `usecases.rights`, which says who may;
the use case asks again, for the merchant concerned.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mingchi.foundation import roles
from mingchi.usecases.rights import RIGHTS

PUBLIC, MEMBER, STAFF = "public", "member", "staff"
MERCHANT_ROLES = ("merchant.manager", "merchant.clerk", "merchant.finance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The roles that may call a route, and whether it moves money (needs an idempotency key)."""

    roles: frozenset[str]
    moves_money: bool = False


def _access(*names: str, moves_money: bool = False) -> Access:
    return Access(roles=frozenset(names), moves_money=moves_money)


def action(name: str, *, moves_money: bool = False) -> Access:
    """Whoever has this right at the platform, or at some merchant."""
    right = RIGHTS[name]
    there = {f"merchant.{role}" for role in right.merchant}
    return Access(roles=right.platform | there, moves_money=moves_money)


ANYBODY = _access(PUBLIC)
MEMBERS = _access(MEMBER)
MEMBERS_PAY = _access(MEMBER, moves_money=True)
ANY_STAFF = _access(STAFF)
LOOK = _access(*roles.ALL)
LOOK_OWN = _access(*roles.ALL, *MERCHANT_ROLES)

ROUTES: Mapping[str, Access] = MappingProxyType(
    {
        # signing in
        "join": ANYBODY,
        "sign_in": ANYBODY,
        "sign_out": MEMBERS,
        "me": MEMBERS,
        "staff_csrf": ANYBODY,
        "staff_sign_in": ANYBODY,
        "staff_sign_out": ANY_STAFF,
        "staff_me": ANY_STAFF,
        # the shop
        "list_categories": ANYBODY,
        "list_products": ANYBODY,
        "get_product": ANYBODY,
        # a member's orders
        "place_order": MEMBERS_PAY,
        "list_orders": MEMBERS,
        "get_order": MEMBERS,
        "pay_order": MEMBERS_PAY,
        "cancel_order": MEMBERS,
        "receive_order": MEMBERS,
        "ask_refund": MEMBERS_PAY,
        "list_refunds": MEMBERS,
        "get_refund": MEMBERS,
        # payments
        "gateway_notice": ANYBODY,
        "sandbox_pay": MEMBERS_PAY,
        # points
        "get_pool": ANYBODY,
        "list_prices": ANYBODY,
        "list_positions": MEMBERS,
        "quote": MEMBERS,
        "redeem": MEMBERS_PAY,
        "list_redemptions": MEMBERS,
        "get_redemption": MEMBERS,
        # wallet
        "get_wallet": MEMBERS,
        "get_statement": MEMBERS,
        "list_awards": MEMBERS,
        "ask_withdrawal": MEMBERS_PAY,
        "list_withdrawals": MEMBERS,
        "get_withdrawal": MEMBERS,
        # what anybody may recompute
        "get_plan": ANYBODY,
        "export_events": ANYBODY,
        "list_batches": ANYBODY,
    }
)


def of(route: str) -> Access:
    """Who may call a route; a route that is not in the table can't be registered."""
    return ROUTES[route]
