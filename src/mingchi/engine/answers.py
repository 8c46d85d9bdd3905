"""The public answers: one JSON object, on one line, to each event, and the summary.

What is empty is left out. Text outside ASCII is escaped, so that any id can be written anywhere.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii as quoted

from mingchi.engine.outcome import Award, Exit, Outcome, Promotion, Redemption, Refund
from mingchi.engine.state import State


def answer(event_id: str, outcome: Outcome) -> str:
    """The answer to an event that was applied."""
    parts = ""
    if outcome.awards:
        parts = _awards(outcome.awards)
    if outcome.granted_upt:
        member = quoted(outcome.positions[0].member)
        parts += f', "grants": [{{"member": {member}, "points": {outcome.granted_upt}}}]'
    if outcome.redemption:
        parts += f', "redemption": {{{_money(outcome.redemption)}}}'
    if outcome.refund:
        parts += _refund(outcome.refund)
    if outcome.exits:
        parts += _exits(outcome.exits)
    if outcome.promotions:
        parts += _promotions(outcome.promotions)
    return (
        f'{{"id": {quoted(event_id)}{parts}, "pool": {outcome.pool_fen}, '
        f'"supply": {outcome.supply_upt}, "price": "{price_text(outcome.ratio)}"}}'
    )


def refusal(event_id: str, reason: str) -> str:
    """The answer to an event that was refused."""
    return f'{{"id": {quoted(event_id)}, "error": {quoted(reason)}}}'


def duplicate(event_id: str) -> str:
    """The answer to an event whose id was seen before."""
    return f'{{"id": {quoted(event_id)}, "duplicate": true}}'


def summary(state: State, *, events: int, errors: int) -> str:
    """The last line of a replay: every balance that is not 0, by id."""
    points_upt: defaultdict[str, int] = defaultdict(int)
    for position in state.positions.values():
        points_upt[position.member] += position.held_upt
    return json.dumps(
        {
            "summary": True,
            "pool": state.pool_fen,
            "supply": state.supply_upt,
            "price": price_text(state.price_ratio()),
            "wallets": _balances(state.wallets),
            "points": _balances(points_upt),
            "merchants": _balances(state.merchants),
            "platform": state.platform_fen,
            "refund_loss": state.refund_loss_fen,
            "waiting": state.waiting_fen(),
            "events": events,
            "errors": errors,
        }
    )


def price_text(ratio: tuple[int, int]) -> str:
    """Fen to micro-points as yuan a point, rounded down to six decimals."""
    fen, upt = ratio
    digits = str(fen * 10**10 // upt)
    if len(digits) < 7:
        digits = digits.zfill(7)
    return f"{digits[:-6]}.{digits[-6:]}"


def _balances(balances: dict[str, int]) -> dict[str, int]:
    return {owner: amount for owner, amount in sorted(balances.items()) if amount}


def _awards(awards: Iterable[Award]) -> str:
    paid = ", ".join(
        [
            f'{{"member": {quoted(a.member)}, "kind": "{a.kind}", "amount": {a.amount_fen}}}'
            for a in awards
            if not a.waiting
        ]
    )
    return f', "awards": [{paid}]' if paid else ""


def _exits(exits: Iterable[Exit]) -> str:
    left = ", ".join(
        f'{{"member": {quoted(r.member)}, "points": {r.points_upt}, {_money(r)}}}' for _, r in exits
    )
    return f', "exits": [{left}]'


def _money(r: Redemption) -> str:
    return f'"gross": {r.gross_fen}, "fee": {r.fee_fen}, "net": {r.net_fen}'


def _refund(refund: Refund) -> str:
    return (
        f', "refund": {{"pool": {refund.pool_fen}, "burned": {refund.burned_upt}, '
        f'"returned": {refund.returned_fen}, "loss": {refund.loss_fen}}}'
    )


def _promotions(promotions: Iterable[Promotion]) -> str:
    given = ", ".join(
        f'{{"member": {quoted(p.member)}, "rank": {quoted(p.rank)}}}' for p in promotions
    )
    return f', "promotions": [{given}]'
