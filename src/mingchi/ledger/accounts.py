"""Account numbers: `owner * 100 + kind`, so that nobody has to look one up.

The wallet of member 17 is 1711. Accounts of the house have owner 0, those of a programme its
key. A positive balance is owed to the owner or is the platform's own result; a negative one
says where the money lies (`cash`) or came from (`order_held` is emptied by settlement).
"""

from typing import Final

ORDER_HELD: Final = 1
AWARDS_WAITING: Final = 2
WITHDRAWAL_PENDING: Final = 3
REFUND_PENDING: Final = 4
GATEWAY_FEE: Final = 5
SHIPPING: Final = 6
CASH: Final = 7
MERCHANT: Final = 10
WALLET: Final = 11
POOL: Final = 12
PLATFORM: Final = 13
SUBSIDY: Final = 14
TAX_WITHHELD: Final = 15
REFUND_LOSS: Final = 16
COUPON_COST: Final = 17
POINTS: Final = 50
POINTS_ISSUED: Final = 51

# From here on a kind counts micro-points, below fen.
FIRST_POINTS_KIND: Final = 50

NAMES: Final[dict[int, str]] = {
    ORDER_HELD: "order_held",
    AWARDS_WAITING: "awards_waiting",
    WITHDRAWAL_PENDING: "withdrawal_pending",
    REFUND_PENDING: "refund_pending",
    GATEWAY_FEE: "gateway_fee",
    SHIPPING: "shipping",
    CASH: "cash",
    MERCHANT: "merchant",
    WALLET: "wallet",
    POOL: "pool",
    PLATFORM: "platform",
    SUBSIDY: "subsidy",
    TAX_WITHHELD: "tax_withheld",
    REFUND_LOSS: "refund_loss",
    COUPON_COST: "coupon_cost",
    POINTS: "points",
    POINTS_ISSUED: "points_issued",
}
KINDS: Final[dict[str, int]] = {name: kind for kind, name in NAMES.items()}

# Where money lies outside the platform; the numbers are for ever.
PLACES: Final[dict[str, int]] = {
    "bank": 1,
    "sandbox": 2,
    "cod": 3,
    "wechat": 4,
    "alipay": 5,
}


def number(kind: int, owner: int = 0) -> int:
    """The account of this kind and owner (a database key of 0 or more)."""
    return owner * 100 + kind


def kind_of(account: int) -> int:
    """The kind of an account number."""
    return account % 100


def owner_of(account: int) -> int:
    """The database key of an account's owner; 0 for the house."""
    return account // 100


def holds_points(account: int) -> bool:
    """Whether the account counts micro-points rather than fen."""
    return kind_of(account) >= FIRST_POINTS_KIND


def name(account: int) -> str:
    """What a person reads: `wallet:17`, `platform`, `cash:bank`."""
    kind, owner = kind_of(account), owner_of(account)
    label = NAMES.get(kind, f"kind {kind}")
    if kind == CASH:
        place = next((place for place, key in PLACES.items() if key == owner), str(owner))
        return f"{label}:{place}"
    return f"{label}:{owner}" if owner else label


def wallet(member_id: int) -> int:
    """A member's money."""
    return number(WALLET, member_id)


def merchant(merchant_id: int) -> int:
    """What a merchant is owed: the cost of its goods, and the freight of what it sent."""
    return number(MERCHANT, merchant_id)


def pool(programme_id: int) -> int:
    """The money that backs a programme's points."""
    return number(POOL, programme_id)


def points(member_id: int) -> int:
    """A member's micro-points."""
    return number(POINTS, member_id)


def points_issued(programme_id: int) -> int:
    """The counterpart of all points of a programme; its negative is the supply."""
    return number(POINTS_ISSUED, programme_id)


def cash(place: str) -> int:
    """Where money lies: `bank`, or a payment gateway by name."""
    return number(CASH, PLACES[place])


def order_held() -> int:
    """Money of paid orders that are not settled yet."""
    return ORDER_HELD


def awards_waiting() -> int:
    """Awards kept back until the period's close."""
    return AWARDS_WAITING


def withdrawal_pending() -> int:
    """Approved withdrawals that have not left yet."""
    return WITHDRAWAL_PENDING


def refund_pending() -> int:
    """Refunds that are settled but have not left yet."""
    return REFUND_PENDING


def gateway_fee() -> int:
    """What payment gateways charged."""
    return GATEWAY_FEE


def shipping() -> int:
    """Freight of orders that may still be given back; then it is the merchant's."""
    return SHIPPING


def platform() -> int:
    """The platform's own share, refund losses not yet taken off."""
    return PLATFORM


def subsidy() -> int:
    """Money set apart to support a pool."""
    return SUBSIDY


def tax_withheld() -> int:
    """Tax kept from awards for the state."""
    return TAX_WITHHELD


def refund_loss() -> int:
    """What refunds cost the platform because the pool could not give it back."""
    return REFUND_LOSS


def coupon_cost() -> int:
    """What the platform paid in members' place, by its coupons."""
    return COUPON_COST
