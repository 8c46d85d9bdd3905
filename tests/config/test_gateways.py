"""Payment gateways from the environment: whole or not at all, and of this machine only."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from tests.fakes.alipay import FakeAlipay
from tests.fakes.wechat import FakeWechat

from mingchi.config import gateways, wechat_sign_in

Environment = dict[str, str]


@pytest.fixture(scope="module")
def wechat() -> Iterator[Environment]:
    fake = FakeWechat()
    yield fake.environment()
    fake.close()


@pytest.fixture(scope="module")
def sign_in() -> Iterator[Environment]:
    fake = FakeWechat()
    yield fake.environment_of_sign_in()
    fake.close()


@pytest.fixture(scope="module")
def alipay() -> Iterator[Environment]:
    fake = FakeAlipay()
    yield fake.environment()
    fake.close()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def read(given: Environment, **change: str | None):  # type: ignore[no-untyped-def]
        for name in [*os.environ]:
            if name.startswith(("MINGCHI_WECHAT_", "MINGCHI_ALIPAY_", "MINGCHI_PUBLIC_URL")):
                monkeypatch.delenv(name)
        for name, value in (given | change).items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        return gateways.configured()

    return read


def test_none(configured) -> None:  # type: ignore[no-untyped-def]
    assert configured({}) == {}


def test_both(configured, wechat: Environment, alipay: Environment) -> None:  # type: ignore[no-untyped-def]
    found = configured(wechat | alipay)
    assert list(found) == ["wechat", "alipay"]
    assert found["wechat"].address == wechat["MINGCHI_WECHAT_ADDRESS"]
    # Nobody reads keys in a log.
    for secret in ("PRIVATE KEY", wechat["MINGCHI_WECHAT_API_KEY"]):
        assert secret not in repr(found)


def test_lines_of_pem_may_be_written_in_one(configured, wechat: Environment) -> None:  # type: ignore[no-untyped-def]
    one = wechat["MINGCHI_WECHAT_PRIVATE_KEY"].replace("\n", "\\n")
    assert configured(wechat, MINGCHI_WECHAT_PRIVATE_KEY=one)["wechat"].private_key == (
        wechat["MINGCHI_WECHAT_PRIVATE_KEY"].strip()
    )


def test_half_is_refused_whatever_is_missing(configured, wechat, alipay) -> None:  # type: ignore[no-untyped-def]
    optional = {"MINGCHI_WECHAT_MINI_APPID", "MINGCHI_WECHAT_TRANSFER_SCENE"}
    for given in (wechat, alipay):
        for name in given.keys() - optional:
            with pytest.raises(ImproperlyConfigured):
                configured(given, **{name: ""})
    for name in optional:
        configured(wechat, **{name: ""})


def test_two_ways_of_believing_are_one_too_many(configured, wechat, alipay) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ImproperlyConfigured, match="not both"):
        configured(wechat, MINGCHI_WECHAT_PLATFORM_CERTIFICATES="x")
    with pytest.raises(ImproperlyConfigured, match="not both"):
        configured(wechat | alipay, MINGCHI_ALIPAY_PUBLIC_KEY="x")


def test_a_short_key(configured, wechat: Environment) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ImproperlyConfigured, match="32 characters"):
        configured(wechat, MINGCHI_WECHAT_API_KEY="short")


def test_signing_in_by_wechat_needs_no_payments_and_the_other_way_round(  # type: ignore[no-untyped-def]
    configured, wechat: Environment, sign_in: Environment
) -> None:
    assert list(configured(wechat)) == ["wechat"]
    assert wechat_sign_in.configured() is None
    alone = sign_in | {name: wechat[name] for name in wechat if name.endswith("APPID")}
    assert configured(alone) == {}
    found = wechat_sign_in.configured()
    assert found is not None
    assert found.address == sign_in["MINGCHI_WECHAT_SIGN_IN_ADDRESS"]
    assert sign_in["MINGCHI_WECHAT_SECRET"] not in repr(found)
    assert list(configured(wechat | sign_in)) == ["wechat"]
    assert wechat_sign_in.configured() == found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"MINGCHI_WECHAT_MINI_APPID": None}, "MINGCHI_WECHAT_MINI_SECRET needs"),
        ({"MINGCHI_WECHAT_SECRET": "", "MINGCHI_WECHAT_MINI_SECRET": ""}, "needs one of"),
        ({"MINGCHI_WECHAT_SIGN_IN_ADDRESS": ""}, "https://api.weixin.qq.com is refused"),
        ({"MINGCHI_WECHAT_OPEN_ADDRESS": ""}, "https://open.weixin.qq.com is refused"),
        ({"MINGCHI_WECHAT_OPEN_ADDRESS": "http://127.0.0.1@x.cn"}, "@x.cn is refused"),
    ],
)
def test_signing_in_half_configured_or_beyond_this_machine(  # type: ignore[no-untyped-def]
    configured, wechat: Environment, sign_in: Environment, change: dict[str, str | None], said: str
) -> None:
    configured(wechat | sign_in, **change)
    with pytest.raises(ImproperlyConfigured, match=said):
        wechat_sign_in.configured()


def test_live_mode_signs_nobody_in_by_wechat(  # type: ignore[no-untyped-def]
    configured, wechat: Environment, sign_in: Environment
) -> None:
    apps = {name: wechat[name] for name in wechat if name.endswith("APPID")}
    assert configured(apps | sign_in, MINGCHI_MODE="live") == {}
    with pytest.raises(ImproperlyConfigured, match="live mode calls nobody"):
        wechat_sign_in.configured()


BEYOND = [
    "",  # the library's own, which is the real one
    "https://api.mch.weixin.qq.com",
    "https://api2.mch.weixin.qq.com",
    "https://openapi.alipay.com/gateway.do",
    "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
    "http://192.168.1.4:9000",
    "http://0.0.0.0:9000",
    "http://127.0.0.1.example.com",
    "http://127.0.0.1@example.com",
    "http://example.com#127.0.0.1",
    "http://127.0.0.1\\@example.com",
    "http://[::ffff:8.8.8.8]",
    "http://2130706433",
    "127.0.0.1:9000",
]


@pytest.mark.parametrize("address", BEYOND)
@pytest.mark.parametrize("gateway", ["WECHAT", "ALIPAY"])
def test_an_address_beyond_this_machine(  # type: ignore[no-untyped-def]
    configured, wechat, alipay, gateway: str, address: str
) -> None:
    given = wechat if gateway == "WECHAT" else alipay
    with pytest.raises(ImproperlyConfigured, match="refused: only addresses of this machine"):
        configured(given, **{f"MINGCHI_{gateway}_ADDRESS": address})


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9000", "http://127.8.9.1/gateway.do", "http://localhost", "http://[::1]:9/"],
)
def test_addresses_of_this_machine(configured, alipay: Environment, address: str) -> None:  # type: ignore[no-untyped-def]
    assert configured(alipay, MINGCHI_ALIPAY_ADDRESS=address)["alipay"].address == address


def test_live_mode_takes_none(configured, wechat: Environment) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ImproperlyConfigured, match="live mode takes none"):
        configured(wechat, MINGCHI_MODE="live")


START = [
    ("server", ["-m", "mingchi.cli", "server", "--port", "0", "--no-demo"]),
    ("worker", ["-m", "mingchi.cli", "worker"]),
    ("settler", ["-m", "mingchi.cli", "settle"]),
    ("check", ["-m", "django", "check"]),
    ("web server", ["-c", "import mingchi.config.wsgi"]),
]


@pytest.mark.parametrize("words", [each[1] for each in START], ids=[each[0] for each in START])
def test_nothing_starts_with_the_real_address(
    tmp_path: Path, wechat: Environment, words: list[str]
) -> None:
    """The default address of the library, which is what an operator gets who names none."""
    given = {name: value for name, value in wechat.items() if not name.endswith("_ADDRESS")}
    found = subprocess.run(
        [sys.executable, *words],
        env={
            **os.environ,
            **given,
            "MINGCHI_VAR": str(tmp_path),
            # Nobody listens there: what starts would fail in another way.
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
            "DJANGO_SETTINGS_MODULE": "mingchi.config.settings",
            "PYTHONPATH": "src",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert found.returncode != 0
    assert "https://api.mch.weixin.qq.com is refused" in found.stderr
