"""Who may see which page: one table, asked by pages, menu and actions alike. Who may do what stands
in `usecases.rights`."""

from typing import Final

from django.contrib.auth.models import AnonymousUser

from mingchi.foundation import roles
from mingchi.foundation.models import User
from mingchi.merchants import scope
from mingchi.merchants.models import MerchantStaff
from mingchi.usecases import rights

OWNER, OPERATOR, FINANCE = roles.OWNER, roles.OPERATOR, roles.FINANCE
AUDITOR, COMPLIANCE, SERVICE = roles.AUDITOR, roles.COMPLIANCE, roles.SERVICE
MANAGER, CLERK, CASHIER = "merchant:manager", "merchant:clerk", "merchant:finance"
WAREHOUSE, HELPER = "merchant:warehouse", "merchant:service"

Roles = frozenset[str]
ALL_PLATFORM: Final[Roles] = frozenset(roles.ALL)
MERCHANT: Final[Roles] = frozenset({MANAGER, CLERK, CASHIER})
ANY_MERCHANT: Final[Roles] = MERCHANT | {WAREHOUSE, HELPER}
MONEY: Final[Roles] = frozenset({OWNER, FINANCE, AUDITOR, COMPLIANCE})
INSIGHT: Final[Roles] = frozenset({OWNER, OPERATOR, FINANCE, AUDITOR, COMPLIANCE})

SEES: Final[dict[str, Roles]] = {
    "members.member": ALL_PLATFORM,
    "members.sponsorchange": INSIGHT | {SERVICE},
    "members.rankchange": INSIGHT | {SERVICE},
    "members.agentappointment": INSIGHT | {SERVICE},
    "members.shareholderappointment": INSIGHT,
    "merchants.merchant": ALL_PLATFORM | MERCHANT,
    "merchants.merchantstaff": frozenset({OWNER, OPERATOR, AUDITOR, MANAGER}),
    "catalogue.category": ALL_PLATFORM | {MANAGER},
    "catalogue.brand": ALL_PLATFORM | {MANAGER},
    "catalogue.banner": ALL_PLATFORM,
    "catalogue.homeshelf": ALL_PLATFORM,
    "catalogue.hotword": ALL_PLATFORM,
    "catalogue.product": ALL_PLATFORM | {MANAGER, CLERK},
    "catalogue.sku": ALL_PLATFORM | {MANAGER, CLERK},
    "pricing.coupon": ALL_PLATFORM | {MANAGER, HELPER},
    "pricing.membercoupon": ALL_PLATFORM | {MANAGER, HELPER},
    "pricing.shippingtemplate": ALL_PLATFORM | {MANAGER, CLERK},
    "orders.order": ALL_PLATFORM | MERCHANT | {HELPER},
    "orders.refund": ALL_PLATFORM | MERCHANT | {HELPER},
    "orders.aftersalescase": ALL_PLATFORM | ANY_MERCHANT,
    "reviews.review": ALL_PLATFORM | {MANAGER, CLERK, HELPER},
    "fulfilment.flowdefinition": ALL_PLATFORM | {MANAGER},
    "fulfilment.workitem": ALL_PLATFORM | ANY_MERCHANT,
    "fulfilment.flowinstance": ALL_PLATFORM | ANY_MERCHANT,
    "fulfilment.hold": ALL_PLATFORM | ANY_MERCHANT,
    "fulfilment.signal": ALL_PLATFORM | {MANAGER, HELPER},
    "payments.payment": MONEY | {SERVICE, OPERATOR},
    "payments.gatewaynotice": MONEY,
    "payments.billday": MONEY,
    "payments.billdifference": MONEY,
    "payments.paymentrefund": MONEY | {SERVICE, CASHIER, MANAGER},
    "payouts.withdrawal": MONEY | {OPERATOR, SERVICE},
    "payouts.merchantstatement": MONEY | {OPERATOR, MANAGER, CASHIER},
    "payouts.merchantaccount": MONEY | {MANAGER, CASHIER},
    "payouts.merchantpayout": MONEY | {OPERATOR, MANAGER, CASHIER},
    "payouts.redemption": INSIGHT | {SERVICE},
    "rebates.programme": INSIGHT,
    "rebates.position": INSIGHT,
    "rebates.planversion": INSIGHT,
    "rebates.event": INSIGHT,
    "rebates.setaside": INSIGHT,
    "ledger.entry": MONEY,
    "ledger.cashentry": MONEY,
    "ledger.batch": MONEY,
    "ledger.accountbalance": MONEY,
    "foundation.proposal": INSIGHT,
    "foundation.auditrecord": frozenset({OWNER, AUDITOR, COMPLIANCE}),
    "foundation.user": frozenset({OWNER, AUDITOR}),
}


def roles_of(user: User | AnonymousUser) -> Roles:
    """Every role of an account, at whichever merchant; kept on it for the request."""
    if not isinstance(user, User) and not getattr(user, "is_staff", False):
        return frozenset()
    assert not isinstance(user, AnonymousUser)
    if not user.is_active or not user.is_staff:
        return frozenset()
    found: Roles | None = getattr(user, "_all_roles", None)
    if found is None:
        own = MerchantStaff.objects.filter(user_id=user.pk).values_list("role", flat=True)
        found = platform_roles(user) | {f"merchant:{role}" for role in own}
        user._all_roles = found  # type: ignore[attr-defined]
    return found


def platform_roles(user: User) -> Roles:
    """Roles on the platform; a superuser counts as owner."""
    found = scope.platform_roles(user)
    return found | {OWNER} if user.is_superuser else found


def may(user: User | AnonymousUser, allowed: Roles) -> bool:
    """Whether one of the account's roles is among those."""
    return bool(roles_of(user) & allowed)


def sees(user: User | AnonymousUser, label: str) -> bool:
    """Whether the account may see pages of a model, `orders.order`."""
    return may(user, SEES.get(label, frozenset()))


def is_read_only(user: User | AnonymousUser) -> bool:
    """Accounts that may look at whatever their role may see, and change nothing."""
    return bool(getattr(user, "is_read_only", True))


def may_do(user: User | AnonymousUser, right: str, *, merchant_id: int | None = None) -> bool:
    """Whether the account may do this, by the table that the use cases ask too."""
    if is_read_only(user):
        return False
    assert not isinstance(user, AnonymousUser)
    return rights.may(user, right, merchant_id=merchant_id)


def may_do_somewhere(user: User | AnonymousUser, right: str) -> bool:
    """Whether the account may do this on the platform or for one of its merchants at least."""
    if may_do(user, right):
        return True
    own = MerchantStaff.objects.filter(user_id=int(user.pk or 0)).values_list(
        "merchant_id", flat=True
    )
    return any(may_do(user, right, merchant_id=merchant_id) for merchant_id in own.distinct())
