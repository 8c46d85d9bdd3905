"""The programme: applies one event after another to a state.

Every event either changes the state as the rules say, or is refused and changes nothing.
"""

from collections.abc import Callable
from typing import Any, Final

from mingchi.engine.events import (
    AgentEvent,
    CloseEvent,
    Event,
    MemberEvent,
    OrderEvent,
    PlanEvent,
    RankEvent,
    RedeemEvent,
    RefundEvent,
    ShareholderEvent,
    SponsorEvent,
    SubsidyEvent,
)
from mingchi.engine.outcome import Outcome
from mingchi.engine.periods import close_period
from mingchi.engine.pool import leave, redeem, sweep
from mingchi.engine.refunds import refund_line
from mingchi.engine.settle import settle_order
from mingchi.engine.state import Member, Refused, State


class Programme:
    """A state and the rules that change it."""

    __slots__ = ("state",)

    def __init__(self, state: State) -> None:
        self.state = state

    def apply(self, event: Event) -> Outcome:
        """Applies an event; afterwards come exits, and the sweep of a pool without supply.

        Raises Refused, in which case nothing has changed. That an event's id is new is the
        caller's care.
        """
        state = self.state
        handler = _MOVING.get(type(event))
        if handler is None:
            outcome = _STILL[type(event)](state, event)
            outcome.ratio = state.price_ratio()
        else:
            if state.supply_upt:
                state.ratio = (state.pool_fen, state.supply_upt)
            fen, upt = state.ratio
            outcome = handler(state, event)
            if state.exits.next_due(state.pool_fen, state.supply_upt) is not None:
                _run_exits(state, outcome)
            if not state.supply_upt:
                outcome.leftover_fen = sweep(state)
            outcome.ratio = now_fen, now_upt = state.price_ratio()
            assert now_fen * upt >= fen * now_upt, "the price never falls"
            assert (state.supply_upt == 0) == (state.pool_fen == 0)
        outcome.pool_fen = state.pool_fen
        outcome.supply_upt = state.supply_upt
        return outcome


def _run_exits(state: State, outcome: Outcome) -> None:
    """Lets out every position that the price has reached; each moves the price for the next."""
    exits = []
    while position := state.exits.next_due(state.pool_fen, state.supply_upt):
        exits.append(leave(state, position))
    outcome.exits = exits
    outcome.positions = (*outcome.positions, *[left.position for left in exits])


def _join(state: State, event: MemberEvent) -> Outcome:
    state.members[event.id] = Member(event.id, _sponsor_of(state, event))
    return Outcome()


def _rebind(state: State, event: SponsorEvent) -> Outcome:
    member = state.member(event.member)
    sponsor = upline = _sponsor_of(state, event)
    while upline is not None:
        if upline is member:
            raise Refused("sponsor loop")
        upline = upline.sponsor
    member.sponsor = sponsor
    return Outcome()


def _sponsor_of(state: State, event: MemberEvent | SponsorEvent) -> Member | None:
    if event.sponsor is None:
        return None
    sponsor = state.members.get(event.sponsor)
    if sponsor is None:
        raise Refused("unknown sponsor")
    return sponsor


def _change_plan(state: State, event: PlanEvent) -> Outcome:
    state.plan = event.plan
    return Outcome()


def _set_rank(state: State, event: RankEvent) -> Outcome:
    member = state.member(event.member)
    if event.rank is not None and event.rank not in state.plan.rank_rates_ppm:
        raise Refused("unknown rank")
    member.rank = event.rank
    return Outcome()


def _set_agent(state: State, event: AgentEvent) -> Outcome:
    state.agents[event.region] = state.member(event.member)
    return Outcome()


def _set_weight(state: State, event: ShareholderEvent) -> Outcome:
    state.shareholders[state.member(event.member).id] = event.weight
    return Outcome()


def _redeem(state: State, event: RedeemEvent) -> Outcome:
    outcome = Outcome()
    outcome.redemption, outcome.positions = redeem(
        state,
        member=state.member(event.member),
        points_upt=event.points_upt,
        min_net_fen=event.min_net_fen,
    )
    return outcome


def _subsidise(state: State, event: SubsidyEvent) -> Outcome:
    if not state.supply_upt:
        raise Refused("no supply")
    state.pool_fen += event.amount_fen
    state.received_fen += event.amount_fen
    return Outcome()


_Handler = Callable[[State, Any], Outcome]
"""Each takes the event it is entered for below."""

_MOVING: Final[dict[type, _Handler]] = {
    OrderEvent: settle_order,
    RedeemEvent: _redeem,
    RefundEvent: refund_line,
    SubsidyEvent: _subsidise,
    CloseEvent: close_period,
}
"""Events that may move the price."""

_STILL: Final[dict[type, _Handler]] = {
    MemberEvent: _join,
    SponsorEvent: _rebind,
    PlanEvent: _change_plan,
    RankEvent: _set_rank,
    AgentEvent: _set_agent,
    ShareholderEvent: _set_weight,
}
