"""A member's identity at WeChat: bound, undone, and who pays on a device."""

from datetime import datetime

from django.db import transaction

from mingchi.foundation import audit
from mingchi.members import services as members
from mingchi.members import wechat, wechat_client
from mingchi.members.models import Member, WechatBinding
from mingchi.members.wechat_client import App, Identity


def bind_wechat(*, member_id: int, app: App, code: str, now: datetime) -> None:
    """The WeChat of the device in hand is the member's from now on; once more changes nothing.

    Errors: those of `wechat_client.identify` and `wechat.bind`, `read_only_account` 403.
    """
    identity = wechat_client.identify(app=app, code=code)
    with transaction.atomic():
        _bind(member_id, identity, now)


def bind_by_ticket(*, member: Member, ticket: str, now: datetime) -> None:
    """Bind whom the ticket is for, in the transaction of joining or signing in: it happens with
    that, or neither. Errors: those of `wechat.redeem_ticket` and `wechat.bind`,
    `read_only_account` 403."""
    _bind(member.pk, wechat.redeem_ticket(ticket, now=now), now)


def unbind_wechat(*, member_id: int, binding_id: int) -> None:
    """That WeChat signs nobody in any more. Raises `not_found` 404 for another's,
    `read_only_account` 403."""
    with transaction.atomic():
        gone = wechat.unbind(members.acting(member_id, held=True), binding_id=binding_id)
        _record(member_id, "wechat.unbind", before=_told(gone), after={})


def prove_payer(*, member_id: int, token: str, app: App, code: str) -> None:
    """Who pays on the device of this sign-in is whom WeChat names; it binds nobody, and may be
    somebody else's WeChat. Errors: those of `wechat_client.identify`, `read_only_account` 403."""
    members.acting(member_id)
    identity = wechat_client.identify(app=app, code=code)
    with transaction.atomic():
        wechat.keep_payer(token, identity)


def _bind(member_id: int, identity: Identity, now: datetime) -> None:
    made = wechat.bind(members.acting(member_id, held=True), identity, now=now)
    if made is not None:
        _record(member_id, "wechat.bind", before={}, after=_told(made))


def _told(binding: WechatBinding) -> dict[str, str]:
    """What the log may keep for ever: no openid."""
    return {"app_id": binding.app_id, "openid": binding.masked_openid}


def _record(member_id: int, action: str, *, before: dict[str, str], after: dict[str, str]) -> None:
    member = f"member:{member_id}"
    audit.record(actor=member, action=action, subject=member, before=before, after=after)
