"""A member signs in and out."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError
from mingchi.members import services as members
from mingchi.members import wechat, wechat_client
from mingchi.members.models import Member
from mingchi.members.wechat_client import App
from mingchi.usecases.bind_wechat import bind_by_ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A member and the token that proves it, shown once."""

    member_id: int
    token: str
    valid_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Somebody WeChat knows and we don't: the ticket, shown once, makes them known by joining or
    signing in with it."""

    ticket: str
    valid_minutes: int


def sign_in(*, phone: str, password: str, now: datetime, wechat_ticket: str = "") -> SignedIn:
    """With a ticket the WeChat it is for is bound to the member.

    Raises `login_failed` 401, the same for an unknown number and a wrong password, and what
    `bind_by_ticket` does; then nothing has happened, and the ticket is good still. The edge limits
    how often somebody may try.
    """
    with transaction.atomic():
        member, token = members.sign_in(phone=phone, password=password, now=now)
        return _signed_in(member, token, wechat_ticket, now)


def sign_in_by_wechat(*, app: App, code: str, now: datetime) -> SignedIn | Unknown:
    """Whose WeChat it is; nobody becomes a member by this. Errors: those of
    `wechat_client.identify`. The edge limits how often somebody may try."""
    identity = wechat_client.identify(app=app, code=code)
    with transaction.atomic():
        member = wechat.owner(identity)
        if member is None:
            ticket = wechat.new_ticket(identity, now=now)
            return Unknown(ticket=ticket, valid_minutes=wechat.TICKET_MINUTES)
        return _signed_in(member, members.new_token(member, now=now), "", now)


def send_code(*, phone: str, now: datetime) -> str:
    """A code for signing in with this telephone, for ten minutes. The sandbox shows it in place of
    a message; live mode refuses until somebody sends messages: `codes_unavailable` 409."""
    if settings.LIVE:
        raise ConflictError(
            "codes_unavailable", _("No codes are sent here yet. Sign in with your password.")
        )
    with transaction.atomic():
        return members.new_code(phone=phone, now=now)


def sign_in_by_code(*, phone: str, code: str, now: datetime, wechat_ticket: str = "") -> SignedIn:
    """With a ticket as `sign_in`. Raises `code_wrong` 401, the same for every reason;
    `phone_invalid`. The edge limits how often somebody may try."""
    with transaction.atomic():
        member, token = members.sign_in_by_code(phone=phone, code=code, now=now)
        return _signed_in(member, token, wechat_ticket, now)


def sign_out(*, token: str) -> None:
    """The token is worth nothing any more."""
    with transaction.atomic():
        members.sign_out(token)


def _signed_in(member: Member, token: str, wechat_ticket: str, now: datetime) -> SignedIn:
    if wechat_ticket:
        bind_by_ticket(member=member, ticket=wechat_ticket, now=now)
    return SignedIn(member_id=member.pk, token=token, valid_days=members.TOKEN_DAYS)
