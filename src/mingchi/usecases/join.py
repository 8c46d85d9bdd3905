"""Somebody becomes a member, told what must be known first."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mingchi.members import disclosures
from mingchi.members import services as members
from mingchi.usecases import checks, events
from mingchi.usecases.bind_wechat import bind_by_ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The new member."""

    member_id: int
    invitation_code: str
    sponsor_id: int | None


def join(
    *,
    phone: str,
    password: str | None,
    name: str,
    invitation_code: str | None,
    disclosure: str,
    now: datetime,
    is_demo: bool = False,
    is_read_only: bool = False,
    wechat_ticket: str = "",
) -> Joined:
    """A new member, bound for good to whoever invited, and to the WeChat that the ticket is for;
    `password` None: can't sign in by one. `disclosure` is the digest of the text they were shown.

    Errors: `phone_invalid`, `phone_taken` 409, `password_weak`, `invitation_unknown`,
    `text_invalid`, those of `disclosures.seen` and `bind_by_ticket`.
    """
    shown = disclosures.seen(disclosure)
    name = checks.text(name, field="name", longest=60, needed=True)
    with transaction.atomic():
        sponsor = members.by_invitation(invitation_code) if invitation_code else None
        member = members.create(
            phone=phone,
            name=name,
            password=password,
            sponsor=sponsor,
            joined_at=now,
            is_demo=is_demo,
            is_read_only=is_read_only,
        )
        disclosures.consent(member, shown, now=now)
        if wechat_ticket:
            bind_by_ticket(member=member, ticket=wechat_ticket, now=now)
        events.record("member", member.pk, sponsor=events.member_key(member.sponsor_id))
    return Joined(
        member_id=member.pk,
        invitation_code=member.invitation_code,
        sponsor_id=member.sponsor_id,
    )
