"""Members join, sign in and out."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Schema, Status

from mingchi.api import client, principals
from mingchi.api.fields import Done, Input, Name, Password, Phone
from mingchi.api.routing import GuardedRouter
from mingchi.foundation import clock, context, masking, rate_limit
from mingchi.members import services as members
from mingchi.members.models import Member
from mingchi.usecases import join as use_join
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


class SignedInOut(Schema):
    """The token is shown once; send it as `Authorization: Bearer …`."""

    token: str
    member_id: int
    valid_days: int


class MeOut(Schema):
    id: int
    name: str
    phone: str = Field(description="masked")
    invitation_code: str
    sponsor_id: int | None
    region: str | None
    joined_at: datetime
    is_read_only: bool


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


@router.post("/sign-out", response=Done, summary="Sign out")
def sign_out(request: HttpRequest) -> Done:
    """The token is worth nothing any more."""
    use_sign_in.sign_out(token=principals.bearer_token(request))
    return Done()


@router.get("/me", response=MeOut, summary="Who I am")
def me(request: HttpRequest) -> MeOut:
    """The member whose token this is."""
    return _me(principals.member_of(request))


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
