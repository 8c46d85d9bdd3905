"""Staff and members: who they are, what they are appointed to."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Schema
from pydantic import StringConstraints

from mingchi.api.catalogue_shapes import PictureOut, picture_of
from mingchi.api.fields import (
    MAX_UPT,
    PRINTABLE,
    AgentRegion,
    Before,
    Done,
    Id,
    Input,
    Limit,
    Line,
    Page,
    Reason,
)
from mingchi.api.paging import page
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.catalogue import images
from mingchi.foundation import clock, masking
from mingchi.foundation.errors import NotFoundError
from mingchi.ledger import accounts, balances
from mingchi.members.models import Member
from mingchi.rebates import queries
from mingchi.usecases import appoint as use_appoint
from mingchi.usecases import bind_sponsor as use_bind
from mingchi.usecases import keep_portrait as use_portrait

router = GuardedRouter(tags=["staff: members"])
Rank = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PRINTABLE)]


class MemberOut(Schema):
    id: int
    name: str
    phone: str = Field(description="masked")
    invitation_code: str
    sponsor_id: int | None
    region: str | None
    is_frozen: bool
    joined_at: datetime


class ConsentOut(Schema):
    """Which text a member has read at joining, or as it changed."""

    digest: str
    language: str
    agreed_at: datetime


class MemberDetailOut(MemberOut):
    balance_fen: int
    available_fen: int
    held_upt: int
    portrait: PictureOut | None
    consents: list[ConsentOut] = Field(description="newest first")


class RankIn(Input):
    rank: Rank | None = Field(description="a rank of the plan in force; null takes it away")
    reason: Line = ""


class AgentIn(Input):
    region: AgentRegion = Field(description="2 digits province, 4 city, 6 district")


class ShareholderIn(Input):
    weight: int = Field(strict=True, ge=0, le=MAX_UPT)


class SponsorIn(Input):
    sponsor_id: Id | None
    reason: Reason


class FreezeIn(Input):
    frozen: bool
    reason: Reason


class ReasonIn(Input):
    reason: Reason


class ChangedOut(Schema):
    id: int


class FrozenOut(Schema):
    frozen: bool


@router.get("", response=Page[MemberOut], summary="Members")
def staff_list_members(
    request: HttpRequest,
    limit: Limit = 20,
    before: Before = None,
    sponsor_id: Id | None = None,
) -> Page[MemberOut]:
    """Newest first; or those that one member brought. Phones are masked."""
    rows = Member.objects.all()
    if sponsor_id is not None:
        rows = rows.filter(sponsor_id=sponsor_id)
    return page(rows, lambda found: MemberOut(**_member(found)), limit=limit, before=before)


@router.get("/{member_id}", response=MemberDetailOut, summary="A member")
def staff_get_member(request: HttpRequest, member_id: Id) -> MemberDetailOut:
    """With wallet, points, and what they were told."""
    found = Member.objects.filter(pk=member_id).first()
    if found is None:
        raise NotFoundError()
    wallet = balances.balance(accounts.wallet(found.pk))
    return MemberDetailOut(
        **_member(found),
        balance_fen=wallet.balance_fen,
        available_fen=wallet.available_fen,
        held_upt=queries.holding(found.pk),
        portrait=picture_of(images.portrait(found)),
        consents=[
            ConsentOut(
                digest=each.disclosure_id,
                language=each.disclosure.language,
                agreed_at=each.agreed_at,
            )
            for each in found.consents.select_related("disclosure")
        ],
    )


@router.post("/{member_id}/rank", response=ChangedOut, summary="Set a rank")
def staff_set_rank(request: HttpRequest, member_id: Id, data: RankIn) -> ChangedOut:
    """By hand, up or down."""
    changed = use_appoint.set_rank(
        by=staff_of(request), member_id=member_id, rank=data.rank, reason=data.reason
    )
    return ChangedOut(id=changed)


@router.post("/{member_id}/agent", response=ChangedOut, summary="Appoint an agent")
def staff_appoint_agent(request: HttpRequest, member_id: Id, data: AgentIn) -> ChangedOut:
    """Agent of a region, in place of the former."""
    changed = use_appoint.appoint_agent(
        by=staff_of(request), member_id=member_id, region=data.region
    )
    return ChangedOut(id=changed)


@router.post("/{member_id}/shareholder", response=ChangedOut, summary="Appoint a shareholder")
def staff_appoint_shareholder(
    request: HttpRequest, member_id: Id, data: ShareholderIn
) -> ChangedOut:
    """The weight in dividends; 0: none."""
    changed = use_appoint.appoint_shareholder(
        by=staff_of(request), member_id=member_id, weight=data.weight
    )
    return ChangedOut(id=changed)


@router.post("/{member_id}/sponsor", response=ChangedOut, summary="Bind to another sponsor")
def staff_bind_sponsor(request: HttpRequest, member_id: Id, data: SponsorIn) -> ChangedOut:
    """For orders settled from here on; audited. A loop is refused (409)."""
    changed = use_bind.bind_sponsor(
        by=staff_of(request),
        member_id=member_id,
        sponsor_id=data.sponsor_id,
        reason=data.reason,
    )
    return ChangedOut(id=changed)


@router.post("/{member_id}/freeze", response=FrozenOut, summary="Freeze payouts")
def staff_freeze_member(request: HttpRequest, member_id: Id, data: FreezeIn) -> FrozenOut:
    """Stop a member's withdrawals, or let them go on."""
    use_appoint.freeze_member(
        by=staff_of(request), member_id=member_id, frozen=data.frozen, reason=data.reason
    )
    return FrozenOut(frozen=data.frozen)


@router.post(
    "/{member_id}/portrait/take-down", response=Done, summary="Take a member's portrait down"
)
def staff_take_down_portrait(request: HttpRequest, member_id: Id, data: ReasonIn) -> Done:
    """What must not be shown; it is erased."""
    use_portrait.take_down_portrait(
        by=staff_of(request), member_id=member_id, reason=data.reason, now=clock.now()
    )
    return Done()


def _member(found: Member) -> dict[str, Any]:
    return {
        "id": found.pk,
        "name": found.name,
        "phone": masking.phone(found.phone),
        "invitation_code": found.invitation_code,
        "sponsor_id": found.sponsor_id,
        "region": found.region,
        "is_frozen": found.is_frozen,
        "joined_at": found.joined_at,
    }
