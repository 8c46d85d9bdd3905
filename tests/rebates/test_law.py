"""A law: whatever the batches, and however often the settler forgets what it knew, the tables
say what the engine says in memory of the same events in the order of their numbers."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.laws.engine_runner import Files, as_lines
from tests.laws.histories import KINDS, OF_PERIODS, SCALES, Chance, HistoryMaker
from tests.laws.plans import for_exits, for_peers, make_plan, toml_of
from tests.rebates.online import (
    Names,
    answers,
    differences,
    found_programme,
    keys_in_order,
    record,
    settler,
    stands_as,
    sums_fen,
    until_quiet,
    wipe,
)

from mingchi.engine.plan import plan_from_dict
from mingchi.ledger.models import Entry
from mingchi.rebates import plans
from mingchi.rebates.models import Event, Programme, SetAside, WaitingAward
from mingchi.rebates.settlement import Settler

pytestmark = pytest.mark.django_db(transaction=True)

HISTORIES = 6  # of each sort
HIGHEST_FEN = 10**7  # more of it, at the lowest opening price, no bigint could hold


class Modest(HistoryMaker):
    """Amounts that the tables can hold; what they cannot is a matter of test_poison."""

    def amount(self) -> int:
        if self.seldom(20):
            return self.source.pick((1, 5, 100, 350, 2000, 300_000))
        return self.source.whole(*SCALES[self.source.pick(["yuan", "yuan", "small", "tiny"])])

    def line(self) -> dict[str, Any]:
        line = super().line()
        return {**line, "qty": min(line["qty"], 7)}

    def close_on_target(self) -> dict[str, Any]:
        if any(share.target > HIGHEST_FEN for share in self.reference.waiting):
            return self.close()
        return super().close_on_target()


def history(seed: int, focus: str) -> tuple[str, list[dict[str, Any]]]:
    source = Chance(seed)
    plan = make_plan(source)
    kinds = KINDS
    if focus == "peers":
        for_peers(source, plan)
        kinds = (*OF_PERIODS, *["refund"] * 20)
        for award in plan["awards"]:
            # Targets that some teams reach, so that awards are both paid and forfeited.
            if "target" in award:
                award["target"] = source.pick(["20.00", "3000.00", "0.05", "99999.00"])
    if focus == "exits":
        for_exits(source, plan)
    maker = Modest(source, plan)
    return toml_of(plan), maker.make(source.pick([25, 40, 60]), people=9, kinds=kinds)


def settle_somehow(programme: Programme, payloads: list[Any], chance: random.Random) -> None:
    """In batches of any size; the store is thrown away now and then, or even each time."""
    forgetful = chance.choice([0.0, 0.3, 1.0])
    largest = chance.choice([1, 3, 8, 100])
    with settler(programme, threaded=chance.random() < 0.3) as one:
        while payloads:
            count = chance.randint(1, 12)
            record(programme, payloads[:count])
            payloads = payloads[count:]
            until_quiet(one, limit=chance.randint(1, largest))
            if chance.random() < forgetful:
                forget(one)
        until_quiet(one)


def forget(one: Settler) -> None:
    """As after a failure; a public way there is only by a failure."""
    one._forget()


@pytest.mark.parametrize(
    ("focus", "met"),
    [
        ("anything", ["refusals", "promotions", "plans"]),
        (
            "peers",
            ["dividends", "peers paid", "peers forfeited", "refunds before", "refunds after"],
        ),
        ("exits", ["exits of others", "chains of exits"]),
    ],
)
def test_the_tables_say_what_the_engine_says(focus: str, met: list[str], tmp_path: Path) -> None:
    files, seen = Files(tmp_path), Counter[str]()
    for seed in range(HISTORIES):
        toml, made = history(seed, focus)
        names = Names(made)
        programme = found_programme(toml)
        payloads = names.payloads(programme)
        settle_somehow(programme, list(payloads), random.Random(seed))

        by_key = {payload["id"]: payload for payload in payloads}
        in_order = [by_key[key] for key in keys_in_order(programme)]
        assert len(in_order) == len(payloads), f"seed {seed}: {SetAside.objects.first()}"
        *expected, summary = files.engine(toml, as_lines(in_order)).answers()
        assert answers(programme) == expected, f"seed {seed}"
        stand = stands_as(programme)
        assert stand == {key: summary.get(key, {}) for key in stand}, f"seed {seed}"
        assert sums_fen() == 0, f"seed {seed}"
        assert differences(programme) == [], f"seed {seed}"
        seen += happened(in_order, expected)
        wipe()
    print(focus, dict(seen))
    missed = [what for what in met if not seen[what]]
    assert not missed, f"the histories never came to {missed}"


def happened(events: list[Any], expected: list[Any]) -> Counter[str]:
    """What of the more seldom things the history came to."""
    seen = Counter[str]()
    waits = WaitingAward.objects.all()
    seen["peers paid"] = waits.filter(outcome="paid", amount_fen__gt=0).count()
    seen["peers forfeited"] = waits.filter(outcome__in=["pool", "platform"]).count()
    waited = set(waits.values_list("order_entry_id", flat=True))
    keys = dict(Event.objects.values_list("id", "key"))
    waited_keys = {keys[entry.event_id] for entry in Entry.objects.filter(id__in=waited)}
    closed: set[str] = set()
    running: set[str] = set()
    for event, answer in zip(events, expected, strict=True):
        kind = "refusals" if "error" in answer else event["type"]
        if kind == "order":
            running |= {event["id"]} & waited_keys
        if kind == "close":
            closed, running = closed | running, set()
        seen["refusals"] += kind == "refusals"
        seen["plans"] += kind == "plan"
        seen["refunds before"] += kind == "refund" and event["order"] in running
        seen["refunds after"] += kind == "refund" and event["order"] in closed
        seen["promotions"] += len(answer.get("promotions", ()))
        seen["dividends"] += "dividend" in [a["kind"] for a in answer.get("awards", ())]
        left = [one["member"] for one in answer.get("exits", ())]
        seen["exits of others"] += len({*left} - {event.get("member")})
        seen["chains of exits"] += len(left) > 1
    return seen


def test_the_plan_in_the_file_is_the_plan_in_the_table() -> None:
    """What `toml_of` writes is read as the same plan, or the law would prove little."""
    for seed in range(40):
        plan = make_plan(Chance(seed))
        assert plans.read(toml_of(plan)) == plan_from_dict(plan)
