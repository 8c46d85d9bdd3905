"""`mingchi replay` from file to output, against a plain script of the same rules.

Times are of whole processes, start-up and the reading of members included. Each repeat runs the
engine and the script one after the other; medians are compared.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final, NamedTuple

from mingchi.bench._plans import all_awards

_REPEATS: Final = 3
_DEPTH: Final = 20
_SCRIPT: Final = Path(__file__).parents[3] / "tests" / "laws" / "reference.py"
_ENGINE: Final = (
    "-c",
    "import sys; from mingchi.engine.replay import main; sys.exit(main(sys.argv[1:]))",
)

_BASELINE: Final = """
[plan]
name = "baseline"
currency = "CNY"
[split]
cost = "30%"
distribution = "30%"
pool = "30%"
[points]
opening_price = "1.00"
grant = "70%"
redeem_fee = "20%"
exit_multiple = "3"
"""
_ALL_AWARDS: Final = all_awards(exits="3")
# Of twenty members so many hold each rank; the others hold none.
_RANKS: Final = ("V1", "V1", "V2", "V3", "V4")
_REGIONS: Final = [
    f"{province}{city:02}{district:02}"
    for province in range(11, 21)
    for city in range(1, 6)
    for district in range(1, 6)
]


class Ran(NamedTuple):
    """How long a process took, and its most memory."""

    seconds: float
    peak_bytes: int


def run(quick: bool) -> Iterator[dict[str, Any]]:
    """Yields `baseline` and `all-awards` (orders/s), `memory`, and `linear` where not quick."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        orders = 100_000 if quick else 300_000
        for case, plan in (("baseline", _BASELINE), ("all-awards", _ALL_AWARDS)):
            yield _rate(directory, case, plan, orders)
        yield from _memory(directory, members=20_000 if quick else 100_000)
        if not quick:
            yield _linear(directory)


def _rate(directory: Path, case: str, plan: str, orders: int) -> dict[str, Any]:
    awards = plan is _ALL_AWARDS
    few = orders // 10
    _write(directory / "plan.toml", [plan])
    _write(directory / "many", _history(members=few, orders=orders, awards=awards))
    # The same members and fewer orders: enough for a rate, and the plain script is slow.
    _write(directory / "few", _history(members=few // 10, orders=few, awards=awards))
    engine, script = [], []
    for _ in range(_REPEATS):
        engine.append(orders / _timed(directory, _ENGINE, "many").seconds)
        if _SCRIPT.exists():
            script.append(few / _timed(directory, (str(_SCRIPT),), "few").seconds)
    value = round(median(engine))
    against = round(median(script)) if script else None
    return {
        "bench": "replay",
        "case": case,
        "value": value,
        "unit": "orders/s",
        "against": "plain script" if script else None,
        "against_value": against,
        "ratio": round(value / against, 2) if against else None,
    }


def _memory(directory: Path, *, members: int) -> Iterator[dict[str, Any]]:
    """Peaks of three runs: of no event, of members with an order each, of many more orders."""
    extra = 5 * members
    peaks = []
    _write(directory / "plan.toml", [_BASELINE])
    for people, orders in ((0, 0), (members, members), (members, members + extra)):
        _write(directory / "some", _history(members=people, orders=orders, awards=False))
        peaks.append(_timed(directory, _ENGINE, "some").peak_bytes)
    order_bytes = round((peaks[2] - peaks[1]) / extra)
    member_bytes = round((peaks[1] - peaks[0]) / members) - order_bytes
    for unit, value in (("bytes a member", member_bytes), ("bytes an order", order_bytes)):
        yield {"bench": "replay", "case": "memory", "value": value, "unit": unit}


def _linear(directory: Path) -> dict[str, Any]:
    """The rate of a long history against that of a short one; 1 is linear."""
    rates = []
    _write(directory / "plan.toml", [_BASELINE])
    for orders in (500_000, 5_000_000):
        _write(directory / "long", _history(members=100_000, orders=orders, awards=False))
        rates.append(round(orders / _timed(directory, _ENGINE, "long").seconds))
    return {
        "bench": "replay",
        "case": "linear",
        "value": rates[1],
        "unit": "orders/s over 5 000 000",
        "against": "over 500 000",
        "against_value": rates[0],
        "ratio": round(rates[1] / rates[0], 2),
    }


def _timed(directory: Path, program: Sequence[str], events: str) -> Ran:
    """Runs a program on plan and events; the answers go nowhere."""
    arguments = [sys.executable, *program, str(directory / "plan.toml"), str(directory / events)]
    start = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{arguments} ended with {process.returncode}"
    return Ran(seconds, usage.ru_maxrss * 1024)


def _write(path: Path, lines: Sequence[str] | Iterator[str]) -> None:
    with path.open("w") as file:
        file.writelines(lines)


def _history(*, members: int, orders: int, awards: bool) -> Iterator[str]:
    """Members in a tree twenty deep; the first orders are one of each member."""
    chance = Random(members)  # noqa: S311 - seeded on purpose
    width = -(-members // _DEPTH)
    for number in range(members):
        above = number - width - number % width + chance.randrange(width)
        sponsor = f"m{above}" if number >= width else None
        yield _event({"type": "member", "id": f"m{number}", "sponsor": sponsor})
        if awards and (place := chance.randrange(20)) < len(_RANKS):
            event = {"type": "rank", "id": f"k{number}", "member": f"m{number}"}
            yield _event(event | {"rank": _RANKS[place]})
    if awards:
        for region in sorted({code[:digits] for code in _REGIONS for digits in (2, 4, 6)}):
            agent = f"m{chance.randrange(members)}"
            yield _event({"type": "agent", "id": f"a{region}", "member": agent, "region": region})
    for number in range(orders):
        buyer = number if number < members else chance.randrange(members)
        price = chance.randrange(1_000, 200_000)
        yield _event(
            {
                "type": "order",
                "id": f"o{number}",
                "member": f"m{buyer}",
                "region": chance.choice(_REGIONS) if awards else None,
                "lines": [{"price": price, "qty": 1, "cost": price * 3 // 10}],
            }
        )


def _event(fields: dict[str, Any]) -> str:
    return json.dumps(fields) + "\n"
