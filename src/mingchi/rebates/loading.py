"""What a batch needs in the store before the engine runs."""

from collections.abc import Iterable, Sequence
from typing import Any

from mingchi.engine.events import (
    CloseEvent,
    Event,
    MemberEvent,
    OrderEvent,
    RedeemEvent,
    RefundEvent,
)
from mingchi.engine.orders import note_refund, order_from_record
from mingchi.engine.outcome import Award
from mingchi.engine.state import Waiting
from mingchi.ledger.keys import SPAN
from mingchi.rebates import records
from mingchi.rebates.ids import primary_key
from mingchi.rebates.queue import references
from mingchi.rebates.store import Store, rows

_ORDERS = """
SELECT e.key, n.id, n.record
FROM rebates_event e JOIN ledger_entry n ON n.event_id = e.id
WHERE e.programme_id = %s AND e.key = ANY(%s)
"""
_REFUNDED = """
SELECT order_entry_id, line, refunded_fen FROM rebates_refunded WHERE order_entry_id = ANY(%s)
"""
_WAITING = """
SELECT e.key, w.place, w.amount_fen, w.earner_id, w.target_fen, w.unclaimed_to, w.outcome, n.record
FROM rebates_waitingaward w
JOIN ledger_entry n ON n.id = w.order_entry_id JOIN rebates_event e ON e.id = n.event_id
WHERE e.programme_id = %s AND {}
ORDER BY w.order_entry_id, w.place
"""
_SALES = """
SELECT p.id, p.own_sales_fen, p.orders, coalesce(s.amount_fen, 0)::bigint, coalesce(s.orders, 0)
FROM rebates_participant p
LEFT JOIN (SELECT member_id, sum(amount_fen) AS amount_fen,
                  count(*) FILTER (WHERE amount_fen > 0) AS orders
           FROM rebates_sale WHERE entry_id BETWEEN %s AND %s GROUP BY member_id) s
    ON p.id = %s + s.member_id
WHERE p.id BETWEEN %s AND %s
"""


def load(store: Store, events: Sequence[Event]) -> None:
    """Read what these events touch and is not in memory yet."""
    store.start_batch()
    orders = [event.order for event in events if isinstance(event, RefundEvent)]
    if orders:
        _load_orders(store, orders)
    members = {primary_key(key) for event in events for key in references(event) if key[0] == "m"}
    store.load_members(members)
    store.load_positions_of(
        {
            primary_key(event.member)
            for event in events
            if isinstance(event, OrderEvent | RedeemEvent)
        }
    )
    for event in events:
        if isinstance(event, MemberEvent):
            store.expect_new(event.id)
        elif isinstance(event, CloseEvent):
            _load_all(store)


def _load_orders(store: Store, keys: Iterable[str]) -> None:
    """Orders to be refunded, with their positions and what became of their waiting awards."""
    wanted = sorted(set(keys))
    found = rows(_ORDERS, [store.programme_id, wanted])
    entry_keys = {}
    for key, entry, text in found:
        record = records.order(text)
        if record is not None:
            store.orders[key] = record
            entry_keys[entry] = key
    for entry, line, fen in rows(_REFUNDED, [list(entry_keys)]):
        note_refund(store.orders[entry_keys[entry]], line=line, amount_fen=fen)
    orders = [order_from_record(key, record) for key, record in store.orders.items()]
    store.load_members(primary_key(order.member) for order in orders)
    store.load_position_numbers(o.position for o in orders if o.position is not None)
    if any(award.waiting for order in orders for award in order.awards):
        _load_waiting(store, "e.key = ANY(%s)", [wanted])


def _load_waiting(store: Store, condition: str, params: Sequence[Any]) -> None:
    found = rows(_WAITING.format(condition), [store.programme_id, *params])
    for key, place, amount, earner, target, unclaimed_to, outcome, record in found:
        if outcome == "waiting":
            waiting = Waiting(
                award=_award(key, record, place),
                place=place,
                earner=f"m{earner}",
                target_fen=target,
                unclaimed_to=unclaimed_to,
            )
            waiting.amount_fen = amount
            store.state.waiting[key, place] = waiting
        elif outcome != "paid":
            store.state.forfeited[key, place] = outcome


def _award(order: str, record: str, place: int) -> Award:
    kept = records.awards(order, record)[place]
    return Award(
        kept.member,
        "peer",
        kept.amount_fen,
        True,
        kept.rule,
        kept.rate_ppm,
        kept.base_fen,
        kept.generation,
        order,
    )


def _load_all(store: Store) -> None:
    """Every member with true sales, and every award that waits: a close needs them all."""
    base = store.programme_id * SPAN
    found = rows(
        _SALES,
        [
            base + store.period_first_entry,
            base + SPAN - 1,
            base,
            base,
            base + SPAN - 1,
        ],
    )
    store.load_members(row[0] % SPAN for row in found)
    for key, own, orders, in_period, orders_in_period in found:
        member = store.state.members[f"m{key % SPAN}"]
        member.own_sales_fen = own + in_period
        member.period_sales_fen = in_period
        member.has_ordered = orders + orders_in_period > 0
    _load_waiting(store, "w.outcome = 'waiting'", [])
