"""A member signs in and out."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
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


def send_code(*, phone: str, now: datetime) -> str:
    """A code for signing in with this telephone, for ten minutes. The sandbox shows it in place of
    a message; live mode refuses until somebody sends messages: `codes_unavailable` 409."""
    if settings.LIVE:
        raise ConflictError(
            "codes_unavailable", _("No codes are sent here yet. Sign in with your password.")
        )
    with transaction.atomic():
        return members.new_code(phone=phone, now=now)


def sign_in_by_code(*, phone: str, code: str, now: datetime) -> SignedIn:
    """Raises `code_wrong` 401, the same for every reason; `phone_invalid`. The edge limits how
    often somebody may try."""
    with transaction.atomic():
        member, token = members.sign_in_by_code(phone=phone, code=code, now=now)
    return SignedIn(member_id=member.pk, token=token, valid_days=members.TOKEN_DAYS)


def sign_out(*, token: str) -> None:
    """The token is worth nothing any more."""
    with transaction.atomic():
        members.sign_out(token)
