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
    outcome = split_order(plan=plan, lines=event.lines)
    if plan.awards:
        OrderAwards(state, event, buyer, outcome).work_out()
    grant(state, buyer, outcome)
    for line in outcome.lines:
        if line.cost_fen:
            state.merchants[line.merchant] += line.cost_fen
    if plan.unclaimed_to == "platform":
        state.credit_platform(outcome.platform_fen + outcome.unclaimed_fen)
    else:
        state.credit_platform(outcome.platform_fen)
        state.pool_fen += outcome.unclaimed_fen
    goods_fen = outcome.goods_fen
    buyer.own_sales_fen += goods_fen
    buyer.period_sales_fen += goods_fen
    buyer.has_ordered = True
    state.received_fen += goods_fen
    outcome.order = event.id
    outcome.record = state.orders[event.id] = order_record(buyer.id, outcome)
    return outcome
