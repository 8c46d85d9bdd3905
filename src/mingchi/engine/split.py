"""The split of an order's goods amount: cost, distribution budget, contribution, the platform's.

Every share is rounded down; the platform has what is left.
"""

from collections.abc import Sequence

from mingchi.engine.events import Line
from mingchi.engine.outcome import Outcome
from mingchi.engine.rules import Plan
from mingchi.engine.state import Refused
from mingchi.engine.units import PPM


class LineShares:
    """The shares of one line, in fen; the platform's is what is left of `goods_fen`."""

    __slots__ = ("budget_fen", "contribution_fen", "cost_fen", "goods_fen", "merchant")

    def __init__(
        self, goods_fen: int, cost_fen: int, budget_fen: int, contribution_fen: int, merchant: str
    ) -> None:
        self.goods_fen = goods_fen
        self.cost_fen = cost_fen
        self.budget_fen = budget_fen
        self.contribution_fen = contribution_fen
        self.merchant = merchant


def split_order(*, plan: Plan, lines: Sequence[Line]) -> Outcome:
    """Begins the outcome of an order with its split by the plan, or by the line where that
    states a share.

    Raises Refused where the shares of a line exceed its price.
    """
    shares = []
    goods_fen = budget_fen = contribution_fen = platform_fen = 0
    for line in lines:
        qty = line.qty
        goods = line.price_fen * qty
        cost = line.cost_fen
        cost = goods * plan.cost_ppm // PPM if cost is None else cost * qty
        budget = line.distribution_fen
        budget = goods * plan.distribution_ppm // PPM if budget is None else budget * qty
        contribution = line.pool_fen
        contribution = goods * plan.pool_ppm // PPM if contribution is None else contribution * qty
        platform = goods - cost - budget - contribution
        if platform < 0:
            raise Refused("split exceeds price")
        goods_fen += goods
        budget_fen += budget
        contribution_fen += contribution
        platform_fen += platform
        shares.append(LineShares(goods, cost, budget, contribution, line.merchant))
    outcome = Outcome()
    outcome.lines = shares
    outcome.goods_fen = goods_fen
    outcome.budget_fen = outcome.unclaimed_fen = budget_fen
    outcome.unclaimed_to = plan.unclaimed_to
    outcome.contribution_fen = contribution_fen
    outcome.platform_fen = platform_fen
    return outcome


def part_of_line(share: int, *, weights: Sequence[int], line: int) -> int:
    """The part of `share` that belongs to a line when it is spread by weight.

    Cumulative floor: the lines up to any line have together the floor of theirs, so the parts add
    up to the share. 0 where all weights are 0.
    """
    total = sum(weights)
    if not total:
        return 0
    before = sum(weights[:line])
    return share * (before + weights[line]) // total - share * before // total
