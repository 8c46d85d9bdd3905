"""`script/bench`: one JSON object a line, with machine and time."""

import json

import pytest

from mingchi.bench.__main__ import lines, machine, main


def test_a_result_gets_machine_and_time() -> None:
    [line] = lines([{"bench": "replay", "case": "baseline", "value": 5, "unit": "orders/s"}])
    result = json.loads(line)
    assert list(result) == [
        "bench", "case", "value", "unit", "against", "against_value", "ratio", "machine", "at",
    ]  # fmt: skip
    assert result["value"] == 5
    assert result["ratio"] is None
    assert result["machine"] == machine()
    assert result["at"].endswith("+00:00")


def test_a_key_nobody_knows_is_refused() -> None:
    with pytest.raises(AssertionError, match="speed"):
        list(lines([{"bench": "replay", "speed": 5}]))


def test_an_unknown_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["nonsense"])
    assert stopped.value.code == 2
    assert "invalid choice: 'nonsense'" in capsys.readouterr().err
