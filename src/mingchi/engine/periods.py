"""Closing a period: waiting peer awards, then dividends, then promotions.

The only part of the engine that reads sales, and so needs every member.
"""

from collections.abc import Iterable, Sequence

from mingchi.engine.events import CloseEvent
from mingchi.engine.outcome import Award, Forfeit, Outcome, Promotion
from mingchi.engine.rules import Dividend, Rank
from mingchi.engine.state import Member, State
from mingchi.engine.units import PPM


def close_period(state: State, event: CloseEvent) -> Outcome:
    """Ends a period. What the pool may leave to the platform afterwards counts to the next."""
    outcome = Outcome()
    paid, outcome.forfeits = _settle_waiting(state)
    outcome.awards = paid + _pay_dividends(state)
    outcome.promotions = _promote(state)
    state.period_platform_fen = 0
    for member in state.members.values():
        member.period_sales_fen = 0
    return outcome


def team_sales(members: Iterable[Member], own_fen: dict[Member, int]) -> dict[Member, int]:
    """Each member's own sales and those of all descendants, over the tree as it stands.

    Works from the leaves up, so that the depth of the tree does not matter.
    """
    team_fen = dict(own_fen)
    not_in_yet = dict.fromkeys(team_fen, 0)
    for member in members:
        if member.sponsor is not None:
            not_in_yet[member.sponsor] += 1
    done = [member for member, count in not_in_yet.items() if not count]
    for member in done:  # grows as it goes
        sponsor = member.sponsor
        if sponsor is not None:
            team_fen[sponsor] += team_fen[member]
            not_in_yet[sponsor] -= 1
            if not not_in_yet[sponsor]:
                done.append(sponsor)
    return team_fen


def _settle_waiting(state: State) -> tuple[list[Award], list[Forfeit]]:
    """Pays the waiting awards whose earner's team reached the target; the others are unclaimed."""
    paid: list[Award] = []
    forfeits: list[Forfeit] = []
    if not state.waiting:
        return paid, forfeits
    members = state.members.values()
    team_fen = team_sales(members, {m: m.period_sales_fen for m in members})
    for key, waiting in state.waiting.items():
        amount_fen = waiting.amount_fen
        if not amount_fen:
            continue
        if team_fen[state.members[waiting.earner]] >= waiting.target_fen:
            award = waiting.award.paid(amount_fen)
            paid.append(award)
            state.wallets[award.member] += amount_fen
            continue
        forfeits.append(Forfeit(waiting.award, amount_fen, waiting.unclaimed_to))
        state.forfeited[key] = waiting.unclaimed_to
        if waiting.unclaimed_to == "pool":
            state.pool_fen += amount_fen
        else:
            state.credit_platform(amount_fen)
    state.waiting.clear()
    return paid, forfeits


def _pay_dividends(state: State) -> list[Award]:
    """Divides a part of the period's platform share by weight; the rest stays."""
    share_fen = max(0, state.period_platform_fen)
    total_weight = sum(state.shareholders.values())
    paid: list[Award] = []
    for index, rule in enumerate(state.plan.awards):
        if not isinstance(rule, Dividend) or not total_weight:
            continue
        dividend_fen = share_fen * rule.rate_ppm // PPM
        for member, weight in sorted(state.shareholders.items()):
            amount_fen = dividend_fen * weight // total_weight
            if amount_fen:
                state.wallets[member] += amount_fen
                state.platform_fen -= amount_fen
                paid.append(
                    Award(
                        member,
                        "dividend",
                        amount_fen,
                        False,
                        index,
                        rule.rate_ppm,
                        share_fen,
                        0,
                        None,
                    )
                )
    return paid


def _promote(state: State) -> Sequence[Promotion]:
    """Promotes members to the highest rank whose stated criteria they all meet; demotes none."""
    places = {rank.name: place for place, rank in enumerate(state.plan.ranks)}
    earned = [rank for rank in state.plan.ranks if not rank.by_hand_only]
    if not earned:
        return ()
    members = state.members.values()
    team_fen = team_sales(members, {m: m.own_sales_fen for m in members})
    direct = dict.fromkeys(members, 0)
    for member in members:
        if member.sponsor is not None and member.has_ordered:
            direct[member.sponsor] += 1
    promotions = []
    for member in members:
        place = -1 if member.rank is None else places.get(member.rank, -1)
        for rank in reversed(earned):
            if places[rank.name] <= place:
                break
            if _meets(rank, member.own_sales_fen, team_fen[member], direct[member]):
                member.rank = rank.name
                promotions.append(Promotion(member.id, rank.name))
                break
    return sorted(promotions)


def _meets(rank: Rank, own_fen: int, team_fen: int, direct_members: int) -> bool:
    return (
        (rank.own_sales_fen is None or own_fen >= rank.own_sales_fen)
        and (rank.team_sales_fen is None or team_fen >= rank.team_sales_fen)
        and (rank.direct_members is None or direct_members >= rank.direct_members)
    )
