"""What of an order enters settlement. Pure: amounts in, amounts out."""

from collections.abc import Sequence
from dataclasses import dataclass

from mingchi.orders.models import OrderLine


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledLine:
    """A line as the engine gets it: one unit, totals in fen; null stands for the plan's rate."""

    price_fen: int
    cost_fen: int
    distribution_fen: int | None
    pool_fen: int | None


def left(part_fen: int, *, refunded_fen: int, amount_fen: int) -> int:
    """What is left of a part of a line after a refund: `x - floor(x*T/A)`, as in a refund after
    settlement, so that when the money goes back makes no difference to anybody's share."""
    return part_fen - part_fen * refunded_fen // amount_fen


def settled_line(line: OrderLine) -> SettledLine | None:
    """The line after refunds; None where nothing is left of it. Its price is what the merchant
    sells it for: the platform's part in it is a subsidy, not a lower price."""
    price_fen = line.amount_fen - line.price_back_fen
    if price_fen == 0:
        return None

    def scaled(part_fen: int) -> int:
        return left(part_fen, refunded_fen=line.price_back_fen, amount_fen=line.amount_fen)

    return SettledLine(
        price_fen=price_fen,
        cost_fen=scaled(line.cost_fen),
        distribution_fen=None if line.distribution_fen is None else scaled(line.distribution_fen),
        pool_fen=None if line.pool_fen is None else scaled(line.pool_fen),
    )


def capped(line: SettledLine, *, distribution_ppm: int, pool_ppm: int) -> SettledLine:
    """The line with its shares within its price.

    A paid order must settle, even where rounding after a partial refund or a plan that changed
    since would make the platform's share negative. The merchant gets the cost in full, then the
    pool its part, then the distribution what is left.
    """
    pool = line.pool_fen
    if pool is None:
        pool = line.price_fen * pool_ppm // 1_000_000
    distribution = line.distribution_fen
    if distribution is None:
        distribution = line.price_fen * distribution_ppm // 1_000_000
    if line.cost_fen + pool + distribution <= line.price_fen:
        return line
    cost = min(line.cost_fen, line.price_fen)
    pool = min(pool, line.price_fen - cost)
    return SettledLine(
        price_fen=line.price_fen,
        cost_fen=cost,
        pool_fen=pool,
        distribution_fen=min(distribution, line.price_fen - cost - pool),
    )


def engine_lines(lines: Sequence[OrderLine]) -> list[tuple[OrderLine, SettledLine]]:
    """The lines that enter, in their order; the place in this list is the engine's line."""
    pairs = ((line, settled_line(line)) for line in lines)
    return [(line, settled) for line, settled in pairs if settled is not None]
