"""The pool: granting and redeeming points, and exits. Every rounding favours the pool.

The price is the ratio of the pool's fen to the circulating micro-points, never a rounded number.
"""

from collections.abc import Sequence

from mingchi.engine.outcome import Exit, Outcome, Redemption
from mingchi.engine.state import Member, Position, Refused, State, drop_closed
from mingchi.engine.units import PPM


def grant(state: State, member: Member, outcome: Outcome) -> None:
    """Takes an order's contribution in and grants points for it, at the price before the order
    and rounded down.

    Where that is no point at all, the order belongs to no position.
    """
    plan = state.plan
    fen, upt = state.ratio
    points_upt = outcome.contribution_fen * plan.grant_ppm // PPM * upt // fen
    state.pool_fen += outcome.contribution_fen
    if not points_upt:
        return
    state.supply_upt += points_upt
    position = member.shared
    if position is None or not position.held_upt or plan.exit_per_order:
        position = _open_position(state, member)
    # Points as dear as those it has, or dearer, do not lower its trigger.
    lowers = outcome.goods_fen * position.granted_upt < position.spend_fen * points_upt
    position.spend_fen += outcome.goods_fen
    position.granted_upt += points_upt
    position.held_upt += points_upt
    if lowers or position.queued is None:
        state.exits.watch(position)
    outcome.granted_upt = points_upt
    outcome.positions = (position,)


def _open_position(state: State, member: Member) -> Position:
    plan = state.plan
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


def leave(state: State, position: Position) -> Exit:
    """Redeems all that a position holds, with its own fee, and so closes it."""
    redemption = quote(
        state,
        member=position.member,
        points_upt=position.held_upt,
        fee_ppm=position.exit_fee_ppm,
    )
    _turn_into_money(position, points_upt=redemption.points_upt, net_fen=redemption.net_fen)
    _pay_out(state, redemption)
    return Exit(position, redemption)


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
    """Gives the platform what is left of a pool without supply: nobody can catch a forgotten
    pool. The amount may be 0."""
    leftover_fen = state.pool_fen
    state.pool_fen = 0
    state.credit_platform(leftover_fen)
    return leftover_fen
