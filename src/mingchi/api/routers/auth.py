"""Members join, sign in and out."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Schema, Status

from mingchi.api import client, principals
from mingchi.api.fields import Before, Done, Input, Limit, Name, Page, Password, Phone
from mingchi.api.paging import page
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock, context, masking, rate_limit
from mingchi.members import services as members
from mingchi.members.models import Member
from mingchi.usecases import join as use_join
from mingchi.usecases import keep_profile
from mingchi.usecases import sign_in as use_sign_in

router = GuardedRouter(tags=["members"])
QUARTER_HOUR_S = 900


class JoinIn(Input):
    phone: Phone
    password: Password
    name: Name
    invitation_code: str | None = Field(default=None, pattern="^[0-9A-Za-z]{4,16}$")


class SignInIn(Input):
    phone: Phone
    password: str = Field(min_length=1, max_length=128)


class SignInCodeIn(Input):
    phone: Phone


class SignInByCodeIn(Input):
    phone: Phone
    code: str = Field(pattern="^[0-9]{6}$")


class SignInCodeOut(Schema):
    valid_minutes: int
    sandbox_code: str = Field(description="the code itself, as the sandbox sends no message")


class SignedInOut(Schema):
    """The token is shown once; send it as `Authorization: Bearer …`."""

    token: str
    member_id: int
    valid_days: int


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


class BroughtOut(Schema):
    """Somebody of the team, as little of them as is of use."""

    name: str = Field(description="masked")
    phone: str = Field(description="masked")
    joined_at: datetime


class TeamOut(Page[BroughtOut]):
    count: int = Field(description="whom I brought; nothing is paid for how many there are")
    sponsor: str | None = Field(description="who brought me, masked")


def limit_tries(request: HttpRequest, *, name: str, person: str) -> None:
    """Few tries for one phone or account, however it is spelt; more for one address."""
    rate_limit.hit(name=f"{name}.person", key=person, limit=10, window_s=QUARTER_HOUR_S)
    rate_limit.hit(
        name=f"{name}.address", key=client.address(request), limit=100, window_s=QUARTER_HOUR_S
    )


@router.post("/join", response={201: SignedInOut}, summary="Join")
def join(request: HttpRequest, data: JoinIn) -> Status[SignedInOut]:
    """Become a member. The invitation code binds the sponsor, for good."""
    limit_tries(request, name="join", person=members.normalise_phone(data.phone))
    now = clock.now()
    joined = use_join.join(
        phone=data.phone,
        password=data.password,
        name=data.name,
        invitation_code=data.invitation_code,
        now=now,
    )
    context.set_actor(f"member:{joined.member_id}")
    signed_in = use_sign_in.sign_in(phone=data.phone, password=data.password, now=now)
    return Status(201, _signed_in(signed_in))


@router.post("/sign-in", response=SignedInOut, summary="Sign in")
def sign_in(request: HttpRequest, data: SignInIn) -> SignedInOut:
    """A token for phone and password. Ten tries a quarter of an hour."""
    limit_tries(request, name="sign_in", person=members.normalise_phone(data.phone))
    signed_in = use_sign_in.sign_in(phone=data.phone, password=data.password, now=clock.now())
    return _signed_in(signed_in)


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
    signed_in = use_sign_in.sign_in_by_code(phone=data.phone, code=data.code, now=clock.now())
    return _signed_in(signed_in)


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


@router.get("/team", response=TeamOut, summary="Whom I brought")
def list_team(request: HttpRequest, limit: Limit = 20, before: Before = None) -> TeamOut:
    """The first generation, newest first."""
    own = principals.member_of(request)
    brought = members.brought(own.pk)
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
        joined_at=member.joined_at,
    )


def _signed_in(signed_in: use_sign_in.SignedIn) -> SignedInOut:
    return SignedInOut(
        token=signed_in.token,
        member_id=signed_in.member_id,
        valid_days=signed_in.valid_days,
    )


def _me(member: Member) -> MeOut:
    return MeOut(
        id=member.pk,
        name=member.name,
        phone=masking.phone(member.phone),
        invitation_code=member.invitation_code,
        sponsor_id=member.sponsor_id,
        region=member.region,
        joined_at=member.joined_at,
        is_read_only=member.is_read_only,
    )
