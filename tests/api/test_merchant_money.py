"""Statements and payouts through the API: whose they are, and who may do what."""

import pytest
from django.utils import timezone
from tests.api.clients import staff
from tests.usecases import shop as doing
from tests.usecases.shop import Shop
from tests.usecases.test_merchant_money import DAY, booked, close

from mingchi.catalogue.models import Sku
from mingchi.merchants.models import Merchant, MerchantStaff
from mingchi.payouts.models import MerchantStatement

pytestmark = pytest.mark.django_db(transaction=True)
ACCOUNT = {"holder": "Tea Ltd", "bank": "Bank", "number": "6222 0000 1234"}


@pytest.fixture
def statement(merchant: Merchant, article: Sku) -> MerchantStatement:
    shop = Shop(merchant=merchant, owner=doing.staff("owner"), finance=doing.staff("finance"))
    doing.completed(shop, doing.member(), article)
    booked()
    return close(shop)


def test_a_merchants_finance_sees_its_own(merchant: Merchant, statement: MerchantStatement) -> None:
    cashier = staff(merchant=merchant, role="finance")
    (row,) = cashier.get("/staff/statements").body["items"]
    assert (row["id"], row["closing_fen"]) == (statement.pk, 30_000)
    assert row == cashier.get(f"/staff/statements/{statement.pk}").body
    (line,) = cashier.get(f"/staff/statements/{statement.pk}/lines").body["items"]
    assert (line["kind"], line["goods_fen"], line["share_fen"]) == ("sale", 100_000, 70_000)
    file = cashier.get(f"/staff/statements/{statement.pk}/file?kind=xlsx")
    assert (file.status, file.body[:2]) == (200, b"PK")
    assert ".xlsx" in file.headers["Content-Disposition"]
    found = cashier.get(f"/staff/merchants/{merchant.pk}/balance").body
    assert (found["available_fen"], found["stated_fen"], found["account"]) == (30_000, 30_000, None)


def test_nobody_elses(merchant: Merchant, statement: MerchantStatement) -> None:
    elsewhere = Merchant.objects.create(name="Elsewhere")
    stranger = staff(merchant=elsewhere, role="finance")
    # A clerk here and finance there sees what is there only.
    both = staff(merchant=elsewhere, role="finance")
    user = MerchantStaff.objects.latest("pk").user
    MerchantStaff.objects.create(user=user, merchant=merchant, role="clerk")
    for api in (stranger, both):
        assert api.get("/staff/statements").body["items"] == []
        for path in (
            f"/staff/statements/{statement.pk}",
            f"/staff/statements/{statement.pk}/lines",
            f"/staff/statements/{statement.pk}/file",
            f"/staff/merchants/{merchant.pk}/balance",
        ):
            assert api.get(path).status == 404, path
    assert (
        stranger.send("PUT", f"/staff/merchants/{merchant.pk}/bank-account", ACCOUNT).status == 404
    )
    assert staff(merchant=merchant, role="clerk").get("/staff/statements").status == 403


def test_from_the_account_to_the_money(merchant: Merchant, statement: MerchantStatement) -> None:
    cashier, finance = staff(merchant=merchant, role="finance"), staff("finance")
    address = f"/staff/merchants/{merchant.pk}"
    assert cashier.send("PUT", f"{address}/bank-account", ACCOUNT).status == 200
    asked = cashier.post(f"{address}/payouts", {"amount_fen": 30_000})
    assert asked.status == 201, asked.body
    path = f"/staff/payouts/{asked.body['payout_id']}"
    assert cashier.post(f"{path}/decide", {"approve": True}).status == 403
    assert finance.post(f"{path}/decide", {"approve": True}).status == 200
    assert cashier.post(f"{path}/account").status == 403
    assert finance.post(f"{path}/account").body["number"] == "622200001234"
    assert finance.post(f"{path}/pay", {"transfer_no": "B-7"}).body == {"transfer_no": "B-7"}
    (row,) = cashier.get("/staff/payouts?state=paid").body["items"]
    assert (row["account"], row["transfer_no"]) == ("Bank **** 1234", "B-7")
    late = cashier.post(f"{address}/payouts", {"amount_fen": 1})
    assert (late.status, late.code) == (409, "insufficient_balance")


def test_finance_close_a_day(merchant: Merchant, statement: MerchantStatement) -> None:
    finance = staff("finance")
    path = f"/staff/merchants/{merchant.pk}/statements"
    running = timezone.localtime().strftime("%Y-%m")
    assert finance.post(path, {"period": running}).code == "period_not_over"
    before = (timezone.localtime() - 3 * DAY).strftime("%Y-%m-%d")
    assert finance.post(path, {"period": before}).code == "period_stated"
    assert finance.post(path, {"period": "november"}).status == 422
