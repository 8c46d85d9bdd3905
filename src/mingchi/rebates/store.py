"""The engine's state, read from the tables as far as a batch touches it, and kept.

The settler is the only writer of what stands here, so what was read once stays true until it
changes it itself. A batch that fails throws the whole store away: `Store(programme)` again.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import connection

from mingchi.engine.exits import ExitQueue, Ratio
from mingchi.engine.orders import Record
from mingchi.engine.rules import Plan
from mingchi.engine.state import Member, Position, State
from mingchi.engine.units import PPM
from mingchi.ledger.arrays import array_text
from mingchi.ledger.keys import SPAN
from mingchi.rebates import ids, plans
from mingchi.rebates.models import Agent, PlanVersion, Programme, Shareholder

# How far above the price the exits in memory reach: then the positions are read again.
_HORIZON: Final = (5, 4)
# Above so many members or positions in memory the store is emptied and starts anew.
_FULL: Final = 400_000
# A programme of up to so many members is read at once, in half a second: afterwards no batch has
# to look anybody up, which would cost a small one more than all the rest.
_WHOLE: Final = 100_000

_CHAINS = """
WITH RECURSIVE chain AS (
    SELECT id, sponsor_id, rank FROM rebates_participant WHERE id = ANY(%s::bigint[])
    UNION
    SELECT p.id, p.sponsor_id, p.rank
    FROM chain JOIN rebates_participant p ON p.id = chain.sponsor_id)
SELECT id, sponsor_id, rank FROM chain
"""
_EVERYBODY = "SELECT id, sponsor_id, rank FROM rebates_participant WHERE {} LIMIT %s"
_POSITION = """
SELECT id, member_id, scope, spend_fen, granted_upt, held_upt, redeemed_upt, paid_fen,
       exit_multiple_ppm, exit_fee_ppm
