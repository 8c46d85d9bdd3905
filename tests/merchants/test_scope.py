"""Every query of a merchant's data is scoped to the merchant."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from tests.usecases.shop import (
    LATER,
    NOW,
    Shop,
    lines,
    member,
    open_case,
    paid,
    place,
    sku,
    staff,
    warehouse,
)
from tests.usecases.test_refunds import approve, ask

from mingchi.catalogue import stock
from mingchi.catalogue.models import (
    Image,
    Listing,
    PriceRecord,
    Product,
    ProductImage,
    Sku,
    Specification,
    SpecificationValue,
    WarehouseStock,
)
from mingchi.catalogue.stock import Quantity
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import User
from mingchi.merchants import scope
from mingchi.merchants.models import Merchant, MerchantStaff, Warehouse
from mingchi.orders import allocation, decisions, papers, price_changes
from mingchi.orders import services as orders
from mingchi.orders.models import (
    AfterSalesCase,
    CaseEntry,
    CasePicture,
    InvoiceRequest,
    Notification,
    Order,
    OrderDecision,
    OrderLine,
    PriceChange,
    Refund,
    Reservation,
    Shipment,
    ShipmentLine,
)
from mingchi.payments.models import PaymentPart, PaymentRefund
from mingchi.payouts.models import (
    MerchantAccount,
    MerchantPayout,
    MerchantStatement,
    MerchantStatementLine,
)
from mingchi.pricing.models import (
    Coupon,
    MemberCoupon,
    ProductShipping,
    ShippingRule,
    ShippingTemplate,
)
from mingchi.reviews.models import Review, ReviewPicture
from mingchi.usecases import rights
from mingchi.usecases.edit_merchants import add_merchant, add_merchant_staff

SCOPED = (
    Merchant,
    MerchantStaff,
    Product,
    Sku,
    Order,
    OrderLine,
    Refund,
    PaymentPart,
    PaymentRefund,
    Warehouse,
    WarehouseStock,
    Image,
    ProductImage,
    Listing,
    PriceRecord,
    Specification,
    SpecificationValue,
    Reservation,
    Shipment,
    ShipmentLine,
    OrderDecision,
    PriceChange,
    AfterSalesCase,
    InvoiceRequest,
    Notification,
    ShippingTemplate,
    ShippingRule,
    ProductShipping,
    Coupon,
    MemberCoupon,
    CaseEntry,
    CasePicture,
    Review,
    ReviewPicture,
    MerchantAccount,
    MerchantStatement,
    MerchantStatementLine,
    MerchantPayout,
)


def owners(model: type[Any], user: User) -> set[int]:
    """The merchants whose rows the account sees."""
    path = "pk" if model is Merchant else model.MERCHANT_PATH
    return set(scope.for_user(model._default_manager.all(), user).values_list(path, flat=True))


@pytest.fixture
def other(shop: Shop) -> Merchant:
    """Another merchant; both have a row in every table."""
    another = Merchant.objects.create(name="Another")
    for merchant in (shop.merchant, another):
        staff(merchant=merchant)
        approve(shop, ask(paid(member(), sku(merchant)), 1))
        _fill(merchant)
    return another


def _fill(merchant: Merchant) -> None:
    """A row in each table of what comes after paying."""
    goods = sku(merchant)
    _offer(merchant, goods)
    image = Image.objects.create(merchant=merchant, digest="a" * 64, width=1, height=1)
    ProductImage.objects.create(product=goods.product, image=image, position=0)
    colour = Specification.objects.create(product=goods.product, name="colour", position=0)
    SpecificationValue.objects.create(specification=colour, name="red", position=0)
    PriceRecord.objects.create(sku=goods, price_fen=1, at=NOW)
    with transaction.atomic():
        stock.place([Quantity(goods.pk, 5, warehouse(merchant).pk)])
        placed = orders.lock(place(member(), goods).order_id)
        line = lines(placed)[0]
        line.order = placed
        price_changes.ask(line, to_fen=99_000, reason="-", actor="user:1", now=NOW)
        order = orders.lock(paid(member(), goods).pk)
        allocation.allocate(order)
        decisions.review(order, approved=True, actor="user:1", key="k", now=NOW)
        papers.request_invoice(order, title="-", now=NOW)
        papers.notify(order, text="-", key="k")
        line = lines(order)[0]
        line.order = order
        case = open_case(line, kind="refund_only", amount_fen=1)
    entry = CaseEntry.objects.create(case=case, act="said", side="member", actor="-", at=NOW)
    CasePicture.objects.create(entry=entry, image=image, position=0)
    review = Review.objects.create(
        line=line, product=goods.product, member=order.member, stars=5, reviewed_at=NOW
    )
    ReviewPicture.objects.create(review=review, image=image, position=0)
    _pay_out(merchant)


def _pay_out(merchant: Merchant) -> None:
    """A statement with a line, and a payout that was asked for."""
    nothing = {f"{part}_fen": 0 for part in ("opening", "sales", "refunds", "payouts", "other")}
    statement = MerchantStatement.objects.create(
        merchant=merchant, number=1, until=NOW, closed_at=NOW, closing_fen=0, **nothing
    )
    MerchantStatementLine.objects.create(
        statement=statement, posting=merchant.pk, at=NOW, kind="other", amount_fen=0
    )
    account = MerchantAccount.objects.create(merchant=merchant, number="0" * 8, set_at=NOW)
    MerchantPayout.objects.create(
        merchant=merchant, account=account, amount_fen=1, asked_by="-", asked_at=NOW
    )


def _offer(merchant: Merchant, goods: Sku) -> None:
    """A coupon that somebody holds, and a shipping template that a product names."""
    template = ShippingTemplate.objects.create(merchant=merchant, name="-", unit="piece")
    ShippingRule.objects.create(template=template, position=0)
    ProductShipping.objects.create(product=goods.product, template=template)
    coupon = Coupon.objects.create(
        merchant=merchant,
        name="-",
        kind="fixed",
        off_fen=1,
        total=1,
        starts_at=NOW,
        ends_at=LATER,
        created_by=staff("owner"),
    )
    MemberCoupon.objects.create(
        coupon=coupon, member=member(), nth=1, good_until=LATER, claimed_at=NOW
    )


def test_an_account_sees_the_rows_of_its_merchants_only(shop: Shop, other: Merchant) -> None:
    both = {shop.merchant.pk, other.pk}
    left, no_staff, twice = staff(merchant=other), staff("owner"), staff(merchant=other)
    left.is_active = no_staff.is_staff = False
    MerchantStaff.objects.create(user=twice, merchant=shop.merchant, role="clerk")
    root = User.objects.create(username="root", is_staff=True, is_superuser=True)
    expected = [
        (staff(merchant=other), {other.pk}),
        (staff(merchant=shop.merchant, role="clerk"), {shop.merchant.pk}),
        (twice, both),
        (staff("auditor"), both),
        (root, both),
        (staff(), set()),
        (left, set()),
        (no_staff, set()),
    ]
    for model in SCOPED:
        for user, merchants in expected:
            assert owners(model, user) == merchants, (model, user)


def test_every_table_with_a_merchant_says_so() -> None:
    """A new table that leads to a merchant must have MERCHANT_PATH, and a row in SCOPED."""
    ours = {
        model
        for label in (
            "merchants",
            "catalogue",
            "pricing",
            "orders",
            "payments",
            "reviews",
            "payouts",
        )
        for model in apps.get_app_config(label).get_models()
    }
    unscoped = {model.__name__ for model in ours if not hasattr(model, "MERCHANT_PATH")}
    of_the_platform = {"Banner", "Brand", "Category", "HomeShelf", "HomeShelfProduct", "HotWord"}
    of_members = {
        "CartItem",
        "Favourite",
        "Portrait",
        "Redemption",
        "Transfer",
        "Visit",
        "Withdrawal",
    }
    of_several_merchants = {"Checkout", "Payment"}
    of_gateways = {"BillDay", "BillDifference", "BillLine", "GatewayNotice", "SandboxDeal"}
    assert unscoped == of_the_platform | of_members | of_several_merchants | of_gateways
    assert {model for model in ours if hasattr(model, "MERCHANT_PATH")} == set(SCOPED)


def test_somebody_who_is_not_signed_in_has_no_rights() -> None:
    assert not rights.may(AnonymousUser(), "order.ship")  # type: ignore[arg-type]


ROLES = ("owner", "operator", "finance", "auditor", "compliance", "service")
MERCHANT_ROLES = ("manager", "clerk", "finance", "warehouse", "service")
# action → (platform roles that may, roles of the merchant concerned that may)
TABLE = {
    "catalogue.edit": ("owner operator", "manager"),
    "stock.change": ("owner operator", "manager clerk warehouse"),
    "warehouse.edit": ("owner operator", "manager"),
    "category.edit": ("owner operator", ""),
    "brand.edit": ("owner operator", ""),
    "home.edit": ("owner operator", ""),
    "merchant.edit": ("owner operator", ""),
    "shipping.edit": ("owner operator", "manager"),
    "coupon.edit": ("owner operator", "manager"),
    "coupon.grant": ("owner operator service", "manager service"),
    "coupon.decide": ("owner finance", ""),
    "coupon.accept": ("", "manager"),
    "portrait.take_down": ("owner operator service compliance", ""),
    "order.cancel": ("owner operator service", "manager"),
    "order.ship": ("owner operator", "manager clerk warehouse"),
    "price.ask": ("owner operator service", "manager clerk service"),
    "price.decide": ("owner operator finance", "manager finance"),
    "shipment.prepare": ("owner operator", "manager clerk warehouse"),
    "shipment.deliver": ("owner operator service", "manager clerk warehouse"),
    "case.open": ("owner operator service", "manager clerk service"),
    "case.answer": ("owner operator service", "manager service"),
    "case.arbitrate": ("owner operator service", ""),
    "review.answer": ("owner operator service", "manager clerk service"),
    "review.hide": ("owner operator service compliance", ""),
    "invoice.issue": ("owner operator finance", "manager finance"),
    "order.receive": ("owner operator service", ""),
    "order.complete": ("owner operator", ""),
    "refund.ask": ("owner operator service", "manager clerk service"),
    "refund.decide": ("owner operator service finance", "manager finance"),
    "refund.send": ("owner finance", ""),
    "flow.draft": ("owner operator", "manager"),
    "flow.publish": ("owner operator", "manager"),
    "flow.migrate": ("owner operator", "manager"),
    "flow.cancel": ("owner operator", "manager"),
    "flow.tell": ("owner operator service", "manager clerk warehouse service"),
    "flow.hold": ("owner operator service finance compliance", "manager service finance"),
    "signal.dismiss": ("owner operator service", "manager service"),
    "work.repair": ("owner operator", "manager"),
    "withdrawal.decide": ("owner finance", ""),
    "withdrawal.pay": ("owner finance", ""),
    "statement.close": ("owner finance", ""),
    "merchant_account.state": ("owner finance", "manager finance"),
    "payout.ask": ("owner finance", "manager finance"),
    "payout.decide": ("owner finance", ""),
    "payout.pay": ("owner finance", ""),
    "bill.compare": ("owner finance", ""),
    "bill.look": ("owner finance", ""),
    "subsidy.ask": ("owner operator finance", ""),
    "subsidy.decide": ("owner finance", ""),
    "close.ask": ("owner operator finance", ""),
    "close.decide": ("owner finance", ""),
    "plan.draft": ("owner operator", ""),
    "plan.ask": ("owner operator", ""),
    "plan.decide": ("owner compliance", ""),
    "member.bind_sponsor": ("owner operator", ""),
    "member.rank": ("owner operator", ""),
    "member.appoint": ("owner operator", ""),
    "event.put_back": ("owner operator", ""),
    "staff.edit": ("owner", ""),
    "member.freeze": ("owner operator finance compliance", ""),
}


def test_the_table_of_rights(shop: Shop, other: Merchant) -> None:
    assert set(TABLE) == set(rights.RIGHTS)
    platform = {role: staff(role) for role in ROLES}
    theirs = {role: staff(merchant=shop.merchant, role=role) for role in MERCHANT_ROLES}
    for action, (platform_may, merchant_may) in TABLE.items():
        at = {"merchant_id": shop.merchant.pk}
        allowed = {role for role, user in platform.items() if rights.may(user, action, **at)}
        assert allowed == set(platform_may.split()), action
        allowed = {role for role, user in theirs.items() if rights.may(user, action, **at)}
        assert allowed == set(merchant_may.split()), action
        for user in theirs.values():
            assert not rights.may(user, action, merchant_id=other.pk)
            assert not rights.may(user, action)


def test_another_merchants_data_does_not_exist(shop: Shop, other: Merchant) -> None:
    stranger, clerk = staff(merchant=other), staff(merchant=shop.merchant, role="clerk")
    with pytest.raises(DomainError) as caught:
        rights.require(stranger, "order.ship", merchant_id=shop.merchant.pk)
    assert caught.value.status == 404
    with pytest.raises(DomainError) as caught:
        rights.require(clerk, "order.cancel", merchant_id=shop.merchant.pk)
    assert caught.value.status == 403


def test_an_account_works_for_the_platform_or_for_merchants(shop: Shop) -> None:
    made = add_merchant(by=shop.owner, name="New")
    clerk = staff()
    for _ in range(2):
        add_merchant_staff(by=shop.owner, merchant_id=made, user_id=clerk.pk, role="clerk")
    assert MerchantStaff.objects.filter(user=clerk).count() == 1
    with pytest.raises(DomainError, match="platform_staff"):
        add_merchant_staff(by=shop.owner, merchant_id=made, user_id=shop.finance.pk, role="finance")
    with pytest.raises(DomainError, match="not_allowed"):
        add_merchant(by=shop.finance, name="Mine")
