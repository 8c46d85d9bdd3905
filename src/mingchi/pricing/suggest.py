"""Which coupons save most. Pure and exact.

Merchants meet only in the platform's coupon, which looks at sums: what the goods that it covers
cost. So for each coupon of the platform the merchants' choices are joined one merchant after the
other, and of the joined ones only those are kept that may still become the best: no other is as
good in every sum, and even with the luckiest rest they cost no more than the best way known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mingchi.engine.rules import Plan
from mingchi.pricing import stages
from mingchi.pricing.basket import Amounts, Line, total
from mingchi.pricing.coupons import PPM, Kind, Terms

Chosen = tuple[Terms, ...]
Option = tuple[Chosen, Mapping[int, Amounts]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """Coupons of some merchants, and the sums that count: what is payable, shipping in it; of the
    goods that the platform's coupon covers the price, and the shipping."""

    chosen: Chosen = ()
    payable_fen: int = 0
    freight_fen: int = 0
    covered_fen: int = 0
    covered_freight_fen: int = 0

    @property
    def rank(self) -> tuple[int, tuple[int, ...]]:
        """Fewer coupons before more, older before newer."""
        return len(self.chosen), tuple(sorted(terms.key for terms in self.chosen))

    def __add__(self, other: "_Choice") -> "_Choice":
        return _Choice(
            chosen=self.chosen + other.chosen,
            payable_fen=self.payable_fen + other.payable_fen,
            freight_fen=self.freight_fen + other.freight_fen,
            covered_fen=self.covered_fen + other.covered_fen,
            covered_freight_fen=self.covered_freight_fen + other.covered_freight_fen,
        )


def best(*, lines: Sequence[Line], region: str | None, held: Iterable[Terms], plan: Plan) -> Chosen:
    """The coupons among those held with which the basket costs least: none that takes nothing off,
    none with which a line's shares would exceed its price. Of equals always the same."""
    coupons = sorted(held, key=lambda terms: terms.key)
    options = _options(lines, region, coupons, plan)
    cost_fen, chosen = _cheapest(options)
    for platform in (terms for terms in coupons if terms.merchant_id is None):
        found = _Search(platform, lines, options).run(below_fen=cost_fen)
        if found is not None:
            cost_fen, chosen = found
    return chosen


def _options(
    lines: Sequence[Line], region: str | None, coupons: Sequence[Terms], plan: Plan
) -> list[list[Option]]:
    """For each merchant what may be done: no coupon, or one that fits and takes something off."""
    found = []
    for merchant_id, own in sorted(stages.by_merchant(lines).items()):
        plain, _nothing = stages.price_merchant(own, region=region, terms=None)
        options: list[Option] = [((), plain)]
        for terms in (terms for terms in coupons if terms.merchant_id == merchant_id):
            priced, took = stages.price_merchant(own, region=region, terms=terms)
            fits = not any(
                stages.exceeds(line, priced[line.sku_id], plan=plan)
                for line in own
                if priced[line.sku_id].merchant_off_fen
            )
            if fits and took is not None and took.reason is None:
                options.append(((terms,), priced))
        found.append(options)
    return found


def _cheapest(options: Sequence[Sequence[Option]]) -> tuple[int, Chosen]:
    """Without a coupon of the platform every merchant's best is best."""
    ways = [min((_choice(x, set()) for x in own), key=_payable) for own in options]
    best = sum(ways, start=_Choice())
    return best.payable_fen, best.chosen


def _payable(choice: _Choice) -> tuple[int, tuple[int, tuple[int, ...]]]:
    return choice.payable_fen, choice.rank


def _choice(option: Option, covered: set[int]) -> _Choice:
    chosen, priced = option
    whole = total(priced.values())
    part = total(amounts for key, amounts in priced.items() if key in covered)
    return _Choice(
        chosen=chosen,
        payable_fen=whole.payable_fen,
        freight_fen=whole.delivery_fen,
        covered_fen=part.price_fen,
        covered_freight_fen=part.freight_fen,
    )


