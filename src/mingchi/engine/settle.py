"""Settling an order: split, awards, contribution and grant, then what is unclaimed."""

from mingchi.engine.awards import OrderAwards
from mingchi.engine.events import OrderEvent
from mingchi.engine.orders import order_record
from mingchi.engine.outcome import Outcome
from mingchi.engine.pool import grant
from mingchi.engine.split import split_order
from mingchi.engine.state import State


def settle_order(state: State, event: OrderEvent) -> Outcome:
    """Settles an order. Raises Refused, before anything has changed."""
    buyer = state.member(event.member)
    plan = state.plan
    split = split_order(plan=plan, lines=event.lines)
    outcome = Outcome()
    outcome.lines = split.lines
    outcome.contribution_fen = split.contribution_fen
    outcome.platform_fen = split.platform_fen
    outcome.unclaimed_fen = split.budget_fen
    outcome.unclaimed_to = plan.unclaimed_to
    if plan.awards and split.budget_fen:
        work = OrderAwards(state, event, buyer, split)
        work.work_out()
        outcome.awards = work.awards
        outcome.unclaimed_fen = work.unclaimed_fen
        for waiting in work.waiting:
            state.waiting[event.id, waiting.place] = waiting

    grant(state, buyer, split, outcome)
    for line in split.lines:
        if line.cost_fen:
            state.merchants[line.merchant] += line.cost_fen
    if plan.unclaimed_to == "platform":
        state.credit_platform(split.platform_fen + outcome.unclaimed_fen)
    else:
        state.credit_platform(split.platform_fen)
        state.pool_fen += outcome.unclaimed_fen
    buyer.own_sales_fen += split.goods_fen
    buyer.period_sales_fen += split.goods_fen
    buyer.has_ordered = True
    state.received_fen += split.goods_fen
    outcome.order = event.id
    outcome.record = state.orders[event.id] = order_record(buyer.id, outcome)
    return outcome
