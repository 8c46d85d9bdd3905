"""What a plan says, read and checked: ranks, award rules and the plan itself.

Immutable; built by `mingchi.engine.plan`. Rates are in parts per million, money in fen.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

Destination = Literal["platform", "pool"]

REGION_LEVELS: Final = {"district": 6, "city": 4, "province": 2}
"""Levels of a region award in the order of payment, with the digits of their region codes."""


@dataclass(frozen=True, slots=True)
class Rank:
    """A rank and what it takes to be promoted to it; a criterion left out is None."""

    name: str
    rate_ppm: int
    own_sales_fen: int | None
    team_sales_fen: int | None
    direct_members: int | None

    @property
    def by_hand_only(self) -> bool:
        """Whether no criterion is stated, so that only a rank event can give it."""
        return self.own_sales_fen is self.team_sales_fen is self.direct_members is None


@dataclass(frozen=True, slots=True)
class Generations:
    """A `direct`, `indirect` or `levels` award: a rate for each generation from the first."""

    kind: Literal["direct", "indirect", "levels"]
    of_budget: bool
    rates_ppm: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Differential:
    """Each upline of higher rank than those below takes the difference of the rates."""

    of_budget: bool
    max_generations: int
    """How far up the walk goes; 0: all the way."""
    peer_generations: int
    """The most peers that any award referring to this one pays for each of its awards."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Uplines of the rank that took a differential award get a part of it."""

    differential: int
    """Index of the differential award it refers to."""
    rate_ppm: int
    generations: int
    target_fen: int | None
    """Period team sales its earner must reach before the close; None: paid at once."""


@dataclass(frozen=True, slots=True)
class Region:
    """The agents of the order's region get a rate each, or what it exceeds the one before."""

    of_budget: bool
    differential: bool
    rates_ppm: tuple[tuple[int, int], ...]
    """(digits of the region code, rate) in the order of payment."""


@dataclass(frozen=True, slots=True)
class Dividend:
    """A part of the period's platform share, divided among shareholders by weight."""

    rate_ppm: int


Rule = Generations | Differential | Peer | Region | Dividend


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. The opening ratio is fen to micro-points."""

    name: str
    cost_ppm: int
    distribution_ppm: int
    pool_ppm: int
    unclaimed_to: Destination
    opening_ratio: tuple[int, int]
    grant_ppm: int
    redeem_fee_ppm: int
    exit_multiple_ppm: int
    """0: no exits."""
    exit_fee_ppm: int
    exit_per_order: bool
    ranks: tuple[Rank, ...]
    """In rising order."""
    awards: tuple[Rule, ...]
    rank_rates_ppm: dict[str, int] = field(init=False)
    """Rate of each rank by name."""
    top_rate_ppm: int = field(init=False)
    """Highest rate of any rank: above it no differential award is left to take."""

    def __post_init__(self) -> None:
        rates = {rank.name: rank.rate_ppm for rank in self.ranks}
        object.__setattr__(self, "rank_rates_ppm", rates)
        object.__setattr__(self, "top_rate_ppm", max(rates.values(), default=0))
