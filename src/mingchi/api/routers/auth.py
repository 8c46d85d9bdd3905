"""Members join, sign in and out."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, File, Schema, Status, UploadedFile
from pydantic import StringConstraints

from mingchi.api import principals
from mingchi.api.auth_shapes import (
    SignedInOut,
    WechatTicket,
    limit_tries,
    limit_uploads,
    signed_in,
)
from mingchi.api.catalogue_shapes import PictureOut, picture_of
from mingchi.api.fields import Before, Done, Input, Limit, Name, Page, Password, Phone
from mingchi.api.paging import page
from mingchi.api.routing import GuardedRouter
from mingchi.catalogue import images
from mingchi.foundation import clock, context, masking
from mingchi.members import disclosures
from mingchi.members import services as members
from mingchi.members.models import Member
from mingchi.usecases import join as use_join
from mingchi.usecases import keep_images, keep_portrait, keep_profile
from mingchi.usecases import sign_in as use_sign_in

router = GuardedRouter(tags=["members"])
Digest = Annotated[str, StringConstraints(max_length=64, pattern="^[0-9a-f]*$")]


class DisclosureOut(Schema):
    """What must be known before joining; show it whole."""

    language: str
    text: str = Field(description="a sentence a line")
    digest: str = Field(description="its version")


class AgreeIn(Input):
    disclosure: Digest


class JoinIn(Input):
    phone: Phone
    password: Password
    name: Name
    invitation_code: str | None = Field(default=None, pattern="^[0-9A-Za-z]{4,16}$")
    disclosure: Digest = Field(
        default="", description="digest of `GET …/disclosure` as it was shown; needed"
    )
    wechat_ticket: WechatTicket = ""


class SignInIn(Input):
    phone: Phone
    password: str = Field(min_length=1, max_length=128)
    wechat_ticket: WechatTicket = ""


class SignInCodeIn(Input):
    phone: Phone


class SignInByCodeIn(Input):
    phone: Phone
    code: str = Field(pattern="^[0-9]{6}$")
    wechat_ticket: WechatTicket = ""


class SignInCodeOut(Schema):
    valid_minutes: int
    sandbox_code: str = Field(description="the code itself, as the sandbox sends no message")


class ProfileIn(Input):
    name: Name


class MeOut(Schema):
    id: int
    name: str
    phone: str = Field(description="masked")
    invitation_code: str
    sponsor_id: int | None
    region: str | None
    joined_at: datetime
    is_read_only: bool
    portrait: PictureOut | None
    unread_disclosure: DisclosureOut | None = Field(
        description="a text in force that I have not read yet; null: none"
    )


class BroughtOut(Schema):
    """Somebody of the team, as little of them as is of use."""

    name: str = Field(description="masked")
    phone: str = Field(description="masked")
    portrait: PictureOut | None
    joined_at: datetime


class TeamOut(Page[BroughtOut]):
    count: int = Field(description="whom I brought; nothing is paid for how many there are")
    sponsor: str | None = Field(description="who brought me, masked")


@router.post("/join", response={201: SignedInOut}, summary="Join")
def join(request: HttpRequest, data: JoinIn) -> Status[SignedInOut]:
    """Become a member. The invitation code binds the sponsor, for good. `disclosure` says which
    text was shown and is kept: 422 `disclosure_unseen` without one, 409 `disclosure_changed` where
    it is another by now; both have the text in `details.disclosure`."""
    limit_tries(request, name="join", person=members.normalise_phone(data.phone))
    now = clock.now()
    joined = use_join.join(
        phone=data.phone,
        password=data.password,
        name=data.name,
        invitation_code=data.invitation_code,
        disclosure=data.disclosure,
        wechat_ticket=data.wechat_ticket,
        now=now,
    )
    context.set_actor(f"member:{joined.member_id}")
    found = use_sign_in.sign_in(phone=data.phone, password=data.password, now=now)
    return Status(201, signed_in(found))


@router.post("/sign-in", response=SignedInOut, summary="Sign in")
def sign_in(request: HttpRequest, data: SignInIn) -> SignedInOut:
    """A token for phone and password. Ten tries a quarter of an hour."""
    limit_tries(request, name="sign_in", person=members.normalise_phone(data.phone))
    found = use_sign_in.sign_in(
        phone=data.phone,
        password=data.password,
        wechat_ticket=data.wechat_ticket,
        now=clock.now(),
    )
    return signed_in(found)


@router.post("/sign-in-codes", response={201: SignInCodeOut}, summary="Send a sign-in code")
def send_sign_in_code(request: HttpRequest, data: SignInCodeIn) -> Status[SignInCodeOut]:
    """To this telephone, good once and for ten minutes. The answer does not tell who is a
    member. Ten a quarter of an hour."""
    limit_tries(request, name="code", person=members.normalise_phone(data.phone))
    code = use_sign_in.send_code(phone=data.phone, now=clock.now())
    return Status(201, SignInCodeOut(valid_minutes=members.CODE_MINUTES, sandbox_code=code))


@router.post("/sign-in/code", response=SignedInOut, summary="Sign in with a code")
def sign_in_with_code(request: HttpRequest, data: SignInByCodeIn) -> SignedInOut:
    """A token for phone and code. Ten tries a quarter of an hour."""
    limit_tries(request, name="sign_in", person=members.normalise_phone(data.phone))
    found = use_sign_in.sign_in_by_code(
        phone=data.phone, code=data.code, wechat_ticket=data.wechat_ticket, now=clock.now()
    )
    return signed_in(found)


@router.post("/sign-out", response=Done, summary="Sign out")
def sign_out(request: HttpRequest) -> Done:
    """The token is worth nothing any more."""
    use_sign_in.sign_out(token=principals.bearer_token(request))
    return Done()


@router.get("/me", response=MeOut, summary="Who I am")
def me(request: HttpRequest) -> MeOut:
    """The member whose token this is."""
    return _me(principals.member_of(request))


@router.put("/me", response=MeOut, summary="Change my profile")
def edit_profile(request: HttpRequest, data: ProfileIn) -> MeOut:
    """State the name anew."""
    member_id = principals.member_of(request).pk
    keep_profile.rename(member_id=member_id, name=data.name)
    return _me(members.get(member_id))


@router.post("/me/portrait", response=MeOut, summary="Show a portrait")
def set_portrait(request: HttpRequest, image: File[UploadedFile]) -> MeOut:
    """Beside my name: in my profile, by my reviews, to whoever brought me. JPEG, PNG or WebP up to
    10 MB and 25 megapixels, drawn anew; the former is erased. At most 60 pictures an hour."""
    member_id = principals.member_of(request).pk
    limit_uploads(member_id)
    data = image.read(keep_images.READ_AT_MOST)
    keep_portrait.set_portrait(member_id=member_id, data=data)
    return _me(members.get(member_id))


@router.delete("/me/portrait", response=MeOut, summary="Show no portrait")
def remove_portrait(request: HttpRequest) -> MeOut:
    """It is erased."""
    member_id = principals.member_of(request).pk
    keep_portrait.remove_portrait(member_id=member_id)
    return _me(members.get(member_id))


@router.get("/disclosure", response=DisclosureOut, summary="What to know before joining")
def get_joining_disclosure(request: HttpRequest) -> DisclosureOut:
    """In the reader's language."""
    return _disclosure(disclosures.joining())


