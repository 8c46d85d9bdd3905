"""What items cost a member, and which of the member's coupons are worth what there.

A preview and a checkout ask the same `quote`; nothing is written here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import queries as catalogue
from mingchi.catalogue.models import Sku
from mingchi.engine.rules import Plan
from mingchi.foundation.errors import ConflictError
from mingchi.pricing import coupons, queries, stages, suggest
from mingchi.pricing.basket import Line
from mingchi.pricing.coupons import Terms
from mingchi.pricing.models import MemberCoupon
from mingchi.pricing.stages import Problem, Quote
from mingchi.usecases import split

EACH_ONCE = _("1 to 100 different articles, each once.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """What is priced: so many of each SKU, at the prices of the moment, with the coupons that the
    member can use and the plan in force. `missing` are SKUs that are not on sale."""

    skus: Mapping[int, Sku]
    lines: tuple[Line, ...]
    missing: tuple[int, ...]
    held: Mapping[int, MemberCoupon]
    plan: Plan

    @property
    def terms(self) -> list[Terms]:
        """What stands on the coupons."""
        return [queries.terms(claim) for claim in self.held.values()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A price with the coupons chosen."""

    coupons: tuple[MemberCoupon, ...]
    quote: Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """A coupon of a member for some items: what it takes off by itself, or why nothing
    (`problem`), and whether it is among those that together save most."""

    coupon: MemberCoupon
    saved_fen: int
    problem: Problem | None
    is_suggested: bool


def basket(*, member_id: int, qty: Mapping[int, int], now: datetime) -> Basket:
    """So many of each SKU, for the member. What is not on sale is named, and not among the lines.

    Five queries, whatever the number.
    """
    found = catalogue.skus_on_sale(list(qty))
    skus = {key: found[key] for key in qty if key in found}
    held = queries.held(member_id, now=now)
    return Basket(
        skus=skus,
        lines=tuple(queries.lines(skus, qty, now=now)),
        missing=tuple(sku_id for sku_id in qty if sku_id not in skus),
        held={claim.pk: claim for claim in held},
        plan=split.plan_in_force(),
    )


def refuse_missing(of: Basket) -> None:
    """`sku_not_found` 404 where an article is not on sale."""
    for sku_id in of.missing:
        raise catalogue.sku_not_found(sku_id)


def quote(of: Basket, *, region: str | None, claim_ids: Collection[int] | None = ()) -> Quoted:
    """Price it, sent to a region (None: not known yet), with coupons of the member's; None: with
    those that save most. Problems stand in the quote; a checkout refuses where there are any.

    Errors: `coupon_not_usable` 409 (another's, used, over), `coupons_clash` 409 where two have one
    payer.
    """
    if claim_ids is None:
        claim_ids = [terms.key for terms in best(of, region=region)]
    chosen = _chosen(of, claim_ids)
    terms = [queries.terms(claim) for claim in chosen]
    second = coupons.clash(terms)
    if second is not None:
        raise ConflictError(
            "coupons_clash",
            _("One coupon of each shop and one of the platform can be used at once."),
            field="coupons",
            details={"coupon_id": second.key},
        )
    priced = stages.quote(lines=of.lines, region=region, chosen=terms, plan=of.plan)
    return Quoted(coupons=chosen, quote=priced)


def best(of: Basket, *, region: str | None) -> Sequence[Terms]:
    """The coupons with which it costs least."""
    return suggest.best(lines=of.lines, region=region, held=of.terms, plan=of.plan)


def usable(of: Basket, *, region: str | None) -> list[Usable]:
    """Every coupon that the member can use now, those that take most off first, and why the others
    take nothing off these items."""
    suggested = {terms.key for terms in best(of, region=region)}

    def alone(own: Terms) -> Usable:
        found = stages.quote(lines=of.lines, region=region, chosen=[own], plan=of.plan)
        problem = next((x for x in found.problems if x.coupon == own.key), None)
        return Usable(
            coupon=of.held[own.key],
            saved_fen=0 if problem else found.saved_fen[own.key],
            problem=problem,
            is_suggested=own.key in suggested,
        )

    def nearest(one: Usable) -> tuple[int, int]:
        return -one.saved_fen, one.problem.missing_fen if one.problem else 0

    return sorted(map(alone, of.terms), key=nearest)


def _chosen(of: Basket, claim_ids: Collection[int]) -> tuple[MemberCoupon, ...]:
    gone = sorted(set(claim_ids) - set(of.held))
    if gone:
        raise ConflictError(
            "coupon_not_usable",
            _("One of the coupons can't be used any more. Choose again."),
            field="coupons",
            details={"coupon_ids": gone},
        )
    return tuple(of.held[key] for key in dict.fromkeys(claim_ids))
