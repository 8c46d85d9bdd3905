"""Whole histories with their whole answers."""

import json
from pathlib import Path

import pytest
from tests.engine.running import History, plan_with

from mingchi.engine.replay import main

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("name", ["worked", "awards"])
def test_example_is_answered_to_the_last_byte(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([str(DATA / f"{name}.toml"), str(DATA / f"{name}.jsonl")])
    printed = capsys.readouterr()
    assert printed.out == (DATA / f"{name}.expected.jsonl").read_text()
    assert printed.err == ""
    assert status == 1  # both hold refusals


def test_identical_orders_of_new_members_each() -> None:
    """Known from the field: the price at the 300th order, the first exit at the 2 965th."""
    history = History(plan_with(points={"exit_multiple": "3", "exit_fee": "20%"}))
    answers = []
    for number in range(1, 2966):
        history.tell("member", id=f"m{number}", sponsor=None)
        line = {"price": 100_000, "qty": 1, "cost": 30_000}
        event = {"type": "order", "id": f"o{number}", "member": f"m{number}", "lines": [line]}
        history._replay.answer_lines(json.dumps(event).encode(), answers)
    assert json.loads(answers[299])["price"] == "7.187561"
    exits = [(place, json.loads(a)["exits"]) for place, a in enumerate(answers, 1) if "exits" in a]
    assert exits == [
        (
            2965,
            [{"member": "m1", "points": 210000000, "gross": 300009, "fee": 60002, "net": 240007}],
        )
    ]
