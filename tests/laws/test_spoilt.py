"""Spoilt files give exit status 2 and a message that says where, never a traceback.

What is no event and what is still one, engine and reference judge alike.
"""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.laws.engine_runner import Files, Result, as_lines, differences, run
from tests.laws.histories import Chance, HistoryMaker
from tests.laws.plans import make_plan, toml_of

from mingchi.engine import replay

SCRAPS = (
    *(b'"', b"{", b"}", b"[", b",", b":", b"-", b"0", b".5", b"e9", b"null", b"true", b"\\", b"%"),
    *(b"\xff", b"\x00", b"\xed\xa0\x80", b"\\ud800", b"\xe2\x80\xa8", b"\r", b"\n"),
    *(b"\xef\xbb\xbf", b"NaN", b"9" * 30, b'"id"', b'"all"', b'""', b"[[", b" = ", b"#"),
)
VALUES = (
    *(None, True, False, 0, -1, 1, 2, 1.0, 10**15, 10**15 + 1, 10**6, 10**6 + 1, 10**200, 1e999),
    *("", "0", "1", "30%", "100%", "100.0001%", "0.3", "-1", "all", "44", "440305", "4４0305"),
    *("\ud800", "platform", "V1", "nobody", "1.00", "1.001", "CNY", "peer", "order", "e9"),
    *([], {}, [{}], ["1%"], {"city": "1%"}, {"rate": "1%"}, [[[]]]),
)


def spoil_bytes(text: bytes, chance: random.Random) -> bytes:
    """The text with a few bytes taken out, put in, doubled or cut off."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text) + 1)
        length = chance.choice([0, 1, 1, 3, 10])
        text = chance.choice(
            [
                text[:at] + text[at + length :],
                text[:at] + chance.choice(SCRAPS) + text[at + length :],
                text[:at] + chance.choice(SCRAPS) + text[at:],
                text[: at + length] + text[at:],
                text[:at] if chance.random() < 0.2 else text[at:],
            ]
        )
    return text


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a value with every key or index in it."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from places(value[key])


def spoil_value(value: Any, chance: random.Random) -> None:
    """Put another value somewhere within, or take one out or add one."""
    container, key = chance.choice(list(places(value)))
    how = chance.randrange(6)
    if how == 0:
        del container[key]
    elif how == 1 and isinstance(container, dict):
        container[chance.choice(["note", "base", "rate", "target", "line"])] = container[key]
    else:
        container[key] = copy.deepcopy(chance.choice(VALUES))


def small_history(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    source = Chance(seed)
    plan = make_plan(source)
    return plan, HistoryMaker(source, plan).make(12, people=3)


def assert_clean(engine: Result, expected: Result) -> None:
    assert engine.status in (0, 1, 2)
    assert "Traceback" not in engine.message
    if engine.status == 2:
        assert engine.message.strip()
    else:
        assert engine.answers()[-1]["summary"] is True
    assert differences(engine, expected) == [], expected.message


@pytest.mark.parametrize("seed", range(0, 600, 50))
def test_spoilt_events(files: Files, seed: int) -> None:
    for one in range(seed, seed + 50):
        plan, events = small_history(one)
        chance = random.Random(one)
        if one % 3 == 0:
            text = spoil_bytes(as_lines(events), chance)
        else:
            events = copy.deepcopy(events)
            spoil_value(events, chance)
            text = as_lines(events)
        expected = files.reference(toml_of(plan), text)
        engine = files.engine(toml_of(plan), text)
        assert_clean(engine, expected)
        if expected.status == 2:
            number = expected.message.split(", line ")[1].split(":")[0]
            assert f"line {number}:" in engine.message


@pytest.mark.parametrize("seed", range(0, 400, 50))
def test_spoilt_plans(files: Files, seed: int) -> None:
    for one in range(seed, seed + 50):
        plan, events = small_history(one)
        chance = random.Random(one)
        if one % 3 == 0:
            text = spoil_bytes(toml_of(plan).encode(), chance)
            lines = as_lines(events)
        else:
            text = toml_of(plan).encode()
            spoil_value(plan, chance)
            lines = as_lines([{"type": "plan", "id": "spoilt", "plan": plan}, *events])
        assert_clean(files.engine(text, lines), files.reference(text, lines))


@pytest.mark.parametrize("arguments", [[], ["one"], ["a", "b", "c"], ["nowhere.toml", "nowhere"]])
def test_bad_arguments(arguments: list[str]) -> None:
    result = run(replay.main, arguments, b"")
    assert (result.status, result.output) == (2, b"")
    assert result.message.strip()


@pytest.mark.parametrize("name", ["", " ", "\ud800", "\x00", "\u2028", "\x85", "\U0001f4b0", '"\\'])
def test_any_string_is_a_name(files: Files, name: str) -> None:
    """Ids and merchants may be any string, and come back the same in ASCII or UTF-8."""
    plan, _ = small_history(1)
    plan["split"] = {"distribution": "10%", "pool": "10%"}
    line = {"price": 100, "qty": 1, "cost": 10, "merchant": name}
    events = [
        {"type": "member", "id": name, "sponsor": None},
        {"type": "order", "id": name + "o", "member": name, "lines": [line]},
    ]
    result = files.engine(toml_of(plan), as_lines(events))
    assert result.status == 0
    assert result.answers()[0]["id"] == name
    assert result.answers()[-1]["merchants"] == {name: 10}
    if "\ud800" not in name:
        raw = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
        assert files.engine(toml_of(plan), raw.encode()).answers() == result.answers()
