"""What the pages of a member show, as seen from outside."""

import pytest
from pytest_django import Settings
from tests.api.clients import Api, joined, phone, staff
from tests.api.journeys import bring_statements_up_to_date, completed, settle

from mingchi.api.app import api
from mingchi.catalogue.models import Sku
from mingchi.members.models import Member, SignInCode
from mingchi.pricing.models import Coupon, MemberCoupon

pytestmark = pytest.mark.django_db(transaction=True)


def test_disclosures_are_of_the_books(article: Sku) -> None:
    operator, buyer = staff("operator"), joined()
    none = Api().get("/programme/disclosures").body
    assert (none["spent_fen"], none["contributed_ppm"], none["orders"]) == (0, 0, 0)
    order_id = completed(buyer, operator, article)
    settle()
    told = Api().get("/programme/disclosures").body
    # 1000.00 spent, 300.00 in the pool, 210 points; nobody has got back what was spent.
    assert told.pop("as_of")
    assert told == {
        "pool_fen": 30_000,
        "supply_upt": 210_000_000,
        "price": "1.428571",
        "spent_fen": 100_000,
        "contributed_fen": 30_000,
        "contributed_ppm": 300_000,
        "paid_fen": 0,
        "subsidy_fen": 0,
        "price_without_subsidy": "1.428571",
        "orders": 0,  # not counted yet
        "repaid_orders": 0,
        "repaid_ppm": 0,
        "redeem_fee_ppm": 200_000,
    }
    buyer.post("/points/redeem", {"points_upt": 105_000_000})
    settle()
    told = Api().get("/programme/disclosures").body
    assert (told["paid_fen"], told["pool_fen"]) == (12_000, 18_000)
    # A refund takes back what it brought: the sums follow, though they are never begun anew.
    line = buyer.get(f"/orders/{order_id}").body["lines"][0]["id"]
    wish = {"line_id": line, "amount_fen": 100_000, "reason": "broken"}
    refund = buyer.post(f"/orders/{order_id}/refunds", wish).body["refund_id"]
    staff("finance").post(f"/staff/refunds/{refund}/decide", {"approve": True})
    settle()
    told = Api().get("/programme/disclosures").body
    assert (told["spent_fen"], told["paid_fen"]) == (0, 0)


def test_the_pool_holds_no_more_subsidies_than_money(article: Sku) -> None:
    operator, finance, buyer = staff("operator"), staff("finance"), joined()
    completed(buyer, operator, article)
    settle()
    asked = operator.post("/staff/subsidies", {"amount_fen": 20_000, "reason": "spring"}).body
    decided = finance.post(f"/staff/subsidies/{asked['proposal_id']}/decide", {"approve": True})
    assert decided.status == 200, decided.body
    settle()
    told = Api().get("/programme/disclosures").body
    assert (told["pool_fen"], told["subsidy_fen"]) == (50_000, 20_000)
    assert (told["price"], told["price_without_subsidy"]) == ("2.380952", "1.428571")
    buyer.post("/points/redeem", {"points_upt": 190_000_000})
    settle()
    told = Api().get("/programme/disclosures").body
    assert told["pool_fen"] == told["subsidy_fen"] == 50_000 - 36_190
    assert told["price_without_subsidy"] == "0.000000"


def test_each_day_has_the_last_price_of_it(article: Sku) -> None:
    operator, buyer = staff("operator"), joined()
    assert Api().get("/programme/daily-prices").body == []
    completed(buyer, operator, article)
    completed(buyer, operator, article)
    settle()
    (today,) = Api().get("/programme/daily-prices?days=30").body
    assert today["price"] == Api().get("/programme/pool").body["price"] == "1.680672"
    assert Api().get("/programme/daily-prices?days=0").status == 422


def test_positions_and_redemptions_say_how_they_stand(article: Sku) -> None:
    operator, buyer = staff("operator"), joined()
    completed(buyer, operator, article)
    settle()
    (position,) = buyer.get("/points").body["positions"]
    assert position["worth_fen"] == 30_000
    asked = buyer.post("/points/redeem", {"points_upt": "all"}).body
    (row,) = buyer.get("/points/redemptions").body["items"]
    assert (row["id"], row["status"], row["net_fen"]) == (asked["redemption_id"], "pending", None)
    settle()
    (row,) = buyer.get("/points/redemptions").body["items"]
    assert (row["status"], row["net_fen"], row["quoted_net_fen"]) == ("settled", 24_000, 24_000)


