"""`mingchi flow check` and `mingchi flow run` from the outside: formats, messages, exit status."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.flows.bpmn import PLAIN, file, way, ways

from mingchi.flows import command
from mingchi.flows.context import ORDER
from mingchi.flows.steps import Registry

T = "2026-03-01T08:00:00Z"


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    """A review, then packing and finance side by side, shipping, a timer of a week."""
    process = (
        '<bpmn:startEvent id="s"/>'
        '<bpmn:userTask id="review" m:role="clerk" m:step="order.review" m:due="PT4H"/>'
        '<bpmn:exclusiveGateway id="c" default="c-no"/><bpmn:endEvent id="no"/>'
        '<bpmn:parallelGateway id="f"/><bpmn:parallelGateway id="j"/>'
        '<bpmn:userTask id="pack" m:role="warehouse" m:step="goods.pack" m:quorum="2"/>'
        '<bpmn:userTask id="money" m:role="finance" m:step="finance.confirm"/>'
        '<bpmn:serviceTask id="ship" m:step="shipment.create"/>'
        '<bpmn:intermediateCatchEvent id="week"><bpmn:timerEventDefinition><bpmn:timeDuration>'
        "P7D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
        '<bpmn:intermediateCatchEvent id="paid"><bpmn:messageEventDefinition '
        'messageRef="paid_message"/></bpmn:intermediateCatchEvent><bpmn:endEvent id="e"/>'
    )
    chains = ways("s review c no", "f pack j paid ship week e", "f money j")
    path = tmp_path / "flow.bpmn"
    path.write_bytes(file(process + chains + way("c", "f", 'outcome == "yes"')))
    return path


def run(
    capsys: pytest.CaptureFixture[str], flow: Path, events: list[Any], *more: str
) -> tuple[int, list[dict[str, Any]], str]:
    path = flow.with_name("events.jsonl")
    lines = [x if isinstance(x, str) else json.dumps(x) for x in events]
    path.write_text("\n".join(lines) + "\n")
    status = command.main(["run", str(flow), "--events", str(path), *more])
    output = capsys.readouterr()
    return status, [json.loads(line) for line in output.out.splitlines()], output.err


def test_a_run_answers_each_event(flow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, answers, _ = run(
        capsys,
        flow,
        [
            {"at": T, "complete": "review", "outcome": "yes", "by": "clerk"},
            {"at": T, "complete": "pack", "by": "warehouse"},
            {"at": T, "signal": "paid"},
            {"at": T, "complete": "pack", "by": "warehouse"},
            {"at": T, "complete": "money", "by": "finance"},
            {"at": "2026-03-08T07:59:59Z", "tick": True},
            {"at": "2026-03-08T08:00:00Z", "tick": True},
        ],
    )
    assert status == 0
    both = [
        {"node": "pack", "role": "warehouse", "due": None},
        {"node": "money", "role": "finance", "due": None},
    ]
    reviewed = ["order.review"]
    shipped = ["order.review", "goods.pack", "finance.confirm", "shipment.create"]
    week = [{"node": "week", "role": None, "due": "2026-03-08T08:00:00Z"}]

    def answer(
        tokens: list[str], done: list[str], waiting: list[Any], ended: str | None, at: str = T
    ) -> dict[str, Any]:
        return {"at": at, "tokens": tokens, "done": done, "waiting": waiting, "ended": ended}

    assert answers == [
        answer(["pack", "money"], reviewed, both, None),
        answer(["pack", "money"], reviewed, both, None),
        answer(["pack", "money"], reviewed, both, None),
        answer(["money"], ["order.review", "goods.pack"], both[1:], None),
        # the signal that came too early was kept
        answer(["week"], shipped, week, None),
        answer(["week"], shipped, week, None, at="2026-03-08T07:59:59Z"),
        answer([], shipped, [], "e", at="2026-03-08T08:00:00Z"),
    ]


def test_due_times_count_from_the_first_event_in_its_style(
    flow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for at, due in (
        (T, "2026-03-01T12:00:00Z"),
        ("2026-03-01T16:00:00+08:00", "2026-03-01T20:00:00+08:00"),
        ("2026-03-01T16:00:00", "2026-03-01T20:00:00"),
    ):
        _, (answer,), _ = run(capsys, flow, [{"at": at, "tick": True}])
        assert answer["waiting"] == [{"node": "review", "role": "clerk", "due": due}]


def test_what_the_flow_refuses_changes_nothing_and_names_its_line(
    flow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, answers, errors = run(
        capsys,
        flow,
        [
            {"at": T, "complete": "pack"},
            {"at": T, "complete": "review", "outcome": "yes", "by": "buyer"},
            {"at": T, "complete": "review", "outcome": "no", "by": "clerk"},
            {"at": T, "complete": "review", "outcome": "no", "by": "clerk"},
        ],
    )
    assert status == 1
    assert [answer.get("error") for answer in answers] == [
        "nothing waits at 'pack'",
        "'review' is for 'clerk', not for 'buyer'",
        None,
        "nothing waits at 'review'",
    ]
    assert [answer["tokens"] for answer in answers] == [["review"], ["review"], [], []]
    assert [line.split(": ")[2] for line in errors.splitlines()] == ["line 1", "line 2", "line 4"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[1]", "not an object"),
        ('{"at": "2026-03-01T08:00:00Z"}', "one of complete, signal and tick"),
        ('{"at": "2026-03-01T08:00:00Z", "tick": true, "signal": "x"}', "one of complete"),
        ('{"tick": true}', "`at` is missing"),
        ('{"at": "yesterday", "tick": true}', "no ISO 8601 time"),
        ('{"at": 5, "tick": true}', "'at' must be a text"),
        ('{"at": "2026-03-01T08:00:00Z", "tick": 1}', "tick must be true"),
        ('{"at": "2026-03-01T08:00:00Z", "tick": true, "by": "x"}', "belongs to complete"),
        ('{"at": "2026-03-01T08:00:00Z", "complete": ""}', "'complete' must be a text"),
        ('{"at": "2026-03-01T08:00:00Z", "complet": "x"}', "no key 'complet'"),
        ('{"at": "2026-02-01T08:00:00Z", "tick": true}', "before the line above"),
        ("[" * 5_000, "not JSON"),
    ],
)
def test_a_bad_event_line_is_named(
    flow: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    status, answers, errors = run(capsys, flow, [{"at": T, "tick": True}, "", line])
    assert status == 2
    assert len(answers) == 1
    assert "events.jsonl: line 3: " in errors
    assert message in errors


def test_values_and_tables_come_from_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = PLAIN + '<bpmn:businessRuleTask id="rule" m:table="who"/>'
    process += '<bpmn:exclusiveGateway id="c" default="c-end"/>'
    flow = tmp_path / "flow.bpmn"
    flow.write_bytes(
        file(process + ways("start rule c end", "task end") + way("c", "task", 'outcome == "boss"'))
    )
    tables = tmp_path / "tables.json"
    row = {"when": {"amount_fen": {"from": 100}}, "then": "boss"}
    table = {"name": "who", "inputs": [{"name": "amount_fen"}], "rows": [row], "default": "none"}
    tables.write_text(json.dumps([table]))
    order = tmp_path / "order.json"
    more = ("--tables", str(tables), "--order", str(order))
    for amount_fen, tokens in ((100, ["task"]), (99, [])):
        order.write_text(json.dumps({"amount_fen": amount_fen}))
        _, (answer,), _ = run(capsys, flow, [{"at": T, "tick": True}], *more)
        assert (answer["tokens"], answer["done"]) == (tokens, ["rule"])
    order.write_text('{"amount_fen": 1.5}')
    status, _, errors = run(capsys, flow, [{"at": T, "tick": True}], *more)
    assert (status, "must be of type int" in errors) == (2, True)


def test_check_tells_sound_flows(flow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["check", str(flow)]) == 0
    assert capsys.readouterr().out == f"{flow}: sound\n"
    assert command.main(["check", "--json", str(flow)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["status"], report["findings"]) == ("sound", [])
    assert command.main(["check", "--kind", "order", str(flow)]) == 1
    assert "unknown-step" in capsys.readouterr().out
    assert command.main(["check", "--kind", "poem", str(flow)]) == 2
    assert "--kind poem: there are order" in capsys.readouterr().err


def test_check_tells_findings_with_their_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gateways = '<bpmn:exclusiveGateway id="c" default="c-j"/><bpmn:parallelGateway id="j"/>'
    flow = tmp_path / "flow.bpmn"
    chains = ways("start c j end", "task j") + way("c", "task", "first_order")
    flow.write_bytes(file(PLAIN + gateways + chains))
    assert command.main(["check", str(flow), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["status"] == "findings"
    (found,) = [x for x in report["findings"] if x["code"] == "deadlock"]
    assert (found["element"], found["path"][0], found["line"] > 1) == ("j", "start", True)
    assert command.main(["check", str(flow)]) == 1
    assert "path: start → c → " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"<a>", 2, "not-xml"),
        (b"<!DOCTYPE a><a/>", 2, "dtd"),
        (b"x" * 300_000, 2, "too-big"),
        (file(PLAIN + '<bpmn:scriptTask id="x"/>' + ways("start task end")), 1, "unknown-element"),
        (None, 2, "cannot read"),
    ],
)
def test_check_tells_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes | None, status: int, said: str
) -> None:
    flow = tmp_path / "flow.bpmn"
    if data is not None:
        flow.write_bytes(data)
    assert command.main(["check", str(flow)]) == status
    output = capsys.readouterr()
    assert said in output.out + output.err
    assert command.main(["run", str(flow), "--events", str(flow)]) == 2


def test_a_flow_can_come_from_standard_input(flow: Path) -> None:
    words = [sys.executable, "-m", "mingchi.cli", "flow", "check", "-"]
    result = subprocess.run(words, input=flow.read_bytes(), capture_output=True, check=False)
    assert (result.returncode, result.stdout) == (0, b"-: sound\n"), result.stderr


STEPS = Registry()
STEPS.step(
    "shipment.create", requires="reserved and (paid or cash_on_delivery)", provides={"shipped"}
)(lambda context: None)
KNOWN = command.Platform(STEPS, {"order": command.KindOfFlow(ORDER, frozenset({"reserved"}))})


@pytest.mark.parametrize(
    ("condition", "other", "status", "path"),
    [
        # on the way without the guard nobody pays
        ("channel == &quot;app&quot;", "", 1, ["start", "c", "ship"]),
        ("payment_method == &quot;cod&quot;", "", 0, None),
        # a step that nobody has registered may take the money
        ("channel == &quot;app&quot;", 'm:step="shop.pay"', 0, None),
    ],
)
def test_check_knows_the_steps_of_the_platform(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    condition: str,
    other: str,
    status: int,
    path: list[str] | None,
) -> None:
    process = PLAIN.replace('m:role="clerk"', f'm:role="clerk" {other}')
    process += '<bpmn:exclusiveGateway id="c" default="c-task"/>'
    process += '<bpmn:serviceTask id="ship" m:step="shipment.create"/><bpmn:endEvent id="e2"/>'
    chains = ways("start c task", "ship end") + way("c", "ship", condition)
    flow = tmp_path / "flow.bpmn"
    flow.write_bytes(file(process + chains + ways("task e2").replace("task-e2", "t")))
    found = command.main(["check", str(flow), "--json"], platform=lambda: KNOWN)
    report = json.loads(capsys.readouterr().out)
    codes = {finding["code"]: finding["path"] for finding in report["findings"]}
    if path is None:
        assert "missing-fact" not in codes
    else:
        assert codes["missing-fact"] == path
    if other:
        assert found == status


@pytest.mark.parametrize("words", [["check", "FLOW"], ["run", "FLOW", "--events", "EVENTS"]])
def test_a_drawing_without_steps_needs_no_platform(tmp_path: Path, words: list[str]) -> None:
    flow, events = tmp_path / "flow.bpmn", tmp_path / "events.jsonl"
    flow.write_bytes(file(PLAIN + ways("start task end")))
    events.write_text(json.dumps({"at": T, "tick": True}))
    names = {"FLOW": str(flow), "EVENTS": str(events)}
    code = "import sys; from mingchi.cli import main; status = main(sys.argv[1:]); "
    code += "sys.exit(9 if 'django' in sys.modules else status)"
    call = [sys.executable, "-c", code, "flow", *(names.get(word, word) for word in words)]
    result = subprocess.run(call, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
