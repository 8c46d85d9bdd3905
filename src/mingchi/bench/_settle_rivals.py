"""What the settler is compared with: the same orders, one transaction each, on the same tables.

Both rivals lock the programme's row, as anybody would who settles in the web request. They are
spared what a batch has besides: no row in `ledger_batch`, no exits. The row-lock rival also
keeps the tree in memory, and sends what it writes in one round trip; the stored procedure needs
one round trip in all and keeps no record.
"""

import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Final

import psycopg

from mingchi.engine import events
from mingchi.engine.exits import ExitQueue
from mingchi.engine.plan import plan_from_toml
from mingchi.engine.programme import Programme as Engine
from mingchi.engine.state import Member, Position, State
from mingchi.ledger.keys import SPAN
from mingchi.rebates.journal import Journal, text

CLIENTS: Final = 8
_LOCK = """
SELECT pool_fen, supply_upt, ratio_fen, ratio_upt, period_platform_fen, last_entry, last_position,
       digest
FROM rebates_programme WHERE id = %s FOR UPDATE
"""
_POSITION = """
SELECT id, spend_fen, granted_upt, held_upt, redeemed_upt, paid_fen
FROM rebates_position WHERE member_id = %s AND id BETWEEN %s AND %s AND held_upt > 0
"""
_UPSERT_POSITION = """
INSERT INTO rebates_position (id, member_id, scope, spend_fen, granted_upt, held_upt,
                              redeemed_upt, paid_fen, exit_multiple_ppm, exit_fee_ppm)
VALUES (%s, %s, 'member', %s, %s, %s, %s, %s, 0, 200000)
ON CONFLICT (id) DO UPDATE SET spend_fen = EXCLUDED.spend_fen,
    granted_upt = EXCLUDED.granted_upt, held_upt = EXCLUDED.held_upt
"""
_UPSERT_BALANCES = """
INSERT INTO ledger_accountbalance AS b (account, balance_fen, reserved_fen)
SELECT account, sum(delta), 0 FROM unnest(%s::bigint[], %s::bigint[]) AS d (account, delta)
WHERE account %% 100 < 50 GROUP BY account ORDER BY account
ON CONFLICT (account) DO UPDATE SET balance_fen = b.balance_fen + EXCLUDED.balance_fen
"""
_UPDATE_PROGRAMME = """
UPDATE rebates_programme
SET pool_fen = %s, supply_upt = %s, ratio_fen = %s, ratio_upt = %s, period_platform_fen = %s,
    last_entry = %s, last_position = %s, digest = %s
WHERE id = %s
"""
_ENTRY = """
INSERT INTO ledger_entry (id, event_id, accounts, amounts, rules, record)
VALUES (%s, %s, %s::bigint[], %s::bigint[], %s::int[], %s)
"""


