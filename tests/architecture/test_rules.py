"""Our checkout keeps the house rules, and each rule finds what it is there for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.architecture import rules

ROOT = Path(__file__).resolve().parents[2]
LOCKED = "a==1 \\\n    --hash=sha256:00\n"

# rule → files of a made-up checkout that break it
PLANTED: dict[Callable[[Path], list[str]], dict[str, str]] = {
    rules.long_files: {"src/mingchi/a.py": "x = 1\n" * 400},
    rules.long_functions: {"src/mingchi/a.py": "def f():\n" + "    x = 1\n" * 49},
    rules.machine_paths: {"docs/a.md": "look into /ho" + "me/me/code"},
    rules.index_addresses: {"requirements/a.lock": "--index-url htt" + "ps://example.com\n"},
    rules.left_overs: {"src/mingchi/a.py": "# TO" + "DO: later\n"},
    rules.impure_engine: {"src/mingchi/engine/a.py": "from datetime import date\n"},
    rules.inexact_numbers: {"src/mingchi/engine/a.py": "x = 1 / 2\n"},
    rules.signals: {"src/mingchi/a.py": "from django.db.models import signals\n"},
    rules.rooms_without_readme: {"src/mingchi/orders/migrations/__init__.py": ""},
    rules.broken_stops: {"ARCHITECTURE.md": "`a.py:f`", "src/mingchi/a.py": "def g(): ...\n"},
    rules.broken_links: {"docs/a.md": "[b](b.md)"},
    rules.changelog_without_unreleased: {"CHANGELOG.md": "## [0.1.0]\n"},
    rules.undocumented_variables: {
        "docs/operating/environment.md": "",
        "src/mingchi/a.py": "MINGCHI_A\n",
    },
    rules.differing_locks: {
        "requirements/base.lock": LOCKED,
        "requirements/dev.lock": LOCKED.replace("1", "2", 1),
    },
}


@pytest.mark.parametrize("rule", PLANTED, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule: Callable[[Path], list[str]]) -> None:
    assert rule(ROOT) == []


@pytest.mark.parametrize("rule", PLANTED, ids=lambda rule: rule.__name__)
def test_a_planted_fault_is_found(rule: Callable[[Path], list[str]], tmp_path: Path) -> None:
    for name, text in PLANTED[rule].items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert rule(tmp_path) != []


@pytest.mark.parametrize(
    "line",
    [
        "import django",
        "from psycopg import connect",
        "import random",
        "from mingchi.ledger import cash",
        "from mingchi import ledger",
    ],
)
def test_what_the_engine_may_not_import(line: str, tmp_path: Path) -> None:
    folder = tmp_path / "src/mingchi/engine"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text(f"def f():\n    {line}\n")
    assert rules.impure_engine(tmp_path) != []


@pytest.mark.parametrize("line", ["x = 0.5", "x = float(y)", "x = y / 2", "x /= 2", "x = 2j"])
def test_what_is_inexact(line: str, tmp_path: Path) -> None:
    folder = tmp_path / "src/mingchi/engine"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text(f"y = 1\n{line}\n")
    assert rules.inexact_numbers(tmp_path) != []