def test_the_statement_names_what_moved_the_money(article: Sku) -> None:
    operator, finance, sponsor = staff("operator"), staff("finance"), joined()
    buyer = joined(sponsor.get("/members/me").body["invitation_code"])
    completed(buyer, operator, article)
    settle()
    asked = sponsor.post("/wallet/withdrawals", {"amount_fen": 4_000}).body["withdrawal_id"]
    finance.post(f"/staff/withdrawals/{asked}/decide", {"approve": True})
    settle()
    bring_statements_up_to_date()
    lines = sponsor.get("/wallet/statement").body["items"]
    lines.sort(key=lambda line: line["amount_fen"])
    assert [(line["reason"], line["amount_fen"]) for line in lines] == [
        ("withdrawal_approved", -4_000),
        ("direct", 10_000),
    ]
    wallet = sponsor.get("/wallet").body
    assert (wallet["awarded_fen"], wallet["balance_fen"]) == (10_000, 6_000)


@pytest.mark.usefixtures("merchant")
def test_the_team_is_the_first_generation_and_masked() -> None:
    sponsor = joined()
    code = sponsor.get("/members/me").body["invitation_code"]
    friend, other = joined(code), joined(code)
    joined(friend.get("/members/me").body["invitation_code"])
    team = sponsor.get("/members/team?limit=1").body
    assert (team["count"], team["sponsor"], len(team["items"])) == (2, None, 1)
    assert team["items"][0]["name"] == "W***"
    assert "****" in team["items"][0]["phone"]
    assert team["items"][0]["joined_at"] == other.get("/members/me").body["joined_at"]
    rest = sponsor.get(f"/members/team?limit=1&before={team['next']}").body
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert friend.get("/members/team").body["sponsor"] == "W***"


@pytest.mark.usefixtures("merchant")
def test_a_member_is_called_as_they_wish() -> None:
    own = joined()
    assert own.send("PUT", "/members/me", {"name": " 明 <b> "}).body["name"] == "明 <b>"
    assert own.get("/members/me").body["name"] == "明 <b>"
    assert own.send("PUT", "/members/me", {"name": " "}).status == 422
    Member.objects.update(is_read_only=True)
    assert own.send("PUT", "/members/me", {"name": "Li"}).code == "read_only"
    assert Member.objects.get().name == "明 <b>"


def test_orders_are_counted_by_state(article: Sku) -> None:
    operator, buyer = staff("operator"), joined()
    completed(buyer, operator, article)
    counts = buyer.get("/orders/counts").body
    assert counts == {
        "created": 0, "paid": 0, "shipped": 0, "received": 0, "completed": 1, "cancelled": 0,
        "refunded": 0,
    }  # fmt: skip
    assert sum(joined().get("/orders/counts").body.values()) == 0


@pytest.mark.usefixtures("merchant")
def test_a_code_signs_in_once() -> None:
    own = joined()
    number = Member.objects.get().phone
    sent = Api().post("/members/sign-in-codes", {"phone": number})
    assert (sent.status, sent.body["valid_minutes"]) == (201, 10)
    code = sent.body["sandbox_code"]
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    wish = {"phone": f"+86 {number}", "code": code}
    assert Api().post("/members/sign-in/code", {**wish, "code": wrong}).code == "code_wrong"
    found = Api().post("/members/sign-in/code", wish)
    assert found.body["member_id"] == own.get("/members/me").body["id"]
    assert Api(token=found.body["token"]).get("/members/me").status == 200
    assert Api().post("/members/sign-in/code", wish).status == 401
    assert code not in str(list(SignInCode.objects.values_list()))


@pytest.mark.usefixtures("merchant")
def test_codes_that_are_none() -> None:
    joined()
    number = Member.objects.get().phone
    first = Api().post("/members/sign-in-codes", {"phone": number}).body["sandbox_code"]
    second = Api().post("/members/sign-in-codes", {"phone": number}).body["sandbox_code"]
    old = Api().post("/members/sign-in/code", {"phone": number, "code": first})
    assert first == second or old.code == "code_wrong"
    SignInCode.objects.update(expires_at="2020-01-01T00:00:00Z")
    late = Api().post("/members/sign-in/code", {"phone": number, "code": second})
    assert (late.status, late.code) == (401, "code_wrong")
    # Somebody who is no member gets a code too, and it opens nothing.
    stranger = phone()
    code = Api().post("/members/sign-in-codes", {"phone": stranger}).body["sandbox_code"]
    assert Api().post("/members/sign-in/code", {"phone": stranger, "code": code}).status == 401


@pytest.mark.usefixtures("merchant")
def test_live_mode_sends_no_codes(settings: Settings) -> None:
    settings.LIVE = True
    refused = Api().post("/members/sign-in-codes", {"phone": phone()})
    assert (refused.status, refused.code) == (409, "codes_unavailable")
    assert not SignInCode.objects.exists()


def test_the_openapi_says_what_a_coupon_may_be() -> None:
    mine = api.get_openapi_schema()["components"]["schemas"]["MyCouponOut"]["properties"]
    assert mine["state"]["enum"] == MemberCoupon.State.values
    assert mine["kind"]["enum"] == Coupon.Kind.values
