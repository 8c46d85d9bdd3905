"""Another member's ids in every URL that has some: not there, and nothing comes of asking."""

from typing import Any, Final

import pytest
from tests.api.clients import Api, joined, staff
from tests.api.journeys import completed, paid, settle, settler_at_work
from tests.usecases.buying import HOME

from mingchi.api import permissions
from mingchi.api.app import api
from mingchi.catalogue.models import Sku
from mingchi.members.models import Address, Member, WechatBinding
from mingchi.orders.models import AfterSalesCase, Order, Refund
from mingchi.payments.models import Payment
from mingchi.reviews.models import Review
from mingchi.usecases.keep_addresses import add_address

pytestmark = pytest.mark.django_db(transaction=True)

# What anybody may name, and what is of whoever asks whatever the id.
EVERYBODYS: Final = {
    "claim_coupon", "is_favourite", "add_favourite", "remove_favourite", "add_visit",
    "forget_visit", "change_cart_item", "remove_cart_item",
}  # fmt: skip
BODIES: Final[dict[str, Any]] = {
    "edit_address": {"name": "X", "phone": "13900000000", "region": "330106", "detail": "1"},
    "pay_checkout": {},
    "pay_order": {},
    "ask_refund": {"line_id": 1, "amount_fen": 1},
    "add_to_review": {"text": "mine", "image_ids": []},
    "say_in_case": {"words": "mine"},
    "appeal_case": {"words": "mine"},
    "send_case_back": {"carrier": "SF", "tracking_number": "1"},
    "request_invoice": {"title": "mine"},
}


def of_members() -> dict[str, tuple[str, str]]:
    """Method and path of each operation of members whose path has an id."""
    return {
        operation["operationId"]: (method.upper(), path.removeprefix("/api"))
        for path, operations in api.get_openapi_schema()["paths"].items()
        for method, operation in operations.items()
        if "{" in path
        and permissions.ROUTES[operation["operationId"]]
        in (permissions.MEMBERS, permissions.MEMBERS_PAY)
    }


@pytest.fixture
def ids(article: Sku) -> dict[str, int]:
    """One of everything of a member."""
    operator, owner = staff("operator"), joined()
    member = Member.objects.get()
    done, order = completed(owner, operator, article), paid(owner, article)
    settle()
    line = owner.get(f"/orders/{done}").body["lines"][0]["id"]
    written = owner.post("/reviews", {"line_id": line, "stars": 4, "text": "good", "image_ids": []})
    with settler_at_work():
        redeemed = owner.post("/points/redeem", {"points_upt": 1_000_000})
    paid_for = owner.get(f"/orders/{order}").body["lines"][0]["id"]
    wanted = {"cause": "quality", "kind": "refund_only", "units": 1, "amount_fen": 5_000}
    of_line = {"order_id": order, "line_id": paid_for}
    case = owner.post("/after-sales/cases", {**of_line, **wanted})
    refund = owner.post(f"/orders/{order}/refunds", {"line_id": paid_for, "amount_fen": 1})
    invoice = owner.send("PUT", f"/after-sales/invoices/{order}", {"title": "Li"})
    withdrawal = owner.post("/wallet/withdrawals", {"amount_fen": 100})
    bound = owner.post("/members/wechat/bindings", {"client": "sandbox", "code": "li"})
    for answer in (written, redeemed, case, refund, invoice, withdrawal, bound):
        assert answer.status < 300, answer.body
    return {
        "address_id": add_address(member_id=member.pk, place=HOME),
        "binding_id": WechatBinding.objects.get(member=member).pk,
        "checkout_id": Order.objects.get(pk=order).checkout_id,
        "order_id": order,
        "refund_id": refund.body["refund_id"],
        "review_id": written.body["id"],
        "case_id": case.body["case_id"],
        "redemption_id": redeemed.body["redemption_id"],
        "withdrawal_id": withdrawal.body["withdrawal_id"],
    }


def standing() -> list[Any]:
    tables = (Address, AfterSalesCase, Order, Payment, Refund, Review, WechatBinding)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_nothing_of_anothers_is_there(ids: dict[str, int]) -> None:
    thief: Api = joined()
    before = standing()
    operations = of_members()
    assert operations.keys() >= EVERYBODYS | BODIES.keys()
    for name, (method, path) in operations.items():
        if name in EVERYBODYS:
            continue
        key = {"Idempotency-Key": name}
        found = thief.send(method, path.format(**ids), BODIES.get(name), **key)
        assert (found.status, found.code) == (404, "not_found"), name
    assert standing() == before
