"""The roles that a flow may give a step to. Which account holds one stands in the use cases."""

from typing import Final

from mingchi.merchants.models import MerchantStaff

BUYER: Final = "buyer"
ARBITER: Final = "arbiter"
"""Who decides between buyer and merchant: somebody of the platform, nobody of the merchant's."""
OF_MERCHANT: Final = frozenset(MerchantStaff.Role.values)
STAFF: Final = OF_MERCHANT | {ARBITER}
ROLES: Final = STAFF | {BUYER}
