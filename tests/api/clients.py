"""Speaks to the API as a member's device, a browser of staff's, or nobody would."""

import json
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client

from mingchi.foundation.models import User
from mingchi.members import disclosures
from mingchi.merchants.models import Merchant, MerchantStaff

PASSWORD = "clear-pool-7"
_numbers = count(1)


@dataclass
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def error(self) -> dict[str, Any]:
        """The refusal; every key of the envelope must be there."""
        error: dict[str, Any] = self.body["error"]
        assert set(error) == {"code", "message", "field", "details", "request_id"}
        assert error["message"]
        assert error["request_id"] == self.headers["X-Request-ID"]
        return error

    @property
    def code(self) -> str:
        """The code of the refusal."""
        return str(self.error["code"])


class Api:
    """One caller. A POST gets a fresh idempotency key unless told otherwise (`key=None`: none)."""

    def __init__(self, *, token: str = "", language: str = "en") -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.headers = {"Accept-Language": language}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, None, **headers)

    def post(
        self, path: str, body: Any = None, *, key: str | None = "new", **headers: str
    ) -> Answer:
        if key is not None:
            number = f"key-{next(_numbers)}" if key == "new" else key
            headers.setdefault("Idempotency-Key", number)
        return self.send("POST", path, body, **headers)

    def send(self, method: str, path: str, body: Any, **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        answered = self.client.generic(
            method,
            f"/api{path}",
            data,
            content_type="application/json",
            headers={**self.headers, **headers},
        )
        return answer(answered)


def answer(response: HttpResponse) -> Answer:
    """The answer of Django's test client, JSON read."""
    if getattr(response, "streaming", False):
        body: Any = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    elif "json" in response.headers.get("Content-Type", ""):
        body = json.loads(response.content)
    else:
        body = response.content
    return Answer(status=response.status_code, body=body, headers=dict(response.headers))


def phone() -> str:
    """A number nobody has."""
    return f"138{next(_numbers):08d}"


def newcomer(**change: str) -> dict[str, str]:
    """What somebody sends who joins, told what must be known."""
    known = {"name": "Wang", "disclosure": disclosures.joining().digest}
    return {"phone": phone(), "password": PASSWORD, **known, **change}


def joined(invitation_code: str | None = None) -> Api:
    """A new member, signed in."""
    body = newcomer(**({"invitation_code": invitation_code} if invitation_code else {}))
    found = Api().post("/members/join", body)
    assert found.status == 201, found.body
    return Api(token=found.body["token"])


def staff(*groups: str, merchant: Merchant | None = None, role: str = "manager") -> Api:
    """A staff account with platform roles, or of a merchant, signed in as a browser does."""
    user = User.objects.create_user(
        username=f"api-staff-{next(_numbers)}", password=PASSWORD, is_staff=True
    )
    user.groups.set(Group.objects.filter(name__in=groups))
    if merchant is not None:
        MerchantStaff.objects.create(user=user, merchant=merchant, role=role)
    return signed_in(user)


def signed_in(user: User) -> Api:
    """A session of the account, with its CSRF token."""
    api = Api()
    api.client.force_login(user)
    api.headers["X-CSRFToken"] = api.get("/staff/session/csrf").body["csrf_token"]
    return api
