"""Identities at WeChat: whose they are, and the tickets by which they become somebody's."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.members import services
from mingchi.members.models import Member, MemberToken, WechatBinding, WechatPayer, WechatTicket
from mingchi.members.wechat_client import Identity

TICKET_MINUTES: Final = 10


def owner(identity: Identity) -> Member | None:
    """Whose identity this is, None while it is nobody's."""
    found = WechatBinding.objects.filter(app_id=identity.app_id, openid=identity.openid)
    bound = found.select_related("member").first()
    return None if bound is None else bound.member


def new_ticket(identity: Identity, *, now: datetime) -> str:
    """A ticket for an identity that is nobody's, shown once; good once, for ten minutes."""
    ticket = secrets.token_urlsafe(32)
    WechatTicket.objects.create(
        digest=services.digest(ticket),
        app_id=identity.app_id,
        openid=identity.openid,
        unionid=identity.unionid,
        expires_at=now + timedelta(minutes=TICKET_MINUTES),
    )
    return ticket


def redeem_ticket(ticket: str, *, now: datetime) -> Identity:
    """Whom the ticket is for; it is used up when the transaction commits, so that a refusal that
    comes later leaves it good. `wechat_ticket_over` 409 says the same for every reason."""
    found = WechatTicket.objects.filter(digest=services.digest(ticket), expires_at__gt=now)
    row = found.first()
    # Deleting decides: of two at once one finds it.
    if row is None or not found.delete()[0]:
        raise ConflictError(
            "wechat_ticket_over",
            _("Your WeChat sign-in is over. Press the WeChat button again."),
            field="wechat_ticket",
        )
    return Identity(app_id=row.app_id, openid=row.openid, unionid=row.unionid)


def bind(member: Member, identity: Identity, *, now: datetime) -> WechatBinding | None:
    """The identity is the member's from now on; None where it was. Callers hold the member's row.

    Errors: `wechat_bound_elsewhere` 409 where it is another member's, `wechat_bound` 409 where the
    member has another identity at the same app.
    """
    own = WechatBinding.objects.filter(member=member, app_id=identity.app_id).first()
    if own is not None and own.openid == identity.openid:
        return None
    if own is not None:
        raise ConflictError(
            "wechat_bound",
            _("Your account is bound to another WeChat. Unbind that one in your profile first."),
        )
    try:
        with transaction.atomic():
            return WechatBinding.objects.create(
                member=member,
                app_id=identity.app_id,
                openid=identity.openid,
                unionid=identity.unionid,
                bound_at=now,
            )
    except IntegrityError as error:
        raise ConflictError(
            "wechat_bound_elsewhere",
            _("This WeChat is bound to another account. Sign in by it, or unbind it there first."),
        ) from error


def unbind(member: Member, *, binding_id: int) -> WechatBinding:
    """It is nobody's any more, nor does a sign-in of the member pay by it; what it was.
    Raises `not_found` 404 for another's."""
    found = WechatBinding.objects.filter(pk=binding_id, member=member).first()
    if found is None:
        raise NotFoundError()
    WechatBinding.objects.filter(pk=found.pk).delete()
    WechatPayer.objects.filter(session__member=member, app_id=found.app_id).delete()
    return found


def keep_payer(token: str, identity: Identity) -> None:
    """Who pays on the device of this sign-in, from now on."""
    session = MemberToken.objects.filter(digest=services.digest(token)).first()
    if session is None:
        raise DomainError("authentication_required", _("Please sign in."), status=401)
    WechatPayer.objects.update_or_create(
        session=session, app_id=identity.app_id, defaults={"openid": identity.openid}
    )


def payer(*, member_id: int, token: str, app_id: str) -> str | None:
    """The openid of who pays at this app: the one whom WeChat named on the device of this sign-in,
    else the member's own; None while neither is known."""
    session = WechatPayer.objects.filter(
        session__digest=services.digest(token), session__member=member_id, app_id=app_id
    )
    return session.values_list("openid", flat=True).first() or openid(member_id, app_id=app_id)


def openid(member_id: int, *, app_id: str) -> str | None:
    """The member's openid at this app; None where none is bound."""
    bound = WechatBinding.objects.filter(member=member_id, app_id=app_id)
    return bound.values_list("openid", flat=True).first()


def prune_tickets(*, now: datetime) -> int:
    """Forget tickets that are over; how many."""
    return WechatTicket.objects.filter(expires_at__lte=now).delete()[0]
