"""What goes back where when a member gets money back for a line. Pure.

A member paid `paid_fen` for a line, the platform the rest of its price as a subsidy. Both get back
their part by cumulative floor, so that however a line is refunded, in the end everybody has back
exactly what they gave.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """`paid_fen` to the member, `subsidy_fen` to the platform; `price_fen`, their sum, is the
    amount of the refund in settlement."""

    paid_fen: int
    subsidy_fen: int

    @property
    def price_fen(self) -> int:
        """What of the line's price is taken back."""
        return self.paid_fen + self.subsidy_fen


def give_back(*, paid_fen: int, subsidy_fen: int, before_fen: int, amount_fen: int) -> GivenBack:
    """Refund `amount_fen` of a line for which `paid_fen` were paid, after `before_fen` had been
    refunded. A line that the platform paid for whole is given back whole, for an amount of 0.

    Of the price, after a total of T refunded, `floor(price * T / paid)` has been taken back: the
    platform's part is never less than nothing, and at T = paid everything is.
    """
    assert 0 <= before_fen <= before_fen + amount_fen <= paid_fen, "never more than was paid"
    price_fen = paid_fen + subsidy_fen
    if not paid_fen:
        return GivenBack(paid_fen=0, subsidy_fen=subsidy_fen)
    back_fen = price_fen * (before_fen + amount_fen) // paid_fen - (
        price_fen * before_fen // paid_fen
    )
    return GivenBack(paid_fen=amount_fen, subsidy_fen=back_fen - amount_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A line as it was paid for: of its price `goods_fen` and of its freight `delivery_fen` by the
    member, the rest by the platform."""

    price_fen: int
    goods_fen: int
    freight_fen: int
    delivery_fen: int

    @property
    def paid_fen(self) -> int:
        """What the member paid."""
        return self.goods_fen + self.delivery_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBack:
    """What goes back of a line: of its goods, and of its delivery."""

    goods: GivenBack
    delivery: GivenBack


def of_line(line: Paid, *, before_fen: int, amount_fen: int) -> LineBack:
    """Give a member `amount_fen` back of a line, after `before_fen` had been: first of the goods,
    then of the delivery. Of the one for which the member paid nothing, the platform has its part
    back with the last fen of the line."""
    after_fen = before_fen + amount_fen
    assert 0 <= before_fen <= after_fen <= line.paid_fen, "never more than was paid"

    def part(paid_fen: int, whole_fen: int, before: int, after: int) -> GivenBack:
        if not paid_fen and after_fen < line.paid_fen:
            return GivenBack(paid_fen=0, subsidy_fen=0)
        return give_back(
            paid_fen=paid_fen,
            subsidy_fen=whole_fen - paid_fen,
            before_fen=before,
            amount_fen=after - before,
        )

    goods = (min(before_fen, line.goods_fen), min(after_fen, line.goods_fen))
    return LineBack(
        goods=part(line.goods_fen, line.price_fen, *goods),
        delivery=part(
            line.delivery_fen, line.freight_fen, before_fen - goods[0], after_fen - goods[1]
        ),
    )


def of_units(fen: int, *, qty: int, before: int, units: int) -> int:
    """The part of a line's amount that so many of its `qty` units have, after `before` units had
    theirs: cumulative floor, so the last unit has what the others left."""
    assert 0 <= before <= before + units <= qty, "never more than were bought"
    return fen * (before + units) // qty - fen * before // qty
