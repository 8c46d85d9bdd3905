"""Postings: they sum to zero, and add up to the state."""

import json
from collections import Counter
from pathlib import Path

import pytest

from mingchi.engine.events import parse
from mingchi.engine.exits import ExitQueue
from mingchi.engine.orders import PackedOrders, order_from_record, order_record
from mingchi.engine.plan import plan_from_toml
from mingchi.engine.postings import postings
from mingchi.engine.programme import Programme
from mingchi.engine.state import Refused, State

DATA = Path(__file__).parent / "data"
POINTS = {"points", "points_issued"}


@pytest.mark.parametrize("name", ["worked", "awards"])
def test_postings_balance_and_add_up_to_the_state(name: str) -> None:
    plan = plan_from_toml((DATA / f"{name}.toml").read_text())
    state = State(plan=plan, orders=PackedOrders(), exits=ExitQueue())
    programme = Programme(state)
    balances: Counter[tuple[str, str]] = Counter()
    for line in (DATA / f"{name}.jsonl").read_text().splitlines():
        event = parse(json.loads(line))
        try:
            made = postings(event, programme.apply(event))
        except Refused:
            continue
        assert sum(p[2] for p in made if p[0] in POINTS) == 0
        assert sum(p[2] for p in made if p[0] not in POINTS) == 0
        assert all(p[2] for p in made)
        for account, owner, amount, _rule, _line in made:
            balances[account, owner] += amount
    assert _of(balances, "wallet") == {m: fen for m, fen in state.wallets.items() if fen}
    assert _of(balances, "merchant") == {m: fen for m, fen in state.merchants.items() if fen}
    assert balances["pool", ""] == state.pool_fen
    assert balances["platform", ""] + balances["refund_loss", ""] == state.platform_fen
    assert -balances["refund_loss", ""] == state.refund_loss_fen
    assert balances["awards_waiting", ""] == state.waiting_fen()
    assert balances["points_issued", ""] == -state.supply_upt
    received = -sum(balances[a, ""] for a in ("order_held", "refund_pending", "subsidy"))
    assert received == state.received_fen


def _of(balances: Counter[tuple[str, str]], kind: str) -> dict[str, int]:
    return {owner: fen for (account, owner), fen in balances.items() if account == kind and fen}


def test_record_of_an_order_is_fit_for_json_and_comes_back() -> None:
    plan = plan_from_toml((DATA / "awards.toml").read_text())
    state = State(plan=plan, orders=PackedOrders(), exits=ExitQueue())
    programme = Programme(state)
    for line in (DATA / "awards.jsonl").read_text().splitlines()[:18]:
        event = parse(json.loads(line))
        outcome = programme.apply(event)
    assert outcome.record == order_record("v1b", outcome)
    assert json.loads(json.dumps(outcome.record)) == outcome.record == state.orders.get("o2")
    order = order_from_record("o2", outcome.record)
    assert (order.id, order.member, order.position) == ("o2", "v1b", 2)
    assert order.granted_upt == outcome.granted_upt == 124_929_936
    assert (order.unclaimed_fen, order.unclaimed_to) == (outcome.unclaimed_fen, "pool")
    names = ("goods_fen", "cost_fen", "budget_fen", "contribution_fen", "merchant")
    lines = [[getattr(line, name) for name in names] for line in order.lines]
    assert lines == [[getattr(line, name) for name in names] for line in outcome.lines]
    assert order.refunded_fen == [0, 0]
    kept = [(a.member, a.kind, a.amount_fen, a.waiting) for a in order.awards]
    assert kept == [(a.member, a.kind, a.amount_fen, a.waiting) for a in outcome.awards]
    assert [a.waiting for a in order.awards].count(True) == 1