class RowLock:
    """A client that settles one order a transaction, with psycopg and prepared statements."""

    def __init__(self, url: str, programme_id: int, toml: str) -> None:
        self.programme_id = programme_id
        self.base = programme_id * SPAN
        self.plan = plan_from_toml(toml)
        self.journal = Journal(programme_id)
        self.connection = psycopg.connect(url, prepare_threshold=0, autocommit=True)
        self.members: dict[str, Member] = {}
        self.agents: dict[str, Member] = {}
        self._read_tree()

    def _read_tree(self) -> None:
        rows = self.connection.execute(
            "SELECT id, sponsor_id, rank FROM rebates_participant WHERE id BETWEEN %s AND %s "
            "ORDER BY id",
            [self.base, self.base + SPAN],
        ).fetchall()
        for key, sponsor, rank in rows:
            above = None if sponsor is None else self.members[f"m{sponsor % SPAN}"]
            member = self.members[f"m{key % SPAN}"] = Member(f"m{key % SPAN}", above)
            member.rank = rank
        agents = self.connection.execute(
            "SELECT region, member_id FROM rebates_agent WHERE programme_id = %s",
            [self.programme_id],
        )
        for region, member_id in agents:
            self.agents[region] = self.members[f"m{member_id}"]

    def settle(self, event_id: int) -> None:
        """One order: lock, read, work out, write, commit."""
        connection = self.connection
        payload, digest = connection.execute(
            "SELECT payload, digest FROM rebates_event WHERE id = %s", [event_id]
        ).fetchone() or ("", b"")
        event = events.parse(json.loads(payload))
        assert isinstance(event, events.OrderEvent)
        member_id = int(event.member[1:])
        with connection.pipeline():
            connection.execute("BEGIN")
            locked = connection.execute(_LOCK, [self.programme_id])
            held = connection.execute(_POSITION, [member_id, self.base, self.base + SPAN])
            row, position = locked.fetchone(), held.fetchone()
        assert row is not None
        state = self._state(row, event.member, position)
        outcome = Engine(state).apply(event)
        entry_id = self.base + row[5] + 1
        written = self.journal.row(event, outcome)
        line = text(entry_id, event_id, written).encode()
        chained = sha256(bytes(row[7]) + bytes(digest) + line).digest()
        touched = outcome.positions[0]
        goods_fen = sum(line.goods_fen for line in outcome.lines)
        accounts = list(map(int, written.accounts))
        with connection.pipeline():
            run = connection.execute
            rules = list(map(int, written.rules))
            run(_ENTRY, [entry_id, event_id, accounts, written.amounts, rules, written.record])
            run("INSERT INTO rebates_sale VALUES (%s, %s, %s)", [entry_id, member_id, goods_fen])
            run(_UPSERT_POSITION, self._position_row(touched, member_id))
            run(_UPSERT_BALANCES, [accounts, written.amounts])
            run("DELETE FROM rebates_pending WHERE event_id = %s", [event_id])
            run(
                _UPDATE_PROGRAMME,
                [*self._programme_row(state, row[5] + 1), chained, self.programme_id],
            )
            run("COMMIT")

    def _state(self, row: Sequence[Any], member: str, position: Sequence[Any] | None) -> State:
        state = State(plan=self.plan, orders={}, exits=ExitQueue())
        state.pool_fen, state.supply_upt = row[0], row[1]
        state.ratio = (row[2], row[3])
        state.period_platform_fen = row[4]
        state.next_position = row[6] + 1
        state.members, state.agents = self.members, self.agents
        buyer = self.members[member]
        buyer.positions, buyer.shared = [], None
        if position is not None:
            known = Position(
                number=position[0] % SPAN,
                member=member,
                exit_multiple_ppm=0,
                exit_fee_ppm=200_000,
                shared=True,
            )
            known.spend_fen, known.granted_upt, known.held_upt = position[1:4]
            known.redeemed_upt, known.paid_fen = position[4:6]
            buyer.positions, buyer.shared = [known], known
        return state

    def _position_row(self, p: Position, member_id: int) -> list[int]:
        return [
            self.base + p.number,
            member_id,
            p.spend_fen,
            p.granted_upt,
            p.held_upt,
            p.redeemed_upt,
            p.paid_fen,
        ]

    def _programme_row(self, state: State, last_entry: int) -> list[int]:
        fen, upt = state.price_ratio()
        return [
            state.pool_fen,
            state.supply_upt,
            fen,
            upt,
            state.period_platform_fen,
            last_entry,
            state.next_position - 1,
        ]


class Procedure:
    """A client that calls the stored procedure, one order a call."""

    def __init__(self, url: str, programme_id: int, toml: str) -> None:
        self.connection = psycopg.connect(url, prepare_threshold=0, autocommit=True)

    def settle(self, event_id: int) -> None:
        """One order in one round trip."""
        self.connection.execute("SELECT bench_settle(%s)", [event_id])


Rival = type[RowLock] | type[Procedure]


def orders_per_second(
    rival: Rival, url: str, programme_id: int, toml: str, event_ids: Sequence[int]
) -> float:
    """Settles the orders from CLIENTS processes at once; the rate of all together."""
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    shares = [event_ids[n::CLIENTS] for n in range(CLIENTS)]
    clients = [
        context.Process(target=_client, args=(rival, url, programme_id, toml, share, ready, go))
        for share in shares
    ]
    for client in clients:
        client.start()
    for _ in clients:
        ready.acquire()
    began = time.perf_counter()
    go.set()
    for client in clients:
        client.join()
        assert client.exitcode == 0, "a client failed; its message is above"
    return len(event_ids) / (time.perf_counter() - began)


def _client(
    rival: Callable[[str, int, str], RowLock | Procedure],
    url: str,
    programme_id: int,
    toml: str,
    event_ids: Sequence[int],
    ready: Any,
    go: Any,
) -> None:
    client = rival(url, programme_id, toml)
    ready.release()
    go.wait()
    for event_id in event_ids:
        client.settle(event_id)
