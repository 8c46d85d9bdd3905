"""The file runner: exit statuses, messages, and every odd file that may come along."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mingchi.engine.replay import main

PLAN = """
[plan]
name = "baseline"
currency = "CNY"
[split]
distribution = "30%"
pool = "30%"
[points]
opening_price = "1.00"
grant = "70%"
redeem_fee = "20%"
"""
ANN = b'{"type": "member", "id": "ann", "sponsor": null}'
ORDER = b'{"type": "order", "id": "o", "member": "ann", "lines": [{"price": 100, "qty": 1}]}'
CLOSE = b'{"type": "close", "id": "c", "period": "1"}'

Run = Callable[..., tuple[int, list[dict[str, object]], str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Replays bytes; gives the exit status, the answers and what was told on standard error."""

    def run(events: bytes, plan: str | bytes = PLAN) -> tuple[int, list[dict[str, object]], str]:
        plan_file, events_file = tmp_path / "plan.toml", tmp_path / "events.jsonl"
        plan_file.write_bytes(plan.encode() if isinstance(plan, str) else plan)
        events_file.write_bytes(events)
        status = main([str(plan_file), str(events_file)])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return status, [json.loads(line) for line in printed.out.splitlines()], printed.err

    return run


def test_all_applied(run: Run) -> None:
    status, answers, told = run(ANN + b"\n" + ORDER + b"\n")
    assert (status, told) == (0, "")
    assert [answer.get("id") for answer in answers] == ["ann", "o", None]
    assert answers[-1]["summary"] is True


@pytest.mark.parametrize(
    ("events", "count"),
    [
        (b"", 0),
        (b"\n", 0),
        (b" \t\r\n\n\r\n", 0),
        (b"\xef\xbb\xbf", 0),
        (b"\xef\xbb\xbf" + ANN, 1),
        (b"\xef\xbb\xbf\r\n" + ANN + b"\r\n", 1),
        (ANN + b"\r\n" + ORDER + b"\r\n", 2),
        (b"  " + ANN + b"\t \n\n  \n" + ORDER, 2),
        (ANN + b"\n\n\n", 1),
        (ANN[:-1] + b', "note": "\xe2\x80\xa8\xc2\x85 one line", "at": 1e999}\n' + ORDER, 2),
        (ANN[:-1] + b', "n": ' + b"9" * 5000 + b', "m": -' + b"9" * 5000 + b"}\n" + ORDER, 2),
        (ANN[:-1] + b', "id": "last", "id": "ann"}\n' + ORDER, 2),
    ],
)
def test_accepted(run: Run, events: bytes, count: int) -> None:
    status, answers, told = run(events)
    assert (status, told) == (0, "")
    assert answers[-1]["events"] == count == len(answers) - 1


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"null",
        b"5",
        b"[]",
        b'"order"',
        b"order",
        b"\xef\xbb\xbf" + CLOSE,
        CLOSE + CLOSE,
        CLOSE + b",",
        CLOSE + b"\r" + CLOSE,
        CLOSE + b"\x00",
        b"\x00",
        CLOSE[:-1] + b', "n": NaN}',
        CLOSE[:-1] + b', "n": [-Infinity]}',
        CLOSE[:-1] + b', "n": 01}',
        CLOSE[:-1] + b', "n": "\x01"}',
        CLOSE[:-1] + b",}",
        CLOSE.replace(b'"1"', b"'1'"),
        CLOSE.replace(b'"1"', b"1"),
        CLOSE.replace(b"close", b"open"),
        CLOSE.replace(b'"c"', b'"c\xff"'),
        CLOSE.replace(b'"c"', b'"\xed\xa0\x80"'),
        CLOSE[:-1] + b', "n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        bytes(range(11, 60)) + b"\xff",
        b'{"type": "subsidy", "id": "f", "amount": ' + b"9" * 5000 + b"}",
        b'{"type": "plan", "id": "p", "plan": {}}',
        b'{"type": "plan", "id": "ann", "plan": {}}',
        b'{"type": "subsidy", "id": "ann", "amount": 0}',
        b'{"type": "agent", "id": "ann", "member": "ann", "region": "440"}',
    ],
)
def test_no_event_stops_the_replay(run: Run, line: bytes) -> None:
    """Answers before it stand, no summary follows, the message names the line."""
    status, answers, told = run(b"\n" + ANN + b"\n" + line + b"\n" + ORDER + b"\n")
    assert status == 2
    assert [answer["id"] for answer in answers] == ["ann"]
    assert "events.jsonl: line 3: " in told


