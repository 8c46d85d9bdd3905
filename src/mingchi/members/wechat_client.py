"""Who somebody is at WeChat: a code of their device against the openid of our app.

The mini-program's `code2Session` and, for the browser inside WeChat, `sns/oauth2/access_token` with
scope `snsapi_base`. Both answer with keys too (`session_key`, `access_token`): they are not read.
The app's secret stands in the address that is asked, so no address and no text of an error is
logged.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import requests
import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import DomainError
from mingchi.foundation.outside import NO_PROXY, TIMEOUT_S, refuse_remote

log = structlog.get_logger(__name__)
# Where WeChat answers, and where it sends browsers on, were nothing else said.
ADDRESS: Final = "https://api.weixin.qq.com"
OPEN_ADDRESS: Final = "https://open.weixin.qq.com"
LARGEST_ANSWER: Final = 16 * 1024
PAUSE_S: Final = 60  # WeChat counts by the minute
SPENT: Final = frozenset({40029, 40163, 42003})  # wrong, used, over
TOO_OFTEN: Final = frozenset({45009, 45011})
BLOCKED: Final = 40226  # an account that WeChat holds for dangerous
_ID: Final = re.compile(r"[A-Za-z0-9_-]{6,64}", re.ASCII)


class App(StrEnum):
    """Ours at WeChat, each with openids of its own; in the words of ways to pay."""

    MINI = "wechat_mini"
    BROWSER = "wechat"  # the official account, in the browser inside WeChat
    SANDBOX = "sandbox"  # no WeChat at all


@dataclass(frozen=True, slots=True, kw_only=True)
class WechatSignIn:
    """Our apps at WeChat; one without a secret is not offered."""

    address: str
    open_address: str
    appid: str = ""
    secret: str = field(default="", repr=False)
    mini_appid: str = ""
    mini_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody at one of our apps. Personal data: shown masked only."""

    app_id: str
    openid: str = field(repr=False)
    unionid: str = field(default="", repr=False)


def offered() -> list[App]:
    """The apps that somebody may sign in by here."""
    config: WechatSignIn | None = settings.WECHAT_SIGN_IN
    found = [] if settings.LIVE else [App.SANDBOX]
    if config is not None and config.mini_secret:
        found.insert(0, App.MINI)
    if config is not None and config.secret:
        found.insert(0, App.BROWSER)
    return found


def app_of(app_id: str) -> App | None:
    """Which app of ours has this id; None for one that was ours."""
    config: WechatSignIn | None = settings.WECHAT_SIGN_IN
    if app_id == App.SANDBOX:
        return App.SANDBOX
    if config is not None and app_id == config.mini_appid:
        return App.MINI
    return App.BROWSER if config is not None and app_id == config.appid else None


def authorize_url() -> str | None:
    """Where the browser inside WeChat is sent, `{redirect_uri}` and `{state}` filled in; None where
    that is not offered. WeChat takes the words in this order only."""
    config: WechatSignIn | None = settings.WECHAT_SIGN_IN
    if config is None or App.BROWSER not in offered():
        return None
    return (
        f"{config.open_address.rstrip('/')}/connect/oauth2/authorize?appid={config.appid}"
        "&redirect_uri={redirect_uri}&response_type=code&scope=snsapi_base&state={state}"
        "#wechat_redirect"
    )


def identify(*, app: App, code: str) -> Identity:
    """Who this code is of; WeChat takes a code once. Call it outside of transactions.

    Errors: `wechat_unknown` where that app is not offered, `wechat_code_invalid` 422,
    `wechat_too_often` 429, `wechat_blocked` 403, `wechat_down` 503.
    """
    if app not in offered():
        raise DomainError(
            "wechat_unknown", _("There is no such way to sign in here."), field="client"
        )
    if app == App.SANDBOX:
        return _pretended(code)
    config: WechatSignIn | None = settings.WECHAT_SIGN_IN
    assert config is not None, "what is offered is set up"
    return WechatClient(config).identify(app=app, code=code)


def _pretended(code: str) -> Identity:
    """The sandbox's people at WeChat: whoever says the same is the same."""
    digest = hashlib.sha256(code.encode()).hexdigest()
    return Identity(app_id=App.SANDBOX, openid=f"sb-{digest[:25]}")


class WechatClient:
    """Asks WeChat. `timeout_s`: to connect, to be answered."""

    def __init__(self, config: WechatSignIn, *, timeout_s: tuple[float, float] = TIMEOUT_S) -> None:
        refuse_remote("WeChat", config.address)
        self._config, self._timeout_s = config, timeout_s

    def identify(self, *, app: App, code: str) -> Identity:
        """Errors as the function above."""
        config = self._config
        if app == App.MINI:
            app_id, secret = config.mini_appid, config.mini_secret
            path, name = "jscode2session", "js_code"
        else:
            app_id, secret = config.appid, config.secret
            path, name = "oauth2/access_token", "code"
        told = self._ask(
            path,
            {"appid": app_id, "secret": secret, name: code, "grant_type": "authorization_code"},
        )
        openid, unionid = told.get("openid"), told.get("unionid") or ""
        if not _is_id(openid) or (unionid and not _is_id(unionid)):
            raise _down("no_openid")
        return Identity(app_id=app_id, openid=str(openid), unionid=str(unionid))

    def _ask(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        address = f"{self._config.address.rstrip('/')}/sns/{path}"
        try:
            with requests.get(
                address,
                params=query,
                timeout=self._timeout_s,
                proxies=NO_PROXY,  # type: ignore[arg-type]
                allow_redirects=False,
                stream=True,
            ) as answer:
                status, body = (
                    answer.status_code,
                    answer.raw.read(LARGEST_ANSWER + 1, decode_content=True),
                )
        except Exception as error:  # whatever breaks on the way; its text holds the secret
            raise _down(type(error).__name__) from None
        if status != 200 or len(body) > LARGEST_ANSWER:
            raise _down(f"http_{status}" if status != 200 else "answer_too_long")
        told = _json(body)
        _refuse(told.get("errcode", 0))
        return told


def _refuse(errcode: object) -> None:
    """WeChat's own refusals, as a person may act on them; what is wrong with our app or its secret
    is nobody's but ours, so it is logged and we are away."""
    if type(errcode) is not int:
        raise _down("no_errcode")
    if errcode == 0:
        return
    if errcode in SPENT:
        raise DomainError(
            "wechat_code_invalid",
            _("WeChat's code is over or was used. Press the button again."),
            field="code",
            status=422,
        )
    if errcode in TOO_OFTEN:
        raise DomainError(
            "wechat_too_often",
            _("Too many sign-ins by WeChat right now. Try again in a minute."),
            status=429,
            details={"retry_after_s": PAUSE_S},
        )
    if errcode == BLOCKED:
        raise DomainError(
            "wechat_blocked",
            _("WeChat does not let this account sign in. Use your phone."),
            status=403,
        )
    raise _down(f"errcode_{errcode}"[:40])


def _down(reason: str) -> DomainError:
    log.warning("wechat_sign_in_failed", reason=reason)
    return DomainError(
        "wechat_down",
        _("WeChat does not answer. Try again shortly, or use your phone."),
        status=503,
        details={"retry_after_s": 5},
    )


def _json(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise _down("no_json") from None
    if not isinstance(told, dict):
        raise _down("no_json")
    return told


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
