"""A member's points: what is held, what it would bring, and turning it into money."""

from datetime import datetime
from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema, Status

from mingchi.api.fields import MAX_FEN, Before, Id, Input, Limit, Page, Upt
from mingchi.api.paging import page_with
from mingchi.api.principals import idempotency_key, member_of
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock
from mingchi.payouts.models import Redemption
from mingchi.rebates import queries
from mingchi.rebates.models import Position
from mingchi.rebates.queries import Standing
from mingchi.usecases import redeem_points as use_redeem

router = GuardedRouter(tags=["points"])
Points = Upt | Literal["all"]


class PositionOut(Schema):
    number: int
    scope: str
    spend_fen: int
    granted_upt: int
    held_upt: int
    worth_fen: int = Field(description="what is held, at today's price, before the fee")
    redeemed_upt: int
    paid_fen: int
    exit_multiple_ppm: int = Field(description="exits when worth this many times spend; 0: never")
    exit_fee_ppm: int
    is_open: bool


class HoldingOut(Schema):
    held_upt: int
    positions: list[PositionOut]
    as_of: datetime | None


class QuoteIn(Input):
    points_upt: Points


class QuoteOut(Schema):
    points_upt: int
    gross_fen: int
    fee_fen: int
    net_fen: int = Field(description="send it as min_net_fen: nobody gets less than shown")
    price: str


class RedeemIn(Input):
    points_upt: Points
    min_net_fen: int | None = Field(default=None, strict=True, ge=0, le=MAX_FEN)


class RedemptionOut(Schema):
    redemption_id: int
    status: str = Field(description="settled, pending or set_aside")
    gross_fen: int | None
    fee_fen: int | None
    net_fen: int | None
    entry_number: int | None
    poll: str = Field(description="where to ask again")


class RedemptionAskedOut(Schema):
    id: int
    points_upt: int | None = Field(description="null: all that was held")
    quoted_net_fen: int
    status: str = Field(description="settled, pending, refused or set_aside")
    net_fen: int | None = Field(description="what came into the wallet, once it is settled")
    asked_at: datetime
    poll: str


@router.get("", response=HoldingOut, summary="My points")
def list_positions(request: HttpRequest) -> HoldingOut:
    """What is held, by position, in the order in which a redemption takes from them."""
    positions = queries.positions(member_of(request).pk)
    standing = queries.standing()
    return HoldingOut(
        held_upt=sum(position.held_upt for position in positions),
        positions=[_position(position, standing) for position in positions],
        as_of=standing.as_of,
    )


@router.post("/quote", response=QuoteOut, summary="What redeeming would bring")
def quote(request: HttpRequest, data: QuoteIn) -> QuoteOut:
    """At today's price; the price never falls. More than is held: 409 with `held_upt`."""
    found = queries.quote(member_of(request).pk, data.points_upt)
    return QuoteOut(
        points_upt=found.points_upt,
        gross_fen=found.gross_fen,
        fee_fen=found.fee_fen,
        net_fen=found.net_fen,
        price=found.standing.price,
    )


@router.post("/redeem", response={200: RedemptionOut, 202: RedemptionOut}, summary="Redeem")
def redeem(request: HttpRequest, response: HttpResponse, data: RedeemIn) -> Status[RedemptionOut]:
    """Points into money. 200 with the amounts when it is settled within two seconds, else 202
    and `poll`. More than is held: 409 with `held_upt`."""
    redeemed = use_redeem.redeem_points(
        member_id=member_of(request).pk,
        points_upt=data.points_upt,
        min_net_fen=data.min_net_fen,
        idempotency_key=idempotency_key(request),
        now=clock.now(),
    )
    shown = _redemption(redeemed)
    if redeemed.status == "settled":
        return Status(200, shown)
    response["Location"] = shown.poll
    response["Retry-After"] = "1"
    return Status(202, shown)


@router.get("/redemptions", response=Page[RedemptionAskedOut], summary="My redemptions")
def list_redemptions(
    request: HttpRequest, limit: Limit = 20, before: Before = None
) -> Page[RedemptionAskedOut]:
    """Newest first; `poll` tells more of one."""
    rows = Redemption.objects.filter(member=member_of(request))
    return page_with(rows, use_redeem.standing, _asked, limit=limit, before=before)


@router.get("/redemptions/{redemption_id}", response=RedemptionOut, summary="A redemption of mine")
def get_redemption(request: HttpRequest, redemption_id: Id) -> RedemptionOut:
    """How it stands; one that was refused answers with its refusal (409)."""
    return _redemption(
        use_redeem.redemption(member_id=member_of(request).pk, redemption_id=redemption_id)
    )


def _position(position: Position, standing: Standing) -> PositionOut:
    fen, upt = standing.ratio
    return PositionOut(
        number=position.number,
        scope=position.scope,
        spend_fen=position.spend_fen,
        granted_upt=position.granted_upt,
        held_upt=position.held_upt,
        worth_fen=position.held_upt * fen // upt,
        redeemed_upt=position.redeemed_upt,
        paid_fen=position.paid_fen,
        exit_multiple_ppm=position.exit_multiple_ppm,
        exit_fee_ppm=position.exit_fee_ppm,
        is_open=position.held_upt > 0,
    )


def _redemption(redeemed: use_redeem.Redeemed) -> RedemptionOut:
    return RedemptionOut(
        redemption_id=redeemed.redemption_id,
        status=redeemed.status,
        gross_fen=redeemed.gross_fen,
        fee_fen=redeemed.fee_fen,
        net_fen=redeemed.net_fen,
        entry_number=redeemed.entry_number,
        poll=_poll(redeemed.redemption_id),
    )


def _asked(row: Redemption, standing: tuple[str, int | None] | None) -> RedemptionAskedOut:
    assert standing is not None, "each has one"
    status, net_fen = standing
    return RedemptionAskedOut(
        id=row.pk,
        points_upt=row.points_upt,
        quoted_net_fen=row.quoted_net_fen,
        status=status,
        net_fen=net_fen,
        asked_at=row.asked_at,
        poll=_poll(row.pk),
    )


def _poll(redemption_id: int) -> str:
    return f"/api/points/redemptions/{redemption_id}"
