"""The record of an entry: what the engine did for an event, as compact JSON.

Postings say which account moved; the record says why. An order's holds the engine's own record
of it (`engine.orders.Record`: what a refund must know) and, along with its awards, the rule,
rate, base and generation of each. From it come the public answer and every explanation.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted
from typing import Any

from mingchi.engine.answers import price_text
from mingchi.engine.orders import Record, order_from_record
from mingchi.engine.outcome import Award, Exit, Outcome, Refund


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
    parts = f'{{"pool":{outcome.pool_fen},"supply":{outcome.supply_upt}'
    if not outcome.supply_upt:
        parts += f',"ratio":[{outcome.ratio[0]},{outcome.ratio[1]}]'
    if outcome.lines:
        assert outcome.record is not None
        parts += f',"order":[{",".join(map(_item, outcome.record))}]'
        if outcome.awards:
            parts += f',"why":[{",".join(map(_why, outcome.awards))}]'
    elif outcome.awards:
        parts += f',"awards":[{",".join(map(_award, outcome.awards))}]'
    if outcome.redemption is not None:
        _member, _points, gross, fee, net = outcome.redemption
        parts += f',"redemption":[{gross},{fee},{net}]'
    if outcome.refund is not None:
        parts += f',"refund":{_refund(outcome.refund)}'
    if outcome.exits:
        parts += f',"exits":[{",".join(map(_exit, outcome.exits))}]'
    if outcome.promotions:
        parts += f',"promotions":{json.dumps(outcome.promotions, ensure_ascii=False)}'
    return parts + "}"


def refusal(reason: str) -> str:
    """The record of an event that the rules refused."""
    return json.dumps({"error": reason})


def _item(item: int | str) -> str:
    return quoted(item) if isinstance(item, str) else str(item)


def _why(award: Award) -> str:
    return f"[{award.rule},{award.rate_ppm},{award.base_fen},{award.generation}]"


def _award(award: Award) -> str:
    """An award paid at a close: it names its order, which a dividend has not."""
    order = "null" if award.order is None else quoted(award.order)
    return f'[{quoted(award.member)},"{award.kind}",{award.amount_fen},{order},{_why(award)}]'


def _refund(refund: Refund) -> str:
    return f"[{refund.pool_fen},{refund.burned_upt},{refund.returned_fen},{refund.loss_fen}]"


def _exit(left: Exit) -> str:
    member, points, gross, fee, net = left.redemption
    return f"[{quoted(member)},{points},{gross},{fee},{net}]"


def awards(event_id: str, text: str) -> list[ExplainedAward]:
    """Every award in an event's record, paid or waiting, in the order in which it was paid."""
    data = json.loads(text)
    found = [_explained(*award) for award in data.get("awards", ())]
    if "order" in data:
        order = order_from_record(event_id, data["order"])
        found += [
            _explained(kept.member, kept.kind, kept.amount_fen, event_id, why, kept.waiting)
            for kept, why in zip(order.awards, data.get("why", ()), strict=True)
        ]
    return found


def _explained(
    member: str,
    kind: str,
    amount_fen: int,
    order: str | None,
    why: Sequence[int],
    waiting: bool = False,
) -> ExplainedAward:
    rule, rate_ppm, base_fen, generation = why
    return ExplainedAward(
        member=member,
        kind=kind,
        amount_fen=amount_fen,
        waiting=waiting,
        rule=rule,
        rate_ppm=rate_ppm,
        base_fen=base_fen,
        generation=generation,
        order=order,
    )


def order(text: str) -> Record | None:
    """The engine's record of an order; None where the entry is of a refused or another event."""
    found: Record | None = json.loads(text).get("order")
    return found


def public_answer(event_id: str, text: str) -> dict[str, Any]:
    """The answer of the replay format to an event, from its record."""
    data = json.loads(text)
    if "error" in data:
        return {"id": event_id, "error": data["error"]}
    pool, supply = data["pool"], data["supply"]
    ratio = (pool, supply) if supply else (data["ratio"][0], data["ratio"][1])
    answer = {"id": event_id, "pool": pool, "supply": supply, "price": price_text(ratio)}
    paid = [
        {"member": award.member, "kind": award.kind, "amount": award.amount_fen}
        for award in awards(event_id, text)
        if not award.waiting
    ]
    lists = {
        "grants": _grants(data),
        "awards": paid,
        "exits": [_named(_EXIT, left) for left in data.get("exits", ())],
        "promotions": [_named(("member", "rank"), given) for given in data.get("promotions", ())],
    }
    objects = {
        name: _named(names, data[name])
        for name, names in (("redemption", _REDEMPTION), ("refund", _REFUND))
        if name in data
    }
    return answer | {name: found for name, found in lists.items() if found} | objects


_EXIT = ("member", "points", "gross", "fee", "net")
_REDEMPTION = ("gross", "fee", "net")
_REFUND = ("pool", "burned", "returned", "loss")


def _grants(data: dict[str, Any]) -> list[dict[str, Any]]:
    member, _position, points = data.get("order", ("", 0, 0))[:3]
    return [{"member": member, "points": points}] if points else []


def _named(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(names, values, strict=True))
