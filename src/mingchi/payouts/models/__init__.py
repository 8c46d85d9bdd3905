"""The tables of payouts, a file for members and one for merchants."""

from mingchi.payouts.models.merchant import (
    MerchantAccount,
    MerchantPayout,
    MerchantStatement,
    MerchantStatementLine,
)
from mingchi.payouts.models.withdrawal import Redemption, Transfer, Withdrawal

__all__ = [
    "MerchantAccount",
    "MerchantPayout",
    "MerchantStatement",
    "MerchantStatementLine",
    "Redemption",
    "Transfer",
    "Withdrawal",
]
