"""The command line: exit statuses, messages, and what each command loads."""

import subprocess
import sys

import pytest

from mingchi import cli


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "mingchi.cli", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "required: COMMAND"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["--nonsense"], "required: COMMAND"),
        (["settle", "now"], "unrecognized arguments: now"),
        (["worker", "--fast"], "unrecognized arguments: --fast"),
        (["demo", "x"], "unrecognized arguments: x"),
        (["migrate", "x"], "unrecognized arguments: x"),
        (["check-deploy", "x"], "unrecognized arguments: x"),
        (["server", "--port", "http"], "invalid int value: 'http'"),
        (["server", "--port", "65536"], "between 0 and 65535"),
        (["server", "--workers", "0"], "at least 1"),
        (["server", "here"], "unrecognized arguments: here"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_why(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_help_names_every_command() -> None:
    result = run("--help")
    assert result.returncode == 0
    for name in cli.COMMANDS:
        assert f"\n  {name} " in result.stdout


@pytest.mark.parametrize("command", ["settle", "worker", "demo", "migrate", "check-deploy"])
def test_a_command_tells_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main([command, "--help"])
    assert stopped.value.code == 0
    assert f"mingchi {command}" in capsys.readouterr().out


def test_replay_loads_neither_django_nor_a_database_driver() -> None:
    code = (
        "import sys; from mingchi import cli\n"
        "try: cli.main(['replay', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'django', 'psycopg', 'asyncio', 'ninja'} & set(sys.modules)\n"
        "assert 'mingchi.engine.replay' in sys.modules\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_a_reader_that_leaves_causes_no_traceback() -> None:
    result = subprocess.run(
        f"{sys.executable} -m mingchi.cli --help | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in result.stderr