class _Search:
    """The best way to use one coupon of the platform."""

    def __init__(
        self, platform: Terms, lines: Sequence[Line], options: Sequence[Sequence[Option]]
    ) -> None:
        covered = {line.sku_id for line in lines if platform.covers(line)}
        self.platform = platform
        self.merchants = [[_choice(option, covered) for option in own] for own in options]
        all_fen = sum(max(choice.covered_fen for choice in own) for own in self.merchants)
        all_freight = sum(max(c.covered_freight_fen for c in own) for own in self.merchants)
        self.most_fen = platform.worth_fen(all_freight if platform.is_for_shipping else all_fen)
        self.ratio = self._ratio()
        goods_fen = sum(min(c.payable_fen - c.freight_fen for c in own) for own in self.merchants)
        # Only then may it be that a fen has to be left, and shipping counts by itself.
        self.leaves_a_fen = self.most_fen >= goods_fen

    def run(self, *, below_fen: int) -> tuple[int, Chosen] | None:
        """Cost and coupons, None where it costs no less than `below_fen`."""
        front = [_Choice()]
        for number, own in enumerate(self.merchants, 1):
            joined = [one + other for one in front for other in own]
            least, relaxed = self._luck(self.merchants[number:])
            front = self._unbeaten(
                [c for c in joined if self._bound(c, least, relaxed) < below_fen]
            )
        ways = [(self._cost_fen(choice), choice.rank, choice) for choice in front]
        cost_fen, _rank, choice = min(ways, key=lambda way: way[:2], default=(below_fen, (), None))
        if choice is None or cost_fen >= min(below_fen, choice.payable_fen):
            return None
        return cost_fen, (*choice.chosen, self.platform)

    def _ratio(self) -> Fraction:
        """The coupon never takes off more than this part of what it covers."""
        if self.platform.kind is Kind.PERCENTAGE:
            return Fraction(self.platform.off_ppm, PPM)
        if self.platform.is_for_shipping or not self.platform.min_spend_fen:
            return Fraction(1)
        return min(Fraction(1), Fraction(self.most_fen, self.platform.min_spend_fen))

    def _luck(self, rest: Sequence[Sequence[_Choice]]) -> tuple[int, Fraction]:
        """The least that the merchants not yet joined can add: to what is payable, and to that
        less the coupon's part."""
        least = sum(min(choice.payable_fen for choice in own) for own in rest)
        return least, sum((min(map(self._relaxed, own)) for own in rest), start=Fraction(0))

    def _relaxed(self, choice: _Choice) -> Fraction:
        base = choice.covered_freight_fen if self.platform.is_for_shipping else choice.covered_fen
        return choice.payable_fen - self.ratio * base

    def _bound(self, choice: _Choice, least: int, relaxed: Fraction) -> Fraction:
        """No way to go on from here costs less."""
        return max(
            Fraction(choice.payable_fen + least - self.most_fen), self._relaxed(choice) + relaxed
        )

    def _cost_fen(self, choice: _Choice) -> int:
        """What is payable with the platform's coupon too, as `stages.quote` would say."""
        if choice.covered_fen < self.platform.min_spend_fen:
            return choice.payable_fen
        if self.platform.is_for_shipping:
            return choice.payable_fen - self.platform.worth_fen(choice.covered_freight_fen)
        most_fen = choice.payable_fen - choice.freight_fen - stages.LEAST_FEN
        off_fen = min(self.platform.worth_fen(choice.covered_fen), most_fen)
        return choice.payable_fen - max(0, off_fen)

    def _unbeaten(self, choices: Sequence[_Choice]) -> list[_Choice]:
        """Those that no other beats: by costing no more, covering no less (beyond what the coupon
        looks at), and leaving no less shipping to take off, or no more to pay."""
        front: list[_Choice] = []
        widest: dict[int, int] = {}
        for choice in sorted(choices, key=lambda choice: (self._figures(choice), choice.rank)):
            _payable_fen, narrow, third = self._figures(choice)
            if not any(kept <= narrow for at, kept in widest.items() if at <= third):
                widest[third] = narrow
                front.append(choice)
        return front

    def _figures(self, choice: _Choice) -> tuple[int, int, int]:
        """The less of each the better."""
        enough_fen = self.platform.min_spend_fen
        if self.platform.is_for_shipping:
            freight_fen = min(choice.covered_freight_fen, self.most_fen)
            return choice.payable_fen, -min(choice.covered_fen, enough_fen), -freight_fen
        if self.platform.kind is Kind.PERCENTAGE:
            enough_fen = max(enough_fen, -(-self.most_fen * PPM // self.platform.off_ppm))
        else:
            enough_fen = max(enough_fen, self.most_fen)
        third = choice.freight_fen if self.leaves_a_fen else 0
        return choice.payable_fen, -min(choice.covered_fen, enough_fen), third
