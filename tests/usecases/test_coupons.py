"""Staff draw coupons up; much money of the platform takes two people."""

from datetime import timedelta

import pytest
from pytest_django import Settings
from tests.pricing_shop import ENDS, offered, stated
from tests.usecases.shop import NOW, Shop, member, sku, staff

from mingchi.catalogue.models import Category
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord, Proposal
from mingchi.merchants.models import Merchant, MerchantStaff
from mingchi.pricing.models import Coupon
from mingchi.usecases.claim_coupons import claim_coupon
from mingchi.usecases.edit_coupons import (
    accept_coupon,
    add_coupon,
    close_coupon,
    decide_coupon,
    edit_coupon,
    open_coupon,
)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": " "}, "name"),
        ({"kind": "gift"}, "kind"),
        ({"off_fen": 0}, "off_fen"),
        ({"off_fen": 10**12 + 1}, "off_fen"),
        ({"kind": "threshold", "min_spend_fen": 999}, "min_spend_fen"),
        ({"kind": "percentage", "off_ppm": 100_000}, "cap_fen"),
        ({"kind": "percentage", "cap_fen": 100}, "off_ppm"),
        ({"kind": "percentage", "cap_fen": 100, "off_ppm": 1_000_000}, "off_ppm"),
        ({"kind": "free_shipping"}, "cap_fen"),
        ({"total": 0}, "total"),
        ({"per_member": 101}, "per_member"),
        ({"total": 2, "per_member": 3}, "per_member"),
        ({"ends_at": NOW}, "ends_at"),
        ({"ends_at": NOW.replace(year=2101)}, "starts_at"),
        ({"valid_days": 0}, "valid_days"),
        ({"channel": "mail"}, "channel"),
        ({"channel": "code"}, "code"),
        ({"channel": "code", "code": "ABC"}, "code"),
        ({"channel": "code", "code": "A B-C!"}, "code"),
        ({"channel": "code", "code": "茶茶茶茶"}, "code"),
        ({"scope": "shelf"}, "scope"),
        ({"scope": "category"}, "targets"),
        ({"scope": "product", "targets": [10**9]}, "targets"),
    ],
)
def test_what_is_refused(shop: Shop, more: dict[str, object], field: str) -> None:
    with pytest.raises(DomainError) as caught:
        add_coupon(by=shop.owner, merchant_id=None, data=stated(**more))
    assert caught.value.field == field
    assert not Coupon.objects.exists()


def test_only_what_the_kind_needs_is_kept(shop: Shop) -> None:
    data = stated(kind="free_shipping", cap_fen=1_500, off_ppm=1, code="IGNORED1", targets=[7])
    made = Coupon.objects.get(pk=add_coupon(by=shop.owner, merchant_id=None, data=data))
    assert (made.off_fen, made.off_ppm, made.code, made.targets) == (0, 0, None, [])
    assert (made.most_fen, made.budget_fen) == (1_500, 150_000)


def test_a_merchants_coupon_is_for_its_own_goods(shop: Shop) -> None:
    other = Merchant.objects.create(name="Other")
    own, foreign = sku(shop.merchant).product, sku(other).product
    manager = staff(merchant=shop.merchant)

    def add(**more: object) -> int:
        return add_coupon(by=manager, merchant_id=shop.merchant.pk, data=stated(**more))

    add(scope="product", targets=[own.pk])
    add(scope="category", targets=[Category.objects.get().pk])
    for wrong in (
        {"scope": "product", "targets": [own.pk, foreign.pk]},
        {"scope": "merchant", "targets": [shop.merchant.pk]},
    ):
        with pytest.raises(DomainError, match="coupon_invalid"):
            add(**wrong)
    with pytest.raises(DomainError) as caught:
        add_coupon(by=manager, merchant_id=other.pk, data=stated())
    assert caught.value.status == 404
    with pytest.raises(DomainError) as caught:
        add_coupon(by=manager, merchant_id=None, data=stated())
    assert caught.value.status == 403
    platforms = offered(shop)
    with pytest.raises(DomainError) as caught:
        close_coupon(by=manager, coupon_id=platforms.pk, reason="mine")
    assert caught.value.status == 404


def test_a_code_is_one_coupons(shop: Shop) -> None:
    offered(shop, channel="code", code="SAME")
    with pytest.raises(DomainError, match="code_taken"):
        add_coupon(by=shop.owner, merchant_id=None, data=stated(channel="code", code="same"))


def test_only_a_draft_changes(shop: Shop) -> None:
    key = add_coupon(by=shop.owner, merchant_id=None, data=stated())
    edit_coupon(by=shop.owner, coupon_id=key, data=stated(off_fen=2_000))
    assert Coupon.objects.get(pk=key).off_fen == 2_000
    open_coupon(by=shop.owner, coupon_id=key, now=NOW)
    for again in (
        lambda: edit_coupon(by=shop.owner, coupon_id=key, data=stated()),
        lambda: open_coupon(by=shop.owner, coupon_id=key, now=NOW),
    ):
        with pytest.raises(DomainError, match="coupon_not_draft"):
            again()
    close_coupon(by=shop.owner, coupon_id=key, reason="enough")
    with pytest.raises(DomainError, match="coupon_not_open"):
        close_coupon(by=shop.owner, coupon_id=key, reason="enough")
    moves = AuditRecord.objects.filter(subject=f"coupon:{key}", action="coupon.move")
    assert [record.after["to"] for record in moves.order_by("pk")] == ["open", "closed"]


