"""`mingchi verify`: recompute a programme from its events and name the first difference."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, Sum

from mingchi.engine.rules import Plan
from mingchi.ledger import accounts
from mingchi.ledger import verify as ledger
from mingchi.ledger.keys import SPAN
from mingchi.ledger.verify import Difference
from mingchi.rebates import checkpoint, heads, plans
from mingchi.rebates.ids import primary_key
from mingchi.rebates.models import (
    Agent,
    Event,
    Participant,
    PlanVersion,
    Position,
    Programme,
    Sale,
    Shareholder,
)
from mingchi.rebates.queries import MAIN
from mingchi.rebates.recompute import Recomputation

_LOST = """
SELECT e.key FROM rebates_event e
LEFT JOIN ledger_entry n ON n.event_id = e.id
LEFT JOIN rebates_pending p ON p.event_id = e.id
LEFT JOIN rebates_setaside s ON s.event_id = e.id
WHERE e.programme_id = %s AND n.id IS NULL AND p.event_id IS NULL AND s.event_id IS NULL
ORDER BY e.id
"""
_GONE = """
SELECT p.event_id FROM rebates_pending p LEFT JOIN rebates_event e ON e.id = p.event_id
WHERE p.programme_id = %s AND e.id IS NULL ORDER BY 1
"""
_OF_ORDERS = """
SELECT coalesce(e.key, 'entry ' || o.order_entry_id), {} FROM {} o
LEFT JOIN ledger_entry n ON n.id = o.order_entry_id LEFT JOIN rebates_event e ON e.id = n.event_id
WHERE o.order_entry_id BETWEEN %s AND %s
"""
_OF_OTHERS = """
SELECT account, sum(amount) FROM ledger_entry, unnest(accounts, amounts) AS p (account, amount)
WHERE id < %s OR id > %s GROUP BY account
"""
_REFUNDED = _OF_ORDERS.format("o.line, o.refunded_fen", "rebates_refunded")
_WAITING = _OF_ORDERS.format(
    "o.place, o.amount_fen, o.earner_id, o.target_fen, o.unclaimed_to, o.outcome",
    "rebates_waitingaward",
)


def differences(programme: Programme, *, since_last: bool = False) -> Iterator[Difference]:
    """Every difference found, the journal's first; none where all is as the events say.

    `since_last` goes on after the batch that was verified last in this way; what lies before it
    is not looked at again, but for that batch's hash and all that stands now. Where nothing is
    found the place is kept for the next time. Raises CheckpointError.

    Reads one snapshot, so it may run while the settler works.
    """
    # Read before the snapshot is taken: what is published later is not in it.
    published = heads.published(programme)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        programme = Programme.objects.get(id=programme.id)
        yield from _differences(programme, published, since_last=since_last)


def _differences(
    programme: Programme, published: Sequence[dict[str, Any]] = (), *, since_last: bool = False
) -> Iterator[Difference]:
    faults = plans.check(programme.opening_plan)
    if faults:
        yield Difference(
            event="", account="opening plan", expected="a plan", found="; ".join(faults)
        )
        return
    recomputed = checkpoint.resume(programme) if since_last else Recomputation(programme)
    clean = True
    for found in _recomputed_differences(recomputed, published):
        clean = False
        yield found
    if since_last and clean:
        checkpoint.keep(recomputed)


def _recomputed_differences(
    recomputed: Recomputation, published: Sequence[dict[str, Any]]
) -> Iterator[Difference]:
    broken = False
    for found in recomputed.differences():
        broken = True
        yield found
    if broken:
        return  # what was summed up so far can't be compared with what stands at the end
    programme = recomputed.programme
    yield from heads.differences(programme, published)
    yield from _programme_differences(recomputed)
    yield from _position_differences(recomputed)
    yield from _participant_differences(recomputed)
    yield from _appointment_differences(recomputed)
    yield from _order_differences(recomputed)
    yield from ledger.cash_differences()
    yield from ledger.balance_differences(_settled_fen(recomputed))
    yield from _lost_events(programme)


def _programme_differences(recomputed: Recomputation) -> Iterator[Difference]:
    programme, state = recomputed.programme, recomputed.state
    expected = {
        "pool_fen": state.pool_fen,
        "supply_upt": state.supply_upt,
        "ratio": state.price_ratio(),
        "period_platform_fen": state.period_platform_fen,
        "period_first_entry": recomputed.period_first_entry,
        "last_entry": recomputed.entries,
        "last_position": state.next_position - 1,
        "last_batch": recomputed.batches,
    }
    found = {name: getattr(programme, name) for name in expected if name != "ratio"}
    found["ratio"] = (programme.ratio_fen, programme.ratio_upt)
    expected["digest"], found["digest"] = recomputed.digest.hex(), bytes(programme.digest).hex()
    yield from _compare("programme", expected, found)
    active = PlanVersion.objects.filter(programme=programme, state=PlanVersion.State.ACTIVE).first()
    if active is None or _plan(active.toml) != state.plan:
        yield Difference(
            event="",
            account="plan in force",
            expected=f"the plan {state.plan.name!r} of the events",
            found=f"version {active}",
        )


def _plan(toml: str) -> Plan | None:
    return None if plans.check(toml) else plans.read(toml)


def _position_differences(recomputed: Recomputation) -> Iterator[Difference]:
    expected = {
        number: (
            primary_key(p.member),
            p.spend_fen,
            p.granted_upt,
            p.held_upt,
            p.redeemed_upt,
            p.paid_fen,
            p.exit_multiple_ppm,
            p.exit_fee_ppm,
            "member" if p.shared else "order",
        )
        for number, p in recomputed.state.positions.items()
    }
    rows = Position.objects.filter(**_mine(recomputed)).values_list(
        "id",
        "member_id",
        "spend_fen",
        "granted_upt",
        "held_upt",
        "redeemed_upt",
        "paid_fen",
        "exit_multiple_ppm",
        "exit_fee_ppm",
        "scope",
    )
    yield from _compare("position", expected, {row[0] % SPAN: row[1:] for row in rows.iterator()})


def _participant_differences(recomputed: Recomputation) -> Iterator[Difference]:
    expected = {
        primary_key(member.id): (
            primary_key(member.sponsor.id) if member.sponsor else None,
            member.rank,
            member.own_sales_fen - member.period_sales_fen,
            member.period_sales_fen,
            member.has_ordered,
        )
        for member in recomputed.state.members.values()
    }
    rows = Participant.objects.filter(**_mine(recomputed)).values_list(
        "id", "sponsor_id", "rank", "own_sales_fen", "orders"
    )
    period = _period_sales(recomputed)
    found = {}
    for key, sponsor, rank, sales_fen, orders in rows.iterator():
        period_fen, period_orders = period.pop(key % SPAN, (0, 0))
        has_ordered = orders + period_orders > 0
        above = sponsor and sponsor % SPAN
        found[key % SPAN] = above, rank, sales_fen, period_fen, has_ordered
    yield from _compare("member", expected, found)
    yield from _compare("sales of nobody", {}, period)


def _period_sales(recomputed: Recomputation) -> dict[int, tuple[int, int]]:
    """Sales of the running period in fen, and how many orders, by member."""
    first, last = _range(recomputed.programme.id)
    sales = Sale.objects.filter(entry_id__range=(first + recomputed.period_first_entry, last))
    return {
        member: (fen, orders)
        for member, fen, orders in sales.values_list("member_id").annotate(
            fen=Sum("amount_fen"), orders=Count("entry_id", filter=Q(amount_fen__gt=0))
        )
    }


def _appointment_differences(recomputed: Recomputation) -> Iterator[Difference]:
    state, programme = recomputed.state, recomputed.programme
    agents = Agent.objects.filter(programme=programme).values_list("region", "member_id")
    expected = {region: primary_key(member.id) for region, member in state.agents.items()}
    yield from _compare("agent", expected, dict(agents))
    weights = Shareholder.objects.filter(programme=programme).values_list("member_id", "weight")
    yield from _compare(
        "shareholder",
        {primary_key(member): weight for member, weight in state.shareholders.items()},
        dict(weights),
    )


def _order_differences(recomputed: Recomputation) -> Iterator[Difference]:
    """What was refunded of each line, and the awards that wait or waited."""
    state, programme = recomputed.state, recomputed.programme
    yield from _compare(
        "refunded, order and line", recomputed.refunded_fen, _by_order(_REFUNDED, programme)
    )
    waiting = {
        key: (
            w.amount_fen,
            primary_key(w.earner),
            w.target_fen,
            w.unclaimed_to,
            "waiting" if key in state.waiting else state.forfeited.get(key, "paid"),
        )
        for key, w in recomputed.waiting.items()
    }
    yield from _compare("waiting award, order and place", waiting, _by_order(_WAITING, programme))


def _by_order(sql: str, programme: Programme) -> dict[Any, Any]:
    """Rows by order and line or place; the rest is a number, or a tuple where there is more."""
    with connection.cursor() as cursor:
        cursor.execute(sql, _range(programme.id))
        return {
            (order, place): rest[0] if len(rest) == 1 else tuple(rest)
            for order, place, *rest in cursor.fetchall()
        }


def _settled_fen(recomputed: Recomputation) -> Counter[int]:
    """What settlement adds up to by account, in fen; of other programmes as their entries stand:
    wallets are common to all."""
    settled = Counter(recomputed.settled_fen)
    with connection.cursor() as cursor:
        cursor.execute(_OF_OTHERS, _range(recomputed.programme.id))
        for account, fen in cursor.fetchall():
            if not accounts.holds_points(account):
                settled[account] += int(fen)
    return settled


def _lost_events(programme: Programme) -> Iterator[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(_LOST, [programme.id])
        for (key,) in cursor.fetchall():
            yield Difference(
                event=key, account="queue", expected="settled, waiting or set aside", found="lost"
            )
        cursor.execute(_GONE, [programme.id])
        for (event_id,) in cursor.fetchall():
            yield Difference(
                event=f"#{event_id}", account="queue", expected="an event", found="gone"
            )


def _compare(what: str, expected: dict[Any, Any], found: dict[Any, Any]) -> Iterator[Difference]:
    for key in sorted(expected.keys() | found.keys(), key=str):
        if expected.get(key) != found.get(key):
            yield Difference(
                event="",
                account=f"{what} {key}",
                expected=str(expected.get(key, "none")),
                found=str(found.get(key, "none")),
            )


def _range(programme_id: int) -> tuple[int, int]:
    return programme_id * SPAN, programme_id * SPAN + SPAN - 1


def _mine(recomputed: Recomputation) -> dict[str, tuple[int, int]]:
    return {"id__range": _range(recomputed.programme.id)}


def main(argv: list[str]) -> int:
    """The command: 0 nothing found, 1 a difference, 2 called wrongly."""
    parser = argparse.ArgumentParser(
        prog="mingchi verify",
        description="Recompute a programme from its events; name the first difference.",
    )
    parser.add_argument("--programme", default=MAIN, help="its code (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument(
        "--since-last",
        action="store_true",
        help="go on after the last batch that this option verified, and keep where it ends",
    )
    words = parser.parse_args(argv)
    programme = Programme.objects.filter(code=words.programme).first()
    if programme is None:
        print(f"verify: there is no programme {words.programme!r}", file=sys.stderr)
        return 2
    events = Event.objects.filter(programme=programme).count()
    try:
        found = next(differences(programme, since_last=words.since_last), None)
    except checkpoint.CheckpointError as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    if words.json:
        print(json.dumps({"events": events, "difference": _as_json(found)}, ensure_ascii=False))
    elif found is None:
        print(f"{events} events recomputed; every balance, posting and position is as they say.")
    else:
        print(f"First difference: {found}")
    return 0 if found is None else 1


def _as_json(found: Difference | None) -> dict[str, str] | None:
    if found is None:
        return None
    return {
        "event": found.event,
        "account": found.account,
        "expected": found.expected,
        "found": found.found,
    }
