"""What items cost a member, and which of the member's coupons are worth what there.

A preview and a checkout ask the same `quote`; nothing is written here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import queries as catalogue
from mingchi.catalogue.models import Sku
from mingchi.foundation.errors import ConflictError
from mingchi.pricing import coupons, queries, stages, suggest
from mingchi.pricing.basket import Line
from mingchi.pricing.coupons import Reason, Terms
from mingchi.pricing.models import MemberCoupon
from mingchi.pricing.stages import Fault, Problem, Quote
from mingchi.usecases import split

EACH_ONCE = _("1 to 100 different articles, each once.")
# What members are told; why shares exceed a price is the shop's business.
_SAYS: Mapping[str, Promise] = {
    Reason.NOTHING_COVERED: _("It is not good for these articles."),
    Reason.BELOW_MINIMUM: _("The articles do not reach its minimum."),
    Reason.NOTHING_TO_TAKE_OFF: _("There is nothing it could take off."),
    Fault.NOT_DELIVERED: _("This article is not sent to the address."),
    Fault.SPLIT_EXCEEDS_PRICE: _("This article can't be bought now; the shop has to correct it."),
}
_NOT_WITH_THIS = _("This coupon can't be used for this article.")


def says(problem: Problem) -> Promise:
    """What to tell a member of a problem."""
    if problem.code == Fault.SPLIT_EXCEEDS_PRICE and problem.coupon is not None:
        return _NOT_WITH_THIS
    return _SAYS[problem.code]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A price with what it is of: SKUs with their products, lines, the coupons chosen."""

    skus: Mapping[int, Sku]
    lines: tuple[Line, ...]
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


def quote(
    *,
    member_id: int,
    qty: Mapping[int, int],
    region: str | None,
    claim_ids: Collection[int] = (),
    now: datetime,
) -> Quoted:
    """Price so many of each SKU, sent to a region (None: not known yet), with coupons of the
    member's. Problems stand in the quote; a checkout refuses where there are any.

    Errors: `sku_not_found` 404, `coupon_not_usable` 409 (another's, used, over), `coupons_clash`
    409 where two have one payer.
    """
    skus, lines = _lines(qty, now)
    chosen = _chosen(member_id, claim_ids, now)
    terms = [queries.terms(claim) for claim in chosen]
    second = coupons.clash(terms)
    if second is not None:
        raise ConflictError(
            "coupons_clash",
            _("One coupon of each shop and one of the platform can be used at once."),
            field="coupons",
            details={"coupon_id": second.key},
        )
    priced = stages.quote(lines=lines, region=region, chosen=terms, plan=split.plan_in_force())
    return Quoted(skus=skus, lines=lines, coupons=chosen, quote=priced)


def usable(
    *, member_id: int, qty: Mapping[int, int], region: str | None, now: datetime
) -> list[Usable]:
    """Every coupon that the member can use now, those that take most off first, and why the others
    take nothing off these items. Errors: `sku_not_found` 404."""
    _skus, lines = _lines(qty, now)
    held = {claim.pk: claim for claim in queries.held(member_id, now=now)}
    terms = [queries.terms(claim) for claim in held.values()]
    plan = split.plan_in_force()
    best = suggest.best(lines=lines, region=region, held=terms, plan=plan)
    suggested = {found.key for found in best}

    def alone(own: Terms) -> Usable:
        found = stages.quote(lines=lines, region=region, chosen=[own], plan=plan)
        problem = next((x for x in found.problems if x.coupon == own.key), None)
        return Usable(
            coupon=held[own.key],
            saved_fen=0 if problem else found.saved_fen[own.key],
            problem=problem,
            is_suggested=own.key in suggested,
        )

    def nearest(one: Usable) -> tuple[int, int]:
        return -one.saved_fen, one.problem.missing_fen if one.problem else 0

    return sorted(map(alone, terms), key=nearest)


def _lines(qty: Mapping[int, int], now: datetime) -> tuple[dict[int, Sku], tuple[Line, ...]]:
    skus = catalogue.wanted_skus(list(qty))
    return skus, tuple(queries.lines(skus, qty, now=now))


def _chosen(member_id: int, claim_ids: Collection[int], now: datetime) -> tuple[MemberCoupon, ...]:
    keys = set(claim_ids)
    if not keys:
        return ()
    found = tuple(queries.held(member_id, now=now).filter(pk__in=keys))
    if len(found) != len(keys):
        raise ConflictError(
            "coupon_not_usable",
            _("One of the coupons can't be used any more. Choose again."),
            field="coupons",
            details={"coupon_ids": sorted(keys - {claim.pk for claim in found})},
        )
    return found
