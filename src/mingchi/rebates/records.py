"""The record of an entry: what the engine did for an event, as compact JSON.

Postings say which account moved; the record says why: an award's rule, rate, base and
generation, a line's shares. From it come the public answer, the explanation of an award, and
the order as the engine must know it to refund it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted
from typing import Any

from mingchi.engine.answers import price_text
from mingchi.engine.orders import KeptShare, SettledOrder
from mingchi.engine.outcome import Award, Exit, Outcome, Refund
from mingchi.engine.split import LineShares


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedAward:
    """An award with all that makes its amount: floor(base * rate), cut to what was left."""

    member: str
    kind: str
    amount_fen: int
    waiting: bool
    rule: int
    rate_ppm: int
    base_fen: int
    generation: int
    order: str | None


def record(outcome: Outcome) -> str:
    """The record of an event that was applied."""
    parts = [f'"pool":{outcome.pool_fen},"supply":{outcome.supply_upt}']
    if not outcome.supply_upt:
        parts.append(f'"ratio":[{outcome.ratio[0]},{outcome.ratio[1]}]')
    if outcome.lines:
        parts.append(f'"lines":[{",".join(map(_line, outcome.lines))}]')
        parts.append(f'"unclaimed":[{outcome.unclaimed_fen},"{outcome.unclaimed_to}"]')
    if grant := outcome.grant:
        parts.append(f'"grant":["{grant.member}",{grant.points_upt},{grant.position.number}]')
    if outcome.awards:
        parts.append(f'"awards":[{",".join(map(_award, outcome.awards))}]')
    if outcome.redemption:
        _member, _points, gross, fee, net = outcome.redemption
        parts.append(f'"redemption":[{gross},{fee},{net}]')
    if outcome.refund:
        parts.append(f'"refund":{_refund(outcome.refund)}')
    if outcome.exits:
        parts.append(f'"exits":[{",".join(map(_exit, outcome.exits))}]')
    if outcome.promotions:
        parts.append(f'"promotions":{json.dumps(outcome.promotions, ensure_ascii=False)}')
    return "{" + ",".join(parts) + "}"


def refusal(reason: str) -> str:
    """The record of an event that the rules refused."""
    return json.dumps({"error": reason})


def _line(line: LineShares) -> str:
    goods, cost, budget, contribution, merchant = line
    return f"[{goods},{cost},{budget},{contribution},{quoted(merchant)}]"


def _award(award: Award) -> str:
    member, kind, amount, waiting, rule, rate, base, generation, order = award
    return (
        f'["{member}","{kind}",{amount},{1 if waiting else 0},{rule},{rate},{base},{generation},'
        f"{'null' if order is None else quoted(order)}]"
    )


def _refund(refund: Refund) -> str:
    return (
        f"[{refund.pool_fen},{refund.burned_upt},{refund.returned_fen},{refund.loss_fen},"
        f"{refund.line}]"
    )


def _exit(left: Exit) -> str:
    member, points, gross, fee, net = left.redemption
    return f'["{member}",{points},{gross},{fee},{net}]'


def public_answer(event_id: str, text: str) -> dict[str, Any]:
    """The answer of the replay format to an event, from its record."""
    data = json.loads(text)
    if "error" in data:
        return {"id": event_id, "error": data["error"]}
    pool, supply = data["pool"], data["supply"]
    ratio = (pool, supply) if supply else tuple(data["ratio"])
    answer: dict[str, Any] = {
        "id": event_id,
        "pool": pool,
        "supply": supply,
        "price": price_text((ratio[0], ratio[1])),
    }
    paid = [
        {"member": a[0], "kind": a[1], "amount": a[2]} for a in _list(data, "awards") if not a[3]
    ]
    grants = [{"member": data["grant"][0], "points": data["grant"][1]}] if "grant" in data else []
    exits = [_named(("member", "points", "gross", "fee", "net"), e) for e in _list(data, "exits")]
    promotions = [_named(("member", "rank"), p) for p in _list(data, "promotions")]
    answer |= {
        name: found
        for name, found in (
            ("grants", grants),
            ("awards", paid),
            ("exits", exits),
            ("promotions", promotions),
        )
        if found
    }
    if "redemption" in data:
        answer["redemption"] = _named(("gross", "fee", "net"), data["redemption"])
    if "refund" in data:
        answer["refund"] = _named(("pool", "burned", "returned", "loss"), data["refund"])
    return answer


def _list(data: Mapping[str, Any], name: str) -> Sequence[Any]:
    found: Sequence[Any] = data.get(name, ())
    return found


def _named(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(names, values, strict=False))


def awards(text: str) -> list[ExplainedAward]:
    """Every award in a record, paid or waiting, in the order in which the plan lists them."""
    return [
        ExplainedAward(
            member=member,
            kind=kind,
            amount_fen=amount,
            waiting=bool(waiting),
            rule=rule,
            rate_ppm=rate,
            base_fen=base,
            generation=generation,
            order=order,
        )
        for member, kind, amount, waiting, rule, rate, base, generation, order in _list(
            json.loads(text), "awards"
        )
    ]


def settled_order(
    event_id: str, member: str, text: str, refunded_fen: Mapping[int, int]
) -> SettledOrder | None:
    """The order as the engine kept it; None where the record is of a refused event.

    `refunded_fen` tells by line what has been refunded since.
    """
    data = json.loads(text)
    if "lines" not in data:
        return None
    _member, granted_upt, position = data.get("grant", (member, 0, None))
    return SettledOrder(
        order_id=event_id,
        member=member,
        position=position,
        granted_upt=granted_upt,
        unclaimed_fen=data["unclaimed"][0],
        unclaimed_to=data["unclaimed"][1],
        lines=[LineShares(*line) for line in data["lines"]],
        refunded_fen=[refunded_fen.get(line, 0) for line in range(len(data["lines"]))],
        awards=[KeptShare(a[0], a[1], a[2], bool(a[3])) for a in _list(data, "awards")],
    )
