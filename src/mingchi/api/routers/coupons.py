"""A member's coupons."""

from django.http import HttpRequest
from ninja import Field, Schema, Status

from mingchi.api import pricing_shapes as shapes
from mingchi.api.fields import PRINTABLE, Before, Id, Input, Limit, Made, Page, Region
from mingchi.api.paging import page
from mingchi.api.pricing_shapes import CentreCouponOut, MyCouponOut, UsableOut
from mingchi.api.principals import member_of
from mingchi.api.routing import GuardedRouter
from mingchi.api.shapes import ItemIn
from mingchi.foundation import clock, rate_limit
from mingchi.foundation.errors import DomainError
from mingchi.pricing import queries
from mingchi.pricing.models import Coupon, MemberCoupon
from mingchi.usecases import claim_coupons as use_claim
from mingchi.usecases import quote_items as use_quote

router = GuardedRouter(tags=["coupons"])
QUARTER_HOUR_S = 900


class CodeIn(Input):
    code: str = Field(min_length=4, max_length=20, pattern=PRINTABLE)


class UsableIn(Input):
    items: list[ItemIn] = Field(min_length=1, max_length=100)
    region: Region | None = None


class UsableListOut(Schema):
    coupons: list[UsableOut]


@router.get("/centre", response=Page[CentreCouponOut], summary="Coupon centre")
def list_coupon_centre(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[CentreCouponOut]:
    """What may be claimed now, newest first."""
    rows = queries.in_centre(member_of(request).pk, now=clock.now())
    return page(rows, _in_centre, limit=limit, before=before)


@router.post("/centre/{coupon_id}/claim", response={201: Made}, summary="Claim a coupon")
def claim_coupon(request: HttpRequest, coupon_id: Id) -> Status[Made]:
    """Take one. 409 `coupons_gone`, `coupon_limit`, `coupon_over`; 403 `new_members_only`."""
    made = use_claim.claim_coupon(
        member_id=member_of(request).pk, coupon_id=coupon_id, now=clock.now()
    )
    return Status(201, Made(id=made))


@router.post("/claim", response={201: Made}, summary="Claim by code")
def claim_coupon_by_code(request: HttpRequest, data: CodeIn) -> Status[Made]:
    """Take one by its code. Thirty tries a quarter of an hour, so that nobody guesses codes."""
    member_id = member_of(request).pk
    rate_limit.hit(name="coupon.code", key=f"member:{member_id}", limit=30, window_s=QUARTER_HOUR_S)
    made = use_claim.claim_by_code(member_id=member_id, code=data.code, now=clock.now())
    return Status(201, Made(id=made))


@router.get("", response=Page[MyCouponOut], summary="My coupons")
def list_coupons(
    request: HttpRequest,
    state: MemberCoupon.State = MemberCoupon.State.CLAIMED,
    limit: Limit = 20,
    before: Before = None,
) -> Page[MyCouponOut]:
    """Of one state, newest first. One whose time is over counts as expired at once."""
    now = clock.now()
    own = MemberCoupon.objects.filter(member=member_of(request))
    over = own.filter(state=MemberCoupon.State.CLAIMED, good_until__lte=now)
    rows = own.filter(state=state)
    if state == MemberCoupon.State.CLAIMED:
        rows = rows.filter(good_until__gt=now)
    elif state == MemberCoupon.State.EXPIRED:
        rows = rows | over
    return page(rows.select_related("coupon__merchant"), _mine, limit=limit, before=before)


@router.post("/usable", response=UsableListOut, summary="Which coupons are of use here")
def list_usable_coupons(request: HttpRequest, data: UsableIn) -> UsableListOut:
    """Every coupon I can use now for these items: what it takes off, or why nothing; and which
    together save most."""
    qty = {item.sku_id: item.qty for item in data.items}
    if len(qty) != len(data.items):
        raise DomainError("items_invalid", use_quote.EACH_ONCE, field="items")
    basket = use_quote.basket(member_id=member_of(request).pk, qty=qty, now=clock.now())
    use_quote.refuse_missing(basket)
    found = use_quote.usable(basket, region=data.region)
    return UsableListOut(coupons=[UsableOut.model_validate(shapes.usable(one)) for one in found])


def _in_centre(coupon: Coupon) -> CentreCouponOut:
    return CentreCouponOut.model_validate(
        {
            **shapes.terms(coupon),
            "id": coupon.pk,
            "ends_at": coupon.ends_at,
            "valid_days": coupon.valid_days,
            "new_members_only": coupon.new_members_only,
            "left": coupon.total - coupon.taken,
            "own": coupon.own,  # type: ignore[attr-defined]
            "per_member": coupon.per_member,
        }
    )


def _mine(claim: MemberCoupon) -> MyCouponOut:
    state = claim.state
    if state == MemberCoupon.State.CLAIMED and claim.good_until <= clock.now():
        state = MemberCoupon.State.EXPIRED
    return MyCouponOut.model_validate({**shapes.mine(claim), "state": state})
