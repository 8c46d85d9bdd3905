"""Laws of the engine over long random histories, told from its answers alone."""

import random
from functools import cache
from typing import Any

import pytest
from tests.laws.engine_runner import Files, as_lines
from tests.laws.histories import Chance, HistoryMaker, long_history
from tests.laws.plans import make_plan, toml_of

SEEDS = (1, 2, 3)
STEPS = 10_000
MILLION = 1_000_000

history = cache(lambda seed: long_history(seed, STEPS))


def brought(events: list[dict[str, Any]], answers: list[dict[str, Any]]) -> int:
    """What orders and subsidies brought in, less what refunds took out."""
    fen = 0
    for event, answer in zip(events, answers, strict=False):
        if "error" in answer or "duplicate" in answer:
            continue
        if event["type"] == "order":
            fen += sum(line["price"] * line["qty"] for line in event["lines"])
        elif event["type"] == "subsidy":
            fen += event["amount"]
        elif event["type"] == "refund":
            fen -= event["amount"]
    return fen


def stands(summary: dict[str, Any]) -> int:
    """Where the summary says the money is."""
    named = [*summary.get("wallets", {}).values(), *summary.get("merchants", {}).values()]
    return summary["pool"] + summary["platform"] + summary["waiting"] + sum(named)


@pytest.mark.parametrize("seed", SEEDS)
def test_money_is_conserved(files: Files, seed: int) -> None:
    plan, events = history(seed)
    cuts = [*random.Random(seed).sample(range(1, len(events)), 3), len(events)]
    for cut in cuts:
        *answers, summary = files.engine(plan, as_lines(events[:cut])).answers()
        assert stands(summary) == brought(events[:cut], answers)
        assert summary["supply"] == sum(summary.get("points", {}).values())
        assert min(summary.get("points", {"": 0}).values()) >= 0


@pytest.mark.parametrize("seed", SEEDS)
def test_price_never_falls(files: Files, seed: int) -> None:
    plan, events = history(seed)
    pool, supply, text = 0, 1, ""
    for answer in files.engine(plan, as_lines(events)).answers():
        if "pool" not in answer:
            continue
        assert (answer["pool"] == 0) == (answer["supply"] == 0)
        if answer["supply"] > 0:
            assert answer["pool"] * supply >= pool * answer["supply"]
            pool, supply = answer["pool"], answer["supply"]
            price = 10_000 * MILLION * pool // supply
            assert answer["price"] == f"{price // MILLION}.{price % MILLION:06d}"
        assert not text or float(answer["price"]) >= float(text)
        text = answer["price"]


@pytest.mark.parametrize("seed", SEEDS)
def test_each_event_is_applied_once(files: Files, seed: int) -> None:
    plan, events = history(seed)
    *once, summary = files.engine(plan, as_lines(events)).answers()
    twice = [event for event in events for _ in range(2)]
    *answers, summary_of_twice = files.engine(plan, as_lines(twice)).answers()
    assert answers[::2] == once
    assert all(answer["duplicate"] is True for answer in answers[1::2])
    assert summary_of_twice == summary


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_the_same_events_give_the_same_bytes(files: Files, seed: int) -> None:
    plan, events = history(seed)
    first = files.engine(plan, as_lines(events))
    assert files.engine(plan, as_lines(events)) == first
    again = files.engine(plan, as_lines(events + events)).answers()
    assert again[-1] == first.answers()[-1]


# --- buying, redeeming, returning ---------------------------------------------------------------


def buy_and_return(seed: int) -> tuple[str, list[dict[str, Any]]]:
    """Newcomers come into a running programme, buy, redeem now and then, and return all."""
    source = Chance(seed)
    plan = make_plan(source)
    maker = HistoryMaker(source, plan)
    maker.make(source.whole(0, 60), people=5)
    for number in range(4):
        sponsor = f"new{number - 1}" if number else None
        maker.add({"type": "member", "id": f"new{number}", "sponsor": sponsor})
    unreturned: list[tuple[str, int, int]] = []
    for _ in range(source.whole(1, 4)):
        order = {**maker.order(), "member": "new3", "region": None}
        for line in order["lines"]:
            line["qty"] = min(line["qty"], 10**15 // line["price"])
        maker.add(order)
        if order["id"] in maker.reference.orders:
            lines = maker.reference.orders[order["id"]].lines
            unreturned += [(order["id"], index, line.amount) for index, line in enumerate(lines)]
    while unreturned:
        if source.whole(0, 2) == 0:
            maker.add(maker.event("redeem", member="new3", points=redeemable(maker, source)))
        if source.whole(0, 9) == 0:
            maker.add(maker.close())
        order_id, line, left = unreturned.pop(source.whole(0, len(unreturned) - 1))
        amount = min(left, source.pick([left, left, max(left // 3, 1)]), 10**15)
        maker.add(maker.event("refund", order=order_id, line=line, amount=amount))
        if amount < left:
            unreturned.append((order_id, line, left - amount))
    return toml_of(plan), maker.events


def redeemable(maker: HistoryMaker, source: Chance) -> int | str:
    held = sum(one.held for one in maker.reference.positions.get("new3", []))
    return source.pick(["all", min(max(held // 2, 1), 10**15), 1])


@pytest.mark.parametrize("block", range(4))
def test_buying_redeeming_and_returning_gains_nobody_anything(files: Files, block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        plan, events = buy_and_return(seed)
        summary = files.engine(plan, as_lines(events)).answers()[-1]
        for number in range(4):
            assert f"new{number}" not in summary.get("wallets", {}), f"seed {seed}"
            assert f"new{number}" not in summary.get("points", {}), f"seed {seed}"
