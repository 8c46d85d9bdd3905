"""Joining and signing in, as seen from outside."""

import pytest
from tests.api.clients import PASSWORD, Api, joined, newcomer, phone, staff

from mingchi.members.models import Member, MemberToken
from mingchi.merchants.models import Merchant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("merchant")]


def test_the_sponsor_is_bound_by_the_code() -> None:
    sponsor = joined()
    me = sponsor.get("/members/me").body
    friend = joined(me["invitation_code"].lower())
    assert friend.get("/members/me").body["sponsor_id"] == me["id"]


def test_the_phone_is_masked() -> None:
    number = phone()
    found = Api().post("/members/join", newcomer(phone=number))
    me = Api(token=found.body["token"]).get("/members/me")
    assert me.body["phone"] == f"138****{number[-4:]}"


JOIN_REFUSALS = [
    ("unknown code", {"invitation_code": "AAAAAAAA"}, 400, "invitation_unknown", "invitation_code"),
    ("weak password", {"password": "12345678"}, 400, "password_weak", "password"),
    ("short password", {"password": "abc"}, 422, "invalid_input", "password"),
    ("no phone", {"phone": "abc"}, 422, "invalid_input", "phone"),
    ("no name", {"name": "  "}, 422, "invalid_input", "name"),
    ("control characters", {"name": "a\x00b"}, 422, "invalid_input", "name"),
    ("a field we don't know", {"rank": "V4"}, 422, "invalid_input", "rank"),
]


@pytest.mark.parametrize(
    ("change", "status", "code", "field"), [c[1:] for c in JOIN_REFUSALS], ids=lambda c: str(c)[:30]
)
def test_join_refusals(change: dict[str, str], status: int, code: str, field: str) -> None:
    body = newcomer(**change)
    found = Api().post("/members/join", body)
    assert (found.status, found.code, found.error["field"]) == (status, code, field)
    assert not Member.objects.exists()


def test_a_phone_joins_once_however_it_is_spelt() -> None:
    number = phone()
    body = newcomer(phone=number)
    Api().post("/members/join", body)
    again = Api().post("/members/join", {**body, "phone": f"+86 {number[:3]}-{number[3:]}"})
    assert (again.status, again.code) == (409, "phone_taken")


def test_signing_out_ends_the_token() -> None:
    api = joined()
    assert api.post("/members/sign-out").status == 200
    gone = api.get("/members/me")
    assert (gone.status, gone.code) == (401, "authentication_required")
    assert gone.headers["WWW-Authenticate"].startswith("Bearer")


def test_tokens_are_kept_as_digests() -> None:
    api = joined()
    token = api.headers["Authorization"].removeprefix("Bearer ")
    assert token not in str(list(MemberToken.objects.values_list()))


@pytest.mark.parametrize("token", ["x", "Ümlaut", "a" * 5000, "' OR 1=1 --"])
def test_tokens_that_are_none(token: str) -> None:
    assert Api().get("/members/me", Authorization=f"Bearer {token}").status == 401


def test_the_eleventh_try_for_a_phone_waits() -> None:
    number = phone()
    body = {"phone": number, "password": "wrong-password"}
    codes = [Api().post("/members/sign-in", body).code for _ in range(10)]
    assert codes == ["login_failed"] * 10
    # Another spelling of the number is the same number.
    spelt = Api().post("/members/sign-in", {**body, "phone": f"+86{number}"})
    assert (spelt.status, spelt.code) == (429, "too_many_requests")
    assert 1 <= int(spelt.headers["Retry-After"]) <= 900
    other = Api().post("/members/sign-in", {**body, "phone": phone()})
    assert other.status == 401


def test_an_address_has_a_limit_and_a_forwarded_one_is_not_believed() -> None:
    for n in range(101):
        found = Api().post(
            "/members/sign-in",
            {"phone": phone(), "password": "wrong-password"},
            **{"X-Forwarded-For": f"10.0.0.{n}"},
        )
    assert found.status == 429


def test_staff_sign_in_with_a_csrf_token(merchant: Merchant) -> None:
    staff("operator")
    from mingchi.foundation.models import User

    body = {"username": User.objects.get().username, "password": PASSWORD}
    api = Api()
    refused = api.post("/staff/session/sign-in", body)
    assert (refused.status, refused.code) == (403, "csrf_failed")
    api.headers["X-CSRFToken"] = api.get("/staff/session/csrf").body["csrf_token"]
    found = api.post("/staff/session/sign-in", body)
    assert found.status == 200, found.body
    assert found.body["roles"] == ["operator", "staff"]
    assert api.get("/staff/session").status == 200
    api.headers["X-CSRFToken"] = api.get("/staff/session/csrf").body["csrf_token"]
    assert api.post("/staff/session/sign-out").status == 200
    assert api.get("/staff/session").status == 401


def test_a_change_without_csrf_token_is_refused(merchant: Merchant) -> None:
    api = staff("owner")
    del api.headers["X-CSRFToken"]
    found = api.post("/staff/merchants", {"name": "Tea house"})
    assert (found.status, found.code) == (403, "csrf_failed")
    assert Merchant.objects.count() == 1


MESSAGES = [("en", "Please sign in."), ("zh-Hans", "请先登录。"), ("fr, zh-CN", "请先登录。")]


@pytest.mark.parametrize(("language", "message"), MESSAGES)
def test_messages_follow_the_language(language: str, message: str) -> None:
    assert Api(language=language).get("/members/me").error["message"] == message


def test_field_messages_do_too() -> None:
    body = {"phone": phone(), "password": PASSWORD}
    english = Api(language="en").post("/members/join", body).error
    chinese = Api(language="zh-Hans").post("/members/join", body).error
    assert english["message"] == "This field is required."
    assert chinese["message"] != english["message"]
