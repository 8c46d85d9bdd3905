"""Settling an order: split, awards, contribution and grant, then what is unclaimed."""

from mingchi.engine.awards import OrderAwards
from mingchi.engine.events import OrderEvent
from mingchi.engine.orders import SettledOrder
from mingchi.engine.outcome import Outcome
from mingchi.engine.pool import grant
from mingchi.engine.split import split_order
from mingchi.engine.state import State


def settle_order(state: State, event: OrderEvent) -> Outcome:
    """Settles an order. Raises Refused, before anything has changed."""
    buyer = state.member(event.member)
    plan = state.plan
    split = split_order(plan=plan, lines=event.lines)
    work = OrderAwards(state, order=event.id, buyer=buyer, region=event.region, split=split)
    work.work_out()

    outcome = Outcome()
    outcome.lines = split.lines
    outcome.contribution_fen = split.contribution_fen
    outcome.platform_fen = split.platform_fen
    outcome.awards = work.awards
    outcome.unclaimed_fen = work.unclaimed_fen
    outcome.unclaimed_to = plan.unclaimed_to
    outcome.grant = grant(
        state,
        member=buyer,
        contribution_fen=split.contribution_fen,
        goods_fen=split.goods_fen,
    )
    if outcome.grant is not None:
        outcome.positions = (outcome.grant.position,)
    _pay(state, outcome)
    for waiting in work.waiting:
        state.waiting[event.id, waiting.place] = waiting
    buyer.own_sales_fen += split.goods_fen
    buyer.period_sales_fen += split.goods_fen
    buyer.has_ordered = True
    state.received_fen += split.goods_fen
    outcome.order = _settled(event, outcome)
    state.orders.put(outcome.order)
    return outcome


def _pay(state: State, outcome: Outcome) -> None:
    """Gives merchants, members and the platform their shares, and what is unclaimed to its
    destination."""
    for line in outcome.lines:
        if line.cost_fen:
            state.merchants[line.merchant] += line.cost_fen
    for award in outcome.awards:
        if not award.waiting:
            state.wallets[award.member] += award.amount_fen
    if outcome.unclaimed_to == "platform":
        state.credit_platform(outcome.platform_fen + outcome.unclaimed_fen)
    else:
        state.credit_platform(outcome.platform_fen)
        state.pool_fen += outcome.unclaimed_fen


def _settled(event: OrderEvent, outcome: Outcome) -> SettledOrder:
    grant = outcome.grant
    return SettledOrder(
        order_id=event.id,
        member=event.member,
        position=None if grant is None else grant.position.number,
        granted_upt=0 if grant is None else grant.points_upt,
        unclaimed_fen=outcome.unclaimed_fen,
        unclaimed_to=outcome.unclaimed_to,
        lines=outcome.lines,
        refunded_fen=[0] * len(outcome.lines),
        awards=outcome.awards,
    )
