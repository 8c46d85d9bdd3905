"""The engine and the reference give the same answer to every event."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.laws import reference
from tests.laws.engine_runner import Files, Result, as_lines, differences, run
from tests.laws.histories import Chance, histories, make_history, seeded
from tests.laws.plans import toml_of

from mingchi.engine import replay

DATA = Path(__file__).parent / "data"
SEEDS_A_BLOCK = 50
PLAN: dict[str, Any] = {
    "plan": {"name": "table", "currency": "CNY"},
    "split": {"distribution": "30%", "pool": "30%"},
    "points": {"opening_price": "1.00", "grant": "70%", "redeem_fee": "20%"},
}


@pytest.mark.parametrize("program", [replay.main, reference.main], ids=["engine", "reference"])
@pytest.mark.parametrize("name", ["worked", "awards"])
def test_examples(name: str, program: Callable[[list[str]], int]) -> None:
    result = run(program, [str(DATA / f"{name}.toml"), str(DATA / f"{name}.jsonl")], b"")
    expected = Result(1, (DATA / f"{name}.expected.jsonl").read_bytes(), "")
    assert differences(result, expected) == []


@pytest.mark.parametrize("block", range(12))
def test_seeded_histories(files: Files, block: int) -> None:
    for seed in range(block * SEEDS_A_BLOCK, (block + 1) * SEEDS_A_BLOCK):
        plan, events = seeded(seed)
        found = differences(files.engine(plan, events), files.reference(plan, events))
        assert not found, f"seed {seed}: " + "; ".join(found[:5])


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories())
def test_drawn_histories(files: Files, history: tuple[str, bytes]) -> None:
    plan, events = history
    assert differences(files.engine(plan, events), files.reference(plan, events)) == []


def test_standard_input(files: Files) -> None:
    plan, history = make_history(Chance(7), steps=40, people=5)
    events = as_lines(history)
    arguments = files.write(plan, b"")
    from_stdin = run(replay.main, [arguments[0], "-"], events)
    assert differences(from_stdin, files.reference(plan, events)) == []


@pytest.mark.parametrize("blank", ["", "\r", " ", " \t", "\t \r"])
def test_blank_lines(files: Files, blank: str) -> None:
    """A line of nothing but space is blank; it counts in the numbers of lines all the same."""
    member = '{"type": "member", "id": "a", "sponsor": null}'
    events = f"{blank}\n{member}\n{blank}\n{{"
    for result in (
        files.engine(toml_of(PLAN), events.encode()),
        files.reference(toml_of(PLAN), events.encode()),
    ):
        assert [one["id"] for one in result.answers()] == ["a"]
        assert "line 4" in result.message


WRONG_PLANS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "unknown section": ("extra", lambda p: p.update(extra={})),
    "unknown key": ("poool", lambda p: p["split"].update(poool="1%")),
    "missing section": ("points", lambda p: p.pop("points")),
    "missing key": ("redeem_fee", lambda p: p["points"].pop("redeem_fee")),
    "currency": ("currency", lambda p: p["plan"].update(currency="USD")),
    "rate above 100 %": ("redeem_fee", lambda p: p["points"].update(redeem_fee="100.0001%")),
    "negative rate": ("redeem_fee", lambda p: p["points"].update(redeem_fee="-1%")),
    "rate too fine": ("grant", lambda p: p["points"].update(grant="33.33333%")),
    "rate as a number": ("grant", lambda p: p["points"].update(grant=0.3)),
    "rate with a blank": ("grant", lambda p: p["points"].update(grant=" 30%")),
    "rate in Arabic digits": ("grant", lambda p: p["points"].update(grant="٣%")),
    "rate in scientific form": ("grant", lambda p: p["points"].update(grant="1e-1")),
    "not a number": ("grant", lambda p: p["points"].update(grant="nan")),
    "no opening price": ("opening_price", lambda p: p["points"].update(opening_price="0.00")),
    "opening price too fine": (
        "opening_price",
        lambda p: p["points"].update(opening_price="1.00001"),
    ),
    "split above 100 %": ("distribution", lambda p: p["split"].update(distribution="70.0001%")),
    "unclaimed": ("unclaimed", lambda p: p["split"].update(unclaimed="nobody")),
    "exit scope": ("exit_scope", lambda p: p["points"].update(exit_scope="all")),
    "exit multiple": ("exit_multiple", lambda p: p["points"].update(exit_multiple="3.1234567")),
    "rank twice": (
        "name",
        lambda p: p.update(ranks=[{"name": "V", "rate": "1%"}, {"name": "V", "rate": "2%"}]),
    ),
    "falling ranks": (
        "rate",
        lambda p: p.update(ranks=[{"name": "V", "rate": "2%"}, {"name": "W", "rate": "1%"}]),
    ),
    "rank without a rate": ("rate", lambda p: p.update(ranks=[{"name": "V"}])),
    "criterion": (
        "direct_members",
        lambda p: p.update(ranks=[{"name": "V", "rate": "1%", "direct_members": -1}]),
    ),
    "true is no integer": (
        "direct_members",
        lambda p: p.update(ranks=[{"name": "V", "rate": "1%", "direct_members": True}]),
    ),
    "money too fine": (
        "own_sales",
        lambda p: p.update(ranks=[{"name": "V", "rate": "1%", "own_sales": "1.001"}]),
    ),
    "award kind": ("kind", lambda p: p.update(awards=[{"kind": "bonus"}])),
    "award without a kind": ("kind", lambda p: p.update(awards=[{"rate": "1%"}])),
    "award without a rate": ("rate", lambda p: p.update(awards=[{"kind": "direct"}])),
    "unknown key of an award": (
        "generations",
        lambda p: p.update(awards=[{"kind": "direct", "rate": "1%", "generations": 2}]),
    ),
    "peer alone": ("peer", lambda p: p.update(awards=[{"kind": "peer", "rate": "1%"}])),
    "generations": (
        "generations",
        lambda p: p.update(
            awards=[{"kind": "differential"}, {"kind": "peer", "rate": "1%", "generations": 0}]
        ),
    ),
    "region level": (
        "town",
        lambda p: p.update(awards=[{"kind": "region", "rates": {"town": "1%"}}]),
    ),
}


@pytest.mark.parametrize("case", WRONG_PLANS)
def test_wrong_plan(files: Files, case: str) -> None:
    key, spoil = WRONG_PLANS[case]
    plan = json.loads(json.dumps(PLAN))
    spoil(plan)
    for result in (files.engine(toml_of(plan), b""), files.reference(toml_of(plan), b"")):
        assert (result.status, result.output) == (2, b"")
        assert key in result.message
    member = {"type": "member", "id": "a", "sponsor": None}
    events = as_lines([member, {"type": "plan", "id": "a", "plan": plan}, {**member, "id": "b"}])
    for result in (files.engine(toml_of(PLAN), events), files.reference(toml_of(PLAN), events)):
        assert (result.status, len(result.answers())) == (2, 1)
        assert "2" in result.message
        assert key in result.message


NO_EVENTS = [
    "{",
    "[]",
    "null",
    "{}",
    '{"type": "member", "id": "x", "sponsor": null} {}',
    '{"type": "gift", "id": "x"}',
    '{"type": ["member"], "id": "x", "sponsor": null}',
    '{"type": "member", "id": "x"}',
    '{"type": "member", "id": 1, "sponsor": null}',
    '{"type": "member", "id": "x", "sponsor": 1}',
    '{"type": "member", "sponsor": null}',
    '{"type": "member", "id": "x", "sponsor": null, "note": NaN}',
    '{"type": "rank", "id": "x", "member": "a"}',
    '{"type": "agent", "id": "x", "member": "a", "region": "440"}',
    '{"type": "agent", "id": "x", "member": "a", "region": null}',
    '{"type": "agent", "id": "x", "member": "a", "region": "４４"}',
    '{"type": "shareholder", "id": "x", "member": "a", "weight": -1}',
    '{"type": "shareholder", "id": "x", "member": "a", "weight": 1.0}',
    '{"type": "order", "id": "x", "member": "a", "lines": []}',
    '{"type": "order", "id": "x", "member": "a", "lines": {}}',
    '{"type": "order", "id": "x", "member": "a", "lines": [{"price": 1}]}',
    '{"type": "order", "id": "x", "member": "a", "lines": [{"price": 0, "qty": 1}]}',
    '{"type": "order", "id": "x", "member": "a", "lines": [{"price": true, "qty": 1}]}',
    '{"type": "order", "id": "x", "member": "a", "lines": [{"price": 1, "qty": 1000001}]}',
    '{"type": "order", "id": "x", "member": "a", "lines": [{"price": 1, "qty": 1, "pool": -1}]}',
    '{"type": "order", "id": "x", "member": "a", "lines": [{"price": 1, "qty": 1, "cost": "1"}]}',
    '{"type": "order", "id": "x", "member": "a", "region": "44", '
    '"lines": [{"price": 1, "qty": 1}]}',
    '{"type": "order", "id": "x", "member": "nobody", "lines": [{"price": 1, "qty": 0}]}',
    '{"type": "redeem", "id": "x", "member": "a", "points": "some"}',
    '{"type": "redeem", "id": "x", "member": "a", "points": 0}',
    '{"type": "redeem", "id": "x", "member": "a", "points": 1000000000000001}',
    '{"type": "redeem", "id": "x", "member": "a", "points": null}',
    '{"type": "redeem", "id": "x", "member": "a", "points": 1, "min_net": -1}',
    '{"type": "refund", "id": "x", "order": "o", "amount": 0}',
    '{"type": "refund", "id": "x", "order": "o", "amount": 1, "line": -1}',
    '{"type": "refund", "id": "x", "order": null, "amount": 1}',
    '{"type": "subsidy", "id": "x", "amount": 1e3}',
    '{"type": "subsidy", "id": "a", "amount": 0}',
    '{"type": "close", "id": "x"}',
    '{"type": "close", "id": "x", "period": 2026}',
    '{"type": "plan", "id": "x"}',
    '{"type": "plan", "id": "x", "plan": null}',
    '{"type": "subsidy", "id": "x", "amount": ' + "9" * 5000 + "}",
    "[" * 100_000,
]


@pytest.mark.parametrize("line", NO_EVENTS, ids=range(len(NO_EVENTS)))
def test_line_that_is_no_event(files: Files, line: str) -> None:
    first = '{"type": "member", "id": "a", "sponsor": null}\n\n\n\n\n\n'
    events = f"{first}{line}\n{first}".encode()
    for result in (files.engine(toml_of(PLAN), events), files.reference(toml_of(PLAN), events)):
        assert result.status == 2
        assert [one["id"] for one in result.answers()] == ["a"]
        assert "7" in result.message
