"""What it costs to send goods of one merchant to a region. Pure.

A *template* counts grams or pieces. Its *fee* for a region takes the first units at one price and
whatever comes on top at another, each begun group in full. Which rule holds is said by the region
code: the rule with the longest code that the region begins with, else the template's default.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mingchi.pricing.shares import spread


class Unit(StrEnum):
    """What a template counts."""

    WEIGHT = "weight"
    PIECE = "piece"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """`first_fen` for the first `first_units` (grams or pieces, from 1), `additional_fen` for each
    further `additional_units` begun. Nothing where the goods are worth `free_from_fen`, or are
    `free_from_pieces` pieces, or more."""

    first_units: int
    first_fen: int
    additional_units: int
    additional_fen: int
    free_from_fen: int | None = None
    free_from_pieces: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The fee of regions whose codes begin with one of `prefixes`; None: nothing is sent there."""

    prefixes: tuple[str, ...]
    fee: Fee | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A merchant's way to charge for sending. `default` holds wherever no rule does; None: nothing
    is sent there."""

    id: int
    name: str
    unit: Unit
    default: Fee | None
    rules: tuple[Rule, ...] = ()

    def fee(self, region: str | None) -> Fee | None:
        """The fee of a region of six digits; that of the default where it is not known yet."""
        matches = (
            (len(prefix), rule)
            for rule in self.rules
            for prefix in rule.prefixes
            if region is not None and region.startswith(prefix)
        )
        longest = max(matches, key=lambda match: match[0], default=None)
        return self.default if longest is None else longest[1].fee


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What goes under one template: all goods of a line, what they are worth after the merchant's
    coupon, and how much they weigh."""

    key: int
    template: Template
    pieces: int
    weight_g: int
    goods_fen: int

    @property
    def units(self) -> int:
        """Grams or pieces, as the template counts."""
        return self.weight_g if self.template.unit is Unit.WEIGHT else self.pieces


def undeliverable(parcels: Iterable[Parcel], *, region: str | None) -> list[int]:
    """The keys of what is not sent to the region."""
    return [parcel.key for parcel in parcels if parcel.template.fee(region) is None]


def shipping_fen(parcels: Sequence[Parcel], *, region: str | None) -> dict[int, int]:
    """What sending a merchant's goods costs, by key of the parcel; all of it is the sum.

    Goods of one template are counted together; whether they go free is asked of them alone. Where
    several templates charge, the one with the highest first price (of equal ones that with the
    smallest id) charges as if it were alone; the others charge all their units at the additional
    price, since they go into the same parcel. Each template's charge is spread over its own goods
    by units, by pieces where they weigh nothing. Nothing is charged for what is not sent there.
    """
    groups: dict[int, list[Parcel]] = {}
    for parcel in parcels:
        groups.setdefault(parcel.template.id, []).append(parcel)
    charging = {id: fee for id, group in groups.items() if (fee := _charged(group, region))}
    leader = min(charging, key=lambda id: (-charging[id].first_fen, id), default=None)
    costs = {parcel.key: 0 for parcel in parcels}
    for id, fee in charging.items():
        group = groups[id]
        units = sum(parcel.units for parcel in group)
        costs.update(spread(_cost(fee, units, leads=id == leader), _weights(group)))
    return costs


def _charged(group: Sequence[Parcel], region: str | None) -> Fee | None:
    """The fee that these goods of one template pay, None where they go free or not at all."""
    fee = group[0].template.fee(region)
    if fee is None:
        return None
    goods_fen = sum(parcel.goods_fen for parcel in group)
    pieces = sum(parcel.pieces for parcel in group)
    if fee.free_from_fen is not None and goods_fen >= fee.free_from_fen:
        return None
    if fee.free_from_pieces is not None and pieces >= fee.free_from_pieces:
        return None
    return fee


def _cost(fee: Fee, units: int, *, leads: bool) -> int:
    """The charge for so many units; begun groups count in full."""
    if not leads:
        return -(-units // fee.additional_units) * fee.additional_fen
    more = max(0, units - fee.first_units)
    return fee.first_fen + -(-more // fee.additional_units) * fee.additional_fen


def _weights(group: Sequence[Parcel]) -> Mapping[int, int]:
    by_units = {parcel.key: parcel.units for parcel in group}
    return by_units if any(by_units.values()) else {parcel.key: parcel.pieces for parcel in group}
