"""Signing in by WeChat, from outside: known, unknown, bound, undone."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.test import override_settings
from tests.api.clients import PASSWORD, Answer, Api, joined, newcomer, phone
from tests.fakes.people import APPID, SESSION_KEY
from tests.fakes.wechat import FakeWechat
from tests.usecases.shop import at_once

from mingchi.foundation import clock
from mingchi.foundation.models import AuditRecord
from mingchi.members import wechat
from mingchi.members.models import Member, MemberToken, WechatBinding, WechatTicket
from mingchi.usecases.sign_in import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("merchant")]
ALICE, BOB = "oAlice-8uMuAJO_M2pxb1Q9zNjWe", "oBobby-8uMuAJO_M2pxb1Q9zNjWe"


@pytest.fixture
def fake() -> Iterator[FakeWechat]:
    made = FakeWechat()
    with override_settings(WECHAT_SIGN_IN=made.sign_in()):
        yield made
    made.close()


def body(fake: FakeWechat, openid: str, client: str = "wechat_mini") -> dict[str, str]:
    appid = {"appid": APPID} if client == "wechat" else {}
    return {"client": client, "code": fake.people.code(openid, **appid)}


def entering(fake: FakeWechat, openid: str, client: str = "wechat_mini") -> Answer:
    return Api().post("/members/wechat/sign-in", body(fake, openid, client))


def ticket(fake: FakeWechat, openid: str, client: str = "wechat_mini") -> str:
    found = entering(fake, openid, client).body
    assert found["signed_in"] is None
    assert found["ticket"]["valid_minutes"] == 10
    return str(found["ticket"]["ticket"])


def joining(wechat_ticket: str, number: str = "") -> Answer:
    data = newcomer(phone=number or phone(), wechat_ticket=wechat_ticket)
    return Api().post("/members/join", data)


def entered(fake: FakeWechat, openid: str, client: str = "wechat_mini") -> Api:
    """Joined with this WeChat."""
    return Api(token=joining(ticket(fake, openid, client)).body["token"])


def bindings(api: Api) -> list[str]:
    return [each["client"] for each in api.get("/members/wechat/bindings").body]


class TestTheWayIn:
    """Code, then token or ticket."""

    def test_unknown_nobody_joins_by_it(self, fake: FakeWechat) -> None:
        ticket(fake, ALICE)
        assert not Member.objects.exists()
        assert not MemberToken.objects.exists()
        kept = str(WechatTicket.objects.values_list())
        assert SESSION_KEY not in kept

    def test_joining_with_the_ticket_then_known(self, fake: FakeWechat) -> None:
        sponsor = joined()
        data = newcomer(
            invitation_code=sponsor.get("/members/me").body["invitation_code"],
            wechat_ticket=ticket(fake, ALICE),
        )
        member_id = Api().post("/members/join", data).body["member_id"]
        found = entering(fake, ALICE).body
        assert found["ticket"] is None
        assert found["signed_in"]["member_id"] == member_id
        me = Api(token=found["signed_in"]["token"]).get("/members/me").body
        assert (me["id"], me["sponsor_id"]) == (member_id, sponsor.get("/members/me").body["id"])
        assert entering(fake, BOB).body["signed_in"] is None
        # The same person has another openid at the other app.
        assert entering(fake, ALICE, "wechat").body["signed_in"] is None

    @pytest.mark.parametrize("way", ["password", "code"])
    def test_signing_in_by_phone_with_the_ticket(self, fake: FakeWechat, way: str) -> None:
        number = phone()
        member_id = joining("", number).body["member_id"]
        data = {"phone": number, "wechat_ticket": ticket(fake, ALICE)}
        if way == "password":
            assert Api().post("/members/sign-in", data | {"password": "wrong-one-7"}).status == 401
            found = Api().post("/members/sign-in", data | {"password": PASSWORD})
        else:
            code = Api().post("/members/sign-in-codes", {"phone": number}).body["sandbox_code"]
            found = Api().post("/members/sign-in/code", data | {"code": code})
        assert (found.status, found.body["member_id"]) == (200, member_id)
        assert entering(fake, ALICE).body["signed_in"]["member_id"] == member_id

    def test_a_read_only_member_signs_in_and_binds_nothing(self, fake: FakeWechat) -> None:
        number = phone()
        member_id = joining(ticket(fake, ALICE), number).body["member_id"]
        Member.objects.update(is_read_only=True, is_frozen=True)
        found = entering(fake, ALICE).body["signed_in"]
        assert found["member_id"] == member_id
        binding = WechatBinding.objects.get()
        api = Api(token=found["token"])
        gone = api.send("DELETE", f"/members/wechat/bindings/{binding.pk}", None)
        assert gone.status == 403
        data = {"phone": number, "password": PASSWORD, "wechat_ticket": ticket(fake, BOB)}
        assert Api().post("/members/sign-in", data).code == "read_only_account"
        assert WechatBinding.objects.count() == 1

    def test_the_sandbox_pretends(self) -> None:
        ways = Api().get("/members/wechat").body
        assert ways == {"clients": ["sandbox"], "authorize_url": None}
        data = {"client": "sandbox", "code": "alice"}
        found = Api().post("/members/wechat/sign-in", data).body
        member_id = joining(found["ticket"]["ticket"]).body["member_id"]
        again = Api().post("/members/wechat/sign-in", data).body
        assert again["signed_in"]["member_id"] == member_id
        with override_settings(LIVE=True):
            assert Api().get("/members/wechat").body["clients"] == []
            refused = Api().post("/members/wechat/sign-in", data)
            assert (refused.status, refused.code) == (400, "wechat_unknown")

    def test_refusals_carry_what_to_do(self, fake: FakeWechat) -> None:
        used = body(fake, ALICE)
        Api().post("/members/wechat/sign-in", used)
        refused = Api().post("/members/wechat/sign-in", used)
        assert (refused.status, refused.code) == (422, "wechat_code_invalid")
        fake.people.says = [b'{"errcode": 45011}']
        often = entering(fake, ALICE)
        assert (often.status, often.headers["Retry-After"]) == (429, "60")
        fake.people.faults.down = ["identify"]
        down = entering(fake, ALICE)
        assert (down.status, down.code, down.headers["Retry-After"]) == (503, "wechat_down", "5")

    def test_many_tries_wait(self, fake: FakeWechat) -> None:
        data = {"client": "wechat_mini", "code": "never-given"}
        found = [Api().post("/members/wechat/sign-in", data).status for _ in range(11)]
        assert found == [422] * 10 + [429]
        assert fake.people.asked == 10


class TestTickets:
    """Short-lived, single-use, for nobody else."""

    def test_used_unknown_and_over(self, fake: FakeWechat) -> None:
        one = ticket(fake, ALICE)
        assert joining(one).status == 201
        for other in (one, "x" * 43):
            refused = joining(other)
            assert (refused.status, refused.code) == (409, "wechat_ticket_over")
        late = ticket(fake, BOB)
        WechatTicket.objects.update(expires_at=clock.now() - timedelta(seconds=1))
        assert joining(late).code == "wechat_ticket_over"
        # Who was refused has not joined.
        assert (Member.objects.count(), WechatBinding.objects.count()) == (1, 1)
        assert wechat.prune_tickets(now=clock.now()) == 1

    def test_a_refusal_leaves_it_good(self, fake: FakeWechat) -> None:
        number = phone()
        joining("", number)
        one = ticket(fake, ALICE)
        assert joining(one, number).code == "phone_taken"
        assert joining(one).status == 201

    def test_two_tickets_of_one_wechat_bind_one_member(self, fake: FakeWechat) -> None:
        first, second = ticket(fake, ALICE), ticket(fake, ALICE)
        assert joining(first).status == 201
        refused = joining(second)
        assert (refused.status, refused.code) == (409, "wechat_bound_elsewhere")
        assert (Member.objects.count(), WechatTicket.objects.count()) == (1, 1)

    def test_another_wechat_of_a_member_is_refused(self, fake: FakeWechat) -> None:
        number = phone()
        joining(ticket(fake, ALICE), number)
        data = {"phone": number, "password": PASSWORD, "wechat_ticket": ticket(fake, BOB)}
        refused = Api().post("/members/sign-in", data)
        assert (refused.status, refused.code) == (409, "wechat_bound")
        assert Api().post("/members/sign-in", data | {"wechat_ticket": ""}).status == 200
        mine = {**data, "wechat_ticket": ticket(fake, ALICE, "wechat")}
        assert Api().post("/members/sign-in", mine).status == 200
        assert WechatBinding.objects.count() == 2


class TestTheProfile:
    """What a member sees of it and may undo."""

    def test_bound_seen_masked_and_undone(self, fake: FakeWechat) -> None:
        api = joined()
        assert bindings(api) == []
        assert api.post("/members/wechat/bindings", body(fake, ALICE)).status == 200
        assert api.post("/members/wechat/bindings", body(fake, ALICE)).status == 200
        (found,) = api.get("/members/wechat/bindings").body
        assert (found["client"], found["openid"]) == ("wechat_mini", "oAli****NjWe")
        other = joined()
        path = f"/members/wechat/bindings/{found['id']}"
        assert other.send("DELETE", path, None).status == 404
        refused = other.post("/members/wechat/bindings", body(fake, ALICE))
        assert (refused.status, refused.code) == (409, "wechat_bound_elsewhere")
        assert api.post("/members/wechat/bindings", body(fake, BOB)).code == "wechat_bound"
        assert api.send("DELETE", path, None).status == 200
        assert entering(fake, ALICE).body["signed_in"] is None
        assert other.post("/members/wechat/bindings", body(fake, ALICE)).status == 200

    def test_written_down_without_the_openid(self, fake: FakeWechat) -> None:
        api = entered(fake, ALICE)
        binding = WechatBinding.objects.get()
        api.send("DELETE", f"/members/wechat/bindings/{binding.pk}", None)
        rows = AuditRecord.objects.filter(action__startswith="wechat.").order_by("pk")
        me = f"member:{binding.member_id}"
        assert [(row.action, row.actor, row.subject) for row in rows] == [
            ("wechat.bind", me, me),
            ("wechat.unbind", me, me),
        ]
        assert ALICE not in str([(row.before, row.after) for row in rows])


@pytest.mark.django_db(transaction=True)
def test_one_ticket_used_by_two_at_once_binds_once(fake: FakeWechat) -> None:
    numbers = [phone(), phone()]
    for number in numbers:
        joining("", number)
    one = ticket(fake, ALICE)
    done = at_once(
        [
            partial(sign_in, phone=number, password=PASSWORD, wechat_ticket=one, now=clock.now())
            for number in numbers
        ]
    )
    assert sorted(str(getattr(each, "code", "ok")) for each in done) == ["ok", "wechat_ticket_over"]
    assert WechatBinding.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_wechat_bound_by_two_at_once_is_one_members(fake: FakeWechat) -> None:
    numbers = [phone(), phone()]
    for number in numbers:
        joining("", number)
    tickets = [ticket(fake, ALICE), ticket(fake, ALICE)]
    done = at_once(
        [
            partial(sign_in, phone=number, password=PASSWORD, wechat_ticket=each, now=clock.now())
            for number, each in zip(numbers, tickets, strict=True)
        ]
    )
    codes = sorted(str(getattr(each, "code", "ok")) for each in done)
    assert codes == ["ok", "wechat_bound_elsewhere"]
    assert WechatBinding.objects.count() == 1
