"""Live mode: nothing is defaulted that must be secret, and Django's own checks are content."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LIVE = {
    "MINGCHI_MODE": "live",
    "MINGCHI_SECRET_KEY": "k3yZ9-" * 12,
    "MINGCHI_GATEWAY_SECRET": "g4teW-" * 12,
    "MINGCHI_HOSTS": "shop.example",
    "DJANGO_SETTINGS_MODULE": "mingchi.config.settings",
}


def run(tmp_path: Path, *words: str, **change: str | None) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        **LIVE,
        "MINGCHI_VAR": str(tmp_path),
        "PYTHONPATH": "src",
        **change,
    }
    known = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run(
        [sys.executable, *words],
        env=known,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def test_check_deploy_is_clean(tmp_path: Path) -> None:
    found = run(tmp_path, "-m", "django", "check", "--deploy", "--fail-level", "WARNING")
    assert found.returncode == 0, found.stderr
    assert "no issues" in found.stdout


REFUSED = [
    ("no key", {"MINGCHI_SECRET_KEY": None}, "MINGCHI_SECRET_KEY"),
    ("a short key", {"MINGCHI_SECRET_KEY": "short"}, "MINGCHI_SECRET_KEY"),
    ("no gateway secret", {"MINGCHI_GATEWAY_SECRET": None}, "MINGCHI_GATEWAY_SECRET"),
    ("no hosts", {"MINGCHI_HOSTS": None}, "MINGCHI_HOSTS"),
    ("an unknown mode", {"MINGCHI_MODE": "prod"}, "MINGCHI_MODE"),
    ("no number of proxies", {"MINGCHI_TRUSTED_PROXIES": "many"}, "MINGCHI_TRUSTED_PROXIES"),
]


@pytest.mark.parametrize(
    ("change", "named"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refused(tmp_path: Path, change: dict[str, str | None], named: str) -> None:
    found = run(tmp_path, "-c", "import mingchi.config.settings", **change)
    assert found.returncode != 0
    assert named in found.stderr.splitlines()[-1]
    # Nothing was made up in its place.
    assert not (tmp_path / "secrets").exists()
