"""How coupons and shipping templates look from outside, for members and for staff."""

from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from mingchi.api.fields import AgentRegion, Fen, FenFromZero, Input
from mingchi.pricing.models import Coupon, MemberCoupon, ShippingTemplate
from mingchi.pricing.shipping import Fee, Rule, Template
from mingchi.usecases.problems import says
from mingchi.usecases.quote_items import Usable

# Named by value: the OpenAPI knows an enumeration by its class's name, and there are many States.
CouponKind = Literal["fixed", "threshold", "percentage", "free_shipping"]
ClaimState = Literal["claimed", "locked", "used", "expired"]


class TermsOut(Schema):
    """What stands on a coupon."""

    name: str
    kind: CouponKind
    merchant_id: int | None = Field(description="whose shop; null: of the platform")
    merchant: str | None
    off_fen: int
    off_ppm: int
    cap_fen: int | None
    min_spend_fen: int
    scope: Coupon.Scope
    targets: list[int] = Field(description="keys of categories, products or merchants, by scope")


class CentreCouponOut(TermsOut):
    id: int
    ends_at: datetime
    valid_days: int | None
    new_members_only: bool
    left: int
    own: int = Field(description="how many of it one has had")
    per_member: int


class MyCouponOut(TermsOut):
    id: int
    coupon_id: int
    state: ClaimState
    good_until: datetime
    claimed_at: datetime
    used_at: datetime | None


class UsableOut(MyCouponOut):
    saved_fen: int = Field(description="what it takes off by itself")
    code: str | None = Field(description="why it takes nothing off; null where it does")
    message: str = Field(description="the same in words; empty where it does")
    missing_fen: int = Field(description="what the goods lack to its minimum")
    is_suggested: bool = Field(description="one of those that together save most")


class FeeIn(Input):
    """Grams or pieces, as the template counts; begun groups count in full."""

    first_units: int = Field(strict=True, ge=1, le=10**7)
    first_fen: FenFromZero
    additional_units: int = Field(strict=True, ge=1, le=10**7)
    additional_fen: FenFromZero
    free_from_fen: Fen | None = None
    free_from_pieces: int | None = Field(default=None, strict=True, ge=1, le=10**6)

    def fee(self) -> Fee:
        """As the arithmetic takes it."""
        return Fee(**self.dict())


class RuleIn(Input):
    regions: list[AgentRegion] = Field(
        min_length=1, max_length=3500, description="codes of 2, 4 or 6 digits; the longest wins"
    )
    fee: FeeIn | None = Field(description="null: nothing is sent there")

    def rule(self) -> Rule:
        """As the arithmetic takes it."""
        return Rule(prefixes=tuple(self.regions), fee=self.fee.fee() if self.fee else None)


class ShippingTemplateOut(Schema):
    id: int
    merchant_id: int
    name: str
    unit: ShippingTemplate.Unit
    is_default: bool
    default: FeeIn | None = Field(description="null: nothing is sent where no rule says so")
    rules: list[RuleIn]


def terms(coupon: Coupon) -> dict[str, object]:
    """What stands on it (its merchant loaded)."""
    return {
        "name": coupon.name,
        "kind": coupon.kind,
        "merchant_id": coupon.merchant_id,
        "merchant": coupon.merchant.name if coupon.merchant else None,
        "off_fen": coupon.off_fen,
        "off_ppm": coupon.off_ppm,
        "cap_fen": coupon.cap_fen,
        "min_spend_fen": coupon.min_spend_fen,
        "scope": coupon.scope,
        "targets": coupon.targets,
    }


def mine(claim: MemberCoupon) -> dict[str, object]:
    """A member's coupon."""
    return {
        **terms(claim.coupon),
        "id": claim.pk,
        "coupon_id": claim.coupon_id,
        "state": claim.state,
        "good_until": claim.good_until,
        "claimed_at": claim.claimed_at,
        "used_at": claim.used_at,
    }


def usable(one: Usable) -> dict[str, object]:
    """A member's coupon for some items."""
    return {
        **mine(one.coupon),
        "saved_fen": one.saved_fen,
        "code": one.problem and one.problem.code,
        "message": str(says(one.problem)) if one.problem else "",
        "missing_fen": one.problem.missing_fen if one.problem else 0,
        "is_suggested": one.is_suggested,
    }


def template(row: ShippingTemplate, found: Template) -> ShippingTemplateOut:
    """A template with its rules."""
    return ShippingTemplateOut(
        id=row.pk,
        merchant_id=row.merchant_id,
        name=row.name,
        unit=ShippingTemplate.Unit(row.unit),
        is_default=row.is_default,
        default=_fee(found.default),
        rules=[RuleIn(regions=list(rule.prefixes), fee=_fee(rule.fee)) for rule in found.rules],
    )


def _fee(fee: Fee | None) -> FeeIn | None:
    return None if fee is None else FeeIn.from_orm(fee)
