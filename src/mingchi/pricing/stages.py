"""A price, stage by stage: list price, sale price, merchant's coupon, shipping, platform's coupon,
payable. Pure; a preview and a checkout give the same for the same.

Every discount and every charge is spread over lines to the fen (`shares.spread`), so that at each
stage the lines sum to the whole, and a line can be refunded by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from mingchi.engine.events import Line as EngineLine
from mingchi.engine.rules import Plan
from mingchi.engine.split import split_order
from mingchi.engine.state import Refused
from mingchi.pricing import coupons, shipping
from mingchi.pricing.basket import Amounts, Line, total
from mingchi.pricing.coupons import Taken, Terms
from mingchi.pricing.shipping import Parcel

# Of a merchant's goods, and of a checkout, a fen is left: there is no order for nothing.
LEAST_FEN = 1
Priced = Mapping[int, Amounts]


class Fault(StrEnum):
    """What stands in the way of a checkout, beside the reasons of coupons."""

    NOT_DELIVERED = "not_delivered"
    SPLIT_EXCEEDS_PRICE = "split_exceeds_price"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why this can't be bought so. `code` is a `Fault`, or a coupon's `Reason`; `sku_id` is the
    line concerned, `coupon` the key of the coupon that did it, `missing_fen` what the goods lack
    to its minimum."""

    code: str
    sku_id: int | None = None
    coupon: int | None = None
    missing_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a basket costs: by SKU, by merchant, and in all. `saved_fen` by coupon. With problems
    it can be shown, not bought."""

    lines: Priced
    merchants: Mapping[int, Amounts]
    total: Amounts
    saved_fen: Mapping[int, int]
    problems: tuple[Problem, ...]


def quote(
    *, lines: Sequence[Line], region: str | None, chosen: Sequence[Terms] = (), plan: Plan
) -> Quote:
    """Price a basket sent to a region (None: not known yet) with the chosen coupons: at most one
    of each merchant and one of the platform (`coupons.clash`)."""
    assert len({line.sku_id for line in lines}) == len(lines), "each SKU once"
    assert coupons.clash(chosen) is None, "one coupon of each payer"
    by_payer = {terms.merchant_id: terms for terms in chosen}
    priced: dict[int, Amounts] = {}
    taken: dict[int, Taken] = {}
    for merchant_id, own in by_merchant(lines).items():
        terms = by_payer.get(merchant_id)
        amounts, took = price_merchant(own, region=region, terms=terms)
        priced.update(amounts)
        if terms is not None and took is not None:
            taken[terms.key] = took
    platform = by_payer.get(None)
    if platform is not None:
        priced, taken[platform.key] = _with_platform(lines, priced, platform)
    for terms in chosen:
        taken.setdefault(terms.key, Taken(off_fen={}, reason=coupons.Reason.NOTHING_COVERED))
    return Quote(
        lines=priced,
        merchants={
            merchant_id: total(priced[line.sku_id] for line in own)
            for merchant_id, own in by_merchant(lines).items()
        },
        total=total(priced.values()),
        saved_fen={key: sum(took.off_fen.values()) for key, took in taken.items()},
        problems=tuple(_problems(lines, region, priced, taken, by_payer, plan)),
    )


def by_merchant(lines: Iterable[Line]) -> dict[int, list[Line]]:
    """The lines of each merchant."""
    found: dict[int, list[Line]] = {}
    for line in lines:
        found.setdefault(line.merchant_id, []).append(line)
    return found


def price_merchant(
    lines: Sequence[Line], *, region: str | None, terms: Terms | None
) -> tuple[dict[int, Amounts], Taken | None]:
    """One merchant's lines up to shipping, with the merchant's coupon, and what that took off.
    Whether goods go free is asked of their price after the coupon."""
    priced = {line.sku_id: _plain(line) for line in lines}
    took: Taken | None = None
    if terms is not None and not terms.is_for_shipping:
        most_fen = total(priced.values()).sale_fen - LEAST_FEN
        took = _take(terms, lines, priced, most_fen=most_fen)
        for key, fen in took.off_fen.items():
            priced[key] = replace(priced[key], merchant_off_fen=fen)
    for key, fen in shipping.shipping_fen(_parcels(lines, priced), region=region).items():
        priced[key] = replace(priced[key], shipping_fen=fen)
    if terms is not None and terms.is_for_shipping:
        took = _take(terms, lines, priced)
        for key, fen in took.off_fen.items():
            priced[key] = replace(priced[key], merchant_shipping_off_fen=fen)
    return priced, took


def owed_fen(line: Line, amounts: Amounts) -> int:
    """What the merchant gets for the goods: their cost less what its own coupon takes off, which is
    the platform's matter only where the merchant has nothing left."""
    return max(0, line.cost_fen * line.qty - amounts.merchant_off_fen)


