"""What all ways of signing in have in common, and how often members may do what costs."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Schema
from pydantic import StringConstraints

from mingchi.api import client
from mingchi.foundation import rate_limit
from mingchi.usecases import sign_in as use_sign_in

QUARTER_HOUR_S, HOUR_S = 900, 3600
WechatTicket = Annotated[
    str,
    StringConstraints(max_length=64, pattern="^[A-Za-z0-9_-]*$"),
    Field(description="of signing in by WeChat where that knew nobody: binds that WeChat"),
]


class SignedInOut(Schema):
    """The token is shown once; send it as `Authorization: Bearer …`."""

    token: str
    member_id: int
    valid_days: int


def limit_tries(request: HttpRequest, *, name: str, person: str) -> None:
    """Few tries for one phone or account, however it is spelt; more for one address."""
    rate_limit.hit(name=f"{name}.person", key=person, limit=10, window_s=QUARTER_HOUR_S)
    rate_limit.hit(
        name=f"{name}.address", key=client.address(request), limit=100, window_s=QUARTER_HOUR_S
    )


def limit_uploads(member_id: int) -> None:
    """How many pictures a member may upload: drawing them anew is work."""
    key = f"member:{member_id}"
    rate_limit.hit(name="picture.upload", key=key, limit=60, window_s=HOUR_S)


def signed_in(found: use_sign_in.SignedIn) -> SignedInOut:
    """As the device keeps it."""
    return SignedInOut(
        token=found.token,
        member_id=found.member_id,
        valid_days=found.valid_days,
    )
