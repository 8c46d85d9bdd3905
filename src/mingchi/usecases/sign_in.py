"""A member signs in and out."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mingchi.members import services as members


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A member and the token that proves it, shown once."""

    member_id: int
    token: str
    valid_days: int


def sign_in(*, phone: str, password: str, now: datetime) -> SignedIn:
    """Raises `login_failed` 401, the same for an unknown number and a wrong password. The edge
    limits how often somebody may try."""
    with transaction.atomic():
        member, token = members.sign_in(phone=phone, password=password, now=now)
    return SignedIn(member_id=member.pk, token=token, valid_days=members.TOKEN_DAYS)


def sign_out(*, token: str) -> None:
    """The token is worth nothing any more."""
    with transaction.atomic():
        members.sign_out(token)