FROM rebates_position
"""
_OPEN = _POSITION + "WHERE {} AND held_upt > 0"
_OPEN_OF_MEMBERS = _OPEN + " AND member_id = ANY(%s::bigint[])"
# Floating point only chooses what to look at, a little too much of it; the queue is exact.
_BELOW_HORIZON = (
    _POSITION
    + """WHERE {} AND held_upt > 0 AND exit_multiple_ppm > 0
      AND exit_multiple_ppm::float8 * spend_fen / granted_upt <= %s::float8 * 1.000001"""
)


class Store:
    """A programme's state in memory, as far as it was needed."""

    def __init__(self, programme: Programme) -> None:
        self.programme_id = programme.id
        self.orders: dict[str, Record] = {}
        self.exits = ExitQueue(refill=self._refill, horizon=(0, 1))
        self.state = State(plan=_plan(programme), orders=self.orders, exits=self.exits)
        self._complete: set[str] = set()  # members whose open positions are all here
        self.last_entry = programme.last_entry
        self.last_batch = programme.last_batch
        self.period_first_entry = programme.period_first_entry
        self._read(programme)

    def _read(self, programme: Programme) -> None:
        state = self.state
        state.pool_fen, state.supply_upt = programme.pool_fen, programme.supply_upt
        state.ratio = (programme.ratio_fen, programme.ratio_upt)
        state.period_platform_fen = programme.period_platform_fen
        state.next_position = programme.last_position + 1
        self._read_whole()
        agents = list(Agent.objects.filter(programme=programme))
        shareholders = list(Shareholder.objects.filter(programme=programme))
        self.load_members({a.member_id for a in agents} | {s.member_id for s in shareholders})
        for agent in agents:
            state.agents[agent.region] = state.members[ids.key("member", agent.member_id)]
        for shareholder in shareholders:
            member = ids.key("member", shareholder.member_id)
            state.shareholders[member] = shareholder.weight

    def _read_whole(self) -> None:
        everybody = rows(_EVERYBODY.format(self._mine()), [_WHOLE + 1])
        if len(everybody) <= _WHOLE:
            self._keep_members(everybody)
            self._keep_positions(list(self.state.members), rows(_OPEN.format(self._mine()), []))

    @property
    def is_full(self) -> bool:
        """Whether it has grown so large that it should start anew."""
        return len(self.state.members) > _FULL or len(self.state.positions) > _FULL

    def load_members(self, member_ids: Iterable[int]) -> None:
        """Have these members here, with everybody above them."""
        members = self.state.members
        missing = [m for m in member_ids if ids.key("member", m) not in members]
        if not missing:
            return
        base = self.programme_id * SPAN
        found = rows(_CHAINS, [array_text(base + m for m in missing)])
        self._keep_members([row for row in found if f"m{row[0] % SPAN}" not in members])

    def _keep_members(self, fresh: Sequence[tuple[Any, ...]]) -> None:
        members = self.state.members
        for key, _sponsor, rank in fresh:
            member = members[f"m{key % SPAN}"] = Member(f"m{key % SPAN}")
            member.rank = rank
        for key, sponsor, _rank in fresh:
            if sponsor is not None:
                members[f"m{key % SPAN}"].sponsor = members[f"m{sponsor % SPAN}"]

    def load_positions_of(self, member_ids: Iterable[int]) -> None:
        """Have all open positions of these members here."""
        missing = [m for m in member_ids if ids.key("member", m) not in self._complete]
        if missing:
            found = rows(_OPEN_OF_MEMBERS.format(self._mine()), [array_text(missing)])
            self._keep_positions([ids.key("member", m) for m in missing], found)

    def _keep_positions(self, keys: Sequence[str], found: Iterable[tuple[Any, ...]]) -> None:
        """The rows are all open positions of those members."""
        by_member: dict[str, list[Position]] = {}
        for position in map(self._position, sorted(found)):
            if position.held_upt:
                by_member.setdefault(position.member, []).append(position)
        for key in keys:
            member = self.state.members.get(key)
            if member is None:
                continue  # an unknown member: the engine will refuse the event
            self._complete.add(key)
            member.positions = by_member.get(key, [])
            member.shared = next((p for p in reversed(member.positions) if p.shared), None)

    def load_position_numbers(self, numbers: Iterable[int]) -> None:
        """Have these positions here, closed ones too."""
        base = self.programme_id * SPAN
        missing = [base + n for n in numbers if n not in self.state.positions]
        if missing:
            for row in rows(_POSITION + "WHERE id = ANY(%s::bigint[])", [array_text(missing)]):
                self._position(row)

    def start_batch(self) -> None:
        """Forget what stands in the tables anyway: orders, and the differences to balances."""
        state = self.state
        self.orders.clear()
        state.waiting.clear()
        state.forfeited.clear()
        state.wallets.clear()
        state.merchants.clear()

    def expect_new(self, member: str) -> None:
        """A member who joins has no position that would have to be read."""
        self._complete.add(member)

    def _mine(self) -> str:
        base = self.programme_id * SPAN
        return f"id BETWEEN {base} AND {base + SPAN - 1}"

    def _position(self, row: Sequence[Any]) -> Position:
        """The position of a row: the one in memory where there is one, since it is newer."""
        number = row[0] % SPAN
        known = self.state.positions.get(number)
        if known is not None:
            return known
        position = Position(
            number=number,
            member=ids.key("member", row[1]),
            exit_multiple_ppm=row[8],
            exit_fee_ppm=row[9],
            shared=row[2] == "member",
        )
        position.spend_fen, position.granted_upt, position.held_upt = row[3:6]
        position.redeemed_upt, position.paid_fen = row[6:8]
        self.state.positions[number] = position
        self.exits.watch(position)
        return position

    def _refill(self, price: Ratio) -> tuple[Ratio | None, Iterable[Position]]:
        """The positions that leave the pool up to a quarter above this price."""
        horizon = (price[0] * _HORIZON[0] + 1, price[1] * _HORIZON[1])
        # Triggers are exit_multiple * spend / (granted * PPM).
        below = rows(_BELOW_HORIZON.format(self._mine()), [horizon[0] * PPM / horizon[1]])
        return horizon, [self._position(row) for row in below]


def _plan(programme: Programme) -> Plan:
    active = PlanVersion.objects.filter(programme=programme, state=PlanVersion.State.ACTIVE).first()
    return plans.read(active.toml if active else programme.opening_plan)


def rows(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows that a query finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
