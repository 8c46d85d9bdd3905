"""Why a posting was made: numbers for ever, names for people.

An entry keeps `line * 100 + rule` for each posting; together with the event and the account it
is the posting's unique key. Line 0 also stands for postings of the whole order.
"""

from typing import Final

NAMES: Final[dict[int, str]] = {
    1: "sale",
    2: "cost",
    3: "contribution",
    4: "platform",
    5: "unclaimed",
    6: "grant",
    7: "leftover",
    8: "redeem",
    9: "exit",
    10: "subsidy",
    11: "refund",
    12: "burn",
    13: "return",
    14: "loss",
    20: "direct",
    21: "indirect",
    22: "levels",
    23: "differential",
    24: "peer",
    25: "region",
    26: "dividend",
}
CODES: Final[dict[str, int]] = {name: code for code, name in NAMES.items()}
# Rules that pay a member for an order of somebody else, or of a period.
AWARDS: Final = frozenset(range(20, 27))


def name(rule: int) -> str:
    """The rule's name, whatever the line."""
    return NAMES.get(rule % 100, f"rule {rule % 100}")


def line(rule: int) -> int:
    """The order line, counted from 0."""
    return rule // 100