def test_much_money_of_the_platform_takes_two(shop: Shop, settings: Settings) -> None:
    settings.COUPON_BUDGET_FEN = 100_000
    operator = staff("operator")
    offered(shop, total=100)  # 1000 yuan: just within
    key = add_coupon(by=operator, merchant_id=None, data=stated(total=101))
    assert open_coupon(by=operator, coupon_id=key, now=NOW, reason="spring") == "asked"
    proposal = Proposal.objects.get()
    assert proposal.payload["amount_fen"] == 101_000
    with pytest.raises(DomainError, match="not_allowed"):
        decide_coupon(by=operator, proposal_id=proposal.pk, approve=True, now=NOW)
    assert Coupon.objects.get(pk=key).state == "asked"
    decide_coupon(by=shop.finance, proposal_id=proposal.pk, approve=False, now=NOW, reason="less")
    assert Coupon.objects.get(pk=key).state == "draft"
    open_coupon(by=operator, coupon_id=key, now=NOW)
    second = Proposal.objects.get(state="asked")
    assert decide_coupon(by=shop.finance, proposal_id=second.pk, approve=True, now=NOW) == "open"
    with pytest.raises(DomainError, match="proposal_decided"):
        decide_coupon(by=shop.finance, proposal_id=second.pk, approve=True, now=NOW)


def test_who_asks_never_decides(shop: Shop, settings: Settings) -> None:
    settings.COUPON_BUDGET_FEN = 0
    key = add_coupon(by=shop.owner, merchant_id=None, data=stated())
    open_coupon(by=shop.owner, coupon_id=key, now=NOW)
    with pytest.raises(DomainError, match="own_proposal"):
        decide_coupon(by=shop.owner, proposal_id=Proposal.objects.get().pk, approve=True, now=NOW)


def test_what_is_over_is_not_given_out(shop: Shop, settings: Settings) -> None:
    settings.COUPON_BUDGET_FEN = 0
    key = add_coupon(by=shop.owner, merchant_id=None, data=stated())
    with pytest.raises(DomainError, match="coupon_over"):
        open_coupon(by=shop.owner, coupon_id=key, now=ENDS)
    open_coupon(by=shop.owner, coupon_id=key, now=NOW)
    with pytest.raises(DomainError, match="coupon_over"):
        decide_coupon(
            by=shop.finance,
            proposal_id=Proposal.objects.get().pk,
            approve=True,
            now=ENDS + timedelta(days=1),
        )
    assert Proposal.objects.get().state == "asked"


def test_a_merchant_spends_its_own(shop: Shop, settings: Settings) -> None:
    settings.COUPON_BUDGET_FEN = 0
    manager = staff(merchant=shop.merchant)
    key = add_coupon(by=manager, merchant_id=shop.merchant.pk, data=stated(total=10**9))
    assert open_coupon(by=manager, coupon_id=key, now=NOW) == "open"


def test_nobody_else_spends_a_merchants_money(shop: Shop) -> None:
    """What the platform draws up at a merchant's cost is given out once that has accepted."""
    operator, manager = staff("operator"), staff(merchant=shop.merchant)
    key = add_coupon(by=operator, merchant_id=shop.merchant.pk, data=stated())
    with pytest.raises(DomainError, match="coupon_not_asked"):
        accept_coupon(by=manager, coupon_id=key, approve=True, now=NOW)
    assert open_coupon(by=operator, coupon_id=key, now=NOW) == "asked"
    with pytest.raises(DomainError, match="coupon_over"):  # nobody gets one
        claim_coupon(member_id=member().pk, coupon_id=key, now=NOW)
    for by, code in (
        (operator, "not_allowed"),
        (shop.owner, "not_allowed"),
        (staff(merchant=shop.merchant, role="clerk"), "not_allowed"),
        (staff(merchant=Merchant.objects.create(name="Other")), "not_found"),
    ):
        with pytest.raises(DomainError, match=code):
            accept_coupon(by=by, coupon_id=key, approve=True, now=NOW)
    assert accept_coupon(by=manager, coupon_id=key, approve=False, now=NOW) == "draft"
    open_coupon(by=operator, coupon_id=key, now=NOW)
    assert accept_coupon(by=manager, coupon_id=key, approve=True, now=NOW) == "open"
    claim_coupon(member_id=member().pk, coupon_id=key, now=NOW)
    moves = AuditRecord.objects.filter(subject=f"coupon:{key}", action="coupon.move")
    assert [(one.actor, one.after["to"]) for one in moves.order_by("pk")] == [
        (f"user:{operator.pk}", "asked"),
        (f"user:{manager.pk}", "draft"),
        (f"user:{operator.pk}", "asked"),
        (f"user:{manager.pk}", "open"),
    ]


def test_who_asked_does_not_accept_though_of_the_merchant_by_now(shop: Shop) -> None:
    both = staff("operator")
    key = add_coupon(by=both, merchant_id=shop.merchant.pk, data=stated())
    assert open_coupon(by=both, coupon_id=key, now=NOW) == "asked"
    MerchantStaff.objects.create(user=both, merchant=shop.merchant, role="manager")
    with pytest.raises(DomainError, match="own_proposal"):
        accept_coupon(by=both, coupon_id=key, approve=True, now=NOW)