def test_message_names_the_field(run: Run) -> None:
    _, _, told = run(ANN + b"\n" + ORDER.replace(b"100", b"1.0"))
    assert "line 2: lines[0].price: must be an integer from 1 to 1000000000000000" in told


def test_line_is_counted_across_blocks(run: Run) -> None:
    padding = b"".join(
        b'{"type": "member", "id": "m%d", "sponsor": null}\n' % number for number in range(20_000)
    )
    status, answers, told = run(padding + b"?")
    assert (status, len(answers)) == (2, 20_000)
    assert "line 20001: " in told


def test_ids_of_any_text(run: Run) -> None:
    ids = ["", " ", "明池", "\U0001f600", "\ud800", "\0", '"\\', "\x7f\u2028"]
    events = [{"type": "member", "id": i, "sponsor": None} for i in ids]
    events += [
        {"type": "order", "id": f"o{i}", "member": i, "lines": [{"price": 100, "qty": 1}]}
        for i in ids
    ]
    status, answers, _ = run("\n".join(json.dumps(event) for event in events).encode())
    assert status == 0
    assert [answer["id"] for answer in answers[: len(ids)]] == ids
    points = answers[-1]["points"]
    assert isinstance(points, dict)
    assert list(points) == sorted(ids)


def test_large_numbers_are_exact(run: Run) -> None:
    line = {"price": 10**15, "qty": 10**6}
    order = {"type": "order", "id": "o", "member": "ann", "lines": [line] * 1000}
    redeem = {"type": "redeem", "id": "s", "member": "ann", "points": "all"}
    text = b"\n".join([ANN, json.dumps(order).encode(), json.dumps(redeem).encode()])
    status, answers, _ = run(text)
    assert status == 0
    assert answers[1]["pool"] == 3 * 10**23
    assert answers[1]["supply"] == 21 * 10**26
    assert answers[-1]["wallets"] == {"ann": 24 * 10**22}


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (PLAN.replace("30%", "30 %", 1), "split.distribution: must be a rate"),
        (PLAN + '[[award]]\nkind = "direct"', "award: unknown key"),
        (PLAN.replace("[split]", "[split"), "not TOML"),
        (PLAN.replace("[split]", "[split"), "line 5"),
        (PLAN.encode() + b'\n# \xff\n', "line 13: not UTF-8"),
        (b"", "plan: missing"),
    ],
)  # fmt: skip
def test_plan_at_fault(run: Run, plan: str | bytes, message: str) -> None:
    status, answers, told = run(ANN, plan)
    assert (status, answers) == (2, [])
    assert "plan.toml: " in told
    assert message in told


def test_plan_may_start_with_a_byte_order_mark_and_hold_crlf(run: Run) -> None:
    assert run(ANN, b"\xef\xbb\xbf" + PLAN.replace("\n", "\r\n").encode())[0] == 0


def test_files_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    for arguments in (
        [str(tmp_path / "none.toml"), "-"],
        [str(tmp_path), "-"],
        [str(plan), str(tmp_path / "none.jsonl")],
        [str(plan), str(tmp_path)],
        [str(plan), "nul\0"],
    ):
        assert main(arguments) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "cannot read" in printed.err


def test_bad_arguments_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["one"]) == 2
    assert main(["one", "two", "three"]) == 2
    assert main(["--fast", "one", "two"]) == 2
    assert capsys.readouterr().out == ""
    assert main(["--help"]) == 0
    assert "PLAN.toml" in capsys.readouterr().out


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "events.jsonl").write_bytes(ANN)
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main([str(tmp_path / "plan.toml"), str(tmp_path / "events.jsonl")]) == 0
    assert "100%" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert "%" not in capsys.readouterr().out


def _command(plan: Path) -> list[str]:
    code = "import sys; from mingchi.engine.replay import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", code, str(plan), "-"]


def test_answers_come_as_standard_input_does(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    with subprocess.Popen(_command(plan), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in (ANN, ORDER, CLOSE):
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"]
        process.stdin.close()
        assert json.loads(process.stdout.readline())["summary"]
    assert process.returncode == 0


def test_reader_that_leaves(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    events = b"".join(
        b'{"type": "member", "id": "m%d", "sponsor": null}\n' % number for number in range(50_000)
    )
    with subprocess.Popen(
        _command(plan), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        try:
            process.stdin.write(events)
            process.stdin.close()
        except BrokenPipeError:
            pass
        told = process.stderr.read()
    assert process.returncode == 2
    assert told == b"mingchi replay: cannot write to standard output: Broken pipe\n"
