"""Who may call what: one table, read by every route as it is registered."""

from mingchi.foundation import roles

PUBLIC = "public"
MEMBER = "member"
OWNER, OPERATOR, FINANCE = roles.OWNER, roles.OPERATOR, roles.FINANCE
AUDITOR, COMPLIANCE, SERVICE = roles.AUDITOR, roles.COMPLIANCE, roles.SERVICE
# Roles at the merchant that the path names.
MANAGER, CLERK, CASHIER = "merchant.manager", "merchant.clerk", "merchant.finance"
STAFF = "staff"  # anybody with a staff account, whatever the role

EVERYBODY = frozenset({PUBLIC})
MEMBERS = frozenset({MEMBER})
ANY_STAFF = frozenset({STAFF})
LOOK = frozenset({OWNER, OPERATOR, FINANCE, AUDITOR, COMPLIANCE, SERVICE})
RUN = frozenset({OWNER, OPERATOR})
SERVE = frozenset({OWNER, OPERATOR, SERVICE})
PAY = frozenset({OWNER, FINANCE})
STEER = frozenset({OWNER, OPERATOR, FINANCE})
SHOP = frozenset({MANAGER, CLERK})
SHOP_LOOK = frozenset({MANAGER, CLERK, CASHIER})
SHOP_MANAGE = frozenset({MANAGER})

ROLES: dict[str, frozenset[str]] = {}


def of(route: str) -> frozenset[str]:
    """The roles that may call a route; a route that is not in the table can't be registered."""
    return ROLES[route]
