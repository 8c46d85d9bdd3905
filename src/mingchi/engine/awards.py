"""The awards of an order: who of the uplines and agents gets what of its distribution budget.

Awards run in the plan's order; each is a rate of its base, rounded down, and cut to what is left
of the budget. Dividends are paid at the close, see `periods`.
"""

from dataclasses import dataclass

from mingchi.engine.events import OrderEvent
from mingchi.engine.outcome import Award, AwardKind, Outcome
from mingchi.engine.rules import Differential, Generations, Peer, Region
from mingchi.engine.state import Member, State, Waiting
from mingchi.engine.units import PPM


@dataclass(slots=True)
class PeerFound:
    """An upline of the same rank as `earner`, who took a differential award of `award_fen`."""

    member: str
    generation: int
    earner: str
    award_fen: int
    place: int
    """How many such uplines were met for that award, this one included."""


class OrderAwards:
    """The awards of one order while they are worked out and paid."""

    __slots__ = ("_awards", "_buyer", "_event", "_outcome", "_peers", "_state")

    def __init__(self, state: State, event: OrderEvent, buyer: Member, outcome: Outcome) -> None:
        self._state = state
        self._event = event
        self._buyer = buyer
        self._outcome = outcome
        self._awards: list[Award] = []
        self._peers: dict[int, list[PeerFound]] = {}

    def work_out(self) -> None:
        """Runs the plan's awards until the budget is spent."""
        outcome = self._outcome
        outcome.awards = self._awards
        for index, rule in enumerate(self._state.plan.awards):
            if not outcome.unclaimed_fen:
                return
            if isinstance(rule, Generations):
                self._pay_generations(index, rule)
            elif isinstance(rule, Differential):
                self._pay_differential(index, rule)
            elif isinstance(rule, Peer):
                self._pay_peers(index, rule)
            elif isinstance(rule, Region):
                self._pay_agents(index, rule)

    def _base_fen(self, of_budget: bool) -> int:
        return self._outcome.budget_fen if of_budget else self._outcome.goods_fen

    def _pay(
        self,
        kind: AwardKind,
        rule: int,
        member: str,
        base_fen: int,
        rate_ppm: int,
        generation: int,
        waiting: bool = False,
    ) -> int:
        """Pays or reserves an award, unless it comes to 0, and gives its amount."""
        outcome = self._outcome
        amount_fen = base_fen * rate_ppm // PPM
        if amount_fen > outcome.unclaimed_fen:
            amount_fen = outcome.unclaimed_fen
        if amount_fen:
            outcome.unclaimed_fen -= amount_fen
            order = self._event.id
            self._awards.append(
                Award(
                    member, kind, amount_fen, waiting, rule, rate_ppm, base_fen, generation, order
                )
            )
            if not waiting:
                self._state.wallets[member] += amount_fen
        return amount_fen

    def _pay_generations(self, index: int, rule: Generations) -> None:
        base_fen = self._base_fen(rule.of_budget)
        upline = self._buyer.sponsor
        for generation, rate_ppm in enumerate(rule.rates_ppm, 1):
            if upline is None:
                return
            if rate_ppm:
                self._pay(rule.kind, index, upline.id, base_fen, rate_ppm, generation)
            upline = upline.sponsor

    def _pay_differential(self, index: int, rule: Differential) -> None:
        """Goes up the sponsors, as far as anything is left to take, and notes peers on the way.

        Ranks that the plan does not know count as none.
        """
        plan = self._state.plan
        rates, highest_ppm = plan.rank_rates_ppm, plan.top_rate_ppm
        limit = rule.max_generations
        base_fen = self._base_fen(rule.of_budget)
        peers = self._peers[index] = []
        top_ppm = earned_fen = found = generation = 0
        earner, earner_rank = "", None
        upline = self._buyer.sponsor
        while upline is not None:
            generation += 1
            rank = upline.rank
            if rank is not None:
                if rank == earner_rank:
                    if found < rule.peer_generations:
                        found += 1
                        peers.append(PeerFound(upline.id, generation, earner, earned_fen, found))
                elif (rate_ppm := rates.get(rank, 0)) > top_ppm:
                    earner, earner_rank = upline.id, rank
                    earned_fen = self._pay(
                        "differential", index, earner, base_fen, rate_ppm - top_ppm, generation
                    )
                    top_ppm, found = rate_ppm, 0
                if top_ppm == highest_ppm and found == rule.peer_generations:
                    return
            if generation == limit:
                return
            upline = upline.sponsor

    def _pay_peers(self, index: int, rule: Peer) -> None:
        waits = rule.target_fen is not None
        for peer in self._peers[rule.differential]:
            if peer.place > rule.generations:
                continue
            amount_fen = self._pay(
                "peer", index, peer.member, peer.award_fen, rule.rate_ppm, peer.generation, waits
            )
            if amount_fen and rule.target_fen is not None:
                place = len(self._awards) - 1
                self._state.waiting[self._event.id, place] = Waiting(
                    award=self._awards[place],
                    place=place,
                    earner=peer.earner,
                    target_fen=rule.target_fen,
                    unclaimed_to=self._outcome.unclaimed_to,
                )

    def _pay_agents(self, index: int, rule: Region) -> None:
        region = self._event.region
        if region is None:
            return
        agents = self._state.agents
        base_fen = self._base_fen(rule.of_budget)
        met_ppm = 0
        for digits, rate_ppm in rule.rates_ppm:
            agent = agents.get(region[:digits])
            if agent is not None and rate_ppm > met_ppm:
                self._pay("region", index, agent.id, base_fen, rate_ppm - met_ppm, 0)
                if rule.differential:
                    met_ppm = rate_ppm
