"""Staff and prices: coupons and shipping templates; a merchant's staff have its own."""

from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import AwareDatetime

from mingchi.api import pricing_shapes as shapes
from mingchi.api.fields import (
    PRINTABLE,
    Before,
    DecisionIn,
    Done,
    FenFromZero,
    Id,
    Input,
    Limit,
    Line,
    Made,
    Name,
    Page,
    Reason,
)
from mingchi.api.paging import page
from mingchi.api.pricing_shapes import FeeIn, RuleIn, ShippingTemplateOut, TermsOut
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.foundation.errors import NotFoundError
from mingchi.merchants import scope
from mingchi.pricing import queries, templates
from mingchi.pricing.models import Coupon, ShippingTemplate
from mingchi.usecases import edit_coupons as use_coupons
from mingchi.usecases import edit_shipping as use_shipping

router = GuardedRouter(tags=["staff: prices"])
Count = Field(strict=True, ge=1, le=10**9)


class CouponIn(Input):
    name: Name
    kind: Coupon.Kind
    off_fen: FenFromZero = 0
    off_ppm: int = Field(default=0, strict=True, ge=0, lt=10**6)
    cap_fen: FenFromZero | None = None
    min_spend_fen: FenFromZero = 0
    scope: Coupon.Scope = Coupon.Scope.ALL
    targets: list[Id] = Field(default=[], max_length=use_coupons.MAX_TARGETS)
    channel: Coupon.Channel = Coupon.Channel.CENTRE
    code: str | None = Field(default=None, max_length=20, pattern=PRINTABLE)
    total: int = Count
    per_member: int = Field(default=1, strict=True, ge=1, le=100)
    new_members_only: bool = False
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    valid_days: int | None = Field(default=None, strict=True, ge=1, le=3650)

    def stated(self) -> use_coupons.CouponData:
        """As the use case takes it."""
        return use_coupons.CouponData(**self.dict())


class NewCouponIn(CouponIn):
    merchant_id: Id | None = Field(default=None, description="who pays; null: the platform")


class CouponOut(TermsOut):
    id: int
    state: Coupon.State
    channel: Coupon.Channel
    code: str | None
    total: int
    taken: int
    per_member: int
    new_members_only: bool
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    valid_days: int | None
    budget_fen: int = Field(description="the most that all of them can cost who pays")
    proposal_id: int | None


class FiguresOut(CouponOut):
    figures: dict[str, int] = Field(
        description="how many are claimed, locked, used, expired; `used_fen`, `locked_fen`"
    )


class WhyIn(Input):
    reason: Line = ""


class CouponCloseIn(Input):
    reason: Reason


class GrantIn(Input):
    member_ids: list[Id] = Field(min_length=1, max_length=use_coupons.MAX_GRANTED)
    reason: Reason


class CouponStateOut(Schema):
    state: Coupon.State


class GrantedOut(Schema):
    granted: int


class TemplateIn(Input):
    name: Name
    unit: ShippingTemplate.Unit
    is_default: bool = False
    default: FeeIn | None = Field(description="null: nothing is sent where no rule says so")
    rules: list[RuleIn] = Field(default=[], max_length=use_shipping.MAX_RULES)

    def stated(self) -> use_shipping.TemplateData:
        """As the use case takes it."""
        return use_shipping.TemplateData(
            name=self.name,
            unit=self.unit.value,
            is_default=self.is_default,
            default=self.default.fee() if self.default else None,
            rules=[rule.rule() for rule in self.rules],
        )


class NewTemplateIn(TemplateIn):
    merchant_id: Id


class AssignIn(Input):
    merchant_id: Id
    template_id: Id | None = Field(description="null: the merchant's default")
    product_ids: list[Id] = Field(min_length=1, max_length=1000)