@router.post("/me/consents", response=Done, summary="I have read it")
def agree(request: HttpRequest, data: AgreeIn) -> Done:
    """The text of `unread_disclosure`, where it changed since I joined. 409 `disclosure_changed`
    where it is another by now."""
    keep_profile.agree(
        member_id=principals.member_of(request).pk, disclosure=data.disclosure, now=clock.now()
    )
    return Done()


@router.get("/team", response=TeamOut, summary="Whom I brought")
def list_team(request: HttpRequest, limit: Limit = 20, before: Before = None) -> TeamOut:
    """The first generation, newest first."""
    own = principals.member_of(request)
    brought = members.brought(own.pk).select_related("portrait__image")
    found = page(brought, _brought, limit=limit, before=before)
    sponsor = own.sponsor
    return TeamOut(
        items=found.items,
        next=found.next,
        count=brought.count(),
        sponsor=None if sponsor is None else masking.name(sponsor.name),
    )


def _brought(member: Member) -> BroughtOut:
    return BroughtOut(
        name=masking.name(member.name),
        phone=masking.phone(member.phone),
        portrait=picture_of(images.portrait(member)),
        joined_at=member.joined_at,
    )


def _me(member: Member) -> MeOut:
    unread = disclosures.unseen(member.pk)
    return MeOut(
        id=member.pk,
        name=member.name,
        phone=masking.phone(member.phone),
        invitation_code=member.invitation_code,
        sponsor_id=member.sponsor_id,
        region=member.region,
        joined_at=member.joined_at,
        is_read_only=member.is_read_only,
        portrait=picture_of(images.portrait(member)),
        unread_disclosure=None if unread is None else _disclosure(unread),
    )


def _disclosure(found: disclosures.Text) -> DisclosureOut:
    return DisclosureOut(language=found.language, text=found.text, digest=found.digest)
