"""Postings: an event's outcome as double entry over money and points.

Each event's postings sum to zero in fen and in micro-points. Over any history they add up to the
wallets, merchants, pool, platform and waiting awards of the state; `refund_loss` holds what
refunds cost the platform, so that the state's `platform_fen` is `platform` plus `refund_loss`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from mingchi.engine.events import CloseEvent, Event, OrderEvent, RefundEvent, SubsidyEvent
from mingchi.engine.outcome import Outcome, Redemption

Posting = tuple[str, str, int, str, int]
"""(account kind, owner, amount, rule, line): the owner is a member or merchant, "" for accounts
of the programme and the house; line 0 also stands for the whole order. A rule and a line are
unique for an account within an event, but for members who earn twice by one rule."""


def postings(event: Event, outcome: Outcome) -> Sequence[Posting]:
    """The postings of an event that was applied; none where nothing moved."""
    own = _OWN.get(type(event))
    made: list[Posting] = [] if own is None else own(event, outcome)
    if outcome.redemption is not None:
        made += _redeemed(outcome.redemption, "redeem")
    for left in outcome.exits:
        made += _redeemed(left.redemption, "exit")
    if outcome.leftover_fen:
        made.append(("pool", "", -outcome.leftover_fen, "leftover", 0))
        made.append(("platform", "", outcome.leftover_fen, "leftover", 0))
    return made


def _order(event: OrderEvent, outcome: Outcome) -> list[Posting]:
    goods_fen = 0
    made: list[Posting] = []
    for number, line in enumerate(outcome.lines):
        goods_fen += line.goods_fen
        if line.cost_fen:
            made.append(("merchant", line.merchant, line.cost_fen, "cost", number))
    made.append(("order_held", "", -goods_fen, "sale", 0))
    waiting_fen = 0
    for award in outcome.awards:
        if award.waiting:
            waiting_fen += award.amount_fen
        else:
            made.append(("wallet", award.member, award.amount_fen, award.kind, 0))
    if waiting_fen:
        made.append(("awards_waiting", "", waiting_fen, "peer", 0))
    if outcome.contribution_fen:
        made.append(("pool", "", outcome.contribution_fen, "contribution", 0))
    if outcome.unclaimed_fen:
        made.append((outcome.unclaimed_to, "", outcome.unclaimed_fen, "unclaimed", 0))
    if outcome.platform_fen:
        made.append(("platform", "", outcome.platform_fen, "platform", 0))
    if outcome.granted_upt:
        made.append(("points", event.member, outcome.granted_upt, "grant", 0))
        made.append(("points_issued", "", -outcome.granted_upt, "grant", 0))
    return made


def _redeemed(redemption: Redemption, rule: str) -> list[Posting]:
    member, points_upt, _gross_fen, _fee_fen, net_fen = redemption
    made: list[Posting] = [
        ("points", member, -points_upt, rule, 0),
        ("points_issued", "", points_upt, rule, 0),
    ]
    if net_fen:
        made.append(("pool", "", -net_fen, rule, 0))
        made.append(("wallet", member, net_fen, rule, 0))
    return made


def _refund(_event: RefundEvent, outcome: Outcome) -> list[Posting]:
    refund = outcome.refund
    assert refund is not None
    moved: list[Posting] = [
        ("refund_pending", "", refund.amount_fen, "refund", refund.line),
        ("merchant", refund.merchant, -refund.cost_fen, "cost", refund.line),
        ("pool", "", refund.returned_fen, "return", refund.line),
        ("wallet", refund.member, -refund.returned_fen, "return", refund.line),
        ("pool", "", -refund.pool_fen, "contribution", refund.line),
        ("refund_loss", "", -refund.loss_fen, "loss", refund.line),
        ("platform", "", refund.loss_fen - refund.platform_fen, "platform", refund.line),
        ("points", refund.member, -refund.burned_upt, "burn", refund.line),
        ("points_issued", "", refund.burned_upt, "burn", refund.line),
    ]
    for taken in refund.take_backs:
        if taken.waiting:
            moved.append(("awards_waiting", "", -taken.amount_fen, taken.kind, refund.line))
        else:
            moved.append(("wallet", taken.member, -taken.amount_fen, taken.kind, refund.line))
    return [posting for posting in moved if posting[2]]


def _subsidy(event: SubsidyEvent, _outcome: Outcome) -> list[Posting]:
    return [
        ("subsidy", "", -event.amount_fen, "subsidy", 0),
        ("pool", "", event.amount_fen, "subsidy", 0),
    ]


def _close(_event: CloseEvent, outcome: Outcome) -> list[Posting]:
    made: list[Posting] = []
    for award in outcome.awards:
        source = "platform" if award.kind == "dividend" else "awards_waiting"
        made.append((source, "", -award.amount_fen, award.kind, 0))
        made.append(("wallet", award.member, award.amount_fen, award.kind, 0))
    for forfeit in outcome.forfeits:
        made.append(("awards_waiting", "", -forfeit.amount_fen, "unclaimed", 0))
        made.append((forfeit.unclaimed_to, "", forfeit.amount_fen, "unclaimed", 0))
    return made


_OWN: Final[dict[type, Callable[[Any, Outcome], list[Posting]]]] = {
    OrderEvent: _order,
    RefundEvent: _refund,
    SubsidyEvent: _subsidy,
    CloseEvent: _close,
}
