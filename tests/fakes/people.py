"""WeChat's people, as far as signing in asks of them: a device gets a code, an app of ours
exchanges it, once. Answers carry the keys that the real ones do, so that a test can see that nobody
keeps them."""

import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlsplit

from tests.fakes.serving import Answer, DropConnectionError, Faults, wait

APPID, MINI_APPID = "wx00000000000000a1", "wx00000000000000b2"
SECRETS = {APPID: "secret-of-the-official-account", MINI_APPID: "secret-of-the-mini-program"}
SESSION_KEY, ACCESS_TOKEN = "HyVFkGl5F5OQWJZZaNzBBg==", "ACCESS_TOKEN_kept_by_nobody"
APPS = {"/sns/jscode2session": MINI_APPID, "/sns/oauth2/access_token": APPID}


@dataclass
class People:
    """`browses`: whose WeChat the browser is in that comes to be sent on; `says`: bodies to answer
    with instead of the right ones, each once."""

    browses: str = "oBrowser-00000000000000000000"
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)
    says: list[bytes] = field(default_factory=list)
    asked: int = 0

    def code(self, openid: str, *, appid: str = MINI_APPID) -> str:
        """A fresh code of somebody's device."""
        made = secrets.token_hex(16)
        self.codes[made] = (appid, openid)
        return made

    def answer(self, path: str) -> Answer | None:
        """What it says; None for what is not its own."""
        where = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(where.query).items()}
        if where.path == "/connect/oauth2/authorize":
            return self._sent_on(query)
        if where.path not in APPS:
            return None
        self.asked += 1
        wait(self.faults)
        if self.faults.once("break_", "identify"):
            raise DropConnectionError
        if self.faults.once("down", "identify"):
            return Answer(500)
        # WeChat says text/plain to JSON.
        body = self.says.pop() if self.says else self._told(APPS[where.path], query)
        return Answer(200, body, {"Content-Type": "text/plain"})

    def _sent_on(self, query: dict[str, str]) -> Answer:
        order = ["appid", "redirect_uri", "response_type", "scope", "state"]
        if [*query] != order or query["appid"] != APPID or query["scope"] != "snsapi_base":
            return Answer(400, b"parameters")
        code = self.code(self.browses, appid=APPID)
        to = f"{query['redirect_uri']}?code={code}&state={quote(query['state'])}"
        return Answer(302, b"", {"Location": to})

    def _told(self, appid: str, query: dict[str, str]) -> bytes:
        code = query.get("js_code") or query.get("code", "")
        if query.get("appid") != appid or query.get("grant_type") != "authorization_code":
            return _error(40013, "invalid appid")
        if query.get("secret") != SECRETS[appid]:
            return _error(40125, "invalid appsecret")
        if code in self.used:
            return _error(40163, "code been used")
        if self.codes.get(code, ("", ""))[0] != appid:
            return _error(40029, "invalid code")
        self.used.add(code)
        openid = self.codes[code][1]
        told = {"openid": openid, "unionid": f"u{openid}"}
        if appid == MINI_APPID:
            return json.dumps(told | {"session_key": SESSION_KEY}).encode()
        more = {"access_token": ACCESS_TOKEN, "expires_in": 7200, "scope": "snsapi_base"}
        return json.dumps(told | more).encode()


def _error(errcode: int, errmsg: str) -> bytes:
    return json.dumps({"errcode": errcode, "errmsg": errmsg}).encode()
