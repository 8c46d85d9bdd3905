"""What conditions and decision tables may read of an order: typed, read-only, money in fen.

The runtime fills these values; a variable that is not in the context can't be named in a flow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Type(StrEnum):
    """The types of CEL that are used. There is no float: money is whole fen."""

    INT = "int"
    STRING = "string"
    BOOL = "bool"
    STRINGS = "list<string>"


@dataclass(frozen=True, slots=True)
class Variable:
    """`title`: Chinese and English, for the editor. `fixed`: it can't change while the order runs,
    so that two choices that ask the same get the same answer. `values`: all it can be, where that
    is known."""

    name: str
    type: Type
    title: tuple[str, str]
    fixed: bool = False
    values: tuple[str, ...] = ()


Context = Mapping[str, Variable]

# Read along with every context: the outcome of the latest task on the token's way, and of any task
# by its id ("" where it has none yet).
OUTCOME: Final = "outcome"
OUTCOMES: Final = "outcomes"


def context(*variables: Variable) -> Context:
    """A context of these variables."""
    return MappingProxyType({variable.name: variable for variable in variables})


ORDER: Final = context(
    Variable("amount_fen", Type.INT, ("应付金额（分）", "Amount to pay (fen)")),
    Variable("paid_fen", Type.INT, ("已付金额（分）", "Amount paid (fen)")),
    Variable("discount_fen", Type.INT, ("优惠金额（分）", "Discount (fen)")),
    Variable("shipping_fen", Type.INT, ("运费（分）", "Shipping (fen)")),
    Variable("quantity", Type.INT, ("件数", "Number of pieces"), fixed=True),
    Variable("weight_g", Type.INT, ("重量（克）", "Weight (g)")),
    Variable("payment_method", Type.STRING, ("付款方式", "Payment method"), fixed=True),
    Variable("channel", Type.STRING, ("渠道", "Channel"), fixed=True),
    Variable("region", Type.STRING, ("地区代码", "Region code"), fixed=True),
    Variable("goods", Type.STRING, ("商品类型", "Kind of goods"), fixed=True),
    Variable("categories", Type.STRINGS, ("商品分类", "Categories of the goods"), fixed=True),
    Variable("delivery_method", Type.STRING, ("配送方式", "Delivery method"), fixed=True),
    Variable("member_rank", Type.STRING, ("会员等级", "Rank of the buyer"), fixed=True),
    Variable("first_order", Type.BOOL, ("首单", "First order of the buyer"), fixed=True),
    Variable("has_note", Type.BOOL, ("有买家留言", "The buyer left a note"), fixed=True),
    Variable("wants_invoice", Type.BOOL, ("需要发票", "An invoice is wanted")),
    Variable("return_reason", Type.STRING, ("退货原因", "Reason of the return"), fixed=True),
)

# A fact that holds wherever this condition on fixed variables does.
GUARDS: Final[Mapping[str, str]] = MappingProxyType({"cash_on_delivery": 'payment_method == "cod"'})


@dataclass(frozen=True, slots=True)
class Obligation:
    """Where `given` holds at an end, one of `needs` must hold too."""

    given: str
    needs: frozenset[str]
    message: str


OBLIGATIONS: Final = (
    Obligation(
        "reserved", frozenset({"shipped", "released"}), "reserved stock is not shipped or released"
    ),
    Obligation("paid", frozenset({"kept", "refunded"}), "money taken is not kept or refunded"),
)