@router.get("/coupons", response=Page[CouponOut], summary="Coupons")
def staff_list_coupons(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[CouponOut]:
    """Newest first."""
    rows = scope.for_user(Coupon.objects.select_related("merchant"), staff_of(request))
    return page(rows, _listed, limit=limit, before=before)


@router.get("/coupons/{coupon_id}", response=FiguresOut, summary="A coupon and what came of it")
def staff_get_coupon(request: HttpRequest, coupon_id: Id) -> FiguresOut:
    """How many were taken and used, and what that cost."""
    rows = scope.for_user(Coupon.objects.select_related("merchant"), staff_of(request))
    found = rows.filter(pk=coupon_id).first()
    if found is None:
        raise NotFoundError()
    return FiguresOut.model_validate({**_coupon(found), "figures": queries.figures(found)})


@router.post("/coupons", response={201: Made}, summary="Draw up a coupon")
def staff_add_coupon(request: HttpRequest, data: NewCouponIn) -> Status[Made]:
    """A draft."""
    made = use_coupons.add_coupon(
        by=staff_of(request),
        merchant_id=data.merchant_id,
        data=CouponIn(**data.dict(exclude={"merchant_id"})).stated(),
    )
    return Status(201, Made(id=made))


@router.put("/coupons/{coupon_id}", response=Done, summary="Change a draft")
def staff_edit_coupon(request: HttpRequest, coupon_id: Id, data: CouponIn) -> Done:
    """State it anew."""
    use_coupons.edit_coupon(by=staff_of(request), coupon_id=coupon_id, data=data.stated())
    return Done()


@router.post("/coupons/{coupon_id}/open", response=CouponStateOut, summary="Give a coupon out")
def staff_open_coupon(request: HttpRequest, coupon_id: Id, data: WhyIn) -> CouponStateOut:
    """One that the platform pays and that may cost much is asked for; somebody else decides."""
    state = use_coupons.open_coupon(
        by=staff_of(request), coupon_id=coupon_id, now=clock.now(), reason=data.reason
    )
    return CouponStateOut(state=Coupon.State(state))


@router.post("/coupons/{coupon_id}/close", response=Done, summary="Give no more of it out")
def staff_close_coupon(request: HttpRequest, coupon_id: Id, data: CouponCloseIn) -> Done:
    """Those in members' hands stay good."""
    use_coupons.close_coupon(by=staff_of(request), coupon_id=coupon_id, reason=data.reason)
    return Done()


@router.post("/coupons/{coupon_id}/grant", response=GrantedOut, summary="Grant it to members")
def staff_grant_coupon(request: HttpRequest, coupon_id: Id, data: GrantIn) -> GrantedOut:
    """One for each of them; all or none."""
    granted = use_coupons.grant_coupon(
        by=staff_of(request),
        coupon_id=coupon_id,
        member_ids=data.member_ids,
        now=clock.now(),
        reason=data.reason,
    )
    return GrantedOut(granted=granted)


@router.post("/coupons/{coupon_id}/accept", response=CouponStateOut, summary="Accept to pay for it")
def staff_accept_coupon(request: HttpRequest, coupon_id: Id, data: DecisionIn) -> CouponStateOut:
    """A coupon at a merchant's cost that the platform wants to give out: the merchant's manager
    accepts, or not, and then it is a draft again."""
    state = use_coupons.accept_coupon(
        by=staff_of(request),
        coupon_id=coupon_id,
        approve=data.approve,
        reason=data.reason,
        now=clock.now(),
    )
    return CouponStateOut(state=Coupon.State(state))


@router.post("/coupon-proposals/{proposal_id}/decide", response=CouponStateOut, summary="Decide")
def staff_decide_coupon(request: HttpRequest, proposal_id: Id, data: DecisionIn) -> CouponStateOut:
    """Approve it, and it is given out, or refuse."""
    state = use_coupons.decide_coupon(
        by=staff_of(request),
        proposal_id=proposal_id,
        approve=data.approve,
        now=clock.now(),
        reason=data.reason,
    )
    return CouponStateOut(state=Coupon.State(state))


@router.get("/shipping-templates", response=Page[ShippingTemplateOut], summary="Shipping templates")
def staff_list_shipping_templates(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[ShippingTemplateOut]:
    """With their rules."""
    rows = scope.for_user(ShippingTemplate.objects.prefetch_related("rules"), staff_of(request))
    return page(rows, _template, limit=limit, before=before)


@router.post("/shipping-templates", response={201: Made}, summary="Add a template")
def staff_add_shipping_template(request: HttpRequest, data: NewTemplateIn) -> Status[Made]:
    """A merchant's first is its default."""
    made = use_shipping.add_template(
        by=staff_of(request), merchant_id=data.merchant_id, data=data.stated()
    )
    return Status(201, Made(id=made))


@router.put("/shipping-templates/{template_id}", response=Done, summary="State a template anew")
def staff_edit_shipping_template(request: HttpRequest, template_id: Id, data: TemplateIn) -> Done:
    """For orders placed from here on."""
    use_shipping.edit_template(by=staff_of(request), template_id=template_id, data=data.stated())
    return Done()


@router.delete("/shipping-templates/{template_id}", response=Done, summary="Delete a template")
def staff_remove_shipping_template(request: HttpRequest, template_id: Id) -> Done:
    """One that no product names."""
    use_shipping.remove_template(by=staff_of(request), template_id=template_id)
    return Done()


@router.post("/product-shipping", response=Done, summary="Which template products go by")
def staff_assign_shipping_template(request: HttpRequest, data: AssignIn) -> Done:
    """Products of one merchant."""
    use_shipping.assign_template(
        by=staff_of(request),
        merchant_id=data.merchant_id,
        template_id=data.template_id,
        product_ids=data.product_ids,
    )
    return Done()


def _template(row: ShippingTemplate) -> ShippingTemplateOut:
    return shapes.template(row, templates.of(row))


def _listed(row: Coupon) -> CouponOut:
    return CouponOut.model_validate(_coupon(row))


def _coupon(row: Coupon) -> dict[str, object]:
    return {
        **shapes.terms(row),
        "id": row.pk,
        "state": row.state,
        "channel": row.channel,
        "code": row.code,
        "total": row.total,
        "taken": row.taken,
        "per_member": row.per_member,
        "new_members_only": row.new_members_only,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "valid_days": row.valid_days,
        "budget_fen": row.budget_fen,
        "proposal_id": row.proposal_id,
    }
