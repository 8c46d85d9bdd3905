"""Members take coupons."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import NotFoundError
from mingchi.members import services as members
from mingchi.pricing import claims
from mingchi.pricing.models import Coupon
from mingchi.usecases import newcomers

Channel = Coupon.Channel


def claim_coupon(*, member_id: int, coupon_id: int, now: datetime) -> int:
    """Take one in the coupon centre; returns the key of the member's. Errors: `not_found` 404 where
    it is not there, and those of `pricing.claims.claim`."""
    if not Coupon.objects.filter(pk=coupon_id, channel=Channel.CENTRE).exists():
        raise NotFoundError()
    return _claim(member_id, coupon_id, now)


def claim_by_code(*, member_id: int, code: str, now: datetime) -> int:
    """Take one by its code, however it is spelt. Errors: `code_unknown` 404, and those of
    `pricing.claims.claim`."""
    known = Coupon.objects.filter(channel=Channel.CODE, code=code.strip().upper())
    found = known.filter(state__in=[Coupon.State.OPEN, Coupon.State.CLOSED]).first()
    if found is None:
        raise NotFoundError("code_unknown", _("There is no coupon with this code."), field="code")
    return _claim(member_id, found.pk, now)


def expire_coupons(*, now: datetime) -> int:
    """Those whose time is over. Returns how many. Called by the worker."""
    return claims.expire(now=now)


def _claim(member_id: int, coupon_id: int, now: datetime) -> int:
    with transaction.atomic():
        member = members.acting(member_id)
        claimed = claims.claim(
            coupon_id=coupon_id,
            member_id=member.pk,
            is_new_member=newcomers.is_new(member.pk),
            now=now,
        )
    return claimed.pk
