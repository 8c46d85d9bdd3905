"""The pool: granting and redeeming points, and exits. Every rounding favours the pool.

The price is the ratio of the pool's fen to the circulating micro-points, never a rounded number.
"""

from collections.abc import Sequence

from mingchi.engine.outcome import Exit, Grant, Redemption
from mingchi.engine.split import Split
from mingchi.engine.state import Member, Position, Refused, State, drop_closed
from mingchi.engine.units import PPM


def grant(state: State, member: Member, split: Split) -> Grant | None:
    """Takes a contribution in and grants points for it at the price before it; the floor of them.

    None where that is no point at all: such an order belongs to no position.
    """
    fen, upt = state.price_ratio()
    value_fen = split.contribution_fen * state.plan.grant_ppm // PPM
    points_upt = value_fen * upt // fen
    state.pool_fen += split.contribution_fen
    if not points_upt:
        return None
    state.supply_upt += points_upt
    position = _position_for_order(state, member)
    position.spend_fen += split.goods_fen
    position.granted_upt += points_upt
    position.held_upt += points_upt
    state.exits.watch(position)
    return Grant(position, member.id, points_upt)


def _position_for_order(state: State, member: Member) -> Position:
    plan = state.plan
    shared = member.shared
    if not plan.exit_per_order and shared is not None and shared.held_upt:
        return shared
    position = Position(
        state.next_position,
        member.id,
        plan.exit_multiple_ppm,
        plan.exit_fee_ppm,
        not plan.exit_per_order,
    )
    state.next_position += 1
    state.positions[position.number] = position
    member.take_up(position)
    return position


def quote(state: State, *, member: str, points_upt: int, fee_ppm: int) -> Redemption:
    """What redeeming points would bring now: gross rounded down, the fee rounded up."""
    gross_fen = points_upt * state.pool_fen // state.supply_upt
    fee_fen = -(-gross_fen * fee_ppm // PPM)
    return Redemption(member, points_upt, gross_fen, fee_fen, gross_fen - fee_fen)


def redeem(
    state: State, *, member: Member, points_upt: int | None, min_net_fen: int | None
) -> tuple[Redemption, Sequence[Position]]:
    """Redeems points (None: all) from the member's open positions, lowest number first.

    The net is spread over the positions touched by cumulative floor. Gives those positions too.
    Raises Refused where there are not enough points, or the net is below `min_net_fen`.
    """
    taken = _positions_to_redeem(member, points_upt)
    total_upt = sum(upt for _, upt in taken)
    if not total_upt or (points_upt is not None and total_upt < points_upt):
        raise Refused("insufficient points")
    redemption = quote(
        state, member=member.id, points_upt=total_upt, fee_ppm=state.plan.redeem_fee_ppm
    )
    if min_net_fen is not None and redemption.net_fen < min_net_fen:
        raise Refused("below min_net")
    so_far_upt = so_far_fen = 0
    for position, upt in taken:
        so_far_upt += upt
        up_to_here_fen = redemption.net_fen * so_far_upt // total_upt
        _turn_into_money(position, points_upt=upt, net_fen=up_to_here_fen - so_far_fen)
        so_far_fen = up_to_here_fen
    drop_closed(member.positions)
    _pay_out(state, redemption)
    return redemption, [position for position, _ in taken]


def _positions_to_redeem(member: Member, points_upt: int | None) -> list[tuple[Position, int]]:
    """The open positions to redeem from, and how much of each; fewer points where they lack."""
    taken = []
    wanted_upt = points_upt
    for position in member.positions:
        if wanted_upt == 0:
            break
        upt = position.held_upt if wanted_upt is None else min(wanted_upt, position.held_upt)
        if upt:
            taken.append((position, upt))
        if wanted_upt is not None:
            wanted_upt -= upt
    return taken


def run_exits(state: State) -> Sequence[Exit]:
    """Redeems every position that the price has reached, each with its own fee; one moves the
    price for the next."""
    exits: list[Exit] = []
    while position := state.exits.next_due(state.pool_fen, state.supply_upt):
        redemption = quote(
            state,
            member=position.member,
            points_upt=position.held_upt,
            fee_ppm=position.exit_fee_ppm,
        )
        _turn_into_money(position, points_upt=redemption.points_upt, net_fen=redemption.net_fen)
        _pay_out(state, redemption)
        exits.append(Exit(position, redemption))
    return exits


def _turn_into_money(position: Position, *, points_upt: int, net_fen: int) -> None:
    position.held_upt -= points_upt
    position.redeemed_upt += points_upt
    position.paid_fen += net_fen


def _pay_out(state: State, redemption: Redemption) -> None:
    state.ratio = state.price_ratio()
    state.pool_fen -= redemption.net_fen
    state.supply_upt -= redemption.points_upt
    state.wallets[redemption.member] += redemption.net_fen


def sweep(state: State) -> int:
    """Without supply, what is left of the pool falls to the platform: nobody can catch a
    forgotten pool. Gives the amount."""
    leftover_fen = 0 if state.supply_upt else state.pool_fen
    if leftover_fen:
        state.pool_fen = 0
        state.credit_platform(leftover_fen)
    return leftover_fen
