"""The scripts are shell that any sh reads, run from anywhere, and CI runs the same tests."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(
    path for path in [*(ROOT / "script").iterdir(), ROOT / ".ci/run"] if not path.suffix
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_executable_plain_shell(script: Path) -> None:
    assert os.access(script, os.X_OK)
    text = script.read_text()
    assert text.startswith("#!/bin/sh\n# ")
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
    assert ("set -eu" in text) or ("set -u" in text)
    assert "[[" not in text


def test_ci_runs_the_tests() -> None:
    assert "exec script/test\n" in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("folder", ["/", str(ROOT / "docs")])
def test_the_command_line_runs_from_anywhere(folder: str) -> None:
    result = subprocess.run(
        [ROOT / "script/mingchi", "--help"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "replay" in result.stdout