def exceeds(line: Line, amounts: Amounts, *, plan: Plan) -> bool:
    """Whether cost, distribution and pool of the line are more than its price in settlement: then
    the engine would refuse the order after it was paid."""
    entry = EngineLine(
        price_fen=amounts.price_fen,
        qty=1,
        cost_fen=owed_fen(line, amounts),
        distribution_fen=_of_all(line.distribution_fen, line.qty),
        pool_fen=_of_all(line.pool_fen, line.qty),
        merchant="",
    )
    try:
        split_order(plan=plan, lines=[entry])
    except Refused:
        return True
    return False


def _plain(line: Line) -> Amounts:
    list_fen = max(line.price_fen, line.list_price_fen or 0)
    return Amounts(list_fen=list_fen * line.qty, sale_fen=line.price_fen * line.qty)


def _with_platform(
    lines: Sequence[Line], priced: Priced, terms: Terms
) -> tuple[dict[int, Amounts], Taken]:
    most_fen = None if terms.is_for_shipping else total(priced.values()).price_fen - LEAST_FEN
    took = _take(terms, lines, priced, most_fen=most_fen)
    stage = "platform_shipping_off_fen" if terms.is_for_shipping else "platform_off_fen"
    off = {key: replace(priced[key], **{stage: fen}) for key, fen in took.off_fen.items()}
    return {**priced, **off}, took


def _take(
    terms: Terms, lines: Sequence[Line], priced: Priced, *, most_fen: int | None = None
) -> Taken:
    return coupons.take(
        terms,
        lines,
        goods_fen={key: amounts.price_fen for key, amounts in priced.items()},
        shipping_fen={key: amounts.freight_fen for key, amounts in priced.items()},
        most_fen=most_fen,
    )


def _parcels(lines: Iterable[Line], priced: Priced) -> list[Parcel]:
    return [
        Parcel(
            key=line.sku_id,
            template=line.template,
            pieces=line.qty,
            weight_g=line.weight_g * line.qty,
            goods_fen=priced[line.sku_id].price_fen,
        )
        for line in lines
        if line.template is not None
    ]


def _problems(
    lines: Sequence[Line],
    region: str | None,
    priced: Priced,
    taken: Mapping[int, Taken],
    by_payer: Mapping[int | None, Terms],
    plan: Plan,
) -> Iterable[Problem]:
    """By SKU, then by coupon, so that the order of the basket makes no difference."""
    away = set(shipping.undeliverable(_parcels(lines, priced), region=region))
    for line in sorted(lines, key=lambda line: line.sku_id):
        if line.sku_id in away:
            yield Problem(code=Fault.NOT_DELIVERED, sku_id=line.sku_id)
        amounts = priced[line.sku_id]
        if exceeds(line, amounts, plan=plan):
            terms = by_payer.get(line.merchant_id) if amounts.merchant_off_fen else None
            yield Problem(
                code=Fault.SPLIT_EXCEEDS_PRICE,
                sku_id=line.sku_id,
                coupon=None if terms is None else terms.key,
            )
    for key, took in sorted(taken.items()):
        if took.reason is not None:
            yield Problem(code=took.reason, coupon=key, missing_fen=took.missing_fen)


def _of_all(fen: int | None, qty: int) -> int | None:
    return None if fen is None else fen * qty
