"""Who somebody is at WeChat, asked over HTTP of a fake that knows its codes."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from tests.fakes.people import ACCESS_TOKEN, APPID, MINI_APPID, SECRETS, SESSION_KEY
from tests.fakes.wechat import FakeWechat

from mingchi.foundation.errors import DomainError
from mingchi.members.checks import check_wechat
from mingchi.members.wechat_client import (
    LARGEST_ANSWER,
    App,
    Identity,
    WechatClient,
    authorize_url,
    identify,
    offered,
)

SOMEBODY = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


@pytest.fixture
def fake() -> Iterator[FakeWechat]:
    made = FakeWechat()
    with override_settings(WECHAT_SIGN_IN=made.sign_in()):
        yield made
    made.close()


def refusal(fake: FakeWechat, code: str, *, app: App = App.MINI) -> tuple[str, int]:
    client = WechatClient(fake.sign_in(), timeout_s=(1, 0.2))
    with pytest.raises(DomainError) as caught:
        client.identify(app=app, code=code)
    return caught.value.code, caught.value.status


@pytest.mark.parametrize(("app", "appid"), [(App.MINI, MINI_APPID), (App.BROWSER, APPID)])
def test_a_right_code_and_the_same_again(fake: FakeWechat, app: App, appid: str) -> None:
    code = fake.people.code(SOMEBODY, appid=appid)
    found = identify(app=app, code=code)
    assert found == Identity(app_id=appid, openid=SOMEBODY, unionid=f"u{SOMEBODY}")
    assert SOMEBODY not in repr(found)
    assert refusal(fake, code, app=app) == ("wechat_code_invalid", 422)


def test_a_code_of_the_other_app_and_one_that_is_none(fake: FakeWechat) -> None:
    assert refusal(fake, fake.people.code(SOMEBODY, appid=APPID)) == ("wechat_code_invalid", 422)
    assert refusal(fake, "&secret=x#") == ("wechat_code_invalid", 422)


def test_a_wrong_secret_is_ours_to_repair(fake: FakeWechat, caplog) -> None:  # type: ignore[no-untyped-def]
    wrong = replace(fake.sign_in(), mini_secret="another-secret-than-ours")
    caplog.set_level(logging.DEBUG)
    with pytest.raises(DomainError, match="wechat_down"):
        WechatClient(wrong).identify(app=App.MINI, code=fake.people.code(SOMEBODY))
    assert "errcode_40125" in caplog.text
    assert "another-secret" not in caplog.text
    assert "secret" not in repr(wrong)


@pytest.mark.parametrize(
    ("errcode", "refused"),
    [
        (42003, ("wechat_code_invalid", 422)),
        (45011, ("wechat_too_often", 429)),
        (40226, ("wechat_blocked", 403)),
        (-1, ("wechat_down", 503)),
        (48001, ("wechat_down", 503)),
        ([], ("wechat_down", 503)),
    ],
)
def test_what_wechat_refuses(fake: FakeWechat, errcode: object, refused: tuple[str, int]) -> None:
    fake.people.says = [json.dumps({"errcode": errcode, "errmsg": "no"}).encode()]
    assert refusal(fake, "code") == refused


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 10_000,
        b'{"openid": 7}',
        b'{"openid": "o"}',
        b'{"openid": "oUpF8uMuAJO_M2pxb1Q9zN\\u0000"}',
        b'{"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "unionid": ["x"]}',
        # Good in all that is read of it, and too long.
        b'{"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}' + b" " * LARGEST_ANSWER,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_garbage_and_giants(fake: FakeWechat, body: bytes) -> None:
    fake.people.says = [body]
    assert refusal(fake, "code") == ("wechat_down", 503)


def test_no_answer(fake: FakeWechat, caplog) -> None:  # type: ignore[no-untyped-def]
    caplog.set_level(logging.DEBUG)
    for kind in ("break_", "down"):
        setattr(fake.people.faults, kind, ["identify"])
        assert refusal(fake, "code") == ("wechat_down", 503)
    fake.people.faults.slow_s = 0.5
    assert refusal(fake, "code") == ("wechat_down", 503)
    # Addresses hold the secret, so none is in a log.
    assert SECRETS[MINI_APPID] not in caplog.text


def test_no_key_of_wechats_is_kept_or_logged(fake: FakeWechat, caplog) -> None:  # type: ignore[no-untyped-def]
    caplog.set_level(logging.DEBUG)
    found = [
        identify(app=App.MINI, code=fake.people.code(SOMEBODY)),
        identify(app=App.BROWSER, code=fake.people.code(SOMEBODY, appid=APPID)),
    ]
    seen = caplog.text + str([(each.app_id, each.openid, each.unionid) for each in found])
    for key in (SESSION_KEY, ACCESS_TOKEN):
        assert key not in seen


class TestWhatIsOffered:
    """Depends on mode and settings."""

    def test_all(self, fake: FakeWechat) -> None:
        assert offered() == [App.BROWSER, App.MINI, App.SANDBOX]
        assert authorize_url() == (
            f"{fake.address}/connect/oauth2/authorize?appid={APPID}&redirect_uri={{redirect_uri}}"
            "&response_type=code&scope=snsapi_base&state={state}#wechat_redirect"
        )

    def test_without_wechat_the_sandbox_pretends(self) -> None:
        assert (offered(), authorize_url()) == ([App.SANDBOX], None)
        with pytest.raises(DomainError, match="wechat_unknown"):
            identify(app=App.MINI, code="code")
        alice = identify(app=App.SANDBOX, code="alice")
        assert alice == identify(app=App.SANDBOX, code="alice")
        assert alice != identify(app=App.SANDBOX, code="bob")

    def test_live_has_no_sandbox(self) -> None:
        with override_settings(LIVE=True):
            assert offered() == []
            with pytest.raises(DomainError, match="wechat_unknown"):
                identify(app=App.SANDBOX, code="alice")


def test_an_address_beyond_this_machine(fake: FakeWechat) -> None:
    beyond = replace(fake.sign_in(), address="https://api.weixin.qq.com")
    with pytest.raises(ImproperlyConfigured, match=r"api\.weixin\.qq\.com is refused"):
        WechatClient(beyond)
    assert check_wechat() == []
    with override_settings(WECHAT_SIGN_IN=beyond):
        assert [each.id for each in check_wechat()] == ["members.E001"]
    with override_settings(WECHAT_SIGN_IN=replace(fake.sign_in(), open_address="https://x.cn")):
        assert [each.id for each in check_wechat()] == ["members.E001"]
