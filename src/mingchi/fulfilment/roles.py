"""The roles that a flow may give a step to. Which account holds one stands in the use cases."""

from typing import Final

from mingchi.merchants.models import MerchantStaff

BUYER: Final = "buyer"
STAFF: Final = frozenset(MerchantStaff.Role.values)
ROLES: Final = STAFF | {BUYER}
