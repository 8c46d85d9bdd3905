"""What the environment may say: read, defaulted, refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from mingchi.config import environment


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINGCHI_MODE", "live")


def test_sandbox_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINGCHI_MODE", raising=False)
    assert environment.mode() == "sandbox"


@pytest.mark.parametrize(
    ("name", "value", "ask"),
    [
        ("MINGCHI_MODE", "prod", environment.mode),
        ("MINGCHI_TRUSTED_PROXIES", "6", environment.trusted_proxies),
        ("MINGCHI_TRUSTED_PROXIES", "-1", environment.trusted_proxies),
        ("MINGCHI_TRUSTED_PROXIES", "many", environment.trusted_proxies),
        ("MINGCHI_TRUSTED_PROXIES", "٣", environment.trusted_proxies),
    ],
)
def test_nonsense_is_refused_by_name(
    name: str, value: str, ask: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        ask()


def test_a_number_has_a_default_and_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINGCHI_X", raising=False)
    assert environment.number("MINGCHI_X", 7, most=365) == 7
    monkeypatch.setenv("MINGCHI_X", "0")
    assert environment.number("MINGCHI_X", 7, most=365) == 0
    monkeypatch.setenv("MINGCHI_X", "366")
    with pytest.raises(ImproperlyConfigured, match="from 0 to 365, not '366'"):
        environment.number("MINGCHI_X", 7, most=365)


def test_sandbox_makes_and_keeps_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINGCHI_VAR", str(tmp_path))
    monkeypatch.delenv("MINGCHI_SECRET_KEY", raising=False)
    first = environment.secret("MINGCHI_SECRET_KEY")
    assert len(first) >= 48
    assert environment.secret("MINGCHI_SECRET_KEY") == first
    [kept] = (tmp_path / "secrets").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize("value", ["", "short", "x" * 31])
def test_live_refuses_a_missing_or_short_secret(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINGCHI_VAR", str(tmp_path))
    monkeypatch.setenv("MINGCHI_SECRET_KEY", value)
    with pytest.raises(ImproperlyConfigured, match="MINGCHI_SECRET_KEY"):
        environment.secret("MINGCHI_SECRET_KEY")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("live")
def test_live_needs_its_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINGCHI_HOSTS", raising=False)
    with pytest.raises(ImproperlyConfigured, match="MINGCHI_HOSTS"):
        environment.hosts()
    monkeypatch.setenv("MINGCHI_HOSTS", "shop.example,www.shop.example")
    assert environment.hosts() == ["shop.example", "www.shop.example"]


@pytest.mark.usefixtures("live")
def test_live_hides_its_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINGCHI_METRICS_TOKEN", raising=False)
    assert environment.metrics_token() == ""
