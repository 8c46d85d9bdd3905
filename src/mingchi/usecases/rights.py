"""Who may do what: one table of actions, asked by every use case of staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import DomainError, NotFoundError
from mingchi.foundation.models import User
from mingchi.foundation.roles import COMPLIANCE, FINANCE, OPERATOR, OWNER, SERVICE
from mingchi.merchants import scope
from mingchi.merchants.models import MerchantStaff

MANAGER, CLERK = MerchantStaff.Role.MANAGER.value, MerchantStaff.Role.CLERK.value
MERCHANT_FINANCE = MerchantStaff.Role.FINANCE.value
WAREHOUSE = MerchantStaff.Role.WAREHOUSE.value
MERCHANT_SERVICE = MerchantStaff.Role.SERVICE.value
SEE_MERCHANT_MONEY = (MANAGER, MERCHANT_FINANCE)
NOT_ALLOWED = _("Your role does not allow this.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """The platform's roles that may, and those of the merchant concerned."""

    platform: frozenset[str]
    merchant: frozenset[str] = frozenset()


def _right(*platform: str, merchant: tuple[str, ...] = ()) -> Right:
    return Right(platform=frozenset((OWNER, *platform)), merchant=frozenset(merchant))


RIGHTS: Mapping[str, Right] = MappingProxyType(
    {
        "catalogue.edit": _right(OPERATOR, merchant=(MANAGER,)),
        "stock.change": _right(OPERATOR, merchant=(MANAGER, CLERK, WAREHOUSE)),
        "warehouse.edit": _right(OPERATOR, merchant=(MANAGER,)),
        "category.edit": _right(OPERATOR),
        "brand.edit": _right(OPERATOR),
        "home.edit": _right(OPERATOR),
        "merchant.edit": _right(OPERATOR),
        "shipping.edit": _right(OPERATOR, merchant=(MANAGER,)),
        "coupon.edit": _right(OPERATOR, merchant=(MANAGER,)),
        "coupon.grant": _right(OPERATOR, SERVICE, merchant=(MANAGER, MERCHANT_SERVICE)),
        "coupon.decide": _right(FINANCE),
        # Nobody of the platform spends a merchant's money.
        "coupon.accept": Right(platform=frozenset(), merchant=frozenset({MANAGER})),
        "order.cancel": _right(OPERATOR, SERVICE, merchant=(MANAGER,)),
        "order.ship": _right(OPERATOR, merchant=(MANAGER, CLERK, WAREHOUSE)),
        "price.ask": _right(OPERATOR, SERVICE, merchant=(MANAGER, CLERK, MERCHANT_SERVICE)),
        "price.decide": _right(OPERATOR, FINANCE, merchant=(MANAGER, MERCHANT_FINANCE)),
        "review.answer": _right(OPERATOR, SERVICE, merchant=(MANAGER, CLERK, MERCHANT_SERVICE)),
        "review.hide": _right(OPERATOR, SERVICE, COMPLIANCE),
        "shipment.prepare": _right(OPERATOR, merchant=(MANAGER, CLERK, WAREHOUSE)),
        "shipment.deliver": _right(OPERATOR, SERVICE, merchant=(MANAGER, CLERK, WAREHOUSE)),
        "case.open": _right(OPERATOR, SERVICE, merchant=(MANAGER, CLERK, MERCHANT_SERVICE)),
        "case.answer": _right(OPERATOR, SERVICE, merchant=(MANAGER, MERCHANT_SERVICE)),
        "case.arbitrate": _right(OPERATOR, SERVICE),
        "invoice.issue": _right(OPERATOR, FINANCE, merchant=(MANAGER, MERCHANT_FINANCE)),
        "order.receive": _right(OPERATOR, SERVICE),
        "order.complete": _right(OPERATOR),
        "refund.ask": _right(OPERATOR, SERVICE, merchant=(MANAGER, CLERK, MERCHANT_SERVICE)),
        "refund.decide": _right(OPERATOR, SERVICE, FINANCE, merchant=(MANAGER, MERCHANT_FINANCE)),
        "refund.send": _right(FINANCE),
        "flow.draft": _right(OPERATOR, merchant=(MANAGER,)),
        "flow.publish": _right(OPERATOR, merchant=(MANAGER,)),
        "flow.migrate": _right(OPERATOR, merchant=(MANAGER,)),
        "flow.cancel": _right(OPERATOR, merchant=(MANAGER,)),
        "flow.tell": _right(
            OPERATOR, SERVICE, merchant=(MANAGER, CLERK, WAREHOUSE, MERCHANT_SERVICE)
        ),
        "flow.hold": _right(
            OPERATOR,
            SERVICE,
            FINANCE,
            COMPLIANCE,
            merchant=(MANAGER, MERCHANT_SERVICE, MERCHANT_FINANCE),
        ),
        "signal.dismiss": _right(OPERATOR, SERVICE, merchant=(MANAGER, MERCHANT_SERVICE)),
        "work.repair": _right(OPERATOR, merchant=(MANAGER,)),
        "withdrawal.decide": _right(FINANCE),
        "withdrawal.pay": _right(FINANCE),
        "statement.close": _right(FINANCE),
        "merchant_account.state": _right(FINANCE, merchant=(MANAGER, MERCHANT_FINANCE)),
        "payout.ask": _right(FINANCE, merchant=(MANAGER, MERCHANT_FINANCE)),
        "payout.decide": _right(FINANCE),
        "payout.pay": _right(FINANCE),
        "bill.compare": _right(FINANCE),
        "bill.look": _right(FINANCE),
        "subsidy.ask": _right(OPERATOR, FINANCE),
        "subsidy.decide": _right(FINANCE),
        "close.ask": _right(OPERATOR, FINANCE),
        "close.decide": _right(FINANCE),
        "plan.draft": _right(OPERATOR),
        "plan.ask": _right(OPERATOR),
        "plan.decide": _right(COMPLIANCE),
        "member.bind_sponsor": _right(OPERATOR),
        "member.rank": _right(OPERATOR),
        "member.appoint": _right(OPERATOR),
        "member.freeze": _right(OPERATOR, FINANCE, COMPLIANCE),
        "portrait.take_down": _right(OPERATOR, SERVICE, COMPLIANCE),
        "event.put_back": _right(OPERATOR),
        "staff.edit": _right(),
    }
)


def may(user: User, action: str, *, merchant_id: int | None = None) -> bool:
    """Whether the account may do this (for the merchant concerned)."""
    right = RIGHTS[action]
    if not user.is_active or not user.is_staff or user.is_read_only:
        return False
    if user.is_superuser or right.platform & scope.platform_roles(user):
        return True
    return merchant_id is not None and bool(
        right.merchant & scope.merchant_roles(user, merchant_id)
    )


def require(user: User, action: str, *, merchant_id: int | None = None) -> None:
    """Raise `not_allowed` 403, or 404 where the account may not even see that merchant's data."""
    if may(user, action, merchant_id=merchant_id):
        return
    if (
        merchant_id is not None
        and not scope.is_platform_staff(user)
        and not scope.merchant_roles(user, merchant_id)
    ):
        raise NotFoundError()
    raise DomainError("not_allowed", NOT_ALLOWED, status=403)


def actor(user: User) -> str:
    """How proposals and the audit log name a staff account."""
    return f"user:{user.pk}"
